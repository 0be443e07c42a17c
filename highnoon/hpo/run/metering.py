"""What is measured and kept of each trial: its peak memory, and in worker processes its output."""

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from highnoon.hpo import attributes

__all__ = ["LOG_BYTES", "Meter", "keep_output", "on_start", "tail_of"]

LOG_BYTES = 20_000
"""Of a trial's output, the last so many bytes are kept."""

_lock = threading.Lock()
_running = 0
_output_is_kept = False
_start_listeners: list[Callable[[], None]] = []


class Meter:
    """Measures from its construction on, for one trial.

    Memory is the process', so it says something about a trial only where no other ran beside it.
    """

    def __init__(self) -> None:
        global _running
        with _lock:
            _running += 1
            self._alone = _running == 1
        self._open = True
        if self._alone:
            _reset_peak()
        if _output_is_kept:
            _flush()
            os.ftruncate(2, 0)
            os.lseek(2, 0, os.SEEK_SET)
        for listener in _start_listeners:
            listener()

    def attrs(self) -> dict[str, Any]:
        """Return what was measured, as attributes of the trial, and stop measuring."""
        global _running
        if not self._open:
            return {}
        self._open = False
        with _lock:
            self._alone &= _running == 1
            _running -= 1
        attrs: dict[str, Any] = {}
        if self._alone and (peak := _peak()) is not None:
            attrs[attributes.PEAK_MEMORY] = peak
        if _output_is_kept:
            _flush()
            if log := tail_of(2):
                attrs[attributes.LOG] = log
        return attrs


def keep_output() -> None:
    """Note that standard output and error of this process go to a file that is read per trial."""
    global _output_is_kept
    _output_is_kept = True


def on_start(listener: Callable[[], None]) -> None:
    """Have a function called whenever a trial's objective is about to be called."""
    _start_listeners.append(listener)


def tail_of(file: int) -> str:
    """Return the end of a file, from the beginning of a line where it is cut."""
    size = os.fstat(file).st_size
    data = _read_at(file, max(0, size - LOG_BYTES), LOG_BYTES)
    if size > LOG_BYTES:
        data = b"...\n" + data.partition(b"\n")[2]
    return data.decode(errors="replace")


def _read_at(file: int, offset: int, size: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(file, size, offset)
    os.lseek(file, offset, os.SEEK_SET)
    data = os.read(file, size)
    os.lseek(file, 0, os.SEEK_END)
    return data


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()


def _reset_peak() -> None:
    """Start the kernel's count of the peak anew; where that is not allowed it goes on."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int | None:
    """Return the most memory that this process has had resident, in bytes."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            for line in Path("/proc/self/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:  # on Windows
        import psutil

        return getattr(psutil.Process().memory_info(), "peak_wset", None)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
