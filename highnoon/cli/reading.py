"""Commands that read studies: `studies`, `show`, `export`."""

import argparse
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from highnoon.cli.common import add_storage, print_table, shown

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

__all__ = ["add_reading_commands"]

_ROWS = 10


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
    import optuna

    from highnoon.hpo.flags import read_flags
    from highnoon.hpo.reader import storage_label
    from highnoon.hpo.run.progress import format_value
    from highnoon.hpo.states import best_of, trial_status
    from highnoon.hpo.storage import open_storage, storage_errors
    from highnoon.hpo.study import direction_of

    label = storage_label(options.storage)
    storage = open_storage(options.storage)
    rows = [("study", "direction", "best", "trials")]
    archived = 0
    with storage_errors(label):
        for name in sorted(study.study_name for study in storage.get_all_studies()):
            study = optuna.load_study(study_name=name, storage=storage)
            flags = read_flags(storage, study._study_id)
            if flags is not None and flags.archived is not None and not options.all:
                archived += 1
                continue
            trials = study.get_trials(deepcopy=False)
            best = best_of(trials, direction_of(study))
            counts = Counter(map(trial_status, trials))
            rows.append(
                (
                    name,
                    direction_of(study),
                    "–" if best is None else format_value(best.values[0]),
                    ", ".join(f"{count} {status}" for status, count in counts.items()) or "none",
                )
            )
    if len(rows) > 1:
        print_table(rows)
    elif not archived:
        print(f"No studies in {label}.")
    if archived:
        print(f"{archived} archived {'study' if archived == 1 else 'studies'}: --all shows them.")


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
    rows = [("trial", "value", "time", *names)]
    for trial in completed[: options.top]:
        seconds = trial.duration.total_seconds() if trial.duration else 0.0
        params = [shown(trial.params.get(name, "–")) for name in names]
        rows.append(
            (str(trial.number), format_value(trial.values[0]), format_duration(seconds), *params)
        )
    print(f"\nBest {len(rows) - 1} of {len(completed)} completed trials")
    print_table(rows)
    importance = reader.get_param_importance()
    if importance:
        print(f"\nImportance ({importance.evaluator}, {importance.n_trials} completed trials)")
        print_table([(name, f"{score:.3f}") for name, score in importance.items()])


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
