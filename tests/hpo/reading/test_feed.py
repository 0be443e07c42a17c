"""A feed sees what others do to a study, on every storage, and agrees with what Optuna says."""

import math
import random
import warnings
from collections.abc import Callable

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

import highnoon as hn
from highnoon.exceptions import StudyError
from highnoon.hpo import attributes
from highnoon.hpo.flags import Order
from highnoon.hpo.reading import STATUSES, StudyFeed

from .conftest import Follower, check, reports_of, rows_of

CHOICES = CategoricalDistribution(["adam", None, True, 1.5, "ü'\"😀"])
RUN = {"seed": 1, "worker": "host-7", "versions": {"python": "3.11"}, "commit": None}


def run_trial(study: optuna.Study, value: float = 1.0) -> None:
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    study.tell(trial, value)


def test_the_first_poll_returns_everything_and_the_next_what_changed(study: optuna.Study) -> None:
    run_trial(study)
    feed = StudyFeed(study)
    first = feed.poll()
    assert first.reset
    assert first.study is not None
    assert (first.study.name, first.study.direction) == ("s", "minimize")
    assert first.trials.number.tolist() == [0]
    run_trial(study, 2.0)
    second = feed.poll()
    assert (second.reset, second.study) == (False, None)
    assert second.trials.number.tolist() == [1]
    assert second.trials.value.tolist() == [2.0]
    assert not feed.poll()
    check(feed, study)


def test_a_running_trial_is_followed_to_its_end(study: optuna.Study) -> None:
    feed = StudyFeed(study)
    assert len(feed.poll().trials) == 0
    trial = study.ask()
    assert rows_of(feed.poll().trials)[0]["status"] == "running"
    trial.suggest_float("x", 0, 1, log=False)
    trial.suggest_categorical("c", CHOICES.choices)
    assert set(rows_of(feed.poll().trials)[0]["params"]) <= {"x", "c"}
    trial.set_user_attr(attributes.RUN, RUN)
    assert rows_of(feed.poll().trials)[0]["worker"] == "host-7"
    trial.report(0.5, 3)
    assert reports_of(feed.poll().reports) == {(0, 3): 0.5}
    trial.report(0.25, 7)
    trial.report(math.inf, 5)
    changes = feed.poll()
    assert reports_of(changes.reports) == {(0, 5): math.inf, (0, 7): 0.25}
    assert rows_of(changes.trials)[0]["last"] == (7, 0.25)
    trial.set_constraint("c", 1.0)
    assert not rows_of(feed.poll().trials)[0]["feasible"]
    trial.storage.set_trial_intermediate_value(trial._trial_id, 5, 0.75)
    study.tell(trial, 0.25)
    changes = feed.poll()
    assert reports_of(changes.reports) == {(0, 5): 0.75}
    assert rows_of(changes.trials)[0]["status"] == "completed"
    assert not feed.poll()
    check(feed, study)


def test_a_queued_trial_is_claimed(study: optuna.Study) -> None:
    study.enqueue_trial({"x": 0.5}, user_attrs={attributes.RETRY_OF: 7})
    feed = StudyFeed(study)
    queued = rows_of(feed.poll().trials)[0]
    assert (queued["status"], queued["started"], queued["retry_of"]) == ("queued", None, 7)
    assert not feed.poll()
    trial = study.ask()
    assert rows_of(feed.poll().trials)[0]["status"] == "running"
    trial.suggest_float("x", 0, 1)
    study.tell(trial, 1.0)
    feed.poll()
    check(feed, study)


def test_a_queued_trial_has_the_parameters_that_it_is_to_get(study: optuna.Study) -> None:
    study.enqueue_trial({"x": 0.5, "c": "adam", "odd": 1})
    feed = StudyFeed(study)
    assert rows_of(feed.poll().trials)[0]["params"] == {}, "nobody knows what x is drawn from"
    trial = study.ask()
    for params in ({"x": 0.75, "c": None}, {"x": 7.0, "c": "sgd"}):
        study.enqueue_trial(params)
    feed.poll()
    trial.suggest_float("x", 0, 1)
    trial.suggest_categorical("c", CHOICES.choices)
    changed = rows_of(feed.poll().trials)
    assert changed[1]["params"] == {"x": 0.75, "c": None}
    assert changed[2]["params"] == {"x": 7.0}, "c has no such choice"
    claimed = study.ask()
    assert rows_of(feed.poll().trials)[1]["params"] == {}, "it has drawn nothing yet"
    study.tell(claimed, state=TrialState.FAIL)
    feed.poll()
    assert rows_of(feed.columns)[1]["params"] == {}
    assert rows_of(StudyFeed(study).columns) == rows_of(feed.columns)


