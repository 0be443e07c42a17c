"""Which trials a plot shows, as what, and which of them are the best."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np

from highnoon.exceptions import ConfigError
from highnoon.hpo.reading import STATUSES, ParameterColumn, TrialColumns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from highnoon.hpo.study import Direction

__all__ = [
    "TOP",
    "column_of",
    "columns_named",
    "comparable",
    "shown_status",
    "shown_value",
    "sign_of",
    "top_rows",
    "value_range",
]

TOP = 10
"""How many trials "the best" are where a range is drawn or a space narrowed."""

_INFEASIBLE = STATUSES.index("infeasible")


def shown_status(columns: TrialColumns) -> "NDArray[np.int8]":
    """Return each trial's status; a completed one that violates a constraint is infeasible."""
    return np.where(
        columns.is_status("completed") & ~columns.feasible, _INFEASIBLE, columns.status
    ).astype(np.int8)


def shown_value(columns: TrialColumns) -> "NDArray[np.float64]":
    """Return where each trial stands on the value axis, NaN where it has no place there.

    That is the value of a completed trial, and the last report of one that was pruned or runs.
    """
    value = np.full(len(columns), np.nan)
    completed = columns.is_status("completed")
    value[completed] = columns.value[completed]
    unfinished = columns.is_status("pruned", "running")
    value[unfinished] = columns.last_report[unfinished]
    value[~np.isfinite(value)] = np.nan
    return value


def comparable(columns: TrialColumns) -> "NDArray[np.int64]":
    """Return the rows of the trials that may be the best: completed and feasible."""
    return np.flatnonzero(columns.is_status("completed") & columns.feasible)


def top_rows(
    columns: TrialColumns, direction: "Direction", count: int = TOP
) -> "NDArray[np.int64]":
    """Return the rows of the best trials, the best first, the earlier first among equals."""
    rows = comparable(columns)
    order = np.argsort(sign_of(direction) * columns.value[rows], kind="stable")
    return rows[order[:count]]


def value_range(
    value: "NDArray[np.float64]", status: "NDArray[np.int8]", direction: "Direction"
) -> tuple[float, float] | None:
    """Return the part of the value axis that is worth showing, or None where nothing has a value.

    It holds the best values and ends, on the worse side, at the 90th percentile of the completed
    trials; with fewer than ten of them it holds everything.

    Args:
        value: As `shown_value` returns it.
        status: As `shown_status` returns it.
        direction: What is better.
    """
    loss = sign_of(direction) * value
    known = loss[~np.isnan(loss)]
    if not len(known):
        return None
    best, worst = float(known.min()), float(known.max())
    completed = loss[(status == STATUSES.index("completed")) & ~np.isnan(loss)]
    if len(completed) >= TOP:
        worst = float(np.percentile(completed, 90))
    return (best, worst) if direction == "minimize" else (-worst, -best)


def sign_of(direction: "Direction") -> float:
    """Return what values are multiplied by so that less is better."""
    return -1.0 if direction == "maximize" else 1.0


def column_of(columns: TrialColumns, name: str) -> ParameterColumn:
    """Return a parameter.

    Raises:
        ConfigError: No trial has it.
    """
    if name not in columns.parameters:
        near = get_close_matches(str(name), columns.parameters, n=1)
        known = ", ".join(columns.parameters) or "none yet"
        hint = f"Did you mean {near[0]}?" if near else f"The trials have: {known}."
        raise ConfigError(f"No parameter {name!r} in this study. {hint}")
    return columns.parameters[name]


def columns_named(columns: TrialColumns, names: Sequence[str] | None) -> list[ParameterColumn]:
    """Return parameters by name, or all of them.

    Raises:
        ConfigError: No trial has one of them, or the names are not a list.
    """
    if isinstance(names, str):
        raise ConfigError(f"parameters is a list of names, got {names!r}. Write [{names!r}].")
    return [column_of(columns, name) for name in columns.parameters if names is None] + [
        column_of(columns, name) for name in names or ()
    ]
