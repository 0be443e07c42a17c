"""`StudyFeed`: a study as columns that are kept up to date while others run its trials."""

import threading
from typing import TYPE_CHECKING, Any, Protocol, Self

import optuna
from optuna.trial import FrozenTrial

from highnoon.exceptions import StudyError
from highnoon.hpo.reading.accumulated import Accumulated
from highnoon.hpo.reading.any_storage import StorageSource
from highnoon.hpo.reading.columns import ReportColumns, StudyChanges, StudyState, TrialColumns
from highnoon.hpo.reading.database import DatabaseSource, database_of
from highnoon.hpo.storage import storage_errors, storage_label
from highnoon.hpo.study import check_single_objective, open_study

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

    from highnoon.hpo.reading.rows import Source

__all__ = ["StudyFeed"]


class _HasStudy(Protocol):
    @property
    def study(self) -> optuna.Study: ...


class StudyFeed:
    """Reads what changed in a study since the last look, whoever runs it.

    On SQLite, PostgreSQL and MySQL a look at a study where nothing changed is one SQL statement,
    two where little did; from other storages all trials are asked for. What is not in the database
    yet is not seen: a trial's parameters and reports arrive as its worker writes them.

    Caught are: new trials; every change of state; parameters, reports, and the attributes that
    columns are made of, as a running trial gets them; the study's attributes and name; its
    deletion, and another study that took its id. A trial that finished is final: Optuna refuses to
    change it. Not caught before a running trial finishes: a report of a step that it reported
    before, an attribute that it had before, and attributes set on it while it is queued.

    A feed may be polled by several threads; each gets what changed since the last of them looked.

    Args:
        study: An Optuna study, a `StudyReader` or a manager.

    Example:
        >>> study = optuna.create_study()
        >>> feed = StudyFeed(study)
        >>> len(feed.poll().trials)
        0
        >>> study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
        >>> feed.poll().trials.number
        array([0, 1, 2])
        >>> bool(feed.poll())
        False
        >>> feed.columns.parameters["x"].values.shape
        (3,)
    """

    def __init__(self, study: optuna.Study | _HasStudy) -> None:
        optuna_study = study if isinstance(study, optuna.Study) else study.study
        check_single_objective(optuna_study)
        self._storage = optuna_study._storage
        self._label = storage_label(self._storage)
        engine = database_of(self._storage)
        self._source: Source = (
            StorageSource(self._storage) if engine is None else DatabaseSource(engine)
        )
        self._accumulated = Accumulated(optuna_study.study_name)
        self._columns: TrialColumns | None = None
        self._reports: ReportColumns | None = None
        self._lock = threading.Lock()

    @classmethod
    def open(cls, study_name: str, storage: "str | BaseStorage") -> Self:
        """Open a study that is there.

        Raises:
            StorageError: The database is not there or does not answer.
            StudyError: It holds no study of that name, or that study has several objectives.
        """
        return cls(open_study(study_name, storage))

    def poll(self) -> StudyChanges:
        """Return what changed since the last call; the first returns everything.

        A study that was deleted is looked for by its name, since it may have been made anew.

        Raises:
            StudyError: The study was deleted.
            StorageError: The database does not answer. The next call finds what this one missed.
        """
        with self._lock, storage_errors(self._label):
            accumulated = self._accumulated
            reading = self._read(accumulated)
            if reading is None:
                accumulated = Accumulated(accumulated.known.name)
                reading = self._read(accumulated)
            if reading is None or len(reading.directions) != 1:
                raise StudyError(
                    f"The study {accumulated.known.name!r} is not in {self._label} any more: it "
                    "was deleted. Open another one."
                )
            changes = accumulated.take(reading)
            self._accumulated = accumulated
            if len(changes.trials) or changes.reset:
                self._columns = self._reports = None
            return changes

    @property
    def study(self) -> StudyState:
        """The study's state as of the last poll; polls where there was none."""
        study = self._polled().study
        assert study is not None
        return study

    @property
    def columns(self) -> TrialColumns:
        """All trials as of the last poll; polls where there was none. Never changed afterwards."""
        accumulated = self._polled()
        with self._lock:
            if self._columns is None:
                self._columns = accumulated.trials()
            return self._columns

    @property
    def reports(self) -> ReportColumns:
        """All reports as of the last poll, by trial and step; polls where there was none."""
        accumulated = self._polled()
        with self._lock:
            if self._reports is None:
                self._reports = accumulated.reports()
            return self._reports

    def details(self, number: int) -> FrozenTrial:
        """Return all there is about a trial, as the storage has it now.

        Raises:
            StudyError: The last poll found no trial of that number.
        """
        trial_id = self._polled().id_of(number)
        if trial_id is None:
            raise StudyError(
                f"The study {self.study.name!r} has no trial {number}; it has {len(self.columns)}."
            )
        with storage_errors(self._label):
            return self._storage.get_trial(trial_id)

    def _read(self, accumulated: Accumulated) -> Any:
        try:
            return self._source.read(accumulated.known)
        except KeyError:
            return None

    def _polled(self) -> Accumulated:
        if self._accumulated.study is None:
            self.poll()
        return self._accumulated
