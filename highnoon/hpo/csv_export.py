"""All trials of a study as CSV that is safe to open in a spreadsheet."""

import csv
import datetime
import io
import math
from typing import TYPE_CHECKING, Any

from highnoon.hpo.reading.columns import STATUSES

if TYPE_CHECKING:
    import numpy as np

    from highnoon.hpo.reading.columns import TrialColumns

__all__ = ["seconds_of", "trials_csv", "utc_times"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def trials_csv(trials: "TrialColumns") -> str:
    """Return a row per trial: number, state, value, times, worker, and a `params_` column each.

    Numbers are exact. Times are UTC in ISO 8601. Text that a spreadsheet would take for a formula,
    as it begins with `=`, `+`, `-`, `@` or a control character, gets an apostrophe before it; so
    do names of parameters. Lines end in CR LF (RFC 4180).
    """
    text = io.StringIO()
    writer = csv.writer(text)
    columns = ["number", "state", "value", "started", "completed", "seconds", "worker"]
    parameters = trials.parameters.values()
    writer.writerow([*columns, *(_cell(f"params_{parameter.name}") for parameter in parameters)])
    cells: list[list[Any]] = [
        trials.number.tolist(),
        [STATUSES[code] for code in trials.status.tolist()],
        [None if math.isnan(value) else value for value in trials.value.tolist()],
        utc_times(trials.started),
        utc_times(trials.completed),
        seconds_of(trials),
        [trials.workers[code] if code >= 0 else None for code in trials.worker.tolist()],
        *([parameter.shown(row) for row in range(len(trials))] for parameter in parameters),
    ]
    writer.writerows([_cell(value) for value in row] for row in zip(*cells, strict=True))
    return text.getvalue()


def utc_times(times: "np.ndarray") -> list[str | None]:
    """Return times in seconds since 1970 as ISO 8601 in UTC, None where there is none."""
    return [
        None
        if math.isnan(time)
        else datetime.datetime.fromtimestamp(time, datetime.UTC).isoformat()
        for time in times.tolist()
    ]


def seconds_of(trials: "TrialColumns") -> list[float | None]:
    """Return how long trials took, None where one did not end."""
    return [
        None if math.isnan(seconds) else round(seconds, 6)
        for seconds in (trials.completed - trials.started).tolist()
    ]


def _cell(value: Any) -> Any:
    """Return a number as it is, and text so that it stays text."""
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return repr(value) if isinstance(value, float) else value
