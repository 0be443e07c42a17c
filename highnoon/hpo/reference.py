"""A study as another process opens it: a small object with a pickle."""

import os
import pickle
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from highnoon.exceptions import StudyError
from highnoon.hpo.pruners import make_pruner
from highnoon.hpo.run.watch import Watch
from highnoon.hpo.samplers import make_grid_sampler, make_sampler
from highnoon.hpo.seeds import seed_of_worker
from highnoon.hpo.study import HighNoonStudy

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.storages import BaseStorage

    from highnoon.hpo.space import SearchSpace

__all__ = ["OpenStudy", "StudyReference"]

_MOST_OPEN = 8

_open: "OrderedDict[tuple[int, bytes], OpenStudy]" = OrderedDict()
_lock = threading.Lock()


@dataclass
class OpenStudy:
    """A study that a reference led to.

    Attributes:
        study: The study; its pruner is the manager's.
        storage: Where it is kept.
        watch: Shows signs of life for its trials, and reads what its flags say.
        components: Sampler, pruner, their options, seed and grace period, as a manager takes them.
    """

    study: HighNoonStudy
    storage: "BaseStorage"
    watch: Watch
    components: Mapping[str, Any]
    _drawing: bool = field(default=False, init=False)

    def take_sampler(self, space: "SearchSpace", seed: int | None, task: int) -> None:
        """Give the study the manager's sampler, with a stream of draws of this process' own.

        The random sampler starts anew with every task, so that its draws depend on the seed and on
        the task alone, not on which process runs which.

        Args:
            space: The search space.
            seed: The sampler's in the run, or None.
            task: Number of the task in the run.
        """
        name, options = self.components["sampler"], self.components["sampler_options"]
        if self._drawing and not (name == "random" and seed is not None):
            return
        self._drawing = True
        own = None if seed is None else seed_of_worker(seed, task)
        sampler: BaseSampler
        if name == "grid":
            sampler = make_grid_sampler(space, levels=(options or {}).get("levels", 5))
            sampler.reseed_rng()
        else:
            sampler = make_sampler(name, seed=own, options=options)
            if not isinstance(name, str):
                sampler.reseed_rng()
        self.study.sampler = sampler


@dataclass(frozen=True)
class StudyReference:
    """Leads to a study, from any process that reaches its storage.

    A study that was renamed is found all the same.

    Attributes:
        study_id: Its number in the storage.
        content: The storage and the manager's components, pickled.
    """

    study_id: int
    content: bytes = field(repr=False)

    @classmethod
    def of(
        cls, study: HighNoonStudy, storage: "BaseStorage", components: Mapping[str, Any]
    ) -> "StudyReference":
        """Return the reference of a study.

        Raises:
            StudyError: A component has no pickle.
        """
        from highnoon.hpo.run import pickling

        try:
            content = pickling.dumps((storage, dict(components)))
        except Exception as error:
            raise StudyError(
                f"The study {study.study_name!r} cannot be sent to another process: {error} "
                "Its storage, sampler and pruner must have a pickle."
            ) from error
        return cls(study._study_id, content)

    def open(self) -> OpenStudy:
        """Return the study, opened once in this process.

        Raises:
            StudyError: It was deleted.
        """
        key = (os.getpid(), self.content)
        with _lock:
            opened = _open.get(key)
            if opened is None:
                opened = _open[key] = self._open()
            _open.move_to_end(key)
            while len(_open) > _MOST_OPEN:
                _open.popitem(last=False)
            return opened

    def _open(self) -> OpenStudy:
        storage, components = pickle.loads(self.content)
        try:
            name = storage.get_study_name_from_id(self.study_id)
        except KeyError:
            raise StudyError(
                f"The study number {self.study_id} is not in its storage any more."
            ) from None
        study = HighNoonStudy(
            study_name=name,
            storage=storage,
            sampler=make_sampler("random"),
            pruner=make_pruner(components["pruner"], components["pruner_options"]),
        )
        watch = Watch(study, storage, grace_period=components["grace_period"])
        return OpenStudy(study, storage, watch, components)
