"""Commands that give orders to a study: `pause`, `resume`, `stop`, `enqueue`, `rename`, ..."""

import argparse
import ast
import json
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from highnoon.cli.common import add_storage
from highnoon.exceptions import ConfigError, StudyError

if TYPE_CHECKING:
    from highnoon.hpo.run.control import StudyControl

__all__ = ["add_control_commands"]


def add_control_commands(commands: Any) -> None:
    """Add the commands to the parser's."""
    _add(commands, "pause", "start no trial until resumed; running ones finish", _pause)
    _add(commands, "resume", "let trials start again", _resume)
    stop = _add(commands, "stop", "end a study's runs, or one of its trials", _stop)
    what = stop.add_mutually_exclusive_group()
    what.add_argument("--trial", type=int, metavar="NUMBER", help="end this trial alone, as pruned")
    what.add_argument("--now", action="store_true", help="give running trials back, unfinished")
    enqueue = _add(commands, "enqueue", "queue a configuration to be tried next", _enqueue)
    enqueue.add_argument("params", nargs="+", metavar="NAME=VALUE", help="such as lr=1e-3")
    rename = _add(commands, "rename", "give a study another name", _rename)
    rename.add_argument("new_name")
    archive = _add(commands, "archive", "leave a study out of lists", _archive)
    archive.add_argument("--undo", action="store_true", help="take it back into lists")
    delete = _add(commands, "delete", "delete a study with all its trials", _delete)
    delete.add_argument("--yes", action="store_true", help="do not ask")
    delete.add_argument("--force", action="store_true", help="even while trials are running")


def _add(
    commands: Any, name: str, text: str, run: Callable[[argparse.Namespace], None]
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text)
    command.add_argument("study")
    add_storage(command)
    command.set_defaults(run=run)
    return command


def _control(options: argparse.Namespace) -> "StudyControl":
    from highnoon.hpo.run.control import StudyControl

    return StudyControl(options.study, options.storage)


def _pause(options: argparse.Namespace) -> None:
    control = _control(options)
    control.pause()
    print(f"Paused {control.flags.paused}. Go on with: highnoon resume {options.study}")


def _resume(options: argparse.Namespace) -> None:
    _control(options).resume()
    print("Resumed.")


def _stop(options: argparse.Namespace) -> None:
    control = _control(options)
    if options.trial is not None:
        control.stop_trial(options.trial)
        print(f"Trial {options.trial} ends at its next report.")
    else:
        control.stop(now=options.now)
        then = "are given back at their next report" if options.now else "finish first"
        print(f"The runs of {options.study!r} end; their running trials {then}.")


def _enqueue(options: argparse.Namespace) -> None:
    params = _read_params(options.params)
    number = _control(options).enqueue(params)
    shown = ", ".join(f"{name}={value}" for name, value in params.items())
    print(f"Queued {shown} as trial {number}.")


def _rename(options: argparse.Namespace) -> None:
    _control(options).rename(options.new_name)
    print(f"{options.study!r} is now {options.new_name!r}.")


def _archive(options: argparse.Namespace) -> None:
    control = _control(options)
    if options.undo:
        control.unarchive()
        print(f"{options.study!r} is back in the list.")
    else:
        control.archive()
        print(f"Archived. highnoon studies --all shows it; highnoon archive --undo {options.study}")


def _delete(options: argparse.Namespace) -> None:
    control = _control(options)
    if not options.yes and not _confirmed(options.study):
        raise StudyError("Nothing was deleted.")
    control.delete(force=options.force)
    print(f"Deleted {options.study!r}.")


def _confirmed(study_name: str) -> bool:
    if not sys.stdin.isatty():
        raise ConfigError("There is no one to ask whether to delete; say so with --yes.")
    answer = input(f"Delete {study_name!r} with all its trials? Type its name to confirm: ")
    return answer.strip() == study_name


def _read_params(pairs: Sequence[str]) -> dict[str, Any]:
    """Read `name=value` pairs; values as Python or JSON writes them, else text.

    Raises:
        ConfigError: One is no pair.
    """
    params: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not (name and equals):
            raise ConfigError(f"Write NAME=VALUE, such as lr=1e-3; got {pair!r}.")
        params[name] = _read_value(text)
    return params


def _read_value(text: str) -> Any:
    for read in (ast.literal_eval, json.loads):
        try:
            return read(text)
        except (ValueError, SyntaxError):
            continue
    return text
