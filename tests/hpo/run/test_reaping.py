"""Trials of dead workers: given up once, tried again once, and not for ever."""

import threading
import time
from collections.abc import Callable
from typing import Any

import optuna
import pytest
import sqlalchemy as sa
from optuna.trial import FrozenTrial, TrialState

import highnoon as hn
from highnoon.hpo import attributes
from highnoon.hpo.run.reaping import Reaper
from highnoon.hpo.run.recovery import LOST, MAX_DEATHS, give_up
from highnoon.hpo.states import trial_status
from highnoon.hpo.storage import open_storage
from tests.processes import wait_until

SPACE = {"x": ("uniform", -1.0, 1.0)}
GRACE_PERIOD = 60.0


def leave_dead(
    url: str, params: dict[str, float] | None = None, *, queued: dict[str, float] | None = None
) -> int:
    """Leave a trial running as a worker does that dies; return its number."""
    # Optuna's own storage keeps no trial back and leaves no lease of this process'.
    storage = open_storage(url, buffered=False)
    study = optuna.load_study(study_name="s", storage=storage)
    if queued is not None:
        study.enqueue_trial(queued)
    trial = study.ask()
    trial.set_user_attr(attributes.LEASE, ["elsewhere-1", 3])
    if params is not None:
        trial.suggest_float("x", -1.0, 1.0)
        trial.report(0.75, 1)
    return trial.number


class Clock:
    """Tells the time that a test sets, and how often it was asked."""

    seconds = 0.0
    asked = 0

    def __call__(self) -> float:
        self.asked += 1
        return self.seconds


CLOCK = Clock()


def watcher(url: str, *, buffered: bool = True) -> Reaper:
    storage = open_storage(url, buffered=buffered)
    study = optuna.load_study(study_name="s", storage=storage)
    return Reaper(study, storage, grace_period=GRACE_PERIOD, clock=CLOCK)


