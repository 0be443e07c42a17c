"""The buffered storage and Optuna's own on one database, on SQLite, PostgreSQL and MariaDB."""

import json
import math
import pickle
import sys
from collections.abc import Callable

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState, create_trial

from highnoon.hpo import attributes
from highnoon.hpo.provenance import worker_name
from highnoon.hpo.storage.buffered import BufferedStorage
from tests.processes import wait_until

UNIT = FloatDistribution(0.0, 1.0)
LETTERS = CategoricalDistribution(("a", "b"))

Open = Callable[[str], BufferedStorage]


def test_what_a_running_trial_sets_is_there_for_optuna_after_a_flush(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int, flushed_on_demand: None
) -> None:
    trial_id = buffered.create_new_trial(study_id)
    buffered.set_trial_param(trial_id, "x", 0.5, UNIT)
    buffered.set_trial_param(trial_id, "letter", 1, LETTERS)
    buffered.set_trial_intermediate_value(trial_id, 3, 0.25)
    buffered.set_trial_user_attr(trial_id, "note", {"a": [1, None]})
    buffered.set_trial_system_attr(trial_id, "mark", "ä")
    assert stock.get_trial(trial_id).params == {}
    buffered.flush()
    seen = stock.get_trial(trial_id)
    assert seen == buffered.get_trial(trial_id)
    assert seen.params == {"x": 0.5, "letter": "b"}
    assert seen.intermediate_values == {3: 0.25}
    assert seen.user_attrs["note"] == {"a": [1, None]}
    assert seen.system_attrs == {"mark": "ä"}


def test_what_a_running_trial_sets_reaches_optuna_by_itself(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int
) -> None:
    trial_id = buffered.create_new_trial(study_id)
    for step in range(3):
        buffered.set_trial_intermediate_value(trial_id, step, step / 2)
        wait_until(
            lambda wanted=step + 1: len(stock.get_trial(trial_id).intermediate_values) == wanted
        )


def test_all_of_a_trial_is_in_the_database_when_its_end_is(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int
) -> None:
    trial_id = buffered.create_new_trial(study_id)
    buffered.set_trial_param(trial_id, "x", 0.5, UNIT)
    for step, value in enumerate([1.0, math.inf, -math.inf, math.nan]):
        buffered.set_trial_intermediate_value(trial_id, step, value)
    buffered.set_trial_state_values(trial_id, TrialState.COMPLETE, [math.inf])
    seen, known = stock.get_trial(trial_id), buffered.get_trial(trial_id)
    assert seen.state == TrialState.COMPLETE
    assert seen.values == [math.inf]
    assert str(seen) == str(known)  # NaN is not equal to itself
    assert seen.datetime_start is not None
    assert seen.datetime_complete is not None
    assert seen.datetime_start <= seen.datetime_complete


def test_a_trial_has_a_lease_from_the_moment_it_runs(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int
) -> None:
    study = optuna.load_study(study_name="study", storage=buffered)
    study.enqueue_trial({"x": 0.5})
    assert stock.get_trial(1).user_attrs == {}
    queued, fresh = study.ask(), study.ask()
    assert queued.suggest_float("x", 0, 1) == 0.5
    leases = [stock.get_trial(trial._trial_id).user_attrs for trial in (queued, fresh)]
    assert [lease.keys() for lease in leases] == [{attributes.LEASE}] * 2
    assert [lease[attributes.LEASE][:2] for lease in leases] == [[worker_name(), 0]] * 2
    assert leases == [queued.user_attrs, fresh.user_attrs]


def test_a_queued_trial_is_started_by_one_process_only(
    buffered: BufferedStorage,
    buffered_of: Open,
    stock: RDBStorage,
    study_id: int,
    database_url: str,
) -> None:
    other = buffered_of(database_url)
    waiting = create_trial(state=TrialState.WAITING)
    for first, second in ((buffered, other), (stock, buffered), (buffered, stock)):
        trial_id = stock.create_new_trial(study_id, waiting)
        assert first.set_trial_state_values(trial_id, TrialState.RUNNING)
        assert not second.set_trial_state_values(trial_id, TrialState.RUNNING)


