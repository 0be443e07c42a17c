"""A trial that this process runs, with what was not written to the database yet."""

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from highnoon.hpo.storage.reading import TrialRow
from highnoon.hpo.storage.study_cache import copy_json, copy_trial
from highnoon.hpo.storage.tables import from_stored_datetime

__all__ = ["Batch", "OwnTrial", "started_trial"]


@dataclasses.dataclass
class Batch:
    """What is to be written of one trial, in the order in which it was set.

    Attributes:
        row: The trial's row as this process knows it.
        params: Internal value and distribution by parameter name.
        reports: Value by step.
        user_attrs: JSON by name.
        system_attrs: JSON by name.
    """

    row: TrialRow
    params: dict[str, tuple[float, BaseDistribution]] = dataclasses.field(default_factory=dict)
    reports: dict[int, float] = dataclasses.field(default_factory=dict)
    user_attrs: dict[str, str] = dataclasses.field(default_factory=dict)
    system_attrs: dict[str, str] = dataclasses.field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.params or self.reports or self.user_attrs or self.system_attrs)

    def updated_by(self, newer: "Batch") -> "Batch":
        """Return what both would write, this one first."""
        return Batch(
            self.row,
            self.params | newer.params,
            self.reports | newer.reports,
            self.user_attrs | newer.user_attrs,
            self.system_attrs | newer.system_attrs,
        )


class OwnTrial:
    """A running trial of this process: read from memory, written in batches.

    Attributes:
        row: Its row in the database.
        unwritten: What the database does not have yet.
        written: Names and steps that the database has, by table.
        ending: Whether its state is being changed right now.
        conflict: Why a parameter could not be kept; None where all could.
    """

    def __init__(self, row: TrialRow, trial: FrozenTrial) -> None:
        self.row = row
        self.unwritten = Batch(row)
        self.written = {
            "params": set(trial.params),
            "reports": set(trial.intermediate_values),
            "user_attrs": set(trial.user_attrs),
            "system_attrs": set(trial.system_attrs),
        }
        self.ending = False
        self.conflict: str | None = None
        self._trial = trial
        self._snapshot: FrozenTrial | None = None

    def set_param(self, name: str, internal: float, distribution: BaseDistribution) -> None:
        """Set a parameter; as with Optuna, the first value stays."""
        if name not in self._trial.params:
            self._trial.params[name] = distribution.to_external_repr(internal)
            self._trial.distributions[name] = distribution
            self.unwritten.params[name] = (internal, distribution)
            self._snapshot = None

    def set_report(self, step: int, value: float) -> None:
        """Set the value of a step."""
        self._trial.intermediate_values[step] = value
        self.unwritten.reports[step] = value
        self._snapshot = None

    def set_user_attr(self, name: str, text: str) -> None:
        """Set a user attribute to a JSON text."""
        self._trial.user_attrs[name] = json.loads(text)
        self.unwritten.user_attrs[name] = text
        self._snapshot = None

    def set_system_attr(self, name: str, text: str) -> None:
        """Set a system attribute to a JSON text."""
        self._trial.system_attrs[name] = json.loads(text)
        self.unwritten.system_attrs[name] = text
        self._snapshot = None

    def take(self) -> Batch:
        """Return what is to be written, and take it as being written."""
        batch, self.unwritten = self.unwritten, Batch(self.row)
        return batch

    def give_back(self, batch: Batch) -> None:
        """Take back what could not be written."""
        self.unwritten = batch.updated_by(self.unwritten)

    def has_written(self, batch: Batch) -> None:
        """Remember what the database has now."""
        for kind, names in self.written.items():
            names.update(getattr(batch, kind))

    def has_only_own(self, counts: tuple[int, int, int, int]) -> bool:
        """Whether the database has as much of the trial as this process has written."""
        return counts == tuple(map(len, self.written.values()))

    def drop_param(self, name: str, reason: str) -> None:
        """Forget a parameter whose distribution the study cannot have."""
        self._trial.params.pop(name, None)
        self._trial.distributions.pop(name, None)
        self.unwritten.params.pop(name, None)
        self.written["params"].discard(name)
        self.conflict = reason
        self._snapshot = None

    def snapshot(self) -> FrozenTrial:
        """Return the trial as it is now, the same object until something changes."""
        if self._snapshot is None:
            self._snapshot = copy_trial(self._trial)
        return self._snapshot

    def copy(self) -> FrozenTrial:
        """Return the trial as it is now, for the caller to change."""
        return copy_trial(self._trial)

    def user_attrs(self) -> dict[str, Any]:
        """Return a copy of the user attributes."""
        return copy_json(self._trial.user_attrs)

    def system_attrs(self) -> dict[str, Any]:
        """Return a copy of the system attributes."""
        return copy_json(self._trial.system_attrs)

    def ended(self, row: TrialRow, values: Sequence[float] | None) -> FrozenTrial:
        """Return the trial as it ended."""
        trial = copy_trial(self._trial)
        trial.state = row.state
        trial.datetime_complete = from_stored_datetime(row.datetime_complete)
        if values is not None:
            trial.values = list(values)
        return trial


def started_trial(row: TrialRow, user_attrs: dict[str, Any]) -> FrozenTrial:
    """Return a trial that has just started."""
    assert row.state == TrialState.RUNNING
    return FrozenTrial(
        number=row.number,
        state=row.state,
        value=None,
        datetime_start=from_stored_datetime(row.datetime_start),
        datetime_complete=None,
        params={},
        distributions={},
        user_attrs=user_attrs,
        system_attrs={},
        intermediate_values={},
        trial_id=row.trial_id,
    )
