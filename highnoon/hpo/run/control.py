"""`StudyControl`: pause, resume, stop, rename, archive, delete a study, from any process."""

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import optuna
from optuna.trial import FrozenTrial, TrialState

from highnoon.exceptions import StudyError, StudyExistsError
from highnoon.hpo import attributes
from highnoon.hpo.flags import Order, StopOrder, StudyFlags, read_flags
from highnoon.hpo.queueing import queue, queue_within
from highnoon.hpo.reader import StudyReader
from highnoon.hpo.space import SearchSpace
from highnoon.hpo.states import trial_status
from highnoon.hpo.storage import open_storage, storage_label
from highnoon.hpo.storage.engines import engine_of
from highnoon.hpo.study import check_study_name, study_errors

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from sqlalchemy.engine import Engine

__all__ = ["StudyControl"]


class StudyControl:
    """Orders to a study, which all its runs obey within about a second, wherever they run.

    Args:
        study_name: Name of the study.
        storage: Its database URL, or an Optuna storage.
        by: Who gives the orders, as runs tell it; this process' user and machine if not given.

    Raises:
        StorageError: The database is not there or does not answer.
        StudyError: It holds no study of that name.

    Example:
        ```python
        StudyControl("experiment_001", "sqlite:///hpo.db").pause()
        ```
    """

    def __init__(
        self, study_name: str, storage: "str | BaseStorage", *, by: str | None = None
    ) -> None:
        label = storage_label(storage)
        opened = open_storage(storage)
        self._set_up(StudyReader.open(study_name, opened).study, opened, label, by)

    @classmethod
    def of(cls, study: optuna.Study, storage: "BaseStorage", *, label: str) -> Self:
        """Return the control of a study that is open already; `label` names its storage."""
        control = cls.__new__(cls)
        control._set_up(study, storage, label, None)
        return control

    def _set_up(
        self, study: optuna.Study, storage: "BaseStorage", label: str, by: str | None
    ) -> None:
        self._study = study
        self._study_id = study._study_id
        self._storage = storage
        self._label = label
        self._by = by

    @property
    def study_name(self) -> str:
        """Name of the study, as this object knows it."""
        return self._study.study_name

    @property
    def flags(self) -> StudyFlags:
        """What the study was told so far.

        Raises:
            StudyError: The study was deleted.
        """
        with self._errors():
            flags = read_flags(self._storage, self._study_id)
            if flags is None:
                raise KeyError(self._study_id)
        return flags

    def pause(self) -> None:
        """Let running trials finish and start none until `resume`.

        Runs wait, and their timeouts go on counting. A study that is paused already stays so.
        """
        if self.flags.paused is None:
            self._set(attributes.PAUSED, Order.now(self._by).to_json())

    def resume(self) -> None:
        """Let trials start again."""
        self._set(attributes.PAUSED, None)

    def stop(self, *, now: bool = False) -> None:
        """End all runs that are going on; runs that start later are not concerned.

        Args:
            now: End the running trials at their next report and give them back, so that the next
                run tries their parameters again. Otherwise they are finished first.
        """
        order = Order.now(self._by)
        self._set(attributes.STOP, StopOrder(order.by, order.at, immediate=now).to_json())

    def stop_trial(self, number: int) -> None:
        """End one running trial at its next report; it counts as pruned and is not tried again.

        Raises:
            StudyError: There is no such trial, or it is not running.
        """
        with self._errors():
            trial = self._trial(number)
            if trial is None:
                there = f"it has {self._storage.get_n_trials(self._study_id)} trials"
                raise StudyError(f"{self.study_name!r} has no trial {number}; {there}.")
        if trial.state != TrialState.RUNNING:
            raise StudyError(
                f"Trial {number} is {trial_status(trial)}; only a running trial can be stopped."
            )
        self._set(f"{attributes.STOP_TRIAL}{number}", Order.now(self._by).to_json())

    def enqueue(self, params: Mapping[str, Any]) -> int:
        """Queue a configuration, whole or in part, to be tried before anything else is drawn.

        A study of stock Optuna's has no search space; there the ranges hold that its trials drew
        from.

        Returns:
            Number of the trial that will try it.

        Raises:
            StudyError: The study has neither a search space nor trials yet.
            SearchSpaceError: A name is unknown, a value out of range, or a constraint violated.
        """
        space = self._space()
        with self._errors():
            if space is not None:
                return queue(self._study, space, params)
            distributions = {
                name: distribution
                for trial in self._study.get_trials(deepcopy=False)
                for name, distribution in trial.distributions.items()
            }
            if not distributions:
                raise StudyError(
                    f"The study {self.study_name!r} has no search space yet. It gets one from its "
                    "first run."
                )
            return queue_within(self._study, distributions, params)

    def archive(self) -> None:
        """Leave the study out of lists; nothing else changes."""
        if self.flags.archived is None:
            self._set(attributes.ARCHIVED, Order.now(self._by).to_json())

    def unarchive(self) -> None:
        """Take the study back into lists."""
        self._set(attributes.ARCHIVED, None)

    def rename(self, study_name: str) -> None:
        """Give the study another name; its runs go on, as they know it by its number.

        Raises:
            StudyError: The name cannot be kept, or the study is not in a database.
            StudyExistsError: Another study has it.
        """
        check_study_name(study_name)
        engine = engine_of(self._storage)
        if engine is None:
            raise StudyError(
                f"Only a study in a database can be renamed, and {self.study_name!r} is in "
                f"{self._label}. Carry its trials into a new study: "
                f"hpo.fork({study_name!r}, search_space)"
            )
        with self._errors():
            others = {s.study_name for s in self._storage.get_all_studies()} - {self.study_name}
            _check_free(study_name, others)
            _rename(engine, self._study_id, study_name)
        self._study.study_name = study_name

    def delete(self, *, force: bool = False) -> None:
        """Delete the study with all its trials.

        Args:
            force: Delete it even while trials are running; their runs end with an error.

        Raises:
            StudyError: Trials are running, and `force` is False; or it was deleted before.
        """
        with self._errors():
            trials = self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
            if trials and not force:
                raise StudyError(_refusal(self.study_name, [trial.number for trial in trials]))
            self._storage.delete_study(self._study_id)

    def __repr__(self) -> str:
        return f"StudyControl(study_name={self.study_name!r}, storage={self._label!r})"

    def _set(self, name: str, value: Any) -> None:
        with self._errors():
            self._storage.set_study_user_attr(self._study_id, name, value)

    def _trial(self, number: int) -> FrozenTrial | None:
        storage = self._storage
        try:
            trial_id = storage.get_trial_id_from_study_id_trial_number(self._study_id, number)
            return storage.get_trial(trial_id)
        except (KeyError, OverflowError):  # SQLite has no words for numbers of more than 64 bits
            return None

    def _errors(self) -> contextlib.AbstractContextManager[None]:
        return study_errors(self._study, self._label)

    def _space(self) -> SearchSpace | None:
        with self._errors():
            stored = self._storage.get_study_user_attrs(self._study_id).get(attributes.SEARCH_SPACE)
        return None if stored is None else SearchSpace.from_json(stored)


def _check_free(study_name: str, others: set[str]) -> None:
    if study_name in others:
        raise StudyExistsError(f"A study named {study_name!r} exists. Choose another name.")


def _rename(engine: "Engine", study_id: int, study_name: str) -> None:
    import sqlalchemy as sa
    from sqlalchemy.exc import IntegrityError

    from highnoon.hpo.storage.tables import studies

    statement = (
        sa.update(studies).where(studies.c.study_id == study_id).values(study_name=study_name)
    )
    try:
        with engine.begin() as connection:
            renamed = connection.execute(statement).rowcount
    except IntegrityError:  # another process took the name at the same moment
        raise StudyExistsError(
            f"A study named {study_name!r} exists. Choose another name."
        ) from None
    if not renamed:
        raise KeyError(study_id)


def _refusal(study_name: str, running: list[int]) -> str:
    if len(running) == 1:
        what = f"Trial {running[0]} of {study_name!r} is running"
    else:
        what = f"{len(running)} trials of {study_name!r} are running"
    return (
        f"{what}. Stop the study first (highnoon stop {study_name}), or delete it all the same "
        "with force=True (--force), also where their workers are long dead."
    )