def test_nothing_is_written_onto_a_trial_that_someone_else_failed(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int, flushed_on_demand: None
) -> None:
    trial_id = buffered.create_new_trial(study_id)
    buffered.set_trial_param(trial_id, "x", 0.5, UNIT)
    buffered.set_trial_intermediate_value(trial_id, 0, 1.0)
    stock.set_trial_state_values(trial_id, TrialState.FAIL)
    failed = stock.get_trial(trial_id)
    buffered.flush()
    assert stock.get_trial(trial_id) == failed == buffered.get_trial(trial_id)
    with pytest.raises(UpdateFinishedTrialError):
        buffered.set_trial_intermediate_value(trial_id, 1, 1.0)
    with pytest.raises(UpdateFinishedTrialError):
        buffered.set_trial_param(trial_id, "y", 0.5, UNIT)
    with pytest.raises(UpdateFinishedTrialError):
        buffered.set_trial_user_attr(trial_id, "note", 1)
    assert stock.get_trial(trial_id) == failed


def test_a_trial_that_someone_else_failed_cannot_be_completed(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int, flushed_on_demand: None
) -> None:
    trial_id = buffered.create_new_trial(study_id)
    buffered.set_trial_intermediate_value(trial_id, 0, 1.0)
    stock.set_trial_state_values(trial_id, TrialState.FAIL)
    failed = stock.get_trial(trial_id)
    with pytest.raises(UpdateFinishedTrialError):
        buffered.set_trial_state_values(trial_id, TrialState.COMPLETE, [0.5])
    assert stock.get_trial(trial_id) == failed
    assert buffered.get_all_trials(study_id) == [failed]


def test_reading_a_study_notices_that_someone_else_failed_a_trial(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int
) -> None:
    trial_id = buffered.create_new_trial(study_id)
    assert buffered.get_all_trials(study_id)[0].state == TrialState.RUNNING
    stock.set_trial_state_values(trial_id, TrialState.FAIL)
    assert buffered.get_all_trials(study_id)[0].state == TrialState.FAIL
    with pytest.raises(UpdateFinishedTrialError):
        buffered.set_trial_user_attr(trial_id, "note", 1)


def test_what_others_set_on_a_trial_that_runs_here_is_not_lost(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int
) -> None:
    trial_id = buffered.create_new_trial(study_id)
    stock.set_trial_user_attr(trial_id, "seen", "by a person")
    buffered.set_trial_user_attr(trial_id, "note", 1)
    buffered.set_trial_state_values(trial_id, TrialState.COMPLETE, [0.5])
    lease = buffered.get_trial(trial_id).user_attrs[attributes.LEASE]
    attrs = {attributes.LEASE: lease, "seen": "by a person", "note": 1}
    assert stock.get_trial(trial_id).user_attrs == attrs
    assert buffered.get_trial(trial_id).user_attrs == attrs
    assert buffered.get_all_trials(study_id)[0].user_attrs == attrs


def test_a_distribution_that_another_process_made_incompatible_is_refused_when_it_is_set(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int
) -> None:
    stock.set_trial_param(stock.create_new_trial(study_id), "x", 1, LETTERS)
    trial_id = buffered.create_new_trial(study_id)
    with pytest.raises(ValueError, match="different distribution kind"):
        buffered.set_trial_param(trial_id, "x", 0.5, UNIT)
    buffered.set_trial_state_values(trial_id, TrialState.COMPLETE, [0.0])
    assert stock.get_trial(trial_id).params == {}


