"""A study as typed columns: a numpy array for each thing that a table or a plot needs."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from highnoon.hpo import attributes
from highnoon.hpo.flags import StudyFlags
from highnoon.hpo.reading.rows import METRIC_NAMES
from highnoon.hpo.setup import StudySetup
from highnoon.hpo.states import TrialStatus
from highnoon.hpo.study import Direction

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from optuna.distributions import BaseDistribution

__all__ = [
    "STATUSES",
    "ParameterColumn",
    "ReportColumns",
    "StudyChanges",
    "StudyState",
    "TrialColumns",
]

STATUSES: tuple[TrialStatus, ...] = get_args(TrialStatus)
"""What the codes of `TrialColumns.status` stand for, in their order."""


@dataclasses.dataclass(frozen=True, eq=False)
class ParameterColumn:
    """The values of one parameter, a row per trial.

    Attributes:
        name: Its name.
        values: float64; NaN where a trial did not draw it, or is queued and not to get it. Of a
            categorical parameter, the indices of `choices`.
        distribution: What it was drawn from, in the newest trial that has it.
        choices: The choices of a categorical parameter, else None.
    """

    name: str
    values: "NDArray[np.float64]"
    distribution: "BaseDistribution"
    choices: tuple[Any, ...] | None

    def shown(self, row: int) -> Any:
        """Return a trial's value as its objective saw it, or None where it did not draw it."""
        value = float(self.values[row])
        if value != value:
            return None
        if self.choices is not None:
            return self.choices[int(value)]
        return self.distribution.to_external_repr(value)


@dataclasses.dataclass(frozen=True, eq=False)
class TrialColumns:
    """Trials, a row each, in the order of their numbers.

    Attributes:
        number: int64; the trial's number in its study.
        trial_id: int64; its id in the storage.
        status: int8; index into `STATUSES`.
        value: float64; NaN where there is none.
        last_step: int64; step of the report with the highest step, -1 where there is none.
        last_report: float64; the value of that report, NaN where there is none.
        started: float64; seconds since 1970, NaN where it has not started.
        completed: float64; seconds since 1970, NaN where it has not ended.
        feasible: bool; False where a constraint is violated.
        retry_of: int64; number of the trial that it repeats, -1 where it repeats none.
        worker: int32; index into `workers`, -1 where it is not known.
        workers: Names of workers.
        parameters: The parameters by name, in the order in which they were first seen.
    """

    number: "NDArray[np.int64]"
    trial_id: "NDArray[np.int64]"
    status: "NDArray[np.int8]"
    value: "NDArray[np.float64]"
    last_step: "NDArray[np.int64]"
    last_report: "NDArray[np.float64]"
    started: "NDArray[np.float64]"
    completed: "NDArray[np.float64]"
    feasible: "NDArray[np.bool_]"
    retry_of: "NDArray[np.int64]"
    worker: "NDArray[np.int32]"
    workers: tuple[str, ...]
    parameters: Mapping[str, ParameterColumn]

    def __len__(self) -> int:
        return len(self.number)

    def is_status(self, *statuses: TrialStatus) -> "NDArray[np.bool_]":
        """Return which trials have one of the statuses."""
        return np.isin(self.status, [STATUSES.index(status) for status in statuses])

    def some(self, rows: "NDArray[np.int64]") -> "TrialColumns":
        """Return some trials, by their rows."""
        arrays = {
            field.name: getattr(self, field.name)[rows]
            for field in dataclasses.fields(self)
            if field.name not in ("workers", "parameters")
        }
        parameters = {
            name: dataclasses.replace(parameter, values=parameter.values[rows])
            for name, parameter in self.parameters.items()
        }
        return TrialColumns(**arrays, workers=self.workers, parameters=parameters)

    def counts(self) -> dict[TrialStatus, int]:
        """Return how many trials have each status; those that none has are left out."""
        counted = np.bincount(self.status, minlength=len(STATUSES))
        return {
            status: int(count) for status, count in zip(STATUSES, counted, strict=True) if count
        }

    def best(self, direction: Direction) -> int | None:
        """Return the row of the best trial as `best_of` finds it, or None."""
        rows = np.flatnonzero(self.is_status("completed") & self.feasible)
        if not len(rows):
            return None
        values = self.value[rows]
        return int(rows[values.argmax() if direction == "maximize" else values.argmin()])


@dataclasses.dataclass(frozen=True, eq=False)
class ReportColumns:
    """Reports of trials, a row each.

    Attributes:
        number: int64; number of the trial.
        step: int64.
        value: float64; may be infinite or NaN.
    """

    number: "NDArray[np.int64]"
    step: "NDArray[np.int64]"
    value: "NDArray[np.float64]"

    def __len__(self) -> int:
        return len(self.number)


@dataclasses.dataclass(frozen=True)
class StudyState:
    """What is known of a study beside its trials.

    Attributes:
        name: Its name.
        direction: `"minimize"` or `"maximize"`.
        attributes: The attributes that HighNoon keeps with it, by their names in
            `highnoon.hpo.attributes`, and Optuna's names of the metrics.
    """

    name: str
    direction: Direction
    attributes: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def flags(self) -> StudyFlags:
        """What it was told: paused, stopped, archived."""
        return StudyFlags.from_attributes(self.attributes)

    @property
    def search_space(self) -> Mapping[str, Any] | None:
        """What `SearchSpace.from_json` reads; None for a study that another tool made."""
        return self.attributes.get(attributes.SEARCH_SPACE)

    @property
    def goal(self) -> int | None:
        """How many finished trials its runs want in all; None where only time limits them."""
        return self.attributes.get(attributes.GOAL)

    @property
    def metric(self) -> str | None:
        """What Optuna's `set_metric_names` calls the value; None where nobody named it."""
        names = self.attributes.get(METRIC_NAMES)
        return names[0] if names else None

    @property
    def setup(self) -> StudySetup:
        """How it draws and prunes."""
        return StudySetup.from_attributes(self.attributes)


@dataclasses.dataclass(frozen=True, eq=False)
class StudyChanges:
    """What changed in a study since the last look. False where nothing did.

    Attributes:
        reset: Forget all that was known before: this is the first look, or the study was deleted
            and another of its name is there.
        study: The study's state where it changed, else None.
        trials: The trials that are new or changed, whole rows.
        reports: The reports that are new or changed: they replace those of the same trial and step.
    """

    reset: bool
    study: StudyState | None
    trials: TrialColumns
    reports: ReportColumns

    def __bool__(self) -> bool:
        return self.reset or self.study is not None or len(self.trials) > 0
