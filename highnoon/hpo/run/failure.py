"""Why a trial failed, as it is kept with the trial."""

import traceback
from pathlib import PurePath
from typing import Any

from highnoon.hpo import attributes

__all__ = ["failure_attrs", "shorten"]

_MAX_TRACEBACK_CHARACTERS = 20_000
_MAX_MESSAGE_CHARACTERS = 2_000


def failure_attrs(error: BaseException | str) -> dict[str, Any]:
    """Return the attribute that a failed trial keeps: type, message, traceback and place."""
    message = shorten(str(error), _MAX_MESSAGE_CHARACTERS)
    if isinstance(error, str):
        failure = {"type": "Error", "message": message, "traceback": "", "place": ""}
        return {attributes.FAILURE: failure}
    text = "".join(traceback.format_exception(error))
    if len(text) > _MAX_TRACEBACK_CHARACTERS:
        text = "...\n" + text[-_MAX_TRACEBACK_CHARACTERS:]
    failure = {
        "type": type(error).__name__,
        "message": message,
        "traceback": text,
        "place": _place(error),
    }
    return {attributes.FAILURE: failure}


def shorten(text: str, limit: int) -> str:
    """Return a text, cut where it is longer than a limit."""
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _place(error: BaseException) -> str:
    """Return where an error was raised, as `train.py:5, in objective`."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return ""
    last = frames[-1]
    return f"{PurePath(last.filename).name}:{last.lineno}, in {last.name}"
