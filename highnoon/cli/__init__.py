"""The command `highnoon`."""

import argparse
import os
import sys
from collections.abc import Sequence

from highnoon import __version__
from highnoon.cli.control import add_control_commands
from highnoon.cli.dashboard import add_dashboard
from highnoon.cli.reading import add_reading_commands
from highnoon.cli.tune import add_tune
from highnoon.cli.watch import add_watch
from highnoon.cli.worker import add_worker
from highnoon.exceptions import HighNoonError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit status: 0, 1 for an error, 130 after Ctrl-C.

    It is 141, as that of other commands, where a reader of the output such as `head` had enough.
    """
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
        sys.stdout.flush()
    except HighNoonError as error:
        print(f"highnoon: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("highnoon: interrupted.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is left of it
        return 141
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="highnoon", description="Tune HSMN language models, or any Python objective."
    )
    parser.add_argument("--version", action="version", version=f"highnoon {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_tune(commands)
    add_worker(commands)
    add_reading_commands(commands)
    add_control_commands(commands)
    add_watch(commands)
    add_dashboard(commands)
    return parser
