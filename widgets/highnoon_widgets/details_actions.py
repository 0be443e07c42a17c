"""What a page asks about one trial: all there is of it, and what to do with it."""

import ast
import json
import math
from typing import TYPE_CHECKING, Any

from optuna.artifacts import get_all_artifact_meta

from highnoon.exceptions import StudyError
from highnoon.hpo import attributes
from highnoon.hpo.reading import STATUSES
from highnoon.hpo.results import params_of
from highnoon.hpo.run.control import StudyControl
from highnoon.hpo.storage import storage_errors
from highnoon_widgets.tracebacks import fold

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from highnoon_widgets.source import StudySource

__all__ = ["details", "enqueue_again", "set_note"]

LONGEST_NOTE = 10_000


def details(source: "StudySource", *, number: int) -> dict[str, Any]:
    """Return what columns do not hold of a trial, as JSON.

    Raises:
        StudyError: There is no such trial.
        StorageError: The storage does not answer.
    """
    trial = source.feed.details(number)
    attrs = trial.user_attrs
    failure = attrs.get(attributes.FAILURE)
    run = attrs.get(attributes.RUN)
    of_study = source.feed.study.attributes
    return _finite(
        {
            "number": number,
            "run": {} if not isinstance(run, dict) else run,
            "peak_memory": attrs.get(attributes.PEAK_MEMORY),
            "log": attrs.get(attributes.LOG),
            "series": _series(trial),
            "failure": _failure(failure) if isinstance(failure, dict) else None,
            "diverged": attrs.get(attributes.DIVERGED),
            "infeasible": attrs.get(attributes.INFEASIBLE),
            "interrupted": attrs.get(attributes.INTERRUPTED),
            "stopped": attrs.get(attributes.STOPPED),
            "stopping": of_study.get(f"{attributes.STOP_TRIAL}{number}"),
            "violated": [name for name, amount in trial.constraints.items() if amount > 0.0],
            "retried_by": _retried_by(source, number),
            "attributes": {
                name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                for name, value in attrs.items()
                if not name.startswith(attributes.PREFIX)
            },
            "queued": _queued(trial),
            "artifacts": _artifacts(source, trial),
            "note": of_study.get(f"{attributes.NOTE}{number}") or "",
            "code": _code(source, trial),
        }
    )


def enqueue_again(source: "StudySource", *, number: int) -> dict[str, int | None]:
    """Queue a trial's parameters once more; return the new trial's number.

    Raises:
        StudyError: The trial drew no parameters yet.
        SearchSpaceError: They do not fit the study's search space any more.
    """
    study = source.reader.study
    params = _params(source.feed.details(number))
    if not params:
        raise StudyError(f"Trial {number} has drawn no parameters yet. Try again when it runs.")
    if attributes.SEARCH_SPACE in source.feed.study.attributes:
        StudyControl.of(study, study._storage, label=source.storage).enqueue(params)
    else:
        with storage_errors(source.storage):
            study.enqueue_trial(params)
    source.refresh()
    columns = source.feed.columns
    queued = columns.number[columns.status == STATUSES.index("queued")]
    return {"number": int(queued.max()) if len(queued) else None}


def set_note(source: "StudySource", *, number: int, text: str) -> None:
    """Keep a note with a trial; an empty one is taken away.

    Raises:
        StudyError: The note is too long.
    """
    if len(text) > LONGEST_NOTE:
        raise StudyError(
            f"A note may have {LONGEST_NOTE} characters, this one has {len(text)}. Shorten it."
        )
    study = source.reader.study
    with storage_errors(source.storage):
        study._storage.set_study_user_attr(
            study._study_id, f"{attributes.NOTE}{number}", text.strip() or None
        )
    source.refresh()


def _series(trial: "FrozenTrial") -> list[dict[str, Any]]:
    return [
        {"name": name.removeprefix(attributes.SERIES), **series}
        for name, series in sorted(trial.user_attrs.items())
        if name.startswith(attributes.SERIES)
    ]


def _failure(failure: dict[str, Any]) -> dict[str, Any]:
    traceback = str(failure.get("traceback", ""))
    return {
        "type": str(failure.get("type", "Error")),
        "message": str(failure.get("message", "")),
        "place": str(failure.get("place", "")),
        "traceback": traceback,
        "parts": fold(traceback) if traceback else [],
    }


def _retried_by(source: "StudySource", number: int) -> int | None:
    columns = source.feed.columns
    retries = columns.number[columns.retry_of == number]
    return int(retries[0]) if len(retries) else None


def _params(trial: "FrozenTrial") -> dict[str, Any]:
    """Return a trial's parameters, also those that it is to get when it starts."""
    return dict(trial.params) or dict(trial.system_attrs.get("fixed_params", {}))


def _queued(trial: "FrozenTrial") -> dict[str, str]:
    """Return the parameters that a queued trial is to get, those that are fixed."""
    if trial.state.name != "WAITING":
        return {}
    return {name: str(value) for name, value in _params(trial).items()}


def _artifacts(source: "StudySource", trial: "FrozenTrial") -> list[dict[str, str]]:
    """Return name and type of the files that were uploaded for a trial by Optuna's artifacts."""
    storage = source.reader.study._storage
    return [
        {"name": meta.filename, "type": meta.mimetype}
        for meta in get_all_artifact_meta(trial, storage=storage)
    ]


def _code(source: "StudySource", trial: "FrozenTrial") -> str:
    """Return Python code that runs the objective once more as this trial did."""
    params = params_of(trial, source.reader._known_space())
    lines = [f"# {source.feed.study.name}, trial {trial.number}"]
    if trial.values and math.isfinite(trial.values[0]):
        lines[0] += f", {source.feed.study.metric or 'value'} {trial.values[0]!r}"
    run = trial.user_attrs.get(attributes.RUN)
    seed = run.get("seed") if isinstance(run, dict) else None
    if seed is not None:
        lines.append(f"# seed {seed}")
    labels = trial.params
    lines += [
        "params = {",
        *(f"    {name!r}: {_literal(value, labels[name])}," for name, value in params.items()),
        "}",
    ]
    return "\n".join([*lines, "objective(params)", ""])


def _literal(value: Any, label: Any) -> str:
    """Return a value as Python reads it; the label of a choice that cannot be written down."""
    try:
        ast.literal_eval(repr(value))
    except (ValueError, SyntaxError):
        return repr(label)
    return repr(value)


def _finite(value: Any) -> Any:
    """Return JSON in which numbers that are not finite are null."""
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
