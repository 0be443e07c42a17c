"""Workers killed at random, a database that goes away: what is lost or stuck, how fast it goes.

    python benchmarks/chaos.py [--seconds 60] [--rounds 3] [--workers 4] [--databases sqlite ...]

Every second a random worker gets kill -9 and another takes its place. Half-way the database server
is killed and started again; a SQLite file is locked for as long. Then the workers go on in peace
until the trials of the dead are recovered, for three grace periods at most. Stock Optuna, with its
heartbeats and retries, goes through the same. Each worker writes down, in a file of its own, the
trials that its callback was called for: those are acknowledged. The columns:

    lost        acknowledged trials that the study does not hold with their value
    duplicates  work that counts twice: acknowledged twice, or a trial and its retry both complete
    stuck       trials that are still RUNNING after recovery
    died        workers that ended without having been killed
"""

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import optuna
from optuna.trial import FrozenTrial, TrialState

from highnoon.testing.servers import MariaDBServer, PostgresServer

GRACE_PERIOD = 4
OUTAGE_SECONDS = 3
SPACE = {f"x{i}": ("uniform", -1.0, 1.0) for i in range(5)}
DATABASES = ("sqlite", "postgresql", "mariadb")


@dataclass(frozen=True)
class Outcome:
    """What one round showed."""

    completed: int
    acknowledged: int
    lost: int
    duplicates: int
    stuck: int
    died: int
    killed: int
    per_second: float


def work(engine: str, url: str, acknowledged: str, grace_period: float) -> None:
    """Run trials until the end: the main function of a worker."""
    log = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def acknowledge(_study: optuna.Study, trial: FrozenTrial) -> None:
        if trial.state == TrialState.COMPLETE:
            os.write(log, f"{json.dumps([trial.number, trial.values[0]])}\n".encode())

    def value_of(params: dict[str, float], report: Callable[[float, int], object]) -> float:
        value = sum(x * x for x in params.values())
        for step in range(3):
            time.sleep(0.02)
            report(value + 3 - step, step)
        return value

    if engine == "highnoon":
        import highnoon as hn

        hpo = hn.HPOTrialManager(
            "chaos", storage=url, sampler="random", pruner="none", grace_period=grace_period
        )
        hpo.optimize(
            lambda params: value_of(params, hpo.report),
            SPACE,
            n_trials=1_000_000,
            callbacks=[acknowledge],
            show_progress=False,
        )
        return
    study = optuna.load_study(
        study_name="chaos",
        storage=stock_storage(url, grace_period),
        sampler=optuna.samplers.RandomSampler(),
    )

    def objective(trial: optuna.Trial) -> float:
        params = {name: trial.suggest_float(name, -1.0, 1.0) for name in SPACE}
        return value_of(params, trial.report)

    study.optimize(objective, callbacks=[acknowledge])


def stock_storage(url: str, grace_period: float) -> optuna.storages.RDBStorage:
    """Return stock Optuna's storage with what it offers against dead workers."""
    from highnoon.hpo.storage import StorageURL

    return optuna.storages.RDBStorage(
        StorageURL.parse(url).raw,
        engine_kwargs={} if url.startswith("sqlite") else {"pool_pre_ping": True},
        heartbeat_interval=1,
        grace_period=round(grace_period),
        heartbeat_stale_trial_callback=optuna.storages.RetryHeartbeatStaleTrialCallback(),
    )


def run_round(
    engine: str,
    url: str,
    outage: Callable[[], None],
    *,
    folder: Path,
    seconds: float,
    workers: int,
    seed: int,
    grace_period: float = GRACE_PERIOD,
    recovery: float | None = None,
) -> Outcome:
    """Run one round on an empty database.

    Args:
        engine: `"highnoon"` or `"stock"`.
        url: URL of the database.
        outage: Makes the database unavailable for a while.
        folder: Where the workers write down what was acknowledged.
        seconds: How long workers are killed.
        workers: How many work at a time.
        seed: Of who is killed.
        grace_period: Seconds after which a trial whose worker shows no life is given up.
        recovery: The most seconds for the trials of the dead to be recovered; three grace periods
            and a little unless given.
    """
    chance = random.Random(seed)
    if engine == "stock":
        optuna.create_study(study_name="chaos", storage=stock_storage(url, grace_period))
    alive: dict[int, subprocess.Popen[bytes]] = {}
    started = killed = died = 0

    def replace_dead() -> None:
        nonlocal started, died
        for number in [number for number, worker in alive.items() if worker.poll() is not None]:
            del alive[number]
            died += 1
        while len(alive) < workers:
            command = [sys.executable, __file__, "--work", engine, url]
            command += [str(folder / str(started)), str(grace_period)]
            with (folder / f"{started}.log").open("wb") as log:
                alive[started] = subprocess.Popen(command, stdout=log, stderr=log)
            started += 1

    replace_dead()
    _wait_for_trials(folder, alive)
    began, next_kill, is_out = time.monotonic(), 1.0, False
    halted = 0.0  # while the database is away, and its end is prepared, nobody is killed
    while (elapsed := time.monotonic() - began - halted) < seconds:
        replace_dead()
        if elapsed >= next_kill:
            next_kill += 1.0
            victim = alive.pop(chance.choice(list(alive)))
            victim.kill()
            victim.wait()
            killed += 1
        if not is_out and elapsed >= seconds / 2:
            is_out = True
            since = time.monotonic()
            replace_dead()
            _wait_for_trials(folder, alive)  # of stock Optuna, one that starts meanwhile ends
            outage()
            halted = time.monotonic() - since
        time.sleep(0.05)
    storage = plain_storage(url)
    study = optuna.load_study(study_name="chaos", storage=storage)
    completed = _count(study, TrialState.COMPLETE)
    took = time.monotonic() - began
    replace_dead()
    _wait_for_trials(folder, alive)
    recovery = 3 * grace_period + 5 if recovery is None else recovery
    _wait_for_recovery(study, replace_dead, grace_period, recovery)
    for worker in alive.values():
        worker.send_signal(signal.SIGTERM if engine == "highnoon" else signal.SIGINT)
    for worker in alive.values():
        worker.wait(120)
    trials = study.get_trials(deepcopy=False)
    storage.remove_session()
    storage.engine.dispose()
    return _judge(trials, folder, engine, died, killed, completed / took)


