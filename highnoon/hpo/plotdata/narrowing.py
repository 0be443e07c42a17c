"""A search space narrowed to where chosen trials lie."""

import dataclasses
import math
from collections.abc import Collection, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from highnoon.exceptions import ConfigError, SearchSpaceError
from highnoon.hpo.choices import label_choices, same_choice
from highnoon.hpo.constraints import parse_constraints
from highnoon.hpo.parameters import (
    CategoricalParameter,
    FloatParameter,
    IntParameter,
    Parameter,
)
from highnoon.hpo.plotdata.selection import TOP, column_of, top_rows
from highnoon.hpo.reading import ParameterColumn, TrialColumns
from highnoon.hpo.space import SearchSpace, when

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from highnoon.hpo.choices import Label
    from highnoon.hpo.study import Direction

__all__ = ["Narrowed", "Region", "narrowed"]

Region: TypeAlias = Mapping[str, tuple[float, float] | Collection[Any]]
"""What trials must lie in: for each parameter named, lowest and highest value as a tuple, or for a
categorical one the choices."""

_DIGITS = 3


@dataclasses.dataclass(frozen=True, eq=False)
class Narrowed:
    """A search space inside another one.

    Attributes:
        entries: What `SearchSpace.parse` and `fork` take.
        constraints: The constraints that still apply.
        trials: int64; numbers of the trials that it was narrowed to.
        changed: Parameters whose range or choices became smaller.
        dropped: Parameters that can never be drawn any more, because of what they are conditional
            on; they are not among the entries.
    """

    entries: dict[str, Any]
    constraints: tuple[str, ...]
    trials: "NDArray[np.int64]"
    changed: tuple[str, ...]
    dropped: tuple[str, ...]

    @property
    def space(self) -> SearchSpace:
        """The search space itself."""
        return SearchSpace.parse(self.entries, self.constraints)


def narrowed(
    columns: TrialColumns,
    direction: "Direction",
    space: "SearchSpace | Mapping[str, Any]",
    trials: "Sequence[int] | Region | None" = None,
) -> Narrowed:
    """Return a search space narrowed to the ranges of chosen trials.

    Ends of real numbers are rounded outwards to three digits. No range becomes wider than it was,
    and each holds all chosen trials. What none of them drew stays as it is.

    Args:
        columns: The trials.
        direction: What is better.
        space: The study's search space.
        trials: Numbers of trials, or a region whose completed feasible trials are taken; the ten
            best where nothing is given.

    Raises:
        ConfigError: No trial is chosen, or there is no such trial or parameter.
        SearchSpaceError: The space is wrong.
    """
    space = SearchSpace.parse(space)
    rows = _chosen(columns, direction, trials)
    ranges = {
        name: _narrow(parameter, columns.parameters.get(name), rows)
        for name, parameter in space.parameters.items()
    }
    entries: dict[str, Any] = {}
    dropped = []
    for name in space:
        conditions = {
            parent: [label for label in labels if parent in entries and ranges[parent].has(label)]
            for parent, labels in space.conditions[name].items()
        }
        if not all(conditions.values()):
            dropped.append(name)
            continue
        entry = ranges[name].entry
        entries[name] = when(entry, **conditions) if conditions else entry
    expressions = parse_constraints(space.constraints, space.parameters)
    return Narrowed(
        entries=entries,
        constraints=tuple(e.text for e in expressions if e.names <= entries.keys()),
        trials=np.sort(columns.number[rows]),
        changed=tuple(name for name in entries if ranges[name].changed),
        dropped=tuple(dropped),
    )


@dataclasses.dataclass(frozen=True)
class _Range:
    """What became of one parameter: its entry, and the labels or numbers it still holds."""

    entry: tuple[Any, ...]
    changed: bool
    labels: "tuple[Label, ...] | None" = None

    def has(self, label: "Label") -> bool:
        if self.labels is not None:
            return any(same_choice(label, kept) for kept in self.labels)
        low, high, *step = self.entry[1:]
        return low <= label <= high and (label - low) % (step[0] if step else 1) == 0  # type: ignore[operator]


