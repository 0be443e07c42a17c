"""What a list of studies says agrees with what Optuna says of each, on every storage."""

import dataclasses
import math
import time
from collections import Counter
from collections.abc import Callable

import optuna
import pytest
from optuna.storages import BaseStorage
from optuna.trial import TrialState, create_trial

from highnoon.hpo import attributes
from highnoon.hpo.flags import GaveUp, Order, StopOrder
from highnoon.hpo.reading import StudyFeed, study_names, study_summaries, summary_of
from highnoon.hpo.reading.rows import METRIC_NAMES
from highnoon.hpo.states import best_of, trial_status
from highnoon.hpo.study import direction_of

from .test_feed import STATES


def fill(study: optuna.Study, worst: float) -> None:
    for state, value, mark, _ in STATES:
        attrs = {} if mark is None else {mark: "why"}
        study.add_trial(create_trial(state=state, value=value, user_attrs=attrs))
    for constraints, value in (
        ({"a": 0.0, "b": -1.0}, worst),
        ({"a": 2.5e-7}, 100.0),
        ({"a": -1.0, "b": 1.0}, -100.0),
    ):
        study.add_trial(create_trial(value=value, constraints=constraints))
    for amounts, value in (([0.0, -1.0], 3.0), ([1.0], 100.0), ([-1.0, 1e-9], -100.0)):
        study.add_trial(create_trial(value=value, system_attrs={"constraints": amounts}))
    for number in range(3):
        running = study.ask()
        if number:
            running.set_user_attr(attributes.RUN, {"seed": 1, "worker": f"w{3 - number}"})
        # Trials of an engine's workers are held by the process that drew them.
        running.set_user_attr(attributes.LEASE, ["driver" if number else "w3", 0])
    study.enqueue_trial({})


def better_than_before(
    trials: list[optuna.trial.FrozenTrial], direction: str
) -> tuple[tuple[int, float], ...]:
    better = []
    for trial in trials:
        best = best_of(trials[: trial.number + 1], direction)
        if best is not None and best.number == trial.number:
            better.append((best.number, best.values[0]))
    return tuple(better)


def test_a_summary_agrees_with_optuna(storage: BaseStorage) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    for name, direction in (("low", "minimize"), ("high", "maximize")):
        fill(optuna.create_study(study_name=name, storage=storage, direction=direction), 4.0)
    optuna.create_study(study_name="empty", storage=storage)
    several = ["maximize", "minimize"]
    many = optuna.create_study(study_name="several", storage=storage, directions=several)
    for values in ([1.0, 2.0], [2.0, 2.5], [2.0, 2.5], [0.5, 2.0], [math.inf, 9.0], [1.0, 2.5]):
        many.add_trial(create_trial(values=values))
    many.add_trial(create_trial(values=[3.0, 0.0], constraints={"a": 1.0}))
    many.add_trial(create_trial(values=[3.0, 0.0], system_attrs={"constraints": [1.0]}))
    summaries = {summary.name: summary for summary in study_summaries(storage)}
    assert list(summaries) == ["low", "high", "empty", "several"] == study_names(storage)
    for name in ("low", "high"):
        study = optuna.load_study(study_name=name, storage=storage)
        trials, summary = study.get_trials(), summaries[name]
        best = best_of(trials, direction_of(study))
        assert best is not None
        assert summary.counts == Counter(map(trial_status, trials))
        assert summary.n_trials == len(trials)
        assert summary.best_value == best.values[0]
        assert summary.history[-1][0] == best.number
        assert summary.history == better_than_before(trials, direction_of(study))
        assert summary.last_start == max(
            trial.datetime_start.timestamp() for trial in trials if trial.datetime_start
        )
        assert summary.workers == ("w1", "w2", "w3")
        feed = StudyFeed(study)
        # Columns name the workers of runs alone, not those of leases.
        of_columns = dataclasses.replace(summary, workers=("w1", "w2"))
        assert summary_of(feed.study, feed.columns) == of_columns
        assert summary.last_activity == max(
            time.timestamp()
            for trial in trials
            for time in (trial.datetime_start, trial.datetime_complete)
            if time is not None
        )
    assert summaries["low"].best_value == 1.0
    assert summaries["high"].best_value == 4.0
    empty, several_summary = summaries["empty"], summaries["several"]
    assert (empty.counts, empty.best_value, empty.last_activity, empty.workers) == (
        {},
        None,
        None,
        (),
    )
    assert several_summary.directions == ("maximize", "minimize")
    assert several_summary.n_trials == 8
    assert several_summary.front == len(many.best_trials) == 4
    assert empty.front is None
    assert several_summary.best_value is None


def test_flags_are_told(study: optuna.Study, storage: BaseStorage) -> None:
    order = Order.now("ana@here")
    study.set_user_attr(attributes.PAUSED, order.to_json())
    study.set_user_attr(attributes.ARCHIVED, None)
    (summary,) = study_summaries(storage)
    assert summary.paused == order
    assert summary.archived is None
    assert summary.status == "paused"


def test_goal_and_metric_are_told(study: optuna.Study, storage: BaseStorage) -> None:
    study.set_user_attr(attributes.GOAL, 80)
    storage.set_study_system_attr(study._study_id, METRIC_NAMES, ["loss"])
    (summary,) = study_summaries(storage)
    assert (summary.goal, summary.metric) == (80, "loss")


def test_the_status_in_one_word(
    study: optuna.Study, storage: BaseStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def status() -> str:
        (summary,) = study_summaries(storage)
        return summary.status

    assert status() == "empty"
    trial = study.ask()
    assert status() == "running"
    study.tell(trial, 1.0)
    told = time.time()
    assert status() == "idle", "nobody said how many trials there are to be"
    study.set_user_attr(attributes.GOAL, 2)
    monkeypatch.setattr(time, "time", lambda: told + 1)
    assert status() == "running", "a run draws its next trial"
    monkeypatch.setattr(time, "time", lambda: told + 60)
    assert status() == "unfinished", "a run ended before its goal"
    study.set_user_attr(attributes.GOAL, 1)
    assert status() == "finished"
    study.set_user_attr(attributes.GAVE_UP, GaveUp.now("after 5 failures in a row").to_json())
    assert status() == "stopped"
    assert study_summaries(storage)[0].reason == "after 5 failures in a row"
    study.set_user_attr(attributes.STOP, StopOrder.now("ana@here").to_json())
    assert status() == "stopped"
    assert study_summaries(storage)[0].reason == "by ana@here"


@pytest.mark.parametrize("storage", ["sqlite", "postgresql", "mariadb"], indirect=True)
def test_the_number_of_statements_does_not_grow_with_studies_and_trials(
    study: optuna.Study, storage: BaseStorage, statements: Callable[[], list[str]]
) -> None:
    fill(study, 4.0)
    statements()
    study_summaries(storage)
    before = len(statements())
    for name in ("a", "b"):
        fill(optuna.create_study(study_name=name, storage=storage), 4.0)
    statements()
    assert len(study_summaries(storage)) == 3
    assert len(statements()) == before <= 7


def test_no_studies_are_an_empty_list(storage: BaseStorage) -> None:
    assert study_summaries(storage) == []


def test_infinite_values_are_no_best(study: optuna.Study, storage: BaseStorage) -> None:
    study.add_trial(create_trial(state=TrialState.COMPLETE, value=-math.inf))
    (summary,) = study_summaries(storage)
    assert summary.best_value is None
    assert summary.counts == {"diverged": 1}
