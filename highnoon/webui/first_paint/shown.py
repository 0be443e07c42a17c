"""The trials that are read whole, as the cells of a table write them."""

import functools
import math
from typing import TYPE_CHECKING

import numpy as np

from highnoon.hpo.plotdata.selection import shown_status
from highnoon.hpo.reading import STATUSES
from highnoon.webui.first_paint import formats

if TYPE_CHECKING:
    from highnoon.hpo.reading import ReportColumns, StudyState, TrialColumns

__all__ = ["Shown"]


class Shown:
    """Trials whole, and what cells of them are written by.

    Args:
        study: The study's state.
        trials: The trials that were read whole.
        reports: Their reports.
        best: Number of the study's best trial, or None.
        decimals: Of values.
        now: Seconds since 1970.
    """

    def __init__(
        self,
        study: "StudyState",
        trials: "TrialColumns",
        reports: "ReportColumns",
        *,
        best: int | None,
        decimals: int,
        now: float,
    ) -> None:
        self.study = study
        self.trials = trials
        self.decimals = decimals
        self._status = shown_status(trials)
        self._reports = reports
        self._now = now
        rows = np.flatnonzero(trials.number == best) if best is not None else []
        self.best = int(rows[0]) if len(rows) else None
        completed = trials.last_step[trials.is_status("completed")]
        steps = completed if len(completed) and completed.max() > 0 else trials.last_step
        self.last_step = max(0, int(steps.max())) if len(steps) else 0

    def status(self, row: int) -> str:
        """Return a trial's status; a completed one that violates a constraint is infeasible."""
        return STATUSES[self._status[row]]

    def value(self, row: int) -> float:
        """Return a trial's value, or its last report while or where it has none."""
        value = float(self.trials.value[row])
        return float(self.trials.last_report[row]) if math.isnan(value) else value

    def step(self, row: int) -> str:
        """Return how far a trial came."""
        step = int(self.trials.last_step[row])
        if step < 0:
            return "–"
        if STATUSES[self.trials.status[row]] == "completed" or step >= self.last_step:
            return formats.integer(step)
        return f"{formats.integer(step)}/{formats.integer(self.last_step)}"

    def time(self, row: int) -> str:
        """Return how long a trial ran, or runs."""
        is_running = STATUSES[self.trials.status[row]] == "running"
        end = self._now if is_running else float(self.trials.completed[row])
        return formats.clock(end - float(self.trials.started[row]))

    def curve(self, row: int) -> tuple[np.ndarray, np.ndarray]:
        """Return steps and finite values of a trial's reports."""
        reports = self._reports
        kept = (reports.number == self.trials.number[row]) & np.isfinite(reports.value)
        return reports.step[kept], reports.value[kept]

    @functools.cached_property
    def best_span(self) -> float:
        """How far the best trial's reports lie apart."""
        values = self.curve(self.best)[1] if self.best is not None else np.empty(0)
        return float(values.max() - values.min()) if len(values) else 0.0
