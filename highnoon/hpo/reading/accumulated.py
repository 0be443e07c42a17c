"""All that was read of a study, kept as columns and brought up to date by each reading."""

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from highnoon.hpo import attributes
from highnoon.hpo.reading.columns import (
    STATUSES,
    ReportColumns,
    StudyChanges,
    StudyState,
    TrialColumns,
)
from highnoon.hpo.reading.growing import GrowingColumns
from highnoon.hpo.reading.parameters import Parameters
from highnoon.hpo.reading.reports import Reports
from highnoon.hpo.reading.rows import (
    AttributeRows,
    Known,
    Reading,
    Seen,
    as_times,
    is_unfinished,
)
from highnoon.hpo.states import status_of

__all__ = ["Accumulated"]

_COLUMNS = {
    "number": (np.int64, -1),
    "trial_id": (np.int64, -1),
    "status": (np.int8, -1),
    "value": (np.float64, np.nan),
    "last_step": (np.int64, -1),
    "last_report": (np.float64, np.nan),
    "started": (np.float64, np.nan),
    "completed": (np.float64, np.nan),
    "feasible": (np.bool_, True),
    "retry_of": (np.int64, -1),
    "worker": (np.int32, -1),
}
_QUEUED = STATUSES.index("queued")
_INFINITE = {"INF_POS": math.inf, "INF_NEG": -math.inf}


