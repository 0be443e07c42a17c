"""Importance with its uncertainty; PED-ANOVA as Optuna computes it."""

import dataclasses
import importlib.util
import math
import warnings
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from highnoon.exceptions import ConfigError, MissingDependencyError
from highnoon.hpo.plotdata import importance
from highnoon.hpo.plotdata.ped_anova import ped_anova
from highnoon.hpo.reading import StudyFeed

from .conftest import FLOAT, feed_of, trial


def optunas_scores(study: optuna.Study) -> dict[str, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return optuna.importance.PedAnovaImportanceEvaluator().evaluate(study)


@pytest.mark.parametrize("n_trials", [11, 37, 150])
@pytest.mark.parametrize("digits", [0, 1, 6])
def test_the_scores_of_all_trials_are_optunas(direction: Any, n_trials: int, digits: int) -> None:
    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", -1.0, 1.0)
        rate = trial.suggest_float("rate", 1e-5, 1e-1, log=True)
        n = trial.suggest_int("n", 1, 9)
        trial.suggest_int("wide", 1, 4096, log=True)
        trial.suggest_int("stepped", 0, 5000, step=500)
        trial.suggest_float("quarters", 0.0, 1.0, step=0.25)
        trial.suggest_categorical("only", ["one"])
        trial.suggest_float("fixed", 2.0, 2.0)
        choice = trial.suggest_categorical("choice", ["a", None, True, 1.5])
        rare = trial.suggest_float("rare", 0.0, 9.0) if n == 1 else 0.0
        extra = trial.suggest_int("extra", 0, 3) if choice == "a" else 0
        return round(3 * x * x + math.log(rate) / 9 + n / 9 + rare + extra, digits)

    study = optuna.create_study(
        direction=direction, sampler=optuna.samplers.RandomSampler(seed=n_trials + digits)
    )
    study.optimize(objective, n_trials=n_trials)
    columns = StudyFeed(study).columns
    parameters = list(columns.parameters.values())
    loss = columns.value if direction == "minimize" else -columns.value
    (scores,) = ped_anova(parameters, loss, np.arange(n_trials)[np.newaxis])
    expected = optunas_scores(study)
    assert max(expected.values()) > 0
    ours = {column.name: score for column, score in zip(parameters, scores, strict=True)}
    assert ours == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_a_resample_scores_as_a_study_of_its_trials(tuned: Any, direction: Any) -> None:
    study = tuned(direction)
    columns = StudyFeed(study).columns
    rows = np.flatnonzero(columns.is_status("completed"))
    parameters = [
        dataclasses.replace(column, values=column.values[rows])
        for column in columns.parameters.values()
    ]
    loss = columns.value[rows] * (1 if direction == "minimize" else -1)
    draws = np.random.default_rng(0).integers(len(rows), size=(5, len(rows)))
    scores = ped_anova(parameters, loss, draws)
    for own, drawn in zip(scores, draws, strict=True):
        resample = optuna.create_study(direction=direction)
        resample.add_trials([study.trials[rows[place]] for place in drawn])
        expected = optunas_scores(resample)
        ours = {c.name: s for c, s in zip(parameters, own, strict=True) if c.name in expected}
        assert ours == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_the_bars_are_percentiles_over_resamples(tuned: Any, direction: Any) -> None:
    columns = StudyFeed(tuned(direction)).columns
    shown = importance(columns, direction)
    assert (shown.evaluator, shown.resamples, shown.reason) == ("PED-ANOVA", 200, None)
    assert shown.n_trials == shown.trials_each == columns.counts()["completed"]
    assert set(shown.names) == set(columns.parameters)
    assert (np.diff(shown.median) <= 0).all()
    assert (shown.low <= shown.median).all()
    assert (shown.median <= shown.high).all()
    assert (shown.high > shown.low).any()
    assert "PED-ANOVA over" in shown.rests_on


def test_the_parameter_that_matters_is_first_and_clearly_so() -> None:
    rng = np.random.default_rng(1)
    trials = [
        trial(value=(x - 3) ** 2, x=(x, FLOAT), noise=(y, FLOAT))
        for x, y in rng.uniform(0, 10, (100, 2))
    ]
    shown = importance(feed_of(trials).columns, "minimize")
    assert shown.names == ("x", "noise")
    assert shown.low[0] > shown.high[1]


def test_the_same_seed_gives_the_same_bars_and_another_others(tuned: Any) -> None:
    columns = StudyFeed(tuned("minimize")).columns
    first, again, other = (importance(columns, "minimize", seed=seed) for seed in (0, 0, 1))
    assert first.low.tolist() == again.low.tolist()
    assert first.low.tolist() != other.low.tolist()


def test_fewer_than_ten_completed_trials_give_a_sentence() -> None:
    trials = [trial(value=float(i), x=(1.0 * i, FLOAT)) for i in range(7)] + [trial("failed")] * 5
    shown = importance(feed_of(trials).columns, "minimize")
    assert shown.reason == "7 of 10 completed trials. With fewer, the order would be chance."
    assert (shown.names, len(shown.median), shown.rests_on) == ((), 0, shown.reason)
    empty = importance(feed_of([]).columns, "minimize")
    assert empty.reason is not None
    assert empty.reason.startswith("0 of 10")


def test_equal_values_give_a_sentence() -> None:
    shown = importance(
        feed_of([trial(value=1.0, x=(1.0 * i, FLOAT)) for i in range(10)]).columns, "minimize"
    )
    assert shown.reason == "All 10 completed trials have the same value; no parameter matters yet."


def test_parameters_that_only_failed_trials_drew_and_single_values_do_no_harm() -> None:
    one = CategoricalDistribution(["only"])
    trials = [
        trial(value=float(i), x=(0.5 * i, FLOAT), one=("only", one), n=(1, IntDistribution(1, 1)))
        for i in range(12)
    ]
    trials.append(trial("failed", y=(1.0, FLOAT)))
    shown = importance(feed_of(trials).columns, "minimize")
    assert shown.names[0] == "x"
    assert set(shown.names) == {"x", "one", "n"}
    assert shown.median.tolist() == [1.0, 0.0, 0.0]


def test_values_outside_a_range_that_became_smaller_count_at_its_end() -> None:
    trials = [trial(value=float(i), x=(i / 2, FloatDistribution(0, 9))) for i in range(15)]
    trials.append(trial(value=99.0, x=(1.0, FloatDistribution(0, 2))))
    assert importance(feed_of(trials).columns, "minimize").names == ("x",)


def test_many_trials_have_fewer_resamples_and_it_says_so() -> None:
    few = feed_of([trial(value=float(i), x=(i / 10, FLOAT)) for i in range(20)]).columns
    assert importance(few, "minimize", resamples=30).rests_on == (
        "PED-ANOVA over 20 completed trials. Line: 80 % of 30 resamples; "
        "where lines overlap, the order is open."
    )
    again = np.tile(np.arange(20), 2000)
    of_trials = [field.name for field in dataclasses.fields(few)][:11]
    x = few.parameters["x"]
    many = dataclasses.replace(
        few,
        **{name: getattr(few, name)[again] for name in of_trials},
        parameters={"x": dataclasses.replace(x, values=x.values[again])},
    )
    shown = importance(many, "minimize")
    assert (shown.n_trials, shown.trials_each, shown.resamples) == (40_000, 40_000, 50)
    more = importance(many, "minimize", resamples=101)
    assert (more.resamples, more.names, more.median.tolist()) == (101, ("x",), [1.0])


def test_wrong_arguments_are_refused() -> None:
    columns = feed_of([]).columns
    wrong: Any = "anova"
    with pytest.raises(ConfigError, match="ped-anova"):
        importance(columns, "minimize", wrong)
    for number in (0, -1, True, 2.5):
        with pytest.raises(ConfigError, match="resamples"):
            importance(columns, "minimize", resamples=number)  # type: ignore[arg-type]


def test_fanova_scores_resamples_or_says_what_to_install(tuned: Any) -> None:
    columns = StudyFeed(tuned("minimize")).columns
    if importlib.util.find_spec("sklearn") is None:
        with pytest.raises(MissingDependencyError, match="pip install scikit-learn"):
            importance(columns, "minimize", "fanova")
        return
    shown = importance(columns, "minimize", "fanova", resamples=3)
    assert (shown.evaluator, shown.resamples) == ("fANOVA", 3)
    assert set(shown.names) == {"x", "rate", "depth", "width", "choice"}, "not the conditional one"
    assert shown.median.sum() == pytest.approx(1.0, abs=0.3)
