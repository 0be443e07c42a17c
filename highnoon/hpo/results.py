"""What a study found: its best trial, a table of trials, the best configuration as a file."""

import html
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from highnoon.exceptions import ConfigError, NoCompletedTrialError, SearchSpaceError
from highnoon.hpo import attributes
from highnoon.hpo.run.progress import format_value
from highnoon.hpo.states import best_of, trial_status
from highnoon.hpo.study import direction_of

if TYPE_CHECKING:
    import optuna
    import pandas as pd
    from optuna.trial import FrozenTrial

    from highnoon.hpo.space import SearchSpace
    from highnoon.hpo.study import Direction

__all__ = [
    "best_config",
    "best_trial",
    "config_of",
    "config_text",
    "params_of",
    "study_html",
    "trials_dataframe",
    "write_config",
]


def best_trial(study: "optuna.Study") -> "FrozenTrial":
    """Return the completed trial with the best finite value.

    Raises:
        NoCompletedTrialError: There is none; the message says what became of the trials.
    """
    trials = study.get_trials(deepcopy=False)
    best = best_of(trials, direction_of(study))
    if best is None:
        raise NoCompletedTrialError(_no_completed_trial(study.study_name, trials))
    return best


def params_of(trial: "FrozenTrial", space: "SearchSpace | None") -> dict[str, Any]:
    """Return a trial's parameters as its objective saw them: the objects behind the labels."""
    if space is None:
        return dict(trial.params)
    try:
        return space.resolve(trial.params)
    except SearchSpaceError:  # another tool added a trial with parameters of its own
        return dict(trial.params)


def best_config(study: "optuna.Study", space: "SearchSpace | None") -> dict[str, Any]:
    """Return the best trial as a JSON-compatible dict; choices that JSON cannot hold as labels.

    Raises:
        NoCompletedTrialError: No trial completed.
    """
    return config_of(best_trial(study), space, name=study.study_name, direction=direction_of(study))


def config_of(
    trial: "FrozenTrial", space: "SearchSpace | None", *, name: str, direction: "Direction"
) -> dict[str, Any]:
    """Return a completed trial as `best_config` returns the best one.

    Args:
        trial: The trial.
        space: The search space, by which choices are known that are no labels.
        name: Name of its study.
        direction: Of its study.
    """
    params = params_of(trial, space)
    return {
        "study": name,
        "direction": direction,
        "trial": trial.number,
        "value": trial.values[0],
        "params": {
            name: value if _is_json(value) else trial.params[name] for name, value in params.items()
        },
    }


def config_text(config: dict[str, Any], kind: Literal["json", "yaml"]) -> str:
    """Return a best configuration as the text of a JSON or YAML file."""
    if kind == "json":
        return json.dumps(config, indent=2, ensure_ascii=False) + "\n"
    import yaml

    return yaml.safe_dump(config, sort_keys=False, allow_unicode=True)


def write_config(config: dict[str, Any], path: str | Path) -> Path:
    """Write a best configuration as JSON or YAML, by the ending of the path.

    Raises:
        ConfigError: The path ends neither in .json nor in .yaml or .yml, or cannot be written.
    """
    path = Path(path)
    if path.suffix not in (".json", ".yaml", ".yml"):
        raise ConfigError(f"Name a file that ends in .json, .yaml or .yml, got {str(path)!r}.")
    text = config_text(config, "json" if path.suffix == ".json" else "yaml")
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"Cannot write {str(path)!r}: {error.strerror}. Name a file in a folder that is there "
            "and writable."
        ) from error
    return path


def trials_dataframe(study: "optuna.Study") -> "pd.DataFrame":
    """Return a row per trial: number, state (`trial_status`), value, times, `params_` columns."""
    frame = study.trials_dataframe(
        attrs=(
            "number",
            "state",
            "value",
            "datetime_start",
            "datetime_complete",
            "duration",
            "params",
        )
    )
    trials = study.get_trials(deepcopy=False)[: len(frame)]
    frame["state"] = [trial_status(trial) for trial in trials]
    return frame


def study_html(study: "optuna.Study", storage: str) -> str:
    """Return a small table that a notebook shows: what the study is, and the best so far."""
    trials = study.get_trials(deepcopy=False)
    direction = direction_of(study)
    counts = Counter(map(trial_status, trials))
    rows = [
        ("direction", direction),
        ("storage", storage),
        ("sampler", type(study.sampler).__name__),
        ("pruner", type(study.pruner).__name__),
        (
            "trials",
            ", ".join(f"{count} {status}" for status, count in counts.items()) or "none yet",
        ),
    ]
    best = best_of(trials, direction)
    if best is not None:
        rows.append(("best value", f"{format_value(best.values[0])} (trial {best.number})"))
        rows += [(name, str(value)) for name, value in best.params.items()]
    cells = "".join(
        f'<tr><th scope="row" style="text-align:left">{html.escape(name)}</th>'
        f'<td style="text-align:left">{html.escape(value)}</td></tr>'
        for name, value in rows
    )
    caption = f'<caption style="text-align:left">{html.escape(study.study_name)}</caption>'
    return f"<table>{caption}<tbody>{cells}</tbody></table>"


def _is_json(value: Any) -> bool:
    try:
        return json.loads(json.dumps(value)) == value
    except (TypeError, ValueError):
        return False


def _no_completed_trial(name: str, trials: "list[FrozenTrial]") -> str:
    if not trials:
        return f"The study {name!r} has no trials yet. Run optimize() first."
    counts = Counter(map(trial_status, trials))
    what = ", ".join(f"{count} {status}" for status, count in counts.items())
    message = f"No trial of the study {name!r} completed: {what}."
    for status, attribute in (
        ("failed", attributes.FAILURE),
        ("infeasible", attributes.INFEASIBLE),
        ("diverged", attributes.DIVERGED),
    ):
        last = next((t for t in reversed(trials) if trial_status(t) == status), None)
        if last is not None and attribute in last.user_attrs:
            reason = last.user_attrs[attribute]
            if status == "failed":
                reason = f"{reason['type']}: {reason['message']}"
            message += f"\nTrial {last.number}, {status}: {reason}"
    return message