def _chosen(
    columns: TrialColumns, direction: "Direction", trials: "Sequence[int] | Region | None"
) -> "NDArray[np.int64]":
    """Return the rows of the chosen trials."""
    if trials is None:
        rows = top_rows(columns, direction, TOP)
        if not len(rows):
            raise ConfigError("No trial completed yet; there is nothing to narrow the space to.")
        return rows
    if isinstance(trials, Mapping):
        rows = np.sort(top_rows(columns, direction, len(columns)))
        for name, wanted in trials.items():
            rows = rows[_lies_in(column_of(columns, name), rows, wanted)]
        if not len(rows):
            raise ConfigError(f"No completed trial lies in {dict(trials)!r}. Choose a larger one.")
        return rows
    numbers = np.array(list(trials), dtype=np.int64)
    if not len(numbers):
        raise ConfigError("No trial is chosen. Give numbers of trials, or None for the ten best.")
    missing = numbers[~np.isin(numbers, columns.number)]
    if len(missing):
        raise ConfigError(f"This study has no trial {missing[0]}; it has {len(columns)}.")
    return np.flatnonzero(np.isin(columns.number, numbers))


def _lies_in(
    column: ParameterColumn, rows: "NDArray[np.int64]", wanted: Any
) -> "NDArray[np.bool_]":
    values = column.values[rows]
    if column.choices is not None:
        codes = [
            code
            for code, choice in enumerate(column.choices)
            if any(same_choice(choice, other) for other in wanted)
        ]
        return np.isin(values, codes)
    low, high = wanted
    return (low <= values) & (values <= high)


def _narrow(
    parameter: Parameter, column: ParameterColumn | None, rows: "NDArray[np.int64]"
) -> _Range:
    values = np.empty(0) if column is None else column.values[rows]
    drawn = np.flatnonzero(~np.isnan(values))
    if isinstance(parameter, CategoricalParameter):
        assert column is None or column.choices is not None or not len(drawn)
        shown = [] if column is None else [column.shown(rows[place]) for place in drawn]
        return _narrow_choices(parameter, shown)
    ends = (float(values[drawn].min()), float(values[drawn].max())) if len(drawn) else None
    if isinstance(parameter, IntParameter):
        return _narrow_ints(parameter, ends)
    assert isinstance(parameter, FloatParameter)
    return _narrow_floats(parameter, ends)


def _narrow_choices(parameter: CategoricalParameter, shown: Sequence[Any]) -> _Range:
    used: set[int] = set()
    for value in shown:
        try:
            used.add(parameter.labels.index(parameter.label(value)))
        except SearchSpaceError:  # another tool drew it from other choices
            continue
    kept = sorted(used)
    labels = tuple(parameter.labels[place] for place in kept)
    # Of choices that look alike, labels tell the first from the second: without the first, the
    # second would take its label.
    if not kept or label_choices([parameter.choices[place] for place in kept]) != labels:
        kept = list(range(len(parameter.choices)))
    return _Range(
        (parameter.kind, [parameter.choices[place] for place in kept]),
        changed=len(kept) < len(parameter.choices),
        labels=tuple(parameter.labels[place] for place in kept),
    )


def _narrow_ints(parameter: IntParameter, ends: tuple[float, float] | None) -> _Range:
    low, high, step = parameter.low, parameter.high, parameter.step
    if ends is not None and ends[1] >= low and ends[0] <= high:
        first = max(0, math.floor((ends[0] - low) / step))
        last = min((high - low) // step, math.ceil((ends[1] - low) / step))
        low, high = low + first * step, low + last * step
    stepped = (step,) if step != 1 else ()
    changed = (low, high) != (parameter.low, parameter.high)
    return _Range((parameter.kind, low, high, *stepped), changed)


def _narrow_floats(parameter: FloatParameter, ends: tuple[float, float] | None) -> _Range:
    low, high = parameter.low, parameter.high
    if ends is not None and low <= ends[0] == ends[1] <= high:
        low = high = ends[0]
    elif ends is not None and ends[1] >= low and ends[0] <= high:
        size = None if parameter.log else ends[1] - ends[0]
        low = max(low, _rounded(ends[0], size, ROUND_FLOOR))
        high = min(high, _rounded(ends[1], size, ROUND_CEILING))
    return _Range((parameter.kind, low, high), (low, high) != (parameter.low, parameter.high))


def _rounded(value: float, size: float | None, rounding: str) -> float:
    """Round to three digits of a size, or of the value itself; never past the value."""
    exact = Decimal(value)
    largest = abs(exact) if size is None else Decimal(size)
    last_digit = Decimal(1).scaleb(largest.adjusted() - _DIGITS + 1)
    rounded = float(exact.quantize(last_digit, rounding=rounding))
    return min(rounded, value) if rounding == ROUND_FLOOR else max(rounded, value)