STATES = [
    (TrialState.COMPLETE, 1.0, None, "completed"),
    (TrialState.COMPLETE, math.inf, None, "diverged"),
    (TrialState.COMPLETE, -math.inf, None, "diverged"),
    (TrialState.PRUNED, None, None, "pruned"),
    (TrialState.PRUNED, None, attributes.DIVERGED, "diverged"),
    (TrialState.PRUNED, None, attributes.INFEASIBLE, "infeasible"),
    (TrialState.FAIL, None, None, "failed"),
    (TrialState.FAIL, None, attributes.INTERRUPTED, "lost"),
]


def test_every_status_is_told_apart(study: optuna.Study) -> None:
    feed = StudyFeed(study)
    for state, value, mark, status in STATES:
        trial = study.ask()
        feed.poll()
        if mark is not None:
            trial.set_user_attr(mark, "why")
        trial.report(math.nan, 1)
        study.tell(trial, value, state)
        assert STATUSES[feed.poll().trials.status[0]] == status
    assert feed.columns.counts()["diverged"] == 3
    check(feed, study)


def test_parameters_of_every_kind_are_columns(study: optuna.Study) -> None:
    feed = StudyFeed(study)
    for number, choice in enumerate(CHOICES.choices):
        params = {"x": 0.1 * number, "n": number, "c": choice}
        kinds = {"x": FloatDistribution(0, 1), "n": IntDistribution(0, 9), "c": CHOICES}
        if number % 2:
            del params["n"], kinds["n"]
        study.add_trial(create_trial(params=params, distributions=kinds, value=1.0))
        feed.poll()
    columns = feed.columns.parameters
    assert columns["c"].choices == CHOICES.choices
    assert columns["c"].values.tolist() == [0, 1, 2, 3, 4]
    assert [columns["n"].shown(row) for row in range(5)] == [0, None, 2, None, 4]
    assert type(columns["n"].shown(0)) is int
    assert columns["x"].distribution == FloatDistribution(0, 1)
    check(feed, study)


def test_a_distribution_that_changes_is_the_newest_trials(study: optuna.Study) -> None:
    feed = StudyFeed(study)
    for high in (1.0, 4.0, 2.0):
        wide = {"x": FloatDistribution(0, high)}
        study.add_trial(create_trial(params={"x": 1.0}, distributions=wide, value=1.0))
        feed.poll()
    for each in (feed, StudyFeed(study)):
        assert each.columns.parameters["x"].distribution == FloatDistribution(0, 2)


def test_the_attributes_of_highnoon_with_the_study_are_read(study: optuna.Study) -> None:
    feed = StudyFeed(study)
    feed.poll()
    order = Order.now("ana@here")
    study.set_user_attr(attributes.PAUSED, order.to_json())
    study.set_user_attr("highnoon:joins:abc", 1)
    study.set_user_attr("other", 1)
    changed = feed.poll().study
    assert changed is not None
    assert changed.flags.paused == order
    assert list(changed.attributes) == [attributes.PAUSED]
    assert not feed.poll()
    study.set_user_attr(attributes.PAUSED, None)
    assert feed.poll().study is not None
    assert feed.study.flags.paused is None


def test_what_was_handed_out_is_never_changed(study: optuna.Study) -> None:
    feed = StudyFeed(study)
    trial = study.ask()
    changes, columns = feed.poll(), feed.columns
    trial.suggest_float("x", 0, 1)
    study.tell(trial, 1.0)
    run_trial(study)
    feed.poll()
    for kept in (changes.trials, columns):
        assert kept.number.tolist() == [0]
        assert STATUSES[kept.status[0]] == "running"
        assert not kept.parameters


def test_details_hold_what_columns_leave_out(study: optuna.Study) -> None:
    trial = study.ask()
    trial.set_user_attr("note", "fine")
    feed = StudyFeed(study)
    assert feed.details(0).user_attrs == {"note": "fine"}
    with pytest.raises(StudyError, match="no trial 7; it has 1"):
        feed.details(7)


def test_the_trials_of_other_studies_are_left_out(study: optuna.Study) -> None:
    other = optuna.create_study(study_name="other", storage=study._storage)
    feed = StudyFeed(study)
    feed.poll()
    run_trial(other)
    assert not feed.poll()
    run_trial(study)
    run_trial(other)
    assert feed.poll().trials.number.tolist() == [0]
    check(feed, study)


