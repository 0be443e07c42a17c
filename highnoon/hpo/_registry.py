"""The studies that this process ran or joined, so that a final training can find its stages."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from highnoon.hpo.states import best_of
from highnoon.hpo.study import direction_of

if TYPE_CHECKING:
    import optuna

    from highnoon.hpo.space import SearchSpace

__all__ = ["BestTrial", "best_trials", "remember"]


@dataclass(frozen=True)
class BestTrial:
    """The best trial of a study.

    Attributes:
        study_name: Name of the study.
        number: Number of the trial.
        params: Its parameters as the objective saw them.
        attrs: Its user attributes.
    """

    study_name: str
    number: int
    params: Mapping[str, Any]
    attrs: Mapping[str, Any]


_studies: "deque[tuple[optuna.Study, SearchSpace]]" = deque(maxlen=32)


def remember(study: "optuna.Study", space: "SearchSpace") -> None:
    """Note that this process ran trials of a study."""
    _studies.append((study, space))


def best_trials() -> Iterator[BestTrial]:
    """Yield the best trials of the studies of this process, the newest study first."""
    for study, space in reversed(_studies):
        best = best_of(study.get_trials(deepcopy=False), direction_of(study))
        if best is not None:
            params = space.resolve(best.params)
            yield BestTrial(study.study_name, best.number, params, best.user_attrs)
