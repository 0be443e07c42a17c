"""The command `watch`: what happens in a study, as it happens."""

import argparse
import contextlib
import time
from typing import TYPE_CHECKING, Any

from highnoon.cli.common import add_storage
from highnoon.exceptions import ConfigError

if TYPE_CHECKING:
    from highnoon.hpo.reading import StudyChanges, StudyFeed

__all__ = ["add_watch"]


def add_watch(commands: Any) -> None:
    """Add the command to the parser's."""
    watch = commands.add_parser("watch", help="print what happens in a study, until Ctrl-C")
    watch.add_argument("study")
    add_storage(watch)
    watch.add_argument("--every", type=float, default=1.0, help="seconds between two looks")
    watch.set_defaults(run=_watch)


def _watch(options: argparse.Namespace) -> None:
    from highnoon.hpo.reading import StudyFeed

    if not options.every > 0:
        raise ConfigError(f"--every must be a positive number of seconds, got {options.every}.")
    feed = StudyFeed.open(options.study, options.storage)
    with contextlib.suppress(KeyboardInterrupt):
        feed.poll()
        counts = ", ".join(f"{count} {status}" for status, count in feed.columns.counts().items())
        print(f"{feed.study.name}: {counts or 'no trials yet'}", flush=True)
        while True:
            time.sleep(options.every)
            _print_changes(feed, feed.poll())


def _print_changes(feed: "StudyFeed", changes: "StudyChanges") -> None:
    from highnoon.hpo.reading import STATUSES
    from highnoon.hpo.run.progress import format_value

    best = feed.columns.best(feed.study.direction)
    best_number = None if best is None else int(feed.columns.number[best])
    trials = changes.trials
    for row, number in enumerate(trials.number.tolist()):
        text = f"trial {number} {STATUSES[trials.status[row]]}"
        value, reported = float(trials.value[row]), float(trials.last_report[row])
        if value == value:
            text += f" {format_value(value)}{' (best)' * (number == best_number)}"
        elif reported == reported:
            text += f", {format_value(reported)} at step {trials.last_step[row]}"
        print(text, flush=True)
