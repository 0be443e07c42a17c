"""What a trial costs above stock Optuna: the same objective, side by side, alternating.

    python benchmarks/trial_overhead.py [--trials 300] [--rounds 3]

Ten float parameters, five reports, a random sampler, no pruner. In memory, where a trial is nothing
but computing, processor time is taken, so that other programs do not count; on SQLite, wall time.
There the comparison is made twice: with the storage as `optuna.create_study(storage=URL)` opens it,
and with one opened the way HighNoon does, so that faster settings of the database do not hide the
cost of a trial.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import optuna

from highnoon import HPOTrialManager
from highnoon.hpo.storage import open_storage

NAMES = [f"x{i}" for i in range(10)]
SPACE = dict.fromkeys(NAMES, ("uniform", -1.0, 1.0))
REPORTS = 5


Clock = Callable[[], float]


def run_highnoon(storage: str | None, trials: int, clock: Clock = time.perf_counter) -> float:
    hpo = HPOTrialManager(
        study_name="highnoon", storage=storage, sampler="random", pruner="none", seed=0
    )

    def objective(params: dict[str, float]) -> float:
        value = sum(x * x for x in params.values())
        for step in range(REPORTS):
            hpo.report(value, step)
            hpo.should_prune()
        return value

    started = clock()
    hpo.optimize(objective, SPACE, n_trials=trials, show_progress=False)
    return clock() - started


def run_stock(
    storage: "str | optuna.storages.BaseStorage | None",
    trials: int,
    clock: Clock = time.perf_counter,
) -> float:
    study = optuna.create_study(
        study_name="stock",
        storage=storage,
        sampler=optuna.samplers.RandomSampler(seed=0),
        pruner=optuna.pruners.NopPruner(),
    )

    def objective(trial: optuna.Trial) -> float:
        value = sum(x * x for x in [trial.suggest_float(name, -1.0, 1.0) for name in NAMES])
        for step in range(REPORTS):
            trial.report(value, step)
            trial.should_prune()
        return value

    started = clock()
    study.optimize(objective, n_trials=trials)
    return clock() - started


def medians(runs: dict[str, Callable[[], float]], rounds: int, trials: int) -> dict[str, float]:
    """Return the median milliseconds per trial of each run, the order turned round every time."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds):
        for name in list(runs)[:: 1 if number % 2 else -1]:
            seconds[name].append(runs[name]())
    return {name: statistics.median(each) / trials * 1000 for name, each in seconds.items()}


def show(storage: str, results: dict[str, float]) -> None:
    ours = results["highnoon"]
    print(f"{storage:<10}{'highnoon':<22}{ours:>9.3f}")
    for name, stock in list(results.items())[1:]:
        print(
            f"{'':<10}{name:<22}{stock:>9.3f}{ours - stock:>+9.3f}{ours / stock:>8.3f}", flush=True
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="What a trial costs above stock Optuna.")
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)

    memory = medians(
        {
            "highnoon": lambda: run_highnoon(None, options.trials, time.process_time),
            "stock": lambda: run_stock(None, options.trials, time.process_time),
        },
        options.rounds,
        options.trials,
    )
    print(f"{options.trials} trials, {options.rounds} rounds, medians, ms per trial\n")
    print(f"{'storage':<10}{'run':<22}{'ms':>9}{'above':>9}{'ratio':>8}")
    show("memory", memory)
    with tempfile.TemporaryDirectory() as folder:
        files = iter(range(1_000_000))

        def url() -> str:
            return f"sqlite:///{Path(folder) / f'{next(files)}.db'}"

        sqlite = medians(
            {
                "highnoon": lambda: run_highnoon(url(), options.trials),
                "stock": lambda: run_stock(url(), options.trials),
                "stock, our settings": lambda: run_stock(
                    open_storage(url(), create=True), options.trials
                ),
            },
            options.rounds,
            options.trials,
        )
    show("SQLite", sqlite)
    print("\ngoals: at most 1 ms above stock in memory, at most 1.05 times stock on SQLite")


if __name__ == "__main__":
    main()
