"""The command `worker`: one process that runs trials of a study, for batch systems."""

import argparse
import logging
import math
import sys
from typing import Any, get_args

from highnoon.cli.common import add_storage
from highnoon.cli.loading import load, read_space

__all__ = ["add_worker"]

_DESCRIPTION = """
Join a study and run its trials until it is stopped, a budget is spent, or SIGTERM comes: one
process of a Slurm array, a Kubernetes Job or a systemd service. Search space, sampler and pruner
are the study's. SIGTERM gives the running trial back and ends the process within a second, with
exit status 143; a second SIGTERM kills it.
"""


def add_worker(commands: Any) -> None:
    """Add the command to the parser's."""
    from highnoon.hpo.pruners import PrunerName
    from highnoon.hpo.samplers import SamplerName

    worker = commands.add_parser(
        "worker", help="run trials of a study that is there", description=_DESCRIPTION
    )
    worker.add_argument("study")
    add_storage(worker)
    worker.add_argument(
        "--objective", required=True, metavar="MODULE:FUNCTION", help="what the trials call"
    )
    worker.add_argument("--n-trials", type=int, help="trials to add (default: until stopped)")
    worker.add_argument("--total-trials", type=int, help="stop when the study has this many")
    worker.add_argument("--timeout", type=float, help="seconds after which no trial starts")
    worker.add_argument(
        "--wait",
        type=float,
        nargs="?",
        const=math.inf,
        metavar="SECONDS",
        help="wait until someone has started the study, at most so long",
    )
    worker.add_argument(
        "--space", help="module:NAME, where choices are objects that JSON does not hold"
    )
    worker.add_argument("--sampler", choices=get_args(SamplerName), help="another than the study's")
    worker.add_argument("--pruner", choices=get_args(PrunerName), help="another than the study's")
    worker.add_argument("--seed", type=int, help="each worker derives its own from it")
    worker.add_argument(
        "--grace-period",
        type=float,
        default=60.0,
        help="seconds without a sign of life after which a trial is given up (default 60)",
    )
    worker.set_defaults(run=_worker)


def _worker(options: argparse.Namespace) -> None:
    from highnoon.hpo.run import Budget
    from highnoon.hpo.worker import join_study, wait_for_study, work

    _log_plainly()
    Budget(options.n_trials, options.total_trials, options.timeout)
    objective = load(options.objective)
    if options.wait is not None:
        wait_for_study(options.study, options.storage, seconds=options.wait)
    hpo, space = join_study(
        options.study,
        options.storage,
        search_space=None if options.space is None else read_space(options.space),
        grace_period=options.grace_period,
        seed=options.seed,
        sampler=options.sampler,
        pruner=options.pruner,
    )
    work(
        hpo,
        objective,
        space,
        n_trials=options.n_trials,
        total_trials=options.total_trials,
        timeout=options.timeout,
    )


def _log_plainly() -> None:
    """Write each message with its time, as a log file wants it."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    logger = logging.getLogger("highnoon")
    logger.setLevel(logging.INFO)
    if not logger.handlers:
        logger.addHandler(handler)
