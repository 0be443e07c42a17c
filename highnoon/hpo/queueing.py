"""Queue a configuration to be tried before anything is drawn."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from highnoon.exceptions import SearchSpaceError

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution

    from highnoon.hpo.space import SearchSpace

__all__ = ["queue", "queue_within"]


def queue(study: "optuna.Study", space: "SearchSpace", params: Mapping[str, Any]) -> int:
    """Queue a configuration, whole or in part, after checking it against the search space.

    Returns:
        Number of the trial that will try it.

    Raises:
        SearchSpaceError: A name is unknown, a value out of range, or a constraint violated.
    """
    labels = space.labels(params, partial=True)
    violated = [text for text, amount in space.violations(labels).items() if amount > 0]
    if violated:
        raise SearchSpaceError(f"{dict(params)!r} violates {' and '.join(violated)}.")
    return _add(study, labels)


def queue_within(
    study: "optuna.Study",
    distributions: "Mapping[str, BaseDistribution]",
    params: Mapping[str, Any],
) -> int:
    """Queue a configuration of a study that has no search space, within what it drew from so far.

    Returns:
        Number of the trial that will try it.

    Raises:
        SearchSpaceError: No trial drew a parameter of a name, or a value is out of its range.
    """
    import optuna

    for name, value in params.items():
        if name not in distributions:
            near = get_close_matches(name, distributions, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"It has {', '.join(distributions)}."
            raise SearchSpaceError(f'No parameter "{name}" in this study. {hint}')
        one = {name: distributions[name]}
        try:
            optuna.create_trial(
                state=optuna.trial.TrialState.RUNNING, params={name: value}, distributions=one
            )
        except (ValueError, TypeError):
            raise SearchSpaceError(
                f'Parameter "{name}" = {value!r}: must lie within {distributions[name]}.'
            ) from None
    return _add(study, dict(params))


def _add(study: "optuna.Study", labels: Mapping[str, Any]) -> int:
    """Do as `Study.enqueue_trial` does, which does not tell the number."""
    import optuna

    waiting = optuna.create_trial(
        state=optuna.trial.TrialState.WAITING, system_attrs={"fixed_params": dict(labels)}
    )
    storage = study._storage
    trial_id = storage.create_new_trial(study._study_id, template_trial=waiting)
    return storage.get_trial_number_from_id(trial_id)
