"""A feed is polled while other processes, HighNoon's and stock Optuna's, run trials."""

import subprocess
import sys
import time

import optuna
import pytest
from optuna.storages import RDBStorage

from highnoon import HPOTrialManager
from highnoon.hpo.reading import StudyFeed, study_summaries
from tests.prepared import stock_url

from .conftest import Follower, check, rows_of

HIGHNOON = """
import sys, time
from highnoon import HPOTrialManager
hpo = HPOTrialManager(study_name="s", storage=sys.argv[1], sampler="random")
def objective(params):
    for step in range(4):
        hpo.report(params["x"] / (1 + step), step)
        time.sleep(0.02)
    if params["kind"] == "bad":
        raise ValueError("bad")
    return params["x"]
space = {"x": ("uniform", 0.0, 1.0), "kind": ("categorical", ["good", "better", "bad"])}
try:
    hpo.optimize(objective, space, n_trials=12, show_progress=False)
except Exception as error:
    assert type(error).__name__ == "TooManyFailuresError"
"""
STOCK = """
import sys, time, optuna
study = optuna.load_study(study_name="s", storage=sys.argv[1])
def objective(trial):
    x = trial.suggest_float("x", 0.0, 1.0)
    trial.suggest_categorical("kind", ["good", "better", "bad"])
    for step in range(4):
        trial.report(x, step)
        time.sleep(0.02)
    return x
study.optimize(objective, n_trials=12)
"""


@pytest.fixture
def stock_study(database_url: str):
    HPOTrialManager(study_name="s", storage=database_url)
    storage = RDBStorage(stock_url(database_url))
    yield optuna.load_study(study_name="s", storage=storage)
    storage.remove_session()
    storage.engine.dispose()


def test_a_feed_follows_two_processes(database_url: str, stock_study: optuna.Study) -> None:
    feed, follower = StudyFeed.open("s", database_url), Follower()
    seen_running: set[int] = set()
    programs = [
        subprocess.Popen([sys.executable, "-c", source, url])
        for source, url in ((HIGHNOON, database_url), (STOCK, stock_url(database_url)))
    ]
    try:
        while any(program.poll() is None for program in programs):
            changes = feed.poll()
            follower.take(changes)
            rows = rows_of(changes.trials)
            seen_running |= {number for number in rows if rows[number]["status"] == "running"}
            time.sleep(0.02)
        assert [program.wait() for program in programs] == [0, 0]
    finally:
        for program in programs:
            program.kill()
            program.wait()
    follower.take(feed.poll())
    check(feed, stock_study, follower)
    assert not feed.poll()
    assert seen_running
    workers = {row["worker"] for row in follower.trials.values()}
    assert len(workers) == 2
    assert None in workers
    (summary,) = study_summaries(database_url)
    assert summary.counts == feed.columns.counts()
    assert summary.best_value == min(
        row["value"] for row in follower.trials.values() if row["status"] == "completed"
    )
