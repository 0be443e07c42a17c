"""Changes of a study as one binary message, for pages that keep the study's columns themselves.

A message is the length of its header (4 bytes, little endian), the header (JSON in UTF-8, padded
with spaces to a multiple of 8), and the arrays that the header lists, each padded to a multiple of
8 with zeros, so that a browser can look at them without copying. Numbers are little endian.
"""

import json
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from optuna.distributions import FloatDistribution, IntDistribution

from highnoon.hpo.reading.columns import ParameterColumn, ReportColumns, StudyState, TrialColumns

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

__all__ = ["encode_changes"]

_TRIALS: Mapping[str, str] = {
    "number": "i4",
    "status": "i1",
    "value": "f8",
    "last_step": "i4",
    "last_report": "f8",
    "started": "f8",
    "completed": "f8",
    "feasible": "u1",
    "retry_of": "i4",
    "worker": "i4",
}
_REPORTS: Mapping[str, str] = {"number": "i4", "step": "i4", "value": "f8"}
_ALIGNMENT = 8


def encode_changes(
    *,
    base: int,
    revision: int,
    study: StudyState | None,
    trials: TrialColumns,
    reports: ReportColumns,
    known: "Iterable[ParameterColumn]" = (),
    known_workers: int = 0,
) -> bytes:
    """Return changes as a message.

    Args:
        base: The revision that the changes are made to; -1 where they are the whole study.
        revision: The revision that they make of it.
        study: The study's state where it changed.
        trials: Trials that are new or changed, whole rows.
        reports: Reports that are new or changed.
        known: The parameters that the reader knows, so that they are not described again.
        known_workers: How many names of workers the reader knows.
    """
    described = {parameter.name: _description(parameter) for parameter in known}
    arrays: list[tuple[str, NDArray[Any]]] = [
        (f"trials.{name}", _little(getattr(trials, name), kind)) for name, kind in _TRIALS.items()
    ]
    parameters = []
    for name, parameter in trials.parameters.items():
        description = _description(parameter)
        parameters.append({"name": name} if described.get(name) == description else description)
        arrays.append((f"parameters.{name}", _little(parameter.values, "f8")))
    arrays += [
        (f"reports.{name}", _little(getattr(reports, name), kind))
        for name, kind in _REPORTS.items()
    ]
    header = {
        "base": base,
        "revision": revision,
        "study": None if study is None else _state(study),
        "workers": [known_workers, list(trials.workers[known_workers:])],
        "parameters": parameters,
        "arrays": [[name, array.dtype.str[1:], len(array)] for name, array in arrays],
    }
    text = json.dumps(header, ensure_ascii=False, allow_nan=False).encode(errors="replace")
    text += b" " * (-(len(text) + 4) % _ALIGNMENT)
    parts = [len(text).to_bytes(4, "little"), text]
    for _, array in arrays:
        raw = array.tobytes()
        parts += [raw, bytes(-len(raw) % _ALIGNMENT)]
    return b"".join(parts)


def _little(array: "NDArray[Any]", kind: "DTypeLike") -> "NDArray[Any]":
    return np.ascontiguousarray(array, dtype=np.dtype(kind).newbyteorder("<"))


def _state(study: StudyState) -> dict[str, Any]:
    flags = study.flags
    space = study.search_space
    return {
        "name": study.name,
        "direction": study.direction,
        "paused": None if flags.paused is None else flags.paused.to_json(),
        "stop": None if flags.stop is None else flags.stop.to_json(),
        "gave_up": None if flags.gave_up is None else flags.gave_up.to_json(),
        "archived": None if flags.archived is None else flags.archived.to_json(),
        "space": space,
        "metric": study.metric,
        "goal": study.goal,
        "sampler": study.setup.sampler,
        "pruner": study.setup.pruner,
    }


def _description(parameter: ParameterColumn) -> dict[str, Any]:
    """Return what a page needs to draw a parameter; labels stand for choices."""
    distribution = parameter.distribution
    if isinstance(distribution, FloatDistribution | IntDistribution):
        return {
            "name": parameter.name,
            "kind": "int" if isinstance(distribution, IntDistribution) else "float",
            "low": distribution.low,
            "high": distribution.high,
            "log": distribution.log,
            "step": distribution.step,
        }
    choices = [_choice(choice) for choice in parameter.choices or ()]
    return {"name": parameter.name, "kind": "categorical", "choices": choices}


def _choice(choice: Any) -> Any:
    """Return a choice as JSON holds it: what is not finite as its name."""
    if isinstance(choice, float) and not math.isfinite(choice):
        return str(choice)
    return choice
