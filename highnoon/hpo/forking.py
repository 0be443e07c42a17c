"""One study has one search space; its trials are carried into another by a fork."""

import copy
from typing import TYPE_CHECKING

from highnoon.exceptions import SearchSpaceMismatchError
from highnoon.hpo import attributes
from highnoon.hpo.space import SearchSpace
from highnoon.hpo.storage.once import set_study_attribute_once

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import optuna
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

__all__ = ["check_same_space", "keep_first_space", "trials_inside"]


def trials_inside(
    trials: "Iterable[FrozenTrial]", space: "SearchSpace", *, refused_by: "Collection[str]"
) -> "list[FrozenTrial]":
    """Return copies of the finished trials that lie inside a space, with its distributions.

    A trial lies inside when it has exactly the parameters that the space would draw, each within
    its range, and violates no constraint. Values, reports, times and attributes come along. Draws
    that constraints of the other study refused were never tried, are feasible here, and stay
    behind, as do trials that were given back, which the other study tries again. What ties a trial
    to its worker, or by its number to another trial, stays behind too: numbers are new here.

    Args:
        trials: Those of the other study.
        space: The new space.
        refused_by: The other study's constraints.
    """
    distributions = space.distributions
    inside = []
    for trial in trials:
        refused = any(trial.constraints.get(text, 0.0) > 0.0 for text in refused_by)
        given_back = attributes.INTERRUPTED in trial.user_attrs
        if (
            trial.state.is_finished()
            and not (refused or given_back)
            and space.contains(trial.params)
        ):
            copied = copy.deepcopy(trial)
            for name in (attributes.RETRY_OF, attributes.LEASE):
                copied.user_attrs.pop(name, None)
            copied.distributions = {name: distributions[name] for name in trial.params}
            inside.append(copied)
    return inside


def keep_first_space(
    study: "optuna.Study", storage: "BaseStorage", space: "SearchSpace"
) -> "SearchSpace":
    """Make a space the study's own, and return it, or the one that another worker just made so."""
    kept = set_study_attribute_once(
        storage, study._study_id, attributes.SEARCH_SPACE, space.to_json()
    )
    return SearchSpace.from_json(kept)


def check_same_space(study_name: str, stored: "SearchSpace | None", given: "SearchSpace") -> None:
    """Check that a study goes on with the search space that it was started with.

    Raises:
        SearchSpaceMismatchError: It does not; the message shows the difference and the fork.
    """
    if stored is None or stored == given:
        return
    lines = "\n".join(f"  {line}" for line in stored.diff(given))
    arguments = "search_space, constraints=constraints" if given.constraints else "search_space"
    raise SearchSpaceMismatchError(
        f"The study {study_name!r} was started with another search space:\n{lines}\n"
        "Use the study's own space, or carry its trials into a new study:\n"
        f'  hpo = hpo.fork("{study_name}_2", {arguments})'
    )
