"""The studies that this process ran or read, so that a final training can find its stages."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from highnoon._notices import logger
from highnoon.exceptions import StorageError
from highnoon.hpo.results import params_of
from highnoon.hpo.states import best_of
from highnoon.hpo.storage import storage_errors
from highnoon.hpo.storage.retrying import without_patience
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
    """Note that this process knows the best parameters of a study."""
    if all(known is not study for known, _ in _studies):
        _studies.append((study, space))


def best_trials() -> Iterator[BestTrial]:
    """Yield the best trials of the studies of this process, the newest study first.

    A study that was deleted since, or whose database is out of reach, is passed over.
    """
    for study, space in reversed(_studies):
        try:
            with storage_errors(study.study_name), without_patience():
                trials = study.get_trials(deepcopy=False)
        except (StorageError, KeyError) as error:
            logger.info("The study %r cannot be read any more: %s", study.study_name, error)
            continue
        best = best_of(trials, direction_of(study))
        if best is not None:
            params = params_of(best, space)
            yield BestTrial(study.study_name, best.number, params, best.user_attrs)