def look_until_it_stood_still(*watchers: Reaper) -> None:
    """Have watchers look, all at once, until they saw nothing change for the grace period."""
    for _ in range(5):
        threads = [threading.Thread(target=w.look, args=((),)) for w in watchers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        CLOCK.seconds += GRACE_PERIOD / 4


@pytest.fixture
def study(url: str) -> hn.HPOTrialManager:
    hpo = hn.HPOTrialManager("s", storage=url)
    hpo.optimize(lambda params: 1.0, SPACE, n_trials=1, show_progress=False)
    return hpo


def retries_of(hpo: hn.HPOTrialManager, number: int) -> list[FrozenTrial]:
    return [t for t in hpo.trials if t.user_attrs.get(attributes.RETRY_OF) == number]


@pytest.mark.parametrize("buffered", [True, False], ids=["buffered", "stock"])
def test_of_many_watchers_one_queues_the_retry(database_url: str, buffered: bool) -> None:
    hpo = hn.HPOTrialManager("s", storage=database_url)
    number = leave_dead(database_url, {"x": 0.5})
    look_until_it_stood_still(*(watcher(database_url, buffered=buffered) for _ in range(4)))
    assert trial_status(hpo.trials[number]) == "lost"
    (retry,) = retries_of(hpo, number)
    assert retry.state == TrialState.WAITING
    assert retry.system_attrs["fixed_params"] == hpo.trials[number].params


def test_a_retry_whose_watcher_died_before_queueing_it_is_queued_by_another(
    url: str, study: hn.HPOTrialManager
) -> None:
    number = leave_dead(url, {"x": 0.5})
    storage = study.study._storage
    trial_id = study.trials[number]._trial_id
    storage.set_trial_user_attr(trial_id, attributes.INTERRUPTED, "lost")
    storage.set_trial_state_values(trial_id, TrialState.FAIL)
    look_until_it_stood_still(watcher(url))
    assert len(retries_of(study, number)) == 1


def test_of_two_retries_of_a_trial_one_runs(url: str, study: hn.HPOTrialManager) -> None:
    number = leave_dead(url, {"x": 0.5})
    look_until_it_stood_still(watcher(url))
    (first,) = retries_of(study, number)
    study.study.enqueue_trial({"x": first.system_attrs["fixed_params"]["x"]}, first.user_attrs)
    ran: list[dict[str, Any]] = []
    study.optimize(lambda params: ran.append(params) or 1.0, SPACE, n_trials=2)
    again, dropped = retries_of(study, number)
    assert [trial_status(again), trial_status(dropped)] == ["completed", "lost"]
    assert [params["x"] for params in ran].count(first.system_attrs["fixed_params"]["x"]) == 1
    look_until_it_stood_still(watcher(url))
    assert retries_of(study, dropped.number) == []


def test_parameters_whose_workers_die_again_and_again_fail_for_good(
    url: str, study: hn.HPOTrialManager, said: Callable[[], str]
) -> None:
    eye = watcher(url)
    number = leave_dead(url, {"x": 0.5})
    for _ in range(MAX_DEATHS - 1):
        look_until_it_stood_still(eye)
        number = leave_dead(url, {"x": 0.5})
        assert attributes.RETRY_OF in study.trials[number].user_attrs
    look_until_it_stood_still(eye)
    last = study.trials[number]
    assert trial_status(last) == "failed"
    assert last.user_attrs[attributes.FAILURE]["type"] == "WorkerDiedError"
    assert retries_of(study, number) == []
    assert f"worker number {MAX_DEATHS} to die of these parameters" in said()


def test_a_trial_that_died_before_it_had_parameters_is_not_tried_again(
    url: str, study: hn.HPOTrialManager
) -> None:
    number = leave_dead(url)
    look_until_it_stood_still(watcher(url))
    assert trial_status(study.trials[number]) == "lost"
    assert retries_of(study, number) == []


def test_a_queued_configuration_is_never_lost(url: str, study: hn.HPOTrialManager) -> None:
    number = leave_dead(url, queued={"x": 0.25})
    look_until_it_stood_still(watcher(url))
    (retry,) = retries_of(study, number)
    assert retry.system_attrs["fixed_params"] == {"x": 0.25}


@pytest.mark.parametrize("buffered", [True, False], ids=["buffered", "stock"])
def test_a_trial_that_was_told_to_stop_is_pruned_and_not_tried_again(
    database_url: str, buffered: bool, said: Callable[[], str]
) -> None:
    hpo = hn.HPOTrialManager("s", storage=database_url)
    number = leave_dead(database_url, {"x": 0.5})
    hpo.stop_trial(number)
    look_until_it_stood_still(watcher(database_url, buffered=buffered))
    (stopped,) = hpo.trials
    assert (trial_status(stopped), stopped.value) == ("pruned", 0.75)
    assert attributes.STOPPED in stopped.user_attrs
    assert "had been told to stop and is not tried again" in said()


def test_a_watcher_that_could_not_look_starts_anew(url: str, study: hn.HPOTrialManager) -> None:
    number = leave_dead(url, {"x": 0.5})
    eye = watcher(url)
    eye.look(())
    CLOCK.seconds += 2 * GRACE_PERIOD
    eye.look(())
    assert trial_status(study.trials[number]) == "running"
    look_until_it_stood_still(eye)
    assert trial_status(study.trials[number]) == "lost"


def test_a_worker_learns_that_its_trial_was_given_up(url: str, study: hn.HPOTrialManager) -> None:
    def objective(params: dict[str, float]) -> float:
        hpo.report(1.0, 0)
        number = max(trial.number for trial in hpo.trials)
        if number == 1:
            storage = study.study._storage
            assert give_up(study.study, storage, study.trials[number], LOST) == "tried again"
            for step in range(1, 2000):
                hpo.report(1.0, step)
                time.sleep(0.05)
            raise AssertionError("the trial went on")
        return 1.0

    hpo = hn.HPOTrialManager("s", storage=url, grace_period=1.0)
    hpo.optimize(objective, SPACE, n_trials=1, show_progress=False)
    statuses = [trial_status(trial) for trial in hpo.trials]
    assert statuses == ["completed", "lost", "completed"]
    assert hpo.trials[2].user_attrs[attributes.RETRY_OF] == 1


def test_a_trial_that_was_renewed_while_the_watcher_waited_for_a_lock_is_left_alone(
    url: str, study: hn.HPOTrialManager
) -> None:
    number = leave_dead(url, {"x": 0.5})
    storage = open_storage(url, buffered=False)
    study_there = optuna.load_study(study_name="s", storage=storage)
    eye = watcher(url)
    for _ in range(4):
        eye.look(())
        CLOCK.seconds += GRACE_PERIOD / 4
    blocker = sa.create_engine(url).connect()
    blocker.exec_driver_sql("BEGIN IMMEDIATE")
    looking = threading.Thread(target=eye.look, args=((),))
    looking.start()
    time.sleep(0.5)  # it waits for the lock, or will: the outcome is the same
    renewed = "UPDATE trial_user_attributes SET value_json = '[\"elsewhere-1\", 4]' WHERE key = "
    blocker.exec_driver_sql(renewed + f"'{attributes.LEASE}' AND value_json LIKE '%elsewhere-1%'")
    blocker.commit()
    looking.join()
    trial = study_there.get_trials(deepcopy=False)[number]
    assert trial_status(trial) == "running"
    assert attributes.INTERRUPTED not in trial.user_attrs


def test_a_watcher_that_had_to_wait_to_write_judges_anew(
    url: str, study: hn.HPOTrialManager
) -> None:
    number = leave_dead(url, {"x": 0.5})
    eye = watcher(url)
    for _ in range(4):
        eye.look(())
        CLOCK.seconds += GRACE_PERIOD / 4
    blocker = sa.create_engine(url).connect()
    blocker.exec_driver_sql("BEGIN IMMEDIATE")
    looking = threading.Thread(target=eye.look, args=((),))
    asked = CLOCK.asked
    looking.start()
    wait_until(lambda: CLOCK.asked > asked)  # when its look began; now it waits for the lock
    CLOCK.seconds += GRACE_PERIOD / 3
    blocker.rollback()
    looking.join()
    assert trial_status(study.trials[number]) == "running"
    look_until_it_stood_still(eye)
    assert trial_status(study.trials[number]) == "lost"
