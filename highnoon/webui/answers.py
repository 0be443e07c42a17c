"""What the API says of a study, made of its columns."""

import json
import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from highnoon.hpo import results
from highnoon.hpo.csv_export import seconds_of, utc_times
from highnoon.hpo.csv_export import trials_csv as csv_of
from highnoon.hpo.reader import StudyReader
from highnoon.hpo.reading import STATUSES, TrialColumns, summary_of, summary_row
from highnoon.hpo.space import SearchSpace

if TYPE_CHECKING:
    from highnoon.webui.live_study import LiveStudy

__all__ = ["best_text", "study_json", "trials_csv", "trials_json"]


def study_json(study: "LiveStudy") -> dict[str, Any]:
    """Return a study at a glance: its row in a list, and its best trial or None."""
    state, trials = study.feed.study, study.feed.columns
    row = summary_row(study.alias, summary_of(state, trials))
    best = trials.best(state.direction)
    return {
        **row,
        "direction": state.direction,
        "sampler": state.setup.sampler,
        "pruner": state.setup.pruner,
        "best": None if best is None else _trials(trials.some(np.array([best])))[0],
    }


def trials_json(study: "LiveStudy") -> str:
    """Return all trials of a study as JSON."""
    trials = study.feed.columns
    told = {
        "storage": study.alias,
        "study": study.feed.study.name,
        "trials": _trials(trials),
    }
    return json.dumps(told, allow_nan=False)


def best_text(study: "LiveStudy", kind: Literal["json", "yaml"]) -> str:
    """Return the best configuration as `StudyReader.best_text` does, without reading all trials.

    Raises:
        NoCompletedTrialError: No trial completed.
    """
    feed = study.feed
    state, trials = feed.study, feed.columns
    best = trials.best(state.direction)
    if best is None:
        return StudyReader.open(state.name, study.reader.study._storage).best_text(kind)
    space = None if state.search_space is None else SearchSpace.from_json(state.search_space)
    trial = feed.details(int(trials.number[best]))
    config = results.config_of(trial, space, name=state.name, direction=state.direction)
    return results.config_text(config, kind)


def trials_csv(study: "LiveStudy") -> bytes:
    """Return all trials as CSV, with the mark by which spreadsheets know UTF-8."""
    return csv_of(study.feed.columns).encode("utf-8-sig", errors="replace")


def _trials(trials: TrialColumns) -> list[dict[str, Any]]:
    started, completed = utc_times(trials.started), utc_times(trials.completed)
    seconds = seconds_of(trials)
    params = list(trials.parameters.items())
    told = []
    for row in range(len(trials)):
        worker, step = int(trials.worker[row]), int(trials.last_step[row])
        told.append(
            {
                "number": int(trials.number[row]),
                "state": STATUSES[trials.status[row]],
                "value": _number(trials.value[row]),
                "params": {
                    name: _choice(parameter.shown(row))
                    for name, parameter in params
                    if not math.isnan(parameter.values[row])
                },
                "started": started[row],
                "completed": completed[row],
                "seconds": seconds[row],
                "worker": trials.workers[worker] if worker >= 0 else None,
                "last_step": step if step >= 0 else None,
                "last_report": _number(trials.last_report[row]),
                "feasible": bool(trials.feasible[row]),
            }
        )
    return told


def _number(value: Any) -> float | None:
    """Return a number that JSON holds; None stands for those that it does not."""
    return float(value) if math.isfinite(value) else None


def _choice(value: Any) -> Any:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