def test_a_distribution_that_became_incompatible_meanwhile_is_not_written(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int, flushed_on_demand: None
) -> None:
    trial_id, other_id = (buffered.create_new_trial(study_id) for _ in range(2))
    for each in (trial_id, other_id):
        buffered.set_trial_param(each, "x", 0.5, UNIT)
    buffered.set_trial_param(trial_id, "y", 0.5, UNIT)
    stock.set_trial_param(stock.create_new_trial(study_id), "x", 1, LETTERS)
    with pytest.raises(ValueError, match="different distribution kind"):
        buffered.flush(trial_id)
    assert stock.get_trial(trial_id).params == {"y": 0.5} == buffered.get_trial(trial_id).params
    with pytest.raises(ValueError, match="different distribution kind"):
        buffered.set_trial_state_values(trial_id, TrialState.COMPLETE, [0.0])
    buffered.set_trial_user_attr(trial_id, "why", "another space")
    buffered.set_trial_state_values(trial_id, TrialState.FAIL)
    failed = stock.get_trial(trial_id)
    assert (failed.state, failed.params) == (TrialState.FAIL, {"y": 0.5})
    assert failed.user_attrs["why"] == "another space"


def test_a_distribution_that_was_read_as_incompatible_meanwhile_is_not_written(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int, flushed_on_demand: None
) -> None:
    trial_id = buffered.create_new_trial(study_id)
    buffered.set_trial_param(trial_id, "x", 0.5, UNIT)
    stock.set_trial_param(stock.create_new_trial(study_id), "x", 1, LETTERS)
    buffered.get_all_trials(study_id)
    with pytest.raises(ValueError, match="different distribution kind"):
        buffered.flush(trial_id)
    assert stock.get_trial(trial_id).params == {}


def test_a_distribution_that_became_incompatible_meanwhile_keeps_a_trial_from_completing(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int, flushed_on_demand: None
) -> None:
    trial_id = buffered.create_new_trial(study_id)
    buffered.set_trial_param(trial_id, "x", 0.5, UNIT)
    stock.set_trial_param(stock.create_new_trial(study_id), "x", 1, LETTERS)
    with pytest.raises(ValueError, match="different distribution kind"):
        buffered.set_trial_state_values(trial_id, TrialState.COMPLETE, [0.0])
    assert stock.get_trial(trial_id).state == TrialState.RUNNING
    buffered.set_trial_state_values(trial_id, TrialState.FAIL)
    failed = stock.get_trial(trial_id)
    assert (failed.state, failed.params) == (TrialState.FAIL, {})


def test_what_optuna_does_meanwhile_is_seen(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int
) -> None:
    for number in range(3):
        mine = buffered.create_new_trial(study_id)
        theirs = stock.create_new_trial(study_id)
        buffered.set_trial_param(mine, "x", 0.5, UNIT)
        stock.set_trial_param(theirs, "x", 0.25, UNIT)
        seen = buffered.get_all_trials(study_id)
        assert [trial.number for trial in seen] == list(range(2 * number + 2))
        assert [trial.params for trial in seen[-2:]] == [{"x": 0.5}, {"x": 0.25}]
        stock.set_trial_intermediate_value(theirs, 0, 1.0)
        assert buffered.get_all_trials(study_id)[-1].intermediate_values == {0: 1.0}
        stock.set_trial_state_values(theirs, TrialState.COMPLETE, [number])
        buffered.set_trial_state_values(mine, TrialState.COMPLETE, [-number])
        assert buffered.get_all_trials(study_id) == stock.get_all_trials(study_id)
    assert buffered.get_best_trial(study_id).value == -2
    assert buffered.get_n_trials(study_id, TrialState.COMPLETE) == 6


def test_a_study_is_read_whole_as_optuna_reads_it(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int
) -> None:
    trial_id = stock.create_new_trial(study_id)
    numbers = [1 / 3, -1e-9, 0.0, 12.0, 1e22, sys.float_info.max, -sys.float_info.min, math.pi]
    for step, number in enumerate([*numbers, math.inf, -math.inf]):
        stock.set_trial_intermediate_value(trial_id, step, number)
    for index, number in enumerate(numbers):
        distribution = FloatDistribution(number, number)
        stock.set_trial_param(trial_id, f"p{9 - index}", number, distribution)
    stock.set_trial_param(trial_id, "letter", 1, LETTERS)
    stock.set_trial_user_attr(trial_id, "note", {"text": "ä, 1 2;\n"})
    stock.set_trial_system_attr(trial_id, "mark", [1.5, None])
    stock.create_new_trial(study_id)
    stock.set_trial_state_values(trial_id, TrialState.COMPLETE, [1 / 7])
    there = stock.get_all_trials(study_id)
    assert buffered.get_all_trials(study_id) == there
    assert list(buffered.get_all_trials(study_id)[0].params) == list(there[0].params)


