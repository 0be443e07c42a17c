"""Carry the trials of one study into another search space."""

import copy
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from highnoon.hpo.space import SearchSpace

__all__ = ["trials_inside"]


def trials_inside(trials: "Iterable[FrozenTrial]", space: "SearchSpace") -> "list[FrozenTrial]":
    """Return copies of the finished trials that lie inside a space, with its distributions.

    A trial lies inside when it has exactly the parameters that the space would draw, each within
    its range, and violates no constraint. Values, reports, times and attributes come along.
    """
    distributions = space.distributions
    inside = []
    for trial in trials:
        if trial.state.is_finished() and space.contains(trial.params):
            copied = copy.deepcopy(trial)
            copied.distributions = {name: distributions[name] for name in trial.params}
            inside.append(copied)
    return inside
