"""What a process knows of the trials in a database, and how it catches up with the others."""

import functools
import threading
from collections.abc import Callable, Container
from typing import NamedTuple, TypeVar

import sqlalchemy as sa
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from highnoon.hpo.storage.own_trials import Batch, OwnTrial
from highnoon.hpo.storage.reading import (
    TrialRow,
    build_trial,
    read_changed_rows,
    read_parts,
    study_is_there,
)
from highnoon.hpo.storage.study_cache import StudyCache

__all__ = ["KnownTrials"]

T = TypeVar("T")
Read = Callable[[Callable[[sa.Connection], T]], T]


class _Changes(NamedTuple):
    """What is new in a study; None where it is not the study that it was."""

    trials: list[tuple[TrialRow, FrozenTrial]]
    last_id: int


class KnownTrials:
    """The trials that this process runs, and those of each study as last read.

    Attributes:
        lock: Held for moments only, never while the database is asked.
        own: The running trials of this process, by id.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.own: dict[int, OwnTrial] = {}
        self._studies: dict[int, StudyCache] = {}
        self._reading = threading.RLock()

    def study(self, study_id: int) -> StudyCache:
        """Return what is known of a study."""
        with self.lock:
            study = self._studies.get(study_id)
            if study is None:
                study = self._studies[study_id] = StudyCache()
            return study

    def distributions(self) -> dict[int, dict[str, BaseDistribution]]:
        """Return, by study, the distributions that are known to be in the database."""
        with self.lock:
            return {study_id: dict(c.distributions) for study_id, c in self._studies.items()}

    def adopt(self, own: OwnTrial) -> None:
        """Add a trial that this process has started."""
        with self.lock:
            self.own[own.row.trial_id] = own
            self.study(own.row.study_id).put(own.row, own.snapshot())

    def take_unwritten(self) -> list[Batch]:
        """Return what is to be written, as being written from now on."""
        with self.lock:
            return [own.take() for own in self.own.values() if own.unwritten and not own.ending]

    def is_all_written(self) -> bool:
        """Whether there is nothing to write; what is being written now does not count."""
        with self.lock:
            return not any(own.unwritten for own in self.own.values())

    def finished(self, trial_id: int) -> FrozenTrial | None:
        """Return a trial that was finished when it was read, or None."""
        with self.lock:
            found = (study.finished(trial_id) for study in self._studies.values())
            return next((trial for trial in found if trial is not None), None)

    def forget(self, study_id: int) -> None:
        """Forget a study and the trials that this process ran of it."""
        with self.lock:
            self._studies.pop(study_id, None)
            for own in [own for own in self.own.values() if own.row.study_id == study_id]:
                del self.own[own.row.trial_id]

    def forget_trial(self, trial_id: int) -> None:
        """Forget the study of a trial that is not what it was."""
        with self.lock:
            for study_id in [i for i, study in self._studies.items() if trial_id in study]:
                self.forget(study_id)

    def select(
        self, study_id: int, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """Return the trials of a study as known, in the order of their numbers."""
        with self.lock:
            study = self.study(study_id)
            current = {
                trial_id: own.snapshot()
                for trial_id, own in self.own.items()
                if own.row.study_id == study_id and trial_id in study
            }
            return study.select(states, current)

    def catch_up(self, study_id: int, read: Read) -> None:
        """Read what changed in a study since the last time.

        Args:
            study_id: The study.
            read: Runs a function on a connection to the database.

        Raises:
            KeyError: There is no such study.
        """
        with self._reading:
            while True:
                with self.lock:
                    study = self.study(study_id)
                    expected = study.expected_rows()
                    own = dict(self.own)
                changes = read(functools.partial(_read_changes, study_id, study, expected, own))
                with self.lock:
                    if self._studies.get(study_id) is not study:
                        continue
                    if changes is not None:
                        self._merge(study, changes, own)
                        return
                    self._forget_all_but_new(study_id, own)

    def _merge(self, study: StudyCache, changes: _Changes, own_before: dict[int, OwnTrial]) -> None:
        for row, trial in changes.trials:
            own = self.own.get(row.trial_id)
            if own is not None:
                if own.ending or own is not own_before.get(row.trial_id):
                    continue  # what this process does meanwhile is newer than what was read
                del self.own[row.trial_id]  # someone else finished it
            elif study.finished(row.trial_id) is not None:
                continue
            study.put(row, trial)
            study.learn(trial.distributions)
        study.last_id = max(study.last_id, changes.last_id)

    def _forget_all_but_new(self, study_id: int, own_before: dict[int, OwnTrial]) -> None:
        new = [
            own
            for trial_id, own in self.own.items()
            if own.row.study_id == study_id and own_before.get(trial_id) is not own
        ]
        self.forget(study_id)
        for own in new:
            self.adopt(own)


def _read_changes(
    study_id: int,
    study: StudyCache,
    expected: dict[int, TrialRow],
    own: dict[int, OwnTrial],
    connection: sa.Connection,
) -> _Changes | None:
    rows = read_changed_rows(connection, study_id, after=study.last_id, trial_ids=expected)
    if not rows:
        if expected:
            return None
        if not study_is_there(connection, study_id):
            raise KeyError(f"There is no study with the id {study_id}.")
    by_id = {row.trial_id: row for row in rows}
    for trial_id, row in expected.items():
        if trial_id not in by_id or not row.is_still(by_id[trial_id]):
            return None
    changed = [
        row
        for row in by_id.values()
        if study.finished(row.trial_id) is None
        and not (row.trial_id in own and row.state == TrialState.RUNNING)
    ]
    if not changed:
        parts = {}
    elif study.last_id < 0:
        parts = read_parts(connection, study_id=study_id)
    else:
        parts = read_parts(connection, trial_ids=[row.trial_id for row in changed])
    # In the order of their ids, so that nearly all are appended.
    trials = [(row, build_trial(row, parts)) for row in sorted(changed)]
    return _Changes(trials, max(by_id, default=study.last_id))
