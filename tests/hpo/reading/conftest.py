"""Storages to read from, and what a feed must agree with: what Optuna says of the same study."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from highnoon.hpo import attributes
from highnoon.hpo.reading import STATUSES, ReportColumns, StudyChanges, StudyFeed, TrialColumns
from highnoon.hpo.states import best_of, trial_status
from highnoon.hpo.storage import StorageURL
from highnoon.hpo.study import direction_of


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", "memory", "journal"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BaseStorage]:
    """A storage that stock Optuna makes; the test runs once for each kind."""
    if request.param == "memory":
        yield InMemoryStorage()
    elif request.param == "journal":
        yield JournalStorage(JournalFileBackend(str(tmp_path / "journal.log")))
    else:
        url = request.getfixturevalue("prepared_database")(request.param)
        database = RDBStorage(StorageURL.parse(url).raw)
        yield database
        database.remove_session()
        database.engine.dispose()


@pytest.fixture
def study(storage: BaseStorage) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(study_name="s", storage=storage)


@pytest.fixture
def statements(study: optuna.Study) -> Callable[[], list[str]]:
    """The SQL statements that reached the study's database since the last call."""
    import sqlalchemy as sa

    from highnoon.hpo.reading.database import database_of

    engine = database_of(study._storage)
    assert engine is not None
    seen: list[str] = []
    sa.event.listen(
        engine, "before_cursor_execute", lambda c, cursor, text, *rest: seen.append(text)
    )

    def since() -> list[str]:
        taken = list(seen)
        seen.clear()
        return taken

    return since


class Follower:
    """Puts together what a feed's polls return, as a widget at the other end of a wire would."""

    def __init__(self) -> None:
        self.trials: dict[int, dict] = {}
        self.reports: dict[tuple[int, int], float] = {}

    def take(self, changes: StudyChanges) -> None:
        if changes.reset:
            self.trials, self.reports = {}, {}
        self.trials |= rows_of(changes.trials)
        self.reports |= reports_of(changes.reports)


def rows_of(trials: TrialColumns) -> dict[int, dict]:
    """A plain dict per trial, None where there is nothing."""
    rows = {}
    for row, number in enumerate(trials.number.tolist()):
        params = {
            name: column.shown(row)
            for name, column in trials.parameters.items()
            if not math.isnan(column.values[row])
        }
        worker = int(trials.worker[row])
        rows[number] = {
            "status": STATUSES[trials.status[row]],
            "value": plain(trials.value[row]),
            "started": plain(trials.started[row]),
            "completed": plain(trials.completed[row]),
            "last": (int(trials.last_step[row]), plain(trials.last_report[row])),
            "params": params,
            "feasible": bool(trials.feasible[row]),
            "retry_of": int(trials.retry_of[row]),
            "worker": None if worker < 0 else trials.workers[worker],
        }
    return rows


def reports_of(reports: ReportColumns) -> dict[tuple[int, int], float | None]:
    keys = zip(reports.number.tolist(), reports.step.tolist(), strict=True)
    found = list(zip(keys, map(plain, reports.value), strict=True))
    assert len(dict(found)) == len(found), "a report appears twice"
    return dict(found)


def plain(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def as_optuna_says(study: optuna.Study) -> tuple[dict[int, dict], dict]:
    rows, reports = {}, {}
    drawn = {name for trial in study.get_trials(deepcopy=False) for name in trial.params}
    for trial in study.get_trials(deepcopy=False):
        is_queued = trial.state is TrialState.WAITING
        fixed = trial.system_attrs.get("fixed_params", {}) if is_queued else {}
        step = max(trial.intermediate_values, default=-1)
        times = (trial.datetime_start, trial.datetime_complete)
        started, completed = (None if time is None else time.timestamp() for time in times)
        rows[trial.number] = {
            "status": trial_status(trial),
            "value": trial.values[0] if trial.values else None,
            "started": started,
            "completed": completed,
            "last": (step, plain(trial.intermediate_values.get(step, math.nan))),
            "params": trial.params | {name: fixed[name] for name in fixed if name in drawn},
            "feasible": not any(amount > 0 for amount in trial.constraints.values()),
            "retry_of": trial.user_attrs.get(attributes.RETRY_OF, -1),
            "worker": trial.user_attrs.get(attributes.RUN, {}).get("worker"),
        }
        reports |= {(trial.number, s): plain(v) for s, v in trial.intermediate_values.items()}
    return rows, reports


def check(feed: StudyFeed, study: optuna.Study, follower: Follower | None = None) -> None:
    """Check that what a feed accumulated, a cold read, and Optuna agree, to the last digit."""
    expected, expected_reports = as_optuna_says(study)
    cold = StudyFeed(study)
    for source in (feed, cold):
        assert rows_of(source.columns) == expected
        assert reports_of(source.reports) == expected_reports
        order = list(zip(source.reports.number, source.reports.step, strict=True))
        assert order == sorted(order)
    if follower is not None:
        assert follower.trials == expected
        assert follower.reports == expected_reports
    best = best_of(study.get_trials(deepcopy=False), direction_of(study))
    row = feed.columns.best(feed.study.direction)
    assert (None if row is None else feed.columns.number[row]) == (
        None if best is None else best.number
    )
    assert {feed.columns.number.dtype, feed.reports.step.dtype} == {np.dtype(np.int64)}
