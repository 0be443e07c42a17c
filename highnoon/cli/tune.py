"""The command `tune`: run trials of a study, new or joined."""

import argparse
from collections.abc import Callable, Mapping
from typing import Any, get_args

from highnoon.cli.common import add_storage, shown
from highnoon.cli.loading import load, read_space
from highnoon.exceptions import ConfigError

__all__ = ["add_tune"]

_TOKENS = 80_000


def add_tune(commands: Any) -> None:
    """Add the command to the parser's."""
    from highnoon.hpo.pruners import PrunerName
    from highnoon.hpo.samplers import SamplerName

    tune = commands.add_parser(
        "tune",
        help="run trials of a study, new or joined",
        description="Run trials of an objective; without one, of a small HSMN on text.",
    )
    tune.add_argument("objective", nargs="?", help="module:function; default: a small HSMN")
    tune.add_argument("--space", help="module:NAME, or a JSON or YAML file")
    tune.add_argument("--study", help="name of the study; made up where not given")
    add_storage(tune)
    tune.add_argument("--n-trials", type=int, help="trials to add (default 50)")
    tune.add_argument("--total-trials", type=int, help="stop when the study has this many")
    tune.add_argument("--timeout", type=float, help="seconds after which no trial starts")
    tune.add_argument("--direction", choices=["minimize", "maximize"])
    tune.add_argument("--sampler", choices=get_args(SamplerName), default="tpe")
    tune.add_argument("--pruner", choices=get_args(PrunerName), default="median")
    tune.add_argument("--constraint", action="append", default=[], help="such as 'a <= b'")
    tune.add_argument("--jobs", type=int, help="trials that run at once, -1 for one per core")
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
        objective = load(options.objective)
        space = {}
        if options.data or options.tokens != _TOKENS:
            raise ConfigError("--data and --tokens belong to the built-in objective.")
    if options.space is not None:
        space = read_space(options.space)
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
        n_jobs=options.jobs,
    )
    best = hpo.best_trial
    kept = {n: v for n, v in best.user_attrs.items() if not n.startswith(attributes.PREFIX)}
    print(f"\nBest value {format_value(hpo.best_value)} in trial {best.number}:")
    for name, value in hpo.best_params.items():
        print(f"  {name}: {shown(value)}")
    if kept:
        print("Kept with it:")
    for name, value in kept.items():
        print(f"  {name}: {shown(value)}")
    print(f"\nLook closer: highnoon show {hpo.study_name} --storage {options.storage}")
