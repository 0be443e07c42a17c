"""One entry of a search space as it was written, and the checks that quote it."""

import math
import numbers
from dataclasses import dataclass
from typing import Any

from highnoon.exceptions import SearchSpaceError
from highnoon.hpo.choices import plain

__all__ = ["Entry", "as_float", "as_int", "described", "shown"]

_LARGEST_INT = 2**53
"""Optuna stores every number as a double; whole numbers above this one would be rounded."""


@dataclass(frozen=True)
class Entry:
    """An entry split into its kind and the values after it."""

    name: str
    given: Any
    kind: str = ""
    values: tuple[Any, ...] = ()

    def error(self, problem: str) -> SearchSpaceError:
        """Return an error that names the parameter and quotes the entry."""
        return SearchSpaceError(f'Parameter "{self.name}": {shown(self.given)}: {problem}')

    @property
    def counted(self) -> str:
        """How many values follow the kind, for a message."""
        count = len(self.values)
        return f"{count or 'no'} value{'' if count == 1 else 's'} after the kind"

    def number(self, role: str, value: Any) -> float:
        """Return a bound as a finite float, or raise `SearchSpaceError`."""
        number = as_float(value)
        if number is None:
            raise self.error(f"{role} must be a number, got {described(value)}.")
        if not math.isfinite(number):
            raise self.error(f"{role} must be a finite number, got {shown(value)}.")
        return number

    def whole_number(self, role: str, value: Any) -> int:
        """Return a bound as an int (1e3 is one too), or raise `SearchSpaceError`."""
        self.number(role, value)
        number = as_int(value)
        if number is None:
            raise self.error(
                f"{role} must be a whole number, got {shown(plain(value))}. "
                'For real numbers write ("uniform", low, high).'
            )
        if abs(number) > _LARGEST_INT:
            raise self.error(f"{role} must lie within ±2**53, beyond which the database rounds.")
        return number

    def check_order(self, low: float, high: float) -> None:
        """Raise `SearchSpaceError` when low is above high."""
        if low > high:
            raise self.error(f"low {low!r} is above high {high!r}. Swap them: low comes first.")


def as_float(value: Any) -> float | None:
    """Return a real number, NumPy's included, as a float; None for booleans and everything else."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def as_int(value: Any) -> int | None:
    """Return a whole number, 4.0 and NumPy's included, as an int; None for everything else."""
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        return int(value)
    number = as_float(value)
    return int(number) if number is not None and number.is_integer() else None


def described(value: Any) -> str:
    """Return a value with the name of its type, for a message."""
    return "None" if value is None else f"the {type(value).__name__} {shown(value)}"


def shown(value: Any) -> str:
    """Return the repr of a value, cut when it is very long, for a message."""
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:299]}…"
