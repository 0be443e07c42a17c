"""The buffered storage against Optuna's own: side by side on the same database, alternating.

    python benchmarks/storage.py [--trials 100] [--rounds 3] [--there 1000] [--large 10000]
        [--databases sqlite postgresql mariadb]

A trial has ten float parameters and five reports. Its time is measured by `study.optimize` on top
of trials that are there already, each round on a study of its own, the order turned round every
time. Optuna's own storage is what `optuna.create_study(storage=URL)` opens; ours is opened
the way `HPOTrialManager` does. The servers are private ones, started for the benchmark, unless
HIGHNOON_TEST_POSTGRES_URL or HIGHNOON_TEST_MYSQL_URL names one.
"""

import argparse
import contextlib
import os
import random
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, create_trial

from highnoon.hpo.storage import StorageURL, open_storage
from highnoon.hpo.storage.buffered import BufferedStorage
from highnoon.testing.databases import Databases
from highnoon.testing.servers import MariaDBServer, PostgresServer

NAMES = [f"x{i}" for i in range(10)]
REPORTS = 5
SERVERS = {
    "postgresql": (PostgresServer, "HIGHNOON_TEST_POSTGRES_URL"),
    "mariadb": (MariaDBServer, "HIGHNOON_TEST_MYSQL_URL"),
}
# Ours to theirs, at least.
GOALS = {
    ("sqlite", "random"): 10.0,
    ("sqlite", "tpe"): 2.5,
    ("postgresql", "random"): 5.0,
    ("mariadb", "random"): 7.0,
}
GOAL_TPE_LARGE = 1.5
GOAL_COLD_LOAD = 5.0
GOAL_IMPORT = 70.0

NewDatabase = Callable[[], str]


def objective(trial: optuna.Trial) -> float:
    value = sum(x * x for x in [trial.suggest_float(name, -1.0, 1.0) for name in NAMES])
    for step in range(REPORTS):
        trial.report(value / (step + 1), step)
        trial.should_prune()
    return value


def made_up(count: int) -> list[FrozenTrial]:
    """Return finished trials."""
    numbers = random.Random(0)
    distributions: dict[str, BaseDistribution] = {
        name: FloatDistribution(-1.0, 1.0) for name in NAMES
    }
    trials = []
    for _ in range(count):
        params = {name: numbers.uniform(-1.0, 1.0) for name in NAMES}
        value = sum(x * x for x in params.values())
        trials.append(
            create_trial(
                value=value,
                params=params,
                distributions=distributions,
                intermediate_values={step: value / (step + 1) for step in range(REPORTS)},
            )
        )
    return trials


def sampler(name: str) -> optuna.samplers.BaseSampler:
    if name == "random":
        return optuna.samplers.RandomSampler(seed=0)
    return optuna.samplers.TPESampler(seed=0)


def stock(url: str) -> BaseStorage:
    return optuna.storages.get_storage(StorageURL.parse(url).raw)


def buffered(url: str) -> BaseStorage:
    return open_storage(url, create=True)


def fill(url: str, name: str, count: int) -> None:
    """Put finished trials into a new study."""
    storage = open_storage(url, create=True)
    assert isinstance(storage, BufferedStorage)
    study = optuna.create_study(study_name=name, storage=storage)
    storage.create_new_trials(study._study_id, made_up(count))
    storage.close()


def seconds_per_trial(
    open_it: Callable[[str], BaseStorage], url: str, name: str, sampler_name: str, trials: int
) -> float:
    study = optuna.load_study(study_name=name, storage=open_it(url), sampler=sampler(sampler_name))
    study.get_trials(deepcopy=False)
    study.optimize(objective, n_trials=1)
    started = time.perf_counter()
    study.optimize(objective, n_trials=trials)
    return (time.perf_counter() - started) / trials


def compare(
    new_database: NewDatabase, sampler_name: str, *, there: int, trials: int, rounds: int
) -> dict[str, float]:
    """Return the median seconds per trial of each storage."""
    measured: dict[str, list[float]] = {"stock": [], "ours": []}
    ways = {"stock": stock, "ours": buffered}
    for number in range(rounds):
        for way in list(ways)[:: 1 if number % 2 else -1]:
            url = new_database()
            fill(url, "study", there)
            measured[way].append(seconds_per_trial(ways[way], url, "study", sampler_name, trials))
    return {way: statistics.median(each) for way, each in measured.items()}