def test_a_trial_of_another_process_can_be_written_to(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int
) -> None:
    trial_id = stock.create_new_trial(study_id)
    buffered.set_trial_param(trial_id, "x", 0.5, UNIT)
    buffered.set_trial_user_attr(trial_id, "note", 1)
    buffered.set_trial_intermediate_value(trial_id, 0, math.nan)
    seen = stock.get_trial(trial_id)
    assert (seen.params, seen.user_attrs) == ({"x": 0.5}, {"note": 1})
    assert math.isnan(seen.intermediate_values[0])
    with pytest.raises(ValueError, match="different distribution kind"):
        buffered.set_trial_param(trial_id, "x", 0, LETTERS)
    buffered.set_trial_state_values(trial_id, TrialState.PRUNED, [0.5])
    assert stock.get_trial(trial_id).values == [0.5]


def test_a_study_that_was_deleted_and_made_anew_shows_none_of_its_old_trials(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int, flushed_on_demand: None
) -> None:
    old = [buffered.create_new_trial(study_id) for _ in range(3)]
    for trial_id in old[:2]:
        buffered.set_trial_param(trial_id, "x", 1, LETTERS)
        buffered.set_trial_state_values(trial_id, TrialState.COMPLETE, [trial_id])
    buffered.set_trial_intermediate_value(old[2], 0, 1.0)
    assert len(buffered.get_all_trials(study_id)) == 3
    stock.delete_study(study_id)
    assert stock.get_all_studies() == []
    again = stock.create_new_study([StudyDirection.MINIMIZE], "study")
    new = [stock.create_new_trial(again) for _ in range(3)]
    stock.set_trial_param(new[0], "x", 0.5, UNIT)
    stock.set_trial_state_values(new[0], TrialState.COMPLETE, [-1.0])
    buffered.flush()
    there = stock.get_all_trials(again)
    assert there[2].intermediate_values == {}
    assert [buffered.get_trial(trial_id) for trial_id in new] == there
    assert buffered.get_all_trials(again) == there
    assert buffered.get_best_trial(again) == there[0]
    buffered.set_trial_param(buffered.create_new_trial(again), "x", 0.5, UNIT)
    buffered.flush()


def test_a_study_that_was_deleted_is_gone(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int, flushed_on_demand: None
) -> None:
    trial_id = buffered.create_new_trial(study_id)
    ended = buffered.create_new_trial(study_id)
    buffered.set_trial_state_values(ended, TrialState.COMPLETE, [0.0])
    buffered.get_all_trials(study_id)
    buffered.set_trial_user_attr(trial_id, "note", 1)
    stock.delete_study(study_id)
    buffered.flush()
    with pytest.raises(KeyError):
        buffered.get_all_trials(study_id)
    with pytest.raises(KeyError):
        buffered.get_trial(ended)
    with pytest.raises(KeyError):
        buffered.set_trial_user_attr(trial_id, "note", 1)
    with pytest.raises(KeyError):
        buffered.create_new_trial(study_id)


def test_many_trials_are_added_at_once_with_consecutive_numbers(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int
) -> None:
    running = buffered.create_new_trial(study_id)
    templates = [
        create_trial(
            state=state,
            values=[number / 7] if state == TrialState.COMPLETE else None,
            params={"x": number / 100, "letter": "ab"[number % 2]},
            distributions={"x": UNIT, "letter": LETTERS},
            user_attrs={"number": number},
            system_attrs={"fixed_params": {}},
            intermediate_values={0: math.inf, 1: number / 3},
        )
        for number in range(50)
        for state in (TrialState.COMPLETE, TrialState.PRUNED, TrialState.WAITING)
    ]
    ids = buffered.create_new_trials(study_id, templates)
    there = stock.get_all_trials(study_id)
    assert buffered.get_all_trials(study_id) == there
    assert [trial.number for trial in there] == list(range(151))
    assert [trial._trial_id for trial in there] == [running, *ids]
    for trial, template in zip(there[1:], templates, strict=True):
        for name in ("params", "distributions", "state", "values", "user_attrs", "system_attrs"):
            assert getattr(trial, name) == getattr(template, name)
        assert trial.intermediate_values == template.intermediate_values
    assert stock.get_trial(stock.create_new_trial(study_id)).number == 151