class Accumulated:
    """The columns of a study.

    Args:
        name: Name of the study.

    Attributes:
        known: What a source needs to find what changed since.
        study: The study's state; None before the first reading.
    """

    def __init__(self, name: str) -> None:
        self.known = Known(name)
        self.study: StudyState | None = None
        self._trials = GrowingColumns(**_COLUMNS)
        self._parameters = Parameters(self._trials)
        self._reports = Reports()
        self._workers: dict[str, int] = {}
        self._attributes: dict[str, str] | None = None

    def take(self, reading: Reading) -> StudyChanges:
        """Bring the columns up to date and return what changed."""
        reset = self.known.study_id is None
        self.known.study_id = reading.study_id
        study = self._take_study(reading)
        rows = self._rows_of(reading.trials.ids)
        if len(rows):
            reports, filled = self._take_trials(rows, reading)
            rows = np.union1d(rows, np.fromiter(filled, np.int64))
        else:
            none = np.empty(0, dtype=np.int64)
            reports = ReportColumns(none, none, none.astype(np.float64))
        return StudyChanges(reset, study, self.trials(rows), reports)

    def trials(self, rows: np.ndarray | None = None) -> TrialColumns:
        """Return copies of all rows, or of some."""
        return TrialColumns(
            **{name: self._trials.copy(name, rows) for name in _COLUMNS},
            workers=tuple(self._workers),
            parameters=self._parameters.columns(rows),
        )

    def reports(self) -> ReportColumns:
        """Return all reports, by trial and step."""
        return self._reports.columns()

    def id_of(self, number: int) -> int | None:
        """Return the id of a trial in the storage, or None where there is none."""
        found = np.flatnonzero(self._trials["number"] == number)
        return int(self._trials["trial_id"][found[0]]) if len(found) else None

    def _take_study(self, reading: Reading) -> StudyState | None:
        attrs = dict(reading.attributes)
        direction = "maximize" if reading.directions[0] == "MAXIMIZE" else "minimize"
        before = self.study
        if (
            before is not None
            and attrs == self._attributes
            and (before.name, before.direction) == (reading.name, direction)
        ):
            return None
        self._attributes = attrs
        self.known.name = reading.name
        parsed = {key: json.loads(value) for key, value in attrs.items()}
        self.study = StudyState(reading.name, direction, parsed)
        return self.study

    def _rows_of(self, ids: Sequence[int]) -> np.ndarray:
        """Return the rows of trials, new ones for those that have none."""
        wanted = np.array(ids, dtype=np.int64)
        new = np.sort(wanted[wanted > self.known.last_id])
        first = len(self._trials)
        self._trials.extend(len(new))
        self._trials["trial_id"][first:] = new
        return np.searchsorted(self._trials["trial_id"], wanted)

    def _take_trials(
        self, rows: np.ndarray, reading: Reading
    ) -> tuple[ReportColumns, Iterable[int]]:
        """Keep trials and all that belongs to them.

        Returns:
            The new reports, and rows of queued trials of whose parameters more is known.
        """
        trials = reading.trials
        values = np.array(trials.values, dtype=np.float64)
        if any("/" in word for word in set(trials.words)):
            for i, word in enumerate(trials.words):
                if "/" in word:
                    values[i] = _INFINITE[word.partition("/")[2]]
        table = self._trials
        table["number"][rows] = trials.numbers
        table["value"][rows] = values
        table["started"][rows] = as_times(trials.started)
        table["completed"][rows] = as_times(trials.completed)

        place = _Places(trials.ids)
        parameters, of_parameters = place.of(reading.parameters.ids)
        self._parameters.clear(rows[table["status"][rows] == _QUEUED])
        filled = self._parameters.set(rows[parameters], of_parameters, reading.parameters)
        queued, of_queued = place.of(reading.queued.ids)
        for row, is_known, text in zip(
            rows[queued].tolist(), of_queued.tolist(), reading.queued.values, strict=True
        ):
            if is_known:
                self._parameters.queue(row, json.loads(text))
        marks, of_marks = place.of(reading.marks.ids)
        self._take_marks(rows, marks, of_marks, reading)
        constraints, of_constraints = place.of(reading.constraints.ids)
        self._take_constraints(rows[constraints], of_constraints, reading.constraints)
        reports, of_reports = place.of(reading.reports.ids)
        new_reports = self._take_reports(rows, reports, of_reports, reading)

        counted = [
            np.bincount(places[known], minlength=len(rows))
            for places, known in (
                (parameters, of_parameters),
                (marks, of_marks),
                (constraints, of_constraints),
            )
        ]
        self._remember(reading, np.array(counted).T, reports[of_reports], of_reports)
        return new_reports, filled

    def _take_marks(
        self, rows: np.ndarray, places: np.ndarray, known: np.ndarray, reading: Reading
    ) -> None:
        """Keep workers, retries and statuses."""
        marks, words = reading.marks, reading.trials.words
        seen: list[tuple[str, ...]] = [()] * len(rows)
        workers: dict[int, int] = {}
        retries: dict[int, int] = {}
        for place, is_known, key, value in zip(
            places.tolist(), known.tolist(), marks.keys, marks.values, strict=True
        ):
            if not is_known:
                continue
            if key == attributes.RUN:
                worker = _worker(value)
                if worker is not None:
                    workers[place] = self._workers.setdefault(worker, len(self._workers))
            elif key == attributes.RETRY_OF:
                retries[place] = int(value)
            else:
                seen[place] = (*seen[place], key)
        self._trials["worker"][rows[list(workers)]] = list(workers.values())
        self._trials["retry_of"][rows[list(retries)]] = list(retries.values())
        finite = np.isfinite(self._trials["value"][rows]).tolist()
        states = list(zip(words, seen, finite, strict=True))
        codes = {state: _status_code(state) for state in set(states)}
        self._trials["status"][rows] = [codes[state] for state in states]

    def _take_constraints(
        self, rows: np.ndarray, known: np.ndarray, constraints: AttributeRows
    ) -> None:
        for row, is_known, text in zip(rows, known, constraints.values, strict=True):
            if is_known and _is_violated(json.loads(text)):
                self._trials["feasible"][row] = False

    def _take_reports(
        self, rows: np.ndarray, places: np.ndarray, known: np.ndarray, reading: Reading
    ) -> ReportColumns:
        """Keep reports and each trial's last one; return what is new or overwritten."""
        reports = reading.reports
        places = places[known]
        steps = np.array(reports.steps, dtype=np.int64)[known]
        values = np.array(reports.values, dtype=np.float64)  # None becomes NaN
        if _INFINITE.keys() & set(reports.kinds):
            for i, kind in enumerate(reports.kinds):
                values[i] = _INFINITE.get(kind, values[i])
        values = values[known]

        order = np.lexsort((steps, places))
        ends = np.flatnonzero(np.diff(places[order], append=-1))
        last = order[ends]
        newer = last[steps[last] >= self._trials["last_step"][rows[places[last]]]]
        self._trials["last_step"][rows[places[newer]]] = steps[newer]
        self._trials["last_report"][rows[places[newer]]] = values[newer]

        numbers = self._trials["number"][rows]
        growing = _unfinished(reading.trials.words)
        return self._reports.set(
            numbers[places],
            steps,
            values,
            growing=set(numbers[growing].tolist()),
            finished=set(numbers[~growing].tolist()),
        )

    def _remember(
        self,
        reading: Reading,
        counted: np.ndarray,
        report_places: np.ndarray,
        of_reports: np.ndarray,
    ) -> None:
        """Note how much was read, so that the next reading finds what is new."""
        known, trials = self.known, reading.trials
        last_rows = np.full(len(trials.ids), -1, dtype=np.int64)
        row_ids = np.array(reading.reports.row_ids, dtype=np.int64)[of_reports]
        np.maximum.at(last_rows, report_places, row_ids)
        before = known.report_ids.copy()
        for trial_id in known.unfinished.keys() & set(trials.ids):
            del known.unfinished[trial_id], known.report_ids[trial_id]
        for i in np.flatnonzero(_unfinished(trials.words)).tolist():
            trial_id, word = trials.ids[i], trials.words[i]
            reports = self._reports.count(trials.numbers[i])
            parameters, marks, constraints = counted[i].tolist()
            seen = Seen(word, parameters, marks, constraints, reports)
            known.unfinished[trial_id] = seen if word == "RUNNING" else Seen(word)
            known.report_ids[trial_id] = max(before.get(trial_id, -1), int(last_rows[i]))
        ids, started = self._trials["trial_id"], self._trials["started"]
        known.last_id = int(ids[-1]) if len(ids) else -1
        has_started = np.flatnonzero(~np.isnan(started))
        ends = {*has_started[:1].tolist(), *has_started[-1:].tolist()}
        known.anchors = {int(ids[row]): float(started[row]) for row in ends}