def cold_load(new_database: NewDatabase, count: int, rounds: int) -> dict[str, float]:
    """Return the median seconds until all trials of a study are read by a new process' storage."""
    url = new_database()
    fill(url, "study", count)
    measured: dict[str, list[float]] = {"stock": [], "ours": []}
    ways = {"stock": stock, "ours": buffered}
    for number in range(rounds):
        for way in list(ways)[:: 1 if number % 2 else -1]:
            study = optuna.load_study(study_name="study", storage=ways[way](url))
            started = time.perf_counter()
            assert len(study.get_trials(deepcopy=False)) == count
            measured[way].append(time.perf_counter() - started)
    return {way: statistics.median(each) for way, each in measured.items()}


def bulk_import(new_database: NewDatabase, count: int, stock_count: int) -> dict[str, float]:
    """Return the seconds per trial; of stock, which takes long, for fewer trials."""
    trials = made_up(count)
    study = optuna.create_study(storage=stock(new_database()))
    started = time.perf_counter()
    study.add_trials(trials[:stock_count])
    theirs = (time.perf_counter() - started) / stock_count
    storage = buffered(new_database())
    assert isinstance(storage, BufferedStorage)
    study = optuna.create_study(storage=storage)
    started = time.perf_counter()
    storage.create_new_trials(study._study_id, trials)
    return {"stock": theirs, "ours": (time.perf_counter() - started) / count}


@contextlib.contextmanager
def databases_of(kind: str, folder: Path) -> Iterator[NewDatabase]:
    """Yield a function that makes a fresh database and returns its URL."""
    if kind == "sqlite":
        files = iter(range(1_000_000))
        yield lambda: f"sqlite:///{folder / f'{next(files)}.db'}"
        return
    server, variable = SERVERS[kind]
    given = os.environ.get(variable)
    if given:
        yield Databases(given).create_database
        return
    with server(durable=True) as running:
        yield running.create_database


def show(kind: str, what: str, seconds: dict[str, float], goal: float | None) -> None:
    ratio = seconds["stock"] / seconds["ours"]
    wanted = "" if goal is None else f"{goal:>7.1f}x" + ("" if ratio >= goal else "  missed")
    print(
        f"{kind:<12}{what:<26}{seconds['stock'] * 1000:>11.2f}{seconds['ours'] * 1000:>10.2f}"
        f"{ratio:>8.1f}x{wanted}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="The buffered storage against Optuna's own.")
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--there", type=int, default=1_000)
    parser.add_argument("--large", type=int, default=10_000)
    parser.add_argument("--databases", nargs="+", default=["sqlite", *SERVERS])
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.simplefilter("ignore", ResourceWarning)  # of stock's connections

    print(f"{options.trials} trials on top, {options.rounds} rounds, medians\n")
    print(f"{'database':<12}{'what':<26}{'stock, ms':>11}{'ours, ms':>10}{'ratio':>9}{'goal':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for kind in options.databases:
            with databases_of(kind, Path(folder)) as new_database:
                for sampler_name in ("random", "tpe"):
                    result = compare(
                        new_database,
                        sampler_name,
                        there=options.there,
                        trials=options.trials,
                        rounds=options.rounds,
                    )
                    what = f"{sampler_name}, {options.there} there"
                    show(kind, what, result, GOALS.get((kind, sampler_name)))
                if kind == "sqlite":
                    result = compare(
                        new_database,
                        "tpe",
                        there=options.large,
                        trials=max(options.trials // 5, 1),
                        rounds=options.rounds,
                    )
                    show(kind, f"tpe, {options.large} there", result, GOAL_TPE_LARGE)
                loaded = cold_load(new_database, options.large, options.rounds)
                show(kind, f"cold load of {options.large}", loaded, GOAL_COLD_LOAD)
                imported = bulk_import(new_database, options.large, options.trials)
                show(kind, f"import of {options.large}, each", imported, GOAL_IMPORT)


if __name__ == "__main__":
    main()
