"""What a parsed expression means: its nodes, each of which evaluates itself.

A value that is missing, None or NaN, or that cannot be computed (a division by zero, an overflow)
is None. None equals only None, is neither less nor greater than anything, is false, and arithmetic
with it gives None.
"""

import operator
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from highnoon.exceptions import ExpressionError
from highnoon.hpo.choices import plain
from highnoon.hpo.entries import shown

__all__ = [
    "ARITHMETIC",
    "COMPARISONS",
    "Arithmetic",
    "Comparison",
    "Conjunction",
    "Disjunction",
    "Literal",
    "Name",
    "Negative",
    "Node",
    "Not",
    "Place",
]

_LARGEST_POWER_BITS = 1024
_WINDOW = 60


@dataclass(frozen=True)
class Place:
    """A position in the text of an expression, where an error can point."""

    text: str
    position: int

    def error(self, problem: str) -> ExpressionError:
        """Return an error that quotes the text and points at the place."""
        start = max(0, self.position - _WINDOW)
        excerpt = "".join(c if c.isprintable() else " " for c in self.text)
        excerpt = excerpt[start : self.position + _WINDOW]
        return ExpressionError(f"{problem}\n    {excerpt}\n    {' ' * (self.position - start)}^")


class Node(ABC):
    """A part of an expression."""

    is_condition = True
    """Whether the node is true or false, rather than a number."""

    @abstractmethod
    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Return the value of the node.

        Raises:
            ExpressionError: Strings and numbers are mixed where they cannot be.
        """

    def violation(self, values: Mapping[str, Any]) -> float:
        """Return 0.0 when the node holds, else by how much it does not."""
        return 0.0 if self.evaluate(values) else 1.0


@dataclass(frozen=True)
class Literal(Node):
    """A constant, or the list after `in`."""

    value: Any

    @property
    def is_condition(self) -> bool:  # type: ignore[override]
        """Whether it is True or False."""
        return isinstance(self.value, bool)

    def evaluate(self, values: Mapping[str, Any]) -> Any:  # noqa: ARG002 -- a constant
        """Return the constant."""
        return self.value


@dataclass(frozen=True)
class Name(Node):
    """A name, whose value is missing when the mapping lacks it."""

    name: str

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Look the name up."""
        return _missing_if_nan(plain(values.get(self.name)))


@dataclass(frozen=True)
class Arithmetic(Node):
    """Operations of one precedence, from left to right."""

    first: Node
    rest: tuple[tuple[str, Place, Node], ...]
    is_condition = False

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Calculate."""
        result = self.first.evaluate(values)
        for symbol, place, node in self.rest:
            left = _check_number(result, symbol, place)
            right = _check_number(node.evaluate(values), symbol, place)
            result = None if left is None or right is None else _calculate(symbol, left, right)
        return result


@dataclass(frozen=True)
class Negative(Node):
    """A number with its sign changed."""

    operand: Node
    place: Place
    is_condition = False

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Calculate."""
        number = _check_number(self.operand.evaluate(values), "-", self.place)
        return None if number is None else -number


@dataclass(frozen=True)
class Comparison(Node):
    """One comparison, or a chain such as `1 < x <= 8`."""

    first: Node
    rest: tuple[tuple[str, Place, Node], ...]

    def evaluate(self, values: Mapping[str, Any]) -> bool:
        """Compare from left to right, up to the first pair that does not hold."""
        return self.violation(values) == 0.0

    def violation(self, values: Mapping[str, Any]) -> float:
        """Return the difference of the first pair of numbers that does not hold, else 1.0."""
        left = self.first.evaluate(values)
        for symbol, place, node in self.rest:
            right = node.evaluate(values)
            if not _compare(symbol, left, right, place):
                return _difference(symbol, left, right)
            left = right
        return 0.0


@dataclass(frozen=True)
class Not(Node):
    """A negation."""

    operand: Node

    def evaluate(self, values: Mapping[str, Any]) -> bool:
        """Negate."""
        return not self.operand.evaluate(values)


@dataclass(frozen=True)
class Conjunction(Node):
    """Parts joined by `and`."""

    parts: tuple[Node, ...]

    def evaluate(self, values: Mapping[str, Any]) -> bool:
        """Evaluate up to the first part that is false."""
        return all(part.evaluate(values) for part in self.parts)

    def violation(self, values: Mapping[str, Any]) -> float:
        """Return the violation of the first part that does not hold."""
        return next((v for part in self.parts if (v := part.violation(values))), 0.0)


@dataclass(frozen=True)
class Disjunction(Node):
    """Parts joined by `or`."""

    parts: tuple[Node, ...]

    def evaluate(self, values: Mapping[str, Any]) -> bool:
        """Evaluate up to the first part that is true."""
        return any(part.evaluate(values) for part in self.parts)

    def violation(self, values: Mapping[str, Any]) -> float:
        """Return the violation of the part that is nearest to holding."""
        if self.evaluate(values):
            return 0.0
        return min(part.violation(values) for part in self.parts)


def _power(base: float, exponent: float) -> Any:
    """Raise to a power, in floating point where the exact integer would be enormous."""
    exact = isinstance(base, int) and isinstance(exponent, int)
    if exact and int(base).bit_length() * exponent <= _LARGEST_POWER_BITS:
        return base**exponent
    return float(base) ** float(exponent)


ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": _power,
}

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "in": lambda value, choices: value in choices,
    "not in": lambda value, choices: value not in choices,
}


def _missing_if_nan(value: Any) -> Any:
    return None if isinstance(value, float) and value != value else value


def _check_number(value: Any, symbol: str, place: Place) -> int | float | None:
    if value is None or isinstance(value, (int, float)):
        return value
    raise place.error(f'"{symbol}" needs numbers, got {shown(value)}.')


def _calculate(symbol: str, left: float, right: float) -> Any:
    try:
        result = ARITHMETIC[symbol](left, right)
    except ArithmeticError:
        return None
    return None if isinstance(result, complex) else _missing_if_nan(result)


def _compare(symbol: str, left: Any, right: Any, place: Place) -> bool:
    if symbol in ("<", "<=", ">", ">="):
        if left is None or right is None:
            return False
        numbers = isinstance(left, (int, float)) and isinstance(right, (int, float))
        if not numbers and not (isinstance(left, str) and isinstance(right, str)):
            raise place.error(
                f'"{symbol}" cannot compare {_kind_of(left)} with {_kind_of(right)}: '
                "both must be numbers, or both text."
            )
    return bool(COMPARISONS[symbol](left, right))


def _kind_of(value: Any) -> str:
    if isinstance(value, tuple):
        return "a list"
    return "text" if isinstance(value, str) else "a number"


def _difference(symbol: str, left: Any, right: Any) -> float:
    """Return how far a comparison that does not hold is from holding: a finite number above 0."""
    numbers = isinstance(left, (int, float)) and isinstance(right, (int, float))
    if not numbers or symbol == "!=":
        return 1.0
    try:
        difference = abs(float(left) - float(right))
    except OverflowError:
        return sys.float_info.max
    return min(max(difference, sys.float_info.epsilon), sys.float_info.max)
