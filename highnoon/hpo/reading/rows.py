"""What is read from a storage before it becomes columns, and what is remembered between two looks.

A trial's `word` is its state in the database, with `/INF_POS` or `/INF_NEG` behind it where its
value is infinite.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from highnoon.hpo import attributes

__all__ = [
    "CATEGORICAL",
    "CONSTRAINTS",
    "FIXED",
    "MARKS",
    "METRIC_NAMES",
    "STATUS_MARKS",
    "AttributeRows",
    "Known",
    "ParameterRows",
    "Reading",
    "ReportRows",
    "Seen",
    "Source",
    "TrialRows",
    "as_times",
    "is_study_attribute",
    "is_unfinished",
]

STATUS_MARKS = (attributes.DIVERGED, attributes.INFEASIBLE, attributes.INTERRUPTED)
"""User attributes of trials by which their statuses are finer than Optuna's."""

MARKS = (attributes.RUN, attributes.RETRY_OF, *STATUS_MARKS)
"""User attributes of trials that columns are made of; the others stay in the storage."""

CATEGORICAL = '{"name": "CategoricalDistribution"'
"""How the JSON of a categorical distribution begins."""

CONSTRAINTS = "constraints"
"""System attribute in which Optuna keeps constraints: by itself a list, before `:` and a name."""

FIXED = "fixed_params"
"""System attribute in which Optuna keeps the parameters that a queued trial is to get."""

METRIC_NAMES = "study:metric_names"
"""System attribute of a study in which Optuna keeps what `set_metric_names` was given."""

_MANY_WAITING = 500


def is_unfinished(word: str) -> bool:
    """Whether a trial may still change: Optuna refuses every change of one that finished."""
    return word.startswith(("RUNNING", "WAITING"))


def is_study_attribute(key: str) -> bool:
    """Whether an attribute of a study is one that columns are made of."""
    return key.startswith(attributes.PREFIX) and not key.startswith(attributes.JOINS)


class TrialRows(NamedTuple):
    """Trials: times are texts or datetimes in UTC, values None where there is none."""

    ids: Sequence[int]
    numbers: Sequence[int]
    words: Sequence[str]
    started: Sequence[Any]
    completed: Sequence[Any]
    values: Sequence[float | None]


class ParameterRows(NamedTuple):
    """Parameters in Optuna's internal representation; `distributions` are JSON.

    The distribution may be an empty text where it is not categorical. `newest` holds, for each
    name, the highest id of a trial among the rows that has it, and its distribution.
    """

    ids: Sequence[int]
    names: Sequence[str]
    values: Sequence[float]
    distributions: Sequence[str]
    newest: Mapping[str, tuple[int, str]]


class AttributeRows(NamedTuple):
    """Attributes, their values as JSON."""

    ids: Sequence[int]
    keys: Sequence[str]
    values: Sequence[str]


class ReportRows(NamedTuple):
    """Reports; `kinds` says what a value is that is None. `row_ids` grow with time."""

    ids: Sequence[int]
    steps: Sequence[int]
    values: Sequence[float | None]
    kinds: Sequence[str]
    row_ids: Sequence[int]


class Reading(NamedTuple):
    """What a source found: the study's state, and the trials that are new or changed, whole.

    `queued` holds the attributes `FIXED` of trials that are queued.

    Rows of other trials may be among those of parameters, attributes and reports. The reports of a
    trial that runs may lack those that were read before.
    """

    study_id: int
    name: str
    directions: Sequence[str]
    attributes: Mapping[str, str]
    trials: TrialRows
    parameters: ParameterRows
    marks: AttributeRows
    constraints: AttributeRows
    reports: ReportRows
    queued: AttributeRows = AttributeRows((), (), ())


class Seen(NamedTuple):
    """How much of an unfinished trial was read; it is read again when one of these differs."""

    word: str
    parameters: int = 0
    marks: int = 0
    constraints: int = 0
    reports: int = 0


@dataclasses.dataclass
class Known:
    """What is remembered of a study between two looks.

    Attributes:
        name: Name of the study.
        study_id: Its id, or None before the first look.
        last_id: Highest id of a trial that was read.
        unfinished: What was seen of trials that may still change.
        report_ids: Highest row id of a report that was read, by trial; -1 to read all again.
        anchors: Start times of the first and the last trial that started, by which the study is
            told from another that took its ids after it was deleted.
    """

    name: str
    study_id: int | None = None
    last_id: int = -1
    unfinished: dict[int, Seen] = dataclasses.field(default_factory=dict)
    report_ids: dict[int, int] = dataclasses.field(default_factory=dict)
    anchors: dict[int, float] = dataclasses.field(default_factory=dict)

    @property
    def running(self) -> list[int]:
        """Ids of the trials that run."""
        return [trial_id for trial_id, seen in self.unfinished.items() if seen.word == "RUNNING"]

    @property
    def waiting(self) -> list[int]:
        """Ids of the trials that are queued, in order."""
        return sorted(
            trial_id for trial_id, seen in self.unfinished.items() if seen.word != "RUNNING"
        )

    @property
    def looked_at(self) -> set[int]:
        """Ids of the trials that each look asks for: of many that are queued, the ends."""
        waiting = self.waiting
        if len(waiting) > _MANY_WAITING:
            waiting = [waiting[0], waiting[-1]]
        return {*self.running, *waiting, *self.anchors}

    def is_in(self, name: str, trials: TrialRows) -> bool:
        """Whether trials, those that are looked at among them, are of the study that is known."""
        found = dict(zip(trials.ids, trials.started, strict=True))
        if not self.looked_at <= found.keys():
            return False
        if not self.anchors:
            return name == self.name
        started = as_times([found[trial_id] for trial_id in self.anchors])
        return bool((started == list(self.anchors.values())).all())


class Source(Protocol):
    """Where a study is read from."""

    def read(self, known: Known) -> Reading | None:
        """Return what changed, or None where the study is not there any more.

        Raises:
            KeyError: There is no study of that name.
        """
        ...


def as_times(times: Sequence[Any]) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Return naive UTC times, texts or datetimes, as seconds since 1970; NaN for None."""
    parsed = np.array(times, dtype="datetime64[us]")
    seconds = parsed.astype(np.int64) / 1e6
    seconds[np.isnat(parsed)] = np.nan
    return seconds