def _unfinished(words: Sequence[str]) -> np.ndarray:
    """Return which trials may still change; there are few words, and many trials."""
    known = {word: is_unfinished(word) for word in set(words)}
    return np.array([known[word] for word in words], dtype=np.bool_)


class _Places:
    """Finds where trials stand among those that were read.

    Args:
        ids: The ids of those.
    """

    def __init__(self, ids: Sequence[int]) -> None:
        unordered = np.array(ids, dtype=np.int64)
        self._order = np.argsort(unordered, kind="stable")
        self._ids = unordered[self._order]

    def of(self, ids: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Return the place of each, and whether it is there at all."""
        wanted = np.array(ids, dtype=np.int64)
        found = np.minimum(np.searchsorted(self._ids, wanted), len(self._ids) - 1)
        return self._order[found], self._ids[found] == wanted


def _status_code(state: tuple[str, tuple[str, ...], bool]) -> int:
    word, marks, finite = state
    return STATUSES.index(status_of(word.partition("/")[0], marks, finite=finite))


def _worker(run: str) -> str | None:
    """Return the worker in the JSON of `attributes.RUN`, without reading all of it."""
    _, found, rest = run.partition('"worker": "')
    name, quote, _ = rest.partition('"')
    if found and quote and "\\" not in name:
        return name
    parsed: Any = json.loads(run)
    return parsed.get("worker") if isinstance(parsed, dict) else None


def _is_violated(constraint: Any) -> bool:
    amounts = constraint if isinstance(constraint, list) else [constraint]
    return any(amount > 0.0 for amount in amounts)
