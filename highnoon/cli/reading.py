"""Commands that read studies: `studies`, `show`, `export`."""

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from highnoon.cli.common import add_storage, print_table, shown

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from highnoon.hpo.reading import StudySummary

__all__ = ["add_reading_commands"]

_ROWS = 10
_DAY = 86_400


def add_reading_commands(commands: Any) -> None:
    """Add the commands to the parser's."""
    studies = commands.add_parser("studies", help="list the studies of a storage")
    add_storage(studies)
    studies.add_argument("--all", action="store_true", help="archived ones too")
    studies.set_defaults(run=_studies)

    show = commands.add_parser("show", help="show a study: its best trials, what mattered")
    show.add_argument("study")
    add_storage(show)
    show.add_argument("--top", type=int, default=_ROWS, help=f"trials to list (default {_ROWS})")
    show.set_defaults(run=_show)

    export = commands.add_parser("export", help="write the best configuration to a file")
    export.add_argument("study")
    export.add_argument("output", help="a path that ends in .json, .yaml or .yml")
    add_storage(export)
    export.set_defaults(run=_export)


def _studies(options: argparse.Namespace) -> None:
    from highnoon.hpo.reading import study_summaries
    from highnoon.hpo.storage import storage_label

    summaries = study_summaries(options.storage)
    listed = [summary for summary in summaries if options.all or summary.archived is None]
    archived = len(summaries) - len(listed)
    if listed:
        rows = [_study_row(summary) for summary in sorted(listed, key=lambda each: each.name)]
        print_table([("study", "direction", "best", "last activity", "trials"), *rows])
    elif not archived:
        print(f"No studies in {storage_label(options.storage)}.")
    if archived:
        print(f"{archived} archived {'study' if archived == 1 else 'studies'}: --all shows them.")


def _study_row(summary: "StudySummary") -> tuple[str, ...]:
    from highnoon.hpo.run.progress import format_value

    trials = ", ".join(f"{count} {status}" for status, count in summary.counts.items()) or "none"
    if summary.workers:
        trials += f" ({len(summary.workers)} worker{'s' * (len(summary.workers) > 1)})"
    if summary.paused is not None:
        trials += "; paused"
    return (
        summary.name,
        ", ".join(summary.directions),
        "–" if summary.best_value is None else format_value(summary.best_value),
        "–" if summary.last_activity is None else _ago(summary.last_activity),
        trials,
    )


def _ago(seconds_since_1970: float) -> str:
    from highnoon.hpo.run.progress import format_duration

    age = max(0.0, time.time() - seconds_since_1970)
    if age < _DAY:
        return f"{format_duration(age)} ago"
    return time.strftime("%Y-%m-%d", time.localtime(seconds_since_1970))


def _show(options: argparse.Namespace) -> None:
    from highnoon.hpo.reader import StudyReader
    from highnoon.hpo.run.progress import format_duration, format_value
    from highnoon.hpo.states import best_of, trial_status
    from highnoon.hpo.study import direction_of

    reader = StudyReader.open(options.study, options.storage)
    trials = reader.trials
    direction = direction_of(reader.study)
    counts = Counter(map(trial_status, trials))
    print(f"{reader.study_name}: {direction}, {len(trials)} trials")
    print(", ".join(f"{count} {status}" for status, count in counts.items()) or "No trials yet.")
    completed = [trial for trial in trials if trial_status(trial) == "completed"]
    _print_failures([trial for trial in trials if trial_status(trial) == "failed"])
    best = best_of(trials, direction)
    if best is None:
        return
    completed.sort(key=lambda trial: trial.values[0], reverse=direction == "maximize")
    names = list(best.params)
    kept = _numbers_kept(best)
    rows = [("trial", "value", "time", *kept, *names)]
    for trial in completed[: options.top]:
        seconds = trial.duration.total_seconds() if trial.duration else 0.0
        value, time_taken = format_value(trial.values[0]), format_duration(seconds)
        attrs = [shown(trial.user_attrs.get(name, "–")) for name in kept]
        params = [shown(trial.params.get(name, "–")) for name in names]
        rows.append((str(trial.number), value, time_taken, *attrs, *params))
    print(f"\nBest {len(rows) - 1} of {len(completed)} completed trials")
    print_table(rows)
    importance = reader.get_param_importance()
    if importance:
        print(f"\nImportance ({importance.evaluator}, {importance.n_trials} completed trials)")
        print_table([(name, f"{score:.3f}") for name, score in importance.items()])


def _numbers_kept(trial: "FrozenTrial") -> list[str]:
    """Return the names of the numbers that an objective kept with its trial."""
    from highnoon.hpo import attributes

    return [
        name
        for name, value in trial.user_attrs.items()
        if not name.startswith(attributes.PREFIX) and isinstance(value, int | float)
    ]


def _print_failures(failed: "Sequence[FrozenTrial]") -> None:
    from highnoon.hpo import attributes

    kept = [trial for trial in failed if attributes.FAILURE in trial.user_attrs]
    if not kept:
        return
    kinds = Counter(trial.user_attrs[attributes.FAILURE]["type"] for trial in kept)
    print(f"\nFailed: {', '.join(f'{count} {kind}' for kind, count in kinds.most_common())}")
    print(f"Trial {kept[-1].number}, the last of them:")
    print(kept[-1].user_attrs[attributes.FAILURE]["traceback"].rstrip())


def _export(options: argparse.Namespace) -> None:
    from highnoon.hpo.reader import StudyReader

    reader = StudyReader.open(options.study, options.storage)
    print(f"Wrote {reader.export_best(options.output)}")