def test_a_deleted_study_is_an_error_and_one_made_anew_a_reset(study: optuna.Study) -> None:
    storage = study._storage
    run_trial(study)
    feed = StudyFeed(study)
    feed.poll()
    storage.delete_study(study._study_id)
    for _ in range(2):
        with pytest.raises(StudyError, match=r"'s' is not in .* any more"):
            feed.poll()
    anew = optuna.create_study(study_name="s", storage=storage, direction="maximize")
    changes = feed.poll()
    assert changes.reset
    assert len(changes.trials) == 0
    assert feed.study.direction == "maximize"
    run_trial(anew)
    feed.poll()
    check(feed, anew)


@pytest.mark.parametrize(("before", "after"), [(3, 0), (3, 1), (1, 5)])
def test_a_study_deleted_and_made_anew_between_two_polls_is_not_taken_for_the_old_one(
    study: optuna.Study, before: int, after: int
) -> None:
    storage = study._storage
    for _ in range(before):
        run_trial(study, 1.0)
    feed, follower = StudyFeed(study), Follower()
    follower.take(feed.poll())
    storage.delete_study(study._study_id)
    anew = optuna.create_study(study_name="s", storage=storage)
    for _ in range(after):
        run_trial(anew, 2.0)
    changes = feed.poll()
    assert changes.reset
    follower.take(changes)
    check(feed, anew, follower)


def test_another_study_that_took_the_id_of_a_deleted_one_is_not_followed(
    study: optuna.Study,
) -> None:
    storage = study._storage
    run_trial(study)
    feed = StudyFeed(study)
    feed.poll()
    storage.delete_study(study._study_id)
    run_trial(optuna.create_study(study_name="another", storage=storage))
    with pytest.raises(StudyError, match="any more"):
        feed.poll()


