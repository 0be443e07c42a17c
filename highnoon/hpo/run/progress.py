"""Progress of a run: a bar where someone looks, a line now and then where it goes to a file."""

import os
import sys
import time
from typing import TYPE_CHECKING, Any

from highnoon._notices import notice
from highnoon.hpo.states import trial_status

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

__all__ = ["Progress", "format_duration", "format_value"]

_SECONDS_BETWEEN_LINES = 10.0
_COLUMNS = 80


class Progress:
    """Trials, best value, time left.

    Args:
        total: Trials that the run is to add, or None where only time limits it.
        shown: True or False; None shows it unless the environment sets `HIGHNOON_PROGRESS=0`.
    """

    def __init__(self, total: int | None, *, shown: bool | None = None) -> None:
        if shown is None:
            shown = os.environ.get("HIGHNOON_PROGRESS", "1") != "0"
        self._total = total
        self._done = self._done_in_line = 0
        self._counts: dict[str, int] = {}
        self._started = self._line_at = time.monotonic()
        self._lines = shown and not _someone_looks()
        self._bar: Any = _make_bar(total) if shown and not self._lines else None

    def update(self, trial: "FrozenTrial", best: "FrozenTrial | None", *, counted: bool) -> None:
        """Show that a trial ended."""
        status = trial_status(trial)
        self._counts[status] = self._counts.get(status, 0) + 1
        self._done += counted
        if self._bar is not None:
            if best is not None:
                self._bar.set_description(
                    f"best {format_value(best.values[0])} (trial {best.number})", refresh=False
                )
            self._bar.set_postfix_str(self._others(), refresh=False)
            self._bar.update(int(counted))
        elif self._lines and time.monotonic() - self._line_at >= _SECONDS_BETWEEN_LINES:
            self._line_at = time.monotonic()
            self._write_line(best)

    def close(self, best: "FrozenTrial | None") -> None:
        """Show the last state and leave it standing."""
        if self._bar is not None:
            self._bar.close()
        elif self._lines and self._done and self._done != self._done_in_line:
            self._write_line(best, ended=True)

    def _write_line(self, best: "FrozenTrial | None", *, ended: bool = False) -> None:
        self._done_in_line = self._done
        total = "" if self._total is None else f" of {self._total}"
        parts = [f"{self._done}{total} trials"]
        if best is not None:
            parts.append(f"best {format_value(best.values[0])} (trial {best.number})")
        if others := self._others():
            parts.append(others)
        elapsed = time.monotonic() - self._started
        if not ended and self._total is not None and 0 < self._done < self._total:
            left = elapsed / self._done * (self._total - self._done)
            parts.append(f"about {format_duration(left)} left")
        else:
            parts.append(format_duration(elapsed))
        notice(" · ".join(parts))

    def _others(self) -> str:
        return ", ".join(
            f"{count} {status}" for status, count in self._counts.items() if status != "completed"
        )


def format_value(value: float) -> str:
    """Return a value to four decimals, or four significant digits where that says more."""
    return f"{value:.4f}" if 0.01 <= abs(value) < 1e6 or value == 0 else f"{value:.4g}"


def format_duration(seconds: float) -> str:
    """Return a duration in its two largest units: `6 min 20 s`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _someone_looks() -> bool:
    """Whether standard error is a terminal, or the front end of a notebook."""
    return sys.stderr.isatty() or type(sys.stderr).__module__.startswith("ipykernel.")


def _make_bar(total: int | None) -> Any:
    import warnings

    from tqdm import TqdmWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TqdmWarning)
        from tqdm.auto import tqdm

        known = _terminal_columns() != 0
        return tqdm(
            total=total, unit="trial", dynamic_ncols=known, ncols=None if known else _COLUMNS
        )


def _terminal_columns() -> int | None:
    """Return the width of the terminal, 0 where it does not tell, None without a terminal."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError, AttributeError):
        return None