def plain_storage(url: str) -> optuna.storages.RDBStorage:
    from highnoon.hpo.storage import StorageURL

    return optuna.storages.RDBStorage(StorageURL.parse(url).raw)


def _judge(
    trials: Sequence[FrozenTrial],
    folder: Path,
    engine: str,
    died: int,
    killed: int,
    per_second: float,
) -> Outcome:
    complete = {t.number: t.values[0] for t in trials if t.state == TrialState.COMPLETE}
    acknowledged = [
        tuple(json.loads(line))
        for file in folder.iterdir()
        if not file.suffix
        for line in file.read_text().splitlines()
    ]
    origins = {trial.number: _retried(trial, engine) for trial in trials}

    def origin(number: int) -> int:
        before = origins[number]
        return number if before is None else origin(before)

    roots = Counter(map(origin, complete))
    twice = sum(count - 1 for count in roots.values())
    told_twice = len(acknowledged) - len({number for number, _ in acknowledged})
    return Outcome(
        completed=len(complete),
        acknowledged=len(acknowledged),
        lost=sum(complete.get(number) != value for number, value in acknowledged),
        duplicates=twice + told_twice,
        stuck=sum(trial.state == TrialState.RUNNING for trial in trials),
        died=died,
        killed=killed,
        per_second=per_second,
    )


def _retried(trial: FrozenTrial, engine: str) -> int | None:
    if engine == "highnoon":
        return trial.user_attrs.get("highnoon:retry_of")
    return optuna.storages.RetryHeartbeatStaleTrialCallback.retried_trial_number(trial)


def _count(study: optuna.Study, state: TrialState) -> int:
    return len(study.get_trials(deepcopy=False, states=(state,)))


def _wait_for_trials(folder: Path, workers: Iterable[int]) -> None:
    """Wait until each of these workers had a trial acknowledged."""
    files = [folder / str(worker) for worker in workers]
    deadline = time.monotonic() + 180
    while not all(file.exists() and file.stat().st_size for file in files):
        if time.monotonic() > deadline:
            logs = "\n".join(log.read_text() for log in sorted(folder.glob("*.log")))
            raise RuntimeError(f"The workers did not start:\n{logs}")
        time.sleep(0.1)


def _wait_for_recovery(
    study: optuna.Study, replace_dead: Callable[[], None], grace_period: float, seconds: float
) -> None:
    """Let the workers go on until the trials of the dead have ended and those retried, or time out.

    Half a grace period more is left for what should not happen: a trial that is retried twice.
    """
    left = {trial.number for trial in study.get_trials(states=(TrialState.RUNNING,))}
    until = time.monotonic() + seconds
    recovered = False
    while time.monotonic() < until:
        replace_dead()
        time.sleep(0.5)
        if not recovered:
            unfinished = study.get_trials(states=(TrialState.RUNNING, TrialState.WAITING))
            waiting = any(trial.state == TrialState.WAITING for trial in unfinished)
            recovered = not waiting and left.isdisjoint(trial.number for trial in unfinished)
            if recovered:
                until = min(until, time.monotonic() + grace_period / 2)


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield the URL of an empty database, and what makes it unavailable for a while."""
    if kind == "sqlite":
        file = folder / "chaos.db"

        def lock() -> None:
            connection = sqlite3.connect(file, timeout=120, isolation_level=None)
            connection.execute("BEGIN EXCLUSIVE")
            time.sleep(OUTAGE_SECONDS)
            connection.close()

        yield f"sqlite:///{file}", lock
        return
    with (PostgresServer if kind == "postgresql" else MariaDBServer)() as server:
        yield (
            server.create_database(),
            lambda: server.restart(kill=True, down_seconds=OUTAGE_SECONDS),
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill workers and restart servers.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES)
    parser.add_argument("--engines", nargs="+", default=("highnoon", "stock"))
    parser.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        engine, url, acknowledged, grace_period = options.work
        work(engine, url, acknowledged, float(grace_period))
        return
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    print(
        f"{options.workers} workers, a kill -9 every second for {options.seconds:g} s, the "
        f"database away for {OUTAGE_SECONDS} s, grace period {GRACE_PERIOD} s\n"
    )
    columns = "completed acknowledged lost duplicates stuck died killed"
    print(
        f"{'database':<12}{'engine':<10}"
        + "".join(f"{c:>13}" for c in columns.split())
        + "  per second"
    )
    for kind in options.databases:
        for number in range(options.rounds):
            for engine in options.engines:
                with (
                    tempfile.TemporaryDirectory() as folder,
                    fresh_database(kind, Path(folder)) as (url, outage),
                ):
                    logs = Path(folder) / "workers"
                    logs.mkdir()
                    outcome = run_round(
                        engine,
                        url,
                        outage,
                        folder=logs,
                        seconds=options.seconds,
                        workers=options.workers,
                        seed=number,
                    )
                counts = "".join(f"{getattr(outcome, c):>13}" for c in columns.split())
                print(f"{kind:<12}{engine:<10}{counts}{outcome.per_second:>12.1f}", flush=True)


if __name__ == "__main__":
    main()
