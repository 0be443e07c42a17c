"""Carry the trials of one study into another search space."""

import copy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from optuna.trial import FrozenTrial

    from highnoon.hpo.space import SearchSpace

__all__ = ["trials_inside"]


def trials_inside(
    trials: "Iterable[FrozenTrial]", space: "SearchSpace", *, refused_by: "Collection[str]"
) -> "list[FrozenTrial]":
    """Return copies of the finished trials that lie inside a space, with its distributions.

    A trial lies inside when it has exactly the parameters that the space would draw, each within
    its range, and violates no constraint. Values, reports, times and attributes come along. Draws
    that constraints of the other study refused were never tried, are feasible here, and stay
    behind.

    Args:
        trials: Those of the other study.
        space: The new space.
        refused_by: The other study's constraints.
    """
    distributions = space.distributions
    inside = []
    for trial in trials:
        refused = any(trial.constraints.get(text, 0.0) > 0.0 for text in refused_by)
        if trial.state.is_finished() and not refused and space.contains(trial.params):
            copied = copy.deepcopy(trial)
            copied.distributions = {name: distributions[name] for name in trial.params}
            inside.append(copied)
    return inside
