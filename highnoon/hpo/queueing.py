"""Queue a configuration to be tried before anything is drawn."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from highnoon.exceptions import SearchSpaceError

if TYPE_CHECKING:
    import optuna

    from highnoon.hpo.space import SearchSpace

__all__ = ["queue"]


def queue(study: "optuna.Study", space: "SearchSpace", params: Mapping[str, Any]) -> None:
    """Queue a configuration, whole or in part, after checking it against the search space.

    Raises:
        SearchSpaceError: A name is unknown, a value out of range, or a constraint violated.
    """
    labels = space.labels(params, partial=True)
    violated = [text for text, amount in space.violations(labels).items() if amount > 0]
    if violated:
        raise SearchSpaceError(f"{dict(params)!r} violates {' and '.join(violated)}.")
    study.enqueue_trial(labels)