def test_a_failed_poll_loses_nothing(study: optuna.Study, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = StudyFeed(study)
    feed.poll()
    run_trial(study)
    with monkeypatch.context() as patched:
        patched.setattr(feed, "_source", Broken())
        with pytest.raises(OSError, match="gone"):
            feed.poll()
    feed.poll()
    check(feed, study)


class Broken:
    def read(self, known: object) -> None:
        raise OSError("gone")


def test_studies_with_several_objectives_are_refused(study: optuna.Study) -> None:
    several = optuna.create_study(
        study_name="m", storage=study._storage, directions=["minimize", "maximize"]
    )
    with pytest.raises(StudyError, match="2 objectives"):
        StudyFeed(several)


@pytest.mark.parametrize("storage", ["sqlite", "postgresql", "mariadb"], indirect=True)
def test_nothing_changed_is_one_statement_and_a_change_two(
    study: optuna.Study, statements: Callable[[], list[str]]
) -> None:
    run_trial(study)
    trial = study.ask()
    feed = StudyFeed(study)
    feed.poll()
    statements()
    feed.poll()
    assert len(statements()) == 1
    trial.report(0.5, 1)
    run_trial(study)
    statements()
    assert feed.poll().trials.number.tolist() == [1, 2]
    assert len(statements()) == 2
    check(feed, study)


def test_many_trials_at_once_are_read_as_few_are(study: optuna.Study) -> None:
    feed, follower = StudyFeed(study), Follower()
    running = study.ask()
    running.report(0.5, 1)
    follower.take(feed.poll())
    running.report(0.25, 2)
    for number in range(250):
        study.add_trial(
            create_trial(
                params={"x": number / 250, "c": CHOICES.choices[number % 5]},
                distributions={"x": FloatDistribution(0, 1), "c": CHOICES},
                value=float(number),
                intermediate_values={0: number / 3, 1: math.nan},
                user_attrs={attributes.RUN: {**RUN, "worker": f"w{number % 3}"}},
            )
        )
    follower.take(feed.poll())
    check(feed, study, follower)


OPERATIONS = ["ask", "suggest", "report", "attr", "constraint", "tell", "enqueue", "add", "other"]


@pytest.mark.parametrize("seed", range(2))
def test_whatever_happens_the_feed_agrees_with_a_cold_read_and_with_optuna(
    study: optuna.Study, seed: int
) -> None:
    choose = random.Random(seed)
    other = optuna.create_study(study_name="other", storage=study._storage)
    feed, follower = StudyFeed(study), Follower()
    running: list[optuna.Trial] = []
    for _ in range(60):
        operation = choose.choice(OPERATIONS)
        trial = choose.choice(running) if running else None
        if operation == "ask":
            running.append(study.ask())
        elif operation == "enqueue":
            study.enqueue_trial({"x": 0.5}, user_attrs={attributes.RETRY_OF: choose.randrange(9)})
        elif operation == "other":
            run_trial(other)
        elif operation == "add":
            state = choose.choice([TrialState.COMPLETE, TrialState.FAIL, TrialState.PRUNED])
            study.add_trial(
                create_trial(
                    state=state,
                    value=choose.random() if state == TrialState.COMPLETE else None,
                    intermediate_values={choose.randrange(9): choose.random()},
                )
            )
        elif trial is not None:
            act(operation, trial, study, choose)
            running = [each for each in running if not each_is_told(study, each)]
        if choose.random() < 0.4:
            follower.take(feed.poll())
            check(feed, study, follower)
    follower.take(feed.poll())
    check(feed, study, follower)


def act(operation: str, trial: optuna.Trial, study: optuna.Study, choose: random.Random) -> None:
    if operation == "suggest":
        trial.suggest_float("x", 0, 1)
        if choose.random() < 0.5:
            trial.suggest_categorical("c", CHOICES.choices)
    elif operation == "report":
        for _ in range(choose.randrange(1, 4)):
            value = choose.choice([choose.random(), math.inf, -math.inf, math.nan])
            step = max(study._storage.get_trial(trial._trial_id).intermediate_values, default=0)
            trial.report(value, step + choose.randrange(1, 4))
    elif operation == "attr":
        key = choose.choice([attributes.RUN, attributes.DIVERGED, "note"])
        if key not in study._storage.get_trial(trial._trial_id).user_attrs:
            trial.set_user_attr(key, RUN if key == attributes.RUN else "x")
    elif operation == "constraint":
        trial.set_constraint(str(choose.random()), choose.choice([-1.0, 0.0, 1.0]))
    elif operation == "tell":
        state = choose.choice([TrialState.COMPLETE, TrialState.FAIL, TrialState.PRUNED])
        value = choose.choice([choose.random(), math.inf])
        study.tell(trial, value if state == TrialState.COMPLETE else None, state)


def each_is_told(study: optuna.Study, trial: optuna.Trial) -> bool:
    return study._storage.get_trial(trial._trial_id).state.is_finished()


def test_a_long_queue_is_followed_as_it_is_worked_off(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("highnoon.hpo.reading.rows._MANY_WAITING", 3)
    feed, follower = StudyFeed(study), Follower()
    for number in range(6):
        study.enqueue_trial({"x": number / 9})
    follower.take(feed.poll())
    assert not feed.poll()
    claimed = [study.ask() for _ in range(3)]
    follower.take(feed.poll())
    check(feed, study, follower)
    for trial in claimed[1:]:
        trial.suggest_float("x", 0, 1)
        study.tell(trial, 1.0)
    study.enqueue_trial({"x": 0.5})
    follower.take(feed.poll())
    check(feed, study, follower)
    assert not feed.poll()
    while any(row["status"] == "queued" for row in follower.trials.values()):
        run_trial(study)
        follower.take(feed.poll())
        check(feed, study, follower)


def test_the_name_of_the_metric_is_seen_and_its_change(study: optuna.Study) -> None:
    feed = StudyFeed(study)
    assert feed.study.metric is None
    study.set_user_attr("study:metric_names", ["not Optuna's own"])
    assert not feed.poll()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.set_metric_names(["held-out loss"])
    changed = feed.poll().study
    assert changed is not None
    assert changed.metric == feed.study.metric == "held-out loss"
    assert StudyFeed(study).study.metric == "held-out loss"


def test_how_a_study_draws_and_prunes_and_what_it_wants(url: str) -> None:
    hpo = hn.HPOTrialManager("named", storage=url, sampler="random", pruner="hyperband")
    state = StudyFeed(hpo).study
    assert (state.setup.sampler, state.setup.pruner) == ("random", "hyperband")
    objects = hn.HPOTrialManager(
        "objects", sampler=optuna.samplers.RandomSampler(), pruner=optuna.pruners.NopPruner()
    )
    state = StudyFeed(objects).study
    assert (state.setup.sampler, state.setup.pruner) == ("RandomSampler", "NopPruner")
    stock = StudyFeed(optuna.create_study()).study
    assert (stock.setup.sampler, stock.setup.pruner, stock.goal) == (None, None, None)
