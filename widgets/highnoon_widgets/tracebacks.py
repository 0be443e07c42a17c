"""A traceback as its reader needs it: their own frames, with the libraries' folded between."""

import re
from pathlib import PurePath
from typing import NotRequired, TypedDict

__all__ = ["TracebackPart", "fold"]

_FRAME = re.compile(r'  File "(?P<file>.*)", line \d+(?:, in .*)?$')
_LIBRARY = re.compile(r"(?:site|dist)-packages[/\\](?P<package>[^/\\.]+)")
_STANDARD = re.compile(
    r"[/\\]lib(?:64)?[/\\]python3[^/\\]*[/\\]|^<frozen |[/\\]Lib[/\\][^/\\]+\.py$"
)
_MACHINERY = ("hpo",)
"""Packages of HighNoon whose frames say how a trial was run, not what it did."""


class TracebackPart(TypedDict):
    """Consecutive lines of a traceback.

    Attributes:
        text: The lines.
        frames: How many frames of libraries they are; left out where they are shown.
        package: The library, or the first of them.
    """

    text: str
    frames: NotRequired[int]
    package: NotRequired[str]


def fold(traceback: str) -> list[TracebackPart]:
    r"""Return the parts of a traceback as `traceback.format_exception` writes it.

    Example:
        >>> [part.get("package") for part in fold(
        ...     'Traceback (most recent call last):\n'
        ...     '  File "/home/ana/train.py", line 4, in objective\n'
        ...     '  File "/env/site-packages/numpy/core.py", line 9, in dot\n'
        ...     'ValueError: shapes\n'
        ... )]
        [None, 'numpy', None]
    """
    parts: list[TracebackPart] = []
    library: str | None = None
    for line in traceback.rstrip("\n").split("\n"):
        frame = _FRAME.match(line)
        if frame:
            library = _library(frame["file"])
        elif not line.startswith("    "):
            library = None
        last = parts[-1] if parts else None
        is_folded = last is not None and "frames" in last
        if last is None or is_folded != (library is not None):
            last = TracebackPart(text=line)
            if library is not None:
                last["frames"], last["package"] = 0, library
            parts.append(last)
        else:
            last["text"] += "\n" + line
        if frame and "frames" in last:
            last["frames"] += 1
    return parts


def _library(file: str) -> str | None:
    """Return the library that a file belongs to, None for files of the user's and of ours."""
    installed = _LIBRARY.findall(file)
    folders = PurePath(file.replace("\\", "/")).parts
    if "highnoon" in folders:
        after = folders[len(folders) - folders[::-1].index("highnoon") :]
        return "highnoon" if after and after[0] in _MACHINERY else None
    if installed:
        return installed[-1]
    return "Python" if _STANDARD.search(file) else None
