"""Eight processes create and join one study on a fresh database, against stock Optuna.

Run: python benchmarks/creation_race.py [--rounds 20] [--databases SQLite PostgreSQL MariaDB]
"""

import argparse
import contextlib
import logging
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from highnoon.testing.servers import MariaDBServer, PostgresServer

PROCESSES = 8
DRIVERS = {"postgresql:": "postgresql+psycopg:", "mysql:": "mysql+pymysql:"}

_barrier: Any = None


def set_barrier(barrier: Any) -> None:
    global _barrier
    _barrier = barrier


def with_highnoon(url: str) -> str | None:
    from highnoon import HPOTrialManager

    logging.getLogger("highnoon").setLevel(logging.ERROR)
    _barrier.wait(60)
    try:
        HPOTrialManager(study_name="s", storage=url).optimize(
            lambda params: params["x"], {"x": ("uniform", 0, 1)}, n_trials=1, show_progress=False
        )
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def with_optuna(url: str) -> str | None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for plain, full in DRIVERS.items():
        url = url.replace(plain, full, 1)
    _barrier.wait(60)
    try:
        study = optuna.create_study(study_name="s", storage=url, load_if_exists=True)
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


@contextlib.contextmanager
def fresh_databases() -> Iterator[dict[str, tuple[Callable[[], str], Callable[[str], None]]]]:
    with (
        tempfile.TemporaryDirectory() as folder,
        PostgresServer() as postgres,
        MariaDBServer() as mariadb,
    ):
        files = iter(range(1_000_000))
        yield {
            "SQLite": (
                lambda: f"sqlite:///{Path(folder) / f'{next(files)}.db'}",
                lambda _url: None,
            ),
            "PostgreSQL": (postgres.create_database, postgres.drop_database),
            "MariaDB": (mariadb.create_database, mariadb.drop_database),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--databases", nargs="*", default=["SQLite", "PostgreSQL", "MariaDB"])
    arguments = parser.parse_args()
    rounds = arguments.rounds
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(PROCESSES)
    print(f"{PROCESSES} processes, {rounds} rounds: bad rounds, failed processes, time")
    with (
        fresh_databases() as databases,
        ProcessPoolExecutor(
            PROCESSES, context, initializer=set_barrier, initargs=(barrier,)
        ) as all_,
    ):
        for database in arguments.databases:
            make, drop = databases[database]
            for way in (with_highnoon, with_optuna):
                bad_rounds, errors, started = 0, [], time.monotonic()
                for _ in range(rounds):
                    url = make()
                    found = [f.result() for f in [all_.submit(way, url) for _ in range(PROCESSES)]]
                    drop(url)
                    failed = [error for error in found if error is not None]
                    bad_rounds += bool(failed)
                    errors += failed
                seconds = (time.monotonic() - started) / rounds
                name = way.__name__.removeprefix("with_")
                print(
                    f"{database:12} {name:10} {bad_rounds:3} {len(errors):4}  {seconds:5.1f} s",
                    flush=True,
                )
                if name == "highnoon" and errors:
                    print(errors[0])


if __name__ == "__main__":
    main()
