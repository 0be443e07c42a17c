"""Several programs on one study: the guide's two workers; stock Optuna and its dashboard beside."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.util import setup_testing_defaults

import optuna
import pytest
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from highnoon import StudyReader
from highnoon.hpo import attributes
from tests.prepared import stock_url
from tests.processes import WAIT_SECONDS

# As in the guide, but for the URL.
WORKER = """
from highnoon import HPOTrialManager

hpo = HPOTrialManager(
    study_name="distributed_study",
    storage={url!r},
)
hpo.optimize(objective, search_space, n_trials={n_trials})
"""

OBJECTIVE = """
import time

search_space = {"x": ("uniform", -5.0, 5.0), "kind": ("categorical", ["a", "b"])}


def objective(params):
    for step in range(3):
        time.sleep(PAUSE)
        hpo.report(params["x"] ** 2 + 3 - step, step)
    return params["x"] ** 2
"""


def program(url: str, *, n_trials: int, pause: float) -> str:
    return f"PAUSE = {pause}\n{OBJECTIVE}\n{WORKER.format(url=url, n_trials=n_trials)}"


@contextmanager
def worker(
    url: str, *, n_trials: int = 25, pause: float = 0.0
) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-c", program(url, n_trials=n_trials, pause=pause)],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def finish(process: "subprocess.Popen[str]") -> None:
    _, said = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 0, said


def test_the_two_workers_of_the_guide_share_a_study(database_url: str) -> None:
    with worker(database_url) as first, worker(database_url) as second:
        finish(first)
        finish(second)
    reader = StudyReader.open("distributed_study", database_url)
    done = [t for t in reader.trials if t.state in (TrialState.COMPLETE, TrialState.PRUNED)]
    assert len(done) == 50
    assert [t.number for t in reader.trials] == list(range(len(reader.trials)))
    assert len({t.user_attrs[attributes.RUN]["worker"] for t in done}) == 2
    assert reader.best_value < 5


@pytest.fixture
def stock_storage() -> Iterator[Callable[[str], RDBStorage]]:
    """Open a database as stock Optuna does."""
    opened: list[RDBStorage] = []

    def open_stock(url: str) -> RDBStorage:
        opened.append(RDBStorage(stock_url(url)))
        return opened[-1]

    yield open_stock
    for storage in opened:
        storage.engine.dispose()


class Dashboard:
    """optuna-dashboard as a browser sees it."""

    def __init__(self, storage: RDBStorage) -> None:
        from optuna_dashboard import wsgi

        self._app = wsgi(storage)

    def get(self, path: str, query: str = "") -> Any:
        environment: dict[str, Any] = {"PATH_INFO": path, "QUERY_STRING": query}
        setup_testing_defaults(environment)
        status: list[str] = []

        def start_response(code: str, *_rest: Any) -> Callable[[bytes], object]:
            status.append(code)
            return lambda _text: None

        body = self._app(environment, start_response)
        text = b"".join(body)
        assert status == ["200 OK"], text
        return json.loads(text)

    def trials(self) -> list[dict[str, Any]]:
        study = self.get("/api/studies")["study_summaries"][0]
        return self.get(f"/api/studies/{study['study_id']}", "after=0")["trials"]


def test_stock_optuna_and_its_dashboard_read_and_extend_a_study_that_a_worker_is_running(
    database_url: str, stock_storage: Callable[[str], RDBStorage]
) -> None:
    exec(program(database_url, n_trials=3, pause=0.0), {"__name__": "__main__"})
    dashboard = Dashboard(stock_storage(database_url))
    stock = optuna.load_study(study_name="distributed_study", storage=stock_storage(database_url))
    added: list[int] = []
    with worker(database_url, n_trials=15, pause=0.05) as running:
        while running.poll() is None:
            trial = stock.ask()
            x = trial.suggest_float("x", -5.0, 5.0)
            trial.report(x, 0)
            stock.tell(trial, x**2)
            added.append(trial.number)
            for seen in stock.get_trials():
                if seen.state == TrialState.COMPLETE:
                    assert seen.value == seen.params["x"] ** 2
            shown = dashboard.trials()
            assert len(shown) >= 3
            numbers = Counter(t["number"] for t in shown)
            assert max(numbers.values()) == 1
        finish(running)
    assert len(added) >= 3
    reader = StudyReader.open("distributed_study", database_url)
    states = Counter(t.state for t in reader.trials)
    assert states[TrialState.RUNNING] == states[TrialState.FAIL] == states[TrialState.WAITING] == 0
    assert len(reader.trials) == 3 + 15 + len(added)
    assert [t.number for t in reader.trials] == list(range(18 + len(added)))
    for number in added:
        assert reader.trials[number].intermediate_values.keys() == {0}
    assert [t.values for t in stock.get_trials()] == [t.values for t in reader.trials]
    fresh = Dashboard(stock_storage(database_url)).trials()
    assert len(fresh) == len(reader.trials)
