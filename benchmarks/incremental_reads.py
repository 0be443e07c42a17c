"""How fast a study is read: cold, and when it is looked at again, against stock Optuna.

    python benchmarks/incremental_reads.py [URL of an empty database] [--trials 10000] [--rounds 3]

Ten parameters, without and with five reports a trial. Cold is a fresh process' first look: stock's
`optuna.load_study(...).get_trials()` against `StudyFeed(...).poll()`, each on a storage opened
anew. Then the study is looked at again: with nothing changed, the median of many looks, and with
one trial added since. Processor time of this process is shown beside wall time, since other
programs lengthen the latter.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import sqlalchemy as sa
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    distribution_to_json,
)
from optuna.trial import TrialState, create_trial

from highnoon.hpo import attributes
from highnoon.hpo.provenance import provenance
from highnoon.hpo.reading import StudyFeed, study_summaries
from highnoon.hpo.storage import StorageURL, open_storage, tables

SPACE: dict[str, BaseDistribution] = {
    **{f"x{i}": FloatDistribution(0, 1) for i in range(7)},
    "lr": FloatDistribution(1e-5, 1e-1, log=True),
    "n": IntDistribution(1, 100),
    "optimizer": CategoricalDistribution(["adam", "sgd", "lion"]),
}

LOOKS = 30

Times = tuple[float, float]


def fill(url: str, name: str, trials: int, reports: int) -> None:
    """Write a study of finished trials straight into the tables."""
    storage = stock_storage(url)
    study_id = optuna.create_study(study_name=name, storage=storage)._study_id
    choose = random.Random(0)
    texts = {name: distribution_to_json(each) for name, each in SPACE.items()}
    run = {"seed": 1, **provenance()}
    with storage.engine.begin() as connection:
        first = 1 + (connection.scalar(sa.select(sa.func.max(tables.trials.c.trial_id))) or 0)
        ids = range(first, first + trials)
        now = sa.func.now()
        rows: dict[Any, list[dict[str, Any]]] = {
            tables.trials: [
                {"trial_id": i, "number": i - first, "study_id": study_id} for i in ids
            ],
            tables.trial_params: [
                {
                    "trial_id": i,
                    "param_name": name,
                    "param_value": choose.randrange(3) if name == "optimizer" else choose.random(),
                    "distribution_json": text,
                }
                for i in ids
                for name, text in texts.items()
            ],
            tables.trial_values: [
                {"trial_id": i, "objective": 0, "value": choose.random(), "value_type": "FINITE"}
                for i in ids
            ],
            tables.trial_intermediate_values: [
                {
                    "trial_id": i,
                    "step": step,
                    "intermediate_value": choose.random(),
                    "intermediate_value_type": "FINITE",
                }
                for i in ids
                for step in range(reports)
            ],
            tables.trial_user_attributes: [
                {"trial_id": i, "key": attributes.RUN, "value_json": json.dumps(run)} for i in ids
            ],
        }
        for table, own in rows.items():
            statement = sa.insert(table)
            if table is tables.trials:
                statement = statement.values(
                    state=TrialState.COMPLETE, datetime_start=now, datetime_complete=now
                )
            for start in range(0, len(own), 10_000):
                connection.execute(statement, own[start : start + 10_000])
        if connection.dialect.name == "postgresql":
            connection.execute(
                sa.text(
                    "SELECT setval(pg_get_serial_sequence('trials', 'trial_id'), "
                    "(SELECT max(trial_id) FROM trials))"
                )
            )
    storage.remove_session()
    storage.engine.dispose()


def stock_storage(url: str) -> optuna.storages.RDBStorage:
    return optuna.storages.RDBStorage(StorageURL.parse(url).raw)


def timed(work: Callable[[], object]) -> Times:
    started, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started, time.process_time() - cpu


def repeated(work: Callable[[], object]) -> Times:
    """Return the medians of many: the first one prepares statements for the rest."""
    wall, processor = zip(*(timed(work) for _ in range(LOOKS)), strict=True)
    return statistics.median(wall), statistics.median(processor)


def one_round(url: str, name: str, *, ours_first: bool) -> dict[str, Times]:
    """Return what each look took; who goes first changes from round to round."""
    taken: dict[str, Times] = {}

    def ours() -> None:
        feed = StudyFeed.open(name, url)
        taken["cold, highnoon"] = timed(feed.poll)
        taken["nothing changed, highnoon"] = repeated(feed.poll)
        add_one(url, name)
        taken["one trial more, highnoon"] = timed(feed.poll)

    def stock() -> None:
        storage = optuna.storages.get_storage(stock_storage(url))
        study = optuna.load_study(study_name=name, storage=storage)
        taken["cold, stock"] = timed(lambda: study.get_trials(deepcopy=False))
        taken["nothing changed, stock"] = repeated(lambda: study.get_trials(deepcopy=False))
        add_one(url, name)
        taken["one trial more, stock"] = timed(lambda: study.get_trials(deepcopy=False))

    for reader in (ours, stock) if ours_first else (stock, ours):
        reader()
    taken["all studies, highnoon"] = timed(lambda: study_summaries(open_storage(url)))
    return taken


def add_one(url: str, name: str) -> None:
    study = optuna.load_study(study_name=name, storage=stock_storage(url))
    params = dict.fromkeys(SPACE, 0.5) | {"lr": 1e-3, "n": 1, "optimizer": "sgd"}
    study.add_trial(create_trial(value=0.5, params=params, distributions=SPACE))


def show(title: str, rounds: list[dict[str, Times]]) -> None:
    print(f"\n{title}\n{'':<24}{'highnoon':>18}{'stock':>18}{'ratio':>8}")
    for look in ("cold", "nothing changed", "one trial more", "all studies"):
        cells = []
        for who in ("highnoon", "stock"):
            times = [each[f"{look}, {who}"] for each in rounds if f"{look}, {who}" in each]
            cells.append(tuple(statistics.median(t) * 1000 for t in zip(*times, strict=True)))
        texts = [f"{c[0]:.1f} ({c[1]:.1f})" if c else "–" for c in cells]
        ratio = f"{cells[1][0] / cells[0][0]:.1f}x" if all(cells) else ""
        print(f"{look:<24}{texts[0]:>18}{texts[1]:>18}{ratio:>8}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="How fast a study is read.")
    parser.add_argument("url", nargs="?", help="an empty database; default: SQLite in a file")
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        url = options.url or f"sqlite:///{Path(folder) / 'reads.db'}"
        print(f"{options.trials} trials, {options.rounds} rounds, medians, ms (processor ms)")
        for reports in (0, 5):
            name = f"with {reports} reports a trial"
            fill(url, name, options.trials, reports)
            rounds = [
                one_round(url, name, ours_first=bool(number % 2))
                for number in range(options.rounds)
            ]
            show(f"{name}, {StorageURL.parse(url).backend}", rounds)


if __name__ == "__main__":
    main()
