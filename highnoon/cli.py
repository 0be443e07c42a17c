"""The command `highnoon`: tune, studies, show, export."""

import argparse
import importlib
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from highnoon import __version__
from highnoon.exceptions import ConfigError, HighNoonError

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

__all__ = ["main"]

_DEFAULT_STORAGE = "sqlite:///hpo.db"
_ROWS = 10
_TOKENS = 80_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit status: 0, 1 for an error, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except HighNoonError as error:
        print(f"highnoon: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("highnoon: interrupted before any trial completed.", file=sys.stderr)
        return 130
    return 0


def _tune(options: argparse.Namespace) -> None:
    from highnoon.hpo import attributes
    from highnoon.hpo.manager import HPOTrialManager
    from highnoon.hpo.run import Budget
    from highnoon.hpo.run.progress import format_value
    from highnoon.hpo.space import SearchSpace

    if options.objective is None:
        from highnoon.training import HSMNObjective, quick_search_space

        objective: Callable[..., Any] = HSMNObjective(
            datasets=options.data or ["train_subset"], tokens=options.tokens
        )
        space: Mapping[str, Any] = quick_search_space()
    else:
        objective = _load(options.objective)
        space = {}
        if options.data or options.tokens != _TOKENS:
            raise ConfigError("--data and --tokens belong to the built-in objective.")
    if options.space is not None:
        space = _read_space(options.space)
    elif not space:
        raise ConfigError("Say what to draw from: --space module:NAME, or a JSON or YAML file.")
    Budget(options.n_trials, options.total_trials, options.timeout)
    checked = SearchSpace.parse(space, options.constraint)
    hpo = HPOTrialManager(
        study_name=options.study,
        direction=options.direction,
        storage=options.storage,
        sampler=options.sampler,
        pruner=options.pruner,
        seed=options.seed,
    )
    hpo.optimize(
        objective,
        checked,
        n_trials=options.n_trials,
        total_trials=options.total_trials,
        timeout=options.timeout,
    )
    best = hpo.best_trial
    kept = {n: v for n, v in best.user_attrs.items() if not n.startswith(attributes.PREFIX)}
    print(f"\nBest value {format_value(hpo.best_value)} in trial {best.number}:")
    for name, value in {**kept, **hpo.best_params}.items():
        print(f"  {name}: {_shown(value)}")
    print(f"\nLook closer: highnoon show {hpo.study_name} --storage {options.storage}")


def _studies(options: argparse.Namespace) -> None:
    import optuna

    from highnoon.hpo.reader import storage_label
    from highnoon.hpo.run.progress import format_value
    from highnoon.hpo.states import best_of, trial_status
    from highnoon.hpo.storage import open_storage, storage_errors
    from highnoon.hpo.study import direction_of

    label = storage_label(options.storage)
    storage = open_storage(options.storage)
    rows = [("study", "direction", "best", "trials")]
    with storage_errors(label):
        for name in sorted(study.study_name for study in storage.get_all_studies()):
            study = optuna.load_study(study_name=name, storage=storage)
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
    if len(rows) == 1:
        print(f"No studies in {label}.")
    else:
        _print_table(rows)


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
        params = [_shown(trial.params.get(name, "–")) for name in names]
        rows.append(
            (str(trial.number), format_value(trial.values[0]), format_duration(seconds), *params)
        )
    print(f"\nBest {len(rows) - 1} of {len(completed)} completed trials")
    _print_table(rows)
    importance = reader.get_param_importance()
    if importance:
        print(f"\nImportance ({importance.evaluator}, {importance.n_trials} completed trials)")
        _print_table([(name, f"{score:.3f}") for name, score in importance.items()])


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


def _load(reference: str) -> Any:
    """Import what `module:name` names, with the working directory on the path as Python has it.

    Raises:
        ConfigError: There is no such module or name.
    """
    module_name, colon, name = reference.partition(":")
    if not (module_name and colon and name) or module_name.endswith(".py"):
        raise ConfigError(
            f"Write module:name, such as train:objective, without .py; got {reference!r}."
        )
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        return getattr(importlib.import_module(module_name), name)
    except ModuleNotFoundError as error:
        raise ConfigError(f"There is no module {error.name!r} here ({reference!r}).") from error
    except AttributeError:
        raise ConfigError(f"The module {module_name!r} has no {name!r}.") from None


def _read_space(reference: str) -> Mapping[str, Any]:
    """Read a search space from `module:NAME` or from a JSON or YAML file of entries as lists."""
    path = Path(reference)
    if path.suffix not in (".json", ".yaml", ".yml"):
        return _load(reference)
    if not path.is_file():
        raise ConfigError(f"There is no file {reference!r}.")
    try:
        if path.suffix == ".json":
            entries = json.loads(path.read_text(encoding="utf-8"))
        else:
            import yaml

            entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{reference} cannot be read: {error}") from error
    if not isinstance(entries, dict):
        raise ConfigError(f"{reference} must hold names with entries, such as lr: [uniform, 0, 1].")
    return {
        name: tuple(map(_as_number, entry)) if isinstance(entry, list) else entry
        for name, entry in entries.items()
    }


def _as_number(value: Any) -> Any:
    """Read the numbers that YAML takes for text, such as 1e-5."""
    if isinstance(value, str) and value[:1] in "+-.0123456789":
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  " + "  ".join(cells).rstrip())


def _parser() -> argparse.ArgumentParser:
    from highnoon.hpo.pruners import PrunerName
    from highnoon.hpo.samplers import SamplerName

    parser = argparse.ArgumentParser(
        prog="highnoon", description="Tune HSMN language models, or any Python objective."
    )
    parser.add_argument("--version", action="version", version=f"highnoon {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    tune = commands.add_parser(
        "tune",
        help="run trials of a study, new or joined",
        description="Run trials of an objective; without one, of a small HSMN on text.",
    )
    tune.add_argument("objective", nargs="?", help="module:function; default: a small HSMN")
    tune.add_argument("--space", help="module:NAME, or a JSON or YAML file")
    tune.add_argument("--study", help="name of the study; made up where not given")
    _add_storage(tune)
    tune.add_argument("--n-trials", type=int, help="trials to add (default 50)")
    tune.add_argument("--total-trials", type=int, help="stop when the study has this many")
    tune.add_argument("--timeout", type=float, help="seconds after which no trial starts")
    tune.add_argument("--direction", choices=["minimize", "maximize"])
    tune.add_argument("--sampler", choices=get_args(SamplerName), default="tpe")
    tune.add_argument("--pruner", choices=get_args(PrunerName), default="median")
    tune.add_argument("--constraint", action="append", default=[], help="such as 'a <= b'")
    tune.add_argument("--seed", type=int, help="makes the run repeatable")
    tune.add_argument(
        "--data", action="append", help="dataset, file or folder for the HSMN; may be repeated"
    )
    tune.add_argument(
        "--tokens",
        type=int,
        default=_TOKENS,
        help=f"tokens each trial trains on (default {_TOKENS})",
    )
    tune.set_defaults(run=_tune)

    studies = commands.add_parser("studies", help="list the studies of a storage")
    _add_storage(studies)
    studies.set_defaults(run=_studies)

    show = commands.add_parser("show", help="show a study: its best trials, what mattered")
    show.add_argument("study")
    _add_storage(show)
    show.add_argument("--top", type=int, default=_ROWS, help=f"trials to list (default {_ROWS})")
    show.set_defaults(run=_show)

    export = commands.add_parser("export", help="write the best configuration to a file")
    export.add_argument("study")
    export.add_argument("output", help="a path that ends in .json, .yaml or .yml")
    _add_storage(export)
    export.set_defaults(run=_export)
    return parser


def _add_storage(parser: argparse.ArgumentParser) -> None:
    default = os.environ.get("HIGHNOON_STORAGE", _DEFAULT_STORAGE)
    parser.add_argument(
        "--storage",
        default=default,
        help="database URL; default: HIGHNOON_STORAGE, else sqlite:///hpo.db",
    )


if __name__ == "__main__":
    sys.exit(main())
