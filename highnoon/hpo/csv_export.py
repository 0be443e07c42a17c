"""All trials of a study as CSV that is safe to open in a spreadsheet."""

import csv
import datetime
import io
from typing import TYPE_CHECKING, Any

from highnoon.hpo import attributes
from highnoon.hpo.states import trial_status

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

__all__ = ["trials_csv"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def trials_csv(study: "optuna.Study") -> str:
    """Return a row per trial: number, state, value, times, worker, and a `params_` column each.

    Numbers are exact. Times are UTC in ISO 8601. Text that a spreadsheet would take for a formula,
    as it begins with `=`, `+`, `-`, `@` or a control character, gets an apostrophe before it; so
    do names of parameters. Lines end in CR LF (RFC 4180).
    """
    trials = study.get_trials(deepcopy=False)
    names = list(dict.fromkeys(name for trial in trials for name in trial.params))
    text = io.StringIO()
    writer = csv.writer(text)
    columns = ["number", "state", "value", "started", "completed", "seconds", "worker"]
    writer.writerow([*columns, *(_cell(f"params_{name}") for name in names)])
    for trial in trials:
        writer.writerow([_cell(value) for value in [*_about(trial), *_params(trial, names)]])
    return text.getvalue()


def _about(trial: "FrozenTrial") -> list[Any]:
    seconds = None if trial.duration is None else trial.duration.total_seconds()
    run = trial.user_attrs.get(attributes.RUN)
    return [
        trial.number,
        trial_status(trial),
        trial.values[0] if trial.values else None,
        _utc(trial.datetime_start),
        _utc(trial.datetime_complete),
        seconds,
        run.get("worker") if isinstance(run, dict) else None,
    ]


def _params(trial: "FrozenTrial", names: list[str]) -> list[Any]:
    return [trial.params.get(name) for name in names]


def _utc(time: datetime.datetime | None) -> str | None:
    return None if time is None else time.astimezone(datetime.UTC).isoformat()


def _cell(value: Any) -> Any:
    """Return a number as it is, and text so that it stays text."""
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return repr(value) if isinstance(value, float) else value
