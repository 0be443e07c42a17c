"""Studies that the tests of plot information look at, made of Optuna's own trials."""

import datetime
import math
from collections.abc import Callable, Sequence
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

import highnoon as hn
from highnoon.hpo import attributes
from highnoon.hpo.reading import StudyFeed

START = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC).timestamp()
MIXED = CategoricalDistribution(["a", None, True, 1.5, 3])

_STATES = {
    "completed": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "diverged": TrialState.PRUNED,
    "infeasible": TrialState.PRUNED,
    "failed": TrialState.FAIL,
    "lost": TrialState.FAIL,
    "running": TrialState.RUNNING,
    "queued": TrialState.WAITING,
}
_MARKS = {
    "diverged": attributes.DIVERGED,
    "infeasible": attributes.INFEASIBLE,
    "lost": attributes.INTERRUPTED,
}


def trial(
    status: str = "completed",
    value: float | None = None,
    *,
    reports: dict[int, float] | None = None,
    start: float | None = 0.0,
    seconds: float = 10.0,
    worker: str | None = None,
    violated: bool = False,
    **params: tuple[Any, Any],
) -> FrozenTrial:
    """A trial: its parameters as pairs of a value and a distribution, its times in seconds."""
    state = _STATES[status]
    attrs: dict[str, Any] = {_MARKS[status]: "why"} if status in _MARKS else {}
    if worker is not None:
        attrs[attributes.RUN] = {"worker": worker}
    made = optuna.trial.create_trial(
        state=state,
        value=value,
        params={name: pair[0] for name, pair in params.items()},
        distributions={name: pair[1] for name, pair in params.items()},
        intermediate_values=reports or {},
        user_attrs=attrs,
        constraints={"c": 1.0 if violated else -1.0},
    )
    since = None if start is None or status == "queued" else START + start
    made.datetime_start = None if since is None else datetime.datetime.fromtimestamp(since)
    ended = since is not None and state.is_finished()
    made.datetime_complete = (
        datetime.datetime.fromtimestamp(since + seconds) if ended and since is not None else None
    )
    return made


def study_of(trials: Sequence[FrozenTrial], direction: str = "minimize") -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction=direction)
    study.add_trials(trials)
    return study


def feed_of(trials: Sequence[FrozenTrial], direction: str = "minimize") -> StudyFeed:
    return StudyFeed(study_of(trials, direction))


@pytest.fixture(params=["minimize", "maximize"])
def direction(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def one_of_each() -> list[FrozenTrial]:
    """Trials of every status; the infeasible one has the value that both directions would like."""
    return [
        trial("completed", 3.0, reports={0: 5.0, 1: 3.0}),
        trial("failed", reports={0: 4.0}),
        trial("pruned", reports={0: 2.5, 1: 2.25}),
        trial("completed", -99.0, violated=True),
        trial("completed", 99.0, violated=True),
        trial("diverged", reports={0: math.nan}),
        trial("completed", math.inf),
        trial("completed", 2.0, reports={2: 2.0, 0: 4.0}),
        trial("infeasible"),
        trial("completed", 4.0),
        trial("pruned"),
        trial("running", reports={0: 7.0}),
        trial("running"),
        trial("queued"),
    ]


@pytest.fixture(scope="session")
def tuned() -> Callable[[str], optuna.Study]:
    """A study of 60 random trials with parameters of every kind, some of them conditional."""
    studies: dict[str, optuna.Study] = {}

    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", -1.0, 1.0)
        rate = trial.suggest_float("rate", 1e-5, 1e-1, log=True)
        depth = trial.suggest_int("depth", 2, 14, step=3)
        width = trial.suggest_int("width", 1, 4096, log=True)
        choice = trial.suggest_categorical("choice", MIXED.choices)
        extra = trial.suggest_float("extra", 0.0, 4.0, step=0.5) if choice == "a" else 0.0
        trial.report(x + 1, 0)
        if x > 0.9:
            raise optuna.TrialPruned
        return round(x * x + depth / 20 + math.log(rate * width) ** 2 / 99 + extra, 2)

    def make(direction: str) -> optuna.Study:
        if direction not in studies:
            optuna.logging.set_verbosity(optuna.logging.WARNING)
            sampler = optuna.samplers.RandomSampler(seed=3)
            studies[direction] = optuna.create_study(direction=direction, sampler=sampler)
            studies[direction].optimize(objective, n_trials=60)
        return studies[direction]

    return make


@pytest.fixture
def hpo() -> hn.HPOTrialManager:
    """A study of 24 trials whose space has every kind of parameter and a constraint."""
    space = {
        "rate": ("log_uniform", 1e-5, 1e-1),
        "x": ("uniform", -1.0, 1.0),
        "depth": ("int", 2, 14, 3),
        "width": ("log_int", 1, 4096),
        "optimizer": ("categorical", ["adam", "sgd", None]),
        "shape": ("categorical", [[8, 8], (4, 4), 16]),
        "momentum": hn.when(("uniform", 0.0, 0.99), optimizer="sgd"),
    }
    manager = hn.HPOTrialManager(study_name="wide", sampler="random", seed=1)
    manager.optimize(
        lambda p: (p["x"] - 0.5) ** 2 + p.get("momentum", 0.5),
        space,
        n_trials=24,
        constraints=["depth <= width"],
    )
    return manager


FLOAT = FloatDistribution(0.0, 10.0)
LOG = FloatDistribution(1e-4, 1.0, log=True)
STEPS = IntDistribution(0, 100, step=10)