def test_trials_with_another_distribution_are_not_added(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int
) -> None:
    one = create_trial(value=0.0, params={"x": 0.5}, distributions={"x": UNIT})
    other = create_trial(value=0.0, params={"x": "a"}, distributions={"x": LETTERS})
    with pytest.raises(ValueError, match="different distribution kind"):
        buffered.create_new_trials(study_id, [one, other])
    assert stock.get_all_trials(study_id) == []
    buffered.create_new_trials(study_id, [one])
    with pytest.raises(ValueError, match="different distribution kind"):
        buffered.create_new_trials(study_id, [other])
    assert len(stock.get_all_trials(study_id)) == 1


def test_pickling_flushes_and_leaves_the_running_trials_behind(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int
) -> None:
    trial_id = buffered.create_new_trial(study_id)
    buffered.set_trial_param(trial_id, "x", 0.5, UNIT)
    copy = pickle.loads(pickle.dumps(buffered))
    assert stock.get_trial(trial_id).params == {"x": 0.5}
    assert copy.get_trial(trial_id) == buffered.get_trial(trial_id)
    copy.set_trial_user_attr(trial_id, "note", 1)
    copy.set_trial_state_values(trial_id, TrialState.COMPLETE, [0.5])
    with pytest.raises(UpdateFinishedTrialError):
        buffered.set_trial_state_values(trial_id, TrialState.FAIL)
    assert buffered.get_trial(trial_id).user_attrs["note"] == 1
    copy.close()


def test_long_texts_are_kept_or_refused_at_once(
    buffered: BufferedStorage, stock: RDBStorage, study_id: int, database_url: str
) -> None:
    trial_id = buffered.create_new_trial(study_id)
    long, longer = "é" * 10_000, "x" * 100_000
    buffered.set_trial_user_attr(trial_id, "long", long)
    if database_url.startswith("mysql"):
        with pytest.raises(StorageInternalError, match="at most 65535 bytes"):
            buffered.set_trial_user_attr(trial_id, "longer", longer)
    else:
        buffered.set_trial_user_attr(trial_id, "longer", longer)
    buffered.set_trial_state_values(trial_id, TrialState.COMPLETE, [0.5])
    attrs = stock.get_trial(trial_id).user_attrs
    assert attrs["long"] == long
    assert attrs.get("longer", longer) == longer


def test_what_cannot_be_kept_is_refused_when_it_is_set(
    buffered: BufferedStorage, study_id: int
) -> None:
    trial_id = buffered.create_new_trial(study_id)
    with pytest.raises(TypeError, match="not JSON serializable"):
        buffered.set_trial_user_attr(trial_id, "note", object())
    with pytest.raises(UnicodeEncodeError):
        buffered.set_trial_user_attr(trial_id, "\ud800", 1)
    buffered.flush()


def test_what_is_read_may_be_changed_without_harm(buffered: BufferedStorage, study_id: int) -> None:
    trial_id = buffered.create_new_trial(study_id)
    given = {"a": [1]}
    buffered.set_trial_user_attr(trial_id, "note", given)
    given["a"].append(2)
    buffered.get_trial(trial_id).user_attrs["note"]["a"].append(3)
    buffered.get_trial_user_attrs(trial_id)["note"]["a"].append(4)
    buffered.get_all_trials(study_id)[0].user_attrs["note"]["a"].append(5)
    assert buffered.get_trial_user_attrs(trial_id)["note"] == {"a": [1]}
    buffered.set_trial_state_values(trial_id, TrialState.COMPLETE, [0.5])
    buffered.get_all_trials(study_id)[0].user_attrs["note"]["a"].append(6)
    assert json.dumps(buffered.get_trial_user_attrs(trial_id)["note"]) == '{"a": [1]}'
