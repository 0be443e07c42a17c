"""Labels: how the choices of a categorical parameter are stored, whatever objects they are.

Optuna stores None, booleans, numbers and strings. Any other choice is stored under a label, a
string that reads well, is unique within its parameter and is the same in every process.
"""

import enum
import hashlib
import json
import math
import re
from collections.abc import Sequence
from typing import Any, TypeAlias

__all__ = ["Label", "find_duplicate", "label_choices", "plain", "same_choice", "survives_json"]

Label: TypeAlias = bool | int | float | str | None
"""What Optuna stores of a choice."""

_LONGEST_LABEL = 100
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def plain(value: Any) -> Any:
    """Return a NumPy scalar as the Python number or string that it is, anything else unchanged."""
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        return value.item()
    return value


def label_choices(choices: Sequence[Any]) -> tuple[Label, ...]:
    """Return one label per choice, unique within the sequence.

    >>> label_choices([None, 0.5, "adam", [64, 64], print])
    (None, 0.5, 'adam', '[64, 64]', 'print')
    """
    taken = {choice for choice in choices if isinstance(choice, str) and _is_native(choice)}
    labels: list[Label] = []
    for choice in choices:
        if _is_native(choice):
            labels.append(choice)
            continue
        wanted = _shorten(_describe(choice))
        label, count = wanted, 1
        while label in taken:
            count += 1
            label = f"{wanted} #{count}"
        taken.add(label)
        labels.append(label)
    return tuple(labels)


def same_choice(first: Any, second: Any) -> bool:
    """Whether two choices are one to the user: booleans are not numbers, 1 and 1.0 are one."""
    if first is second:
        return True
    numbers = (int, float)
    if type(first) in numbers and type(second) in numbers:
        return first == second
    return type(first) is type(second) and _equal(first, second)


def find_duplicate(choices: Sequence[Any]) -> tuple[Any, Any] | None:
    """Return the first two choices that Optuna could not tell apart, such as 1 and True."""
    for position, second in enumerate(choices):
        for first in choices[:position]:
            both_native = _is_native(first) and _is_native(second)
            if same_choice(first, second) or (both_native and first == second):
                return first, second
    return None


def survives_json(value: Any) -> bool:
    """Whether JSON gives the value back as it was."""
    try:
        return _equal(json.loads(json.dumps(value, allow_nan=False)), value)
    except (TypeError, ValueError, RecursionError):
        return False


def _is_native(choice: Any) -> bool:
    if type(choice) is float:
        return math.isfinite(choice)
    return choice is None or type(choice) in (bool, int, str)


def _equal(first: Any, second: Any) -> bool:
    try:
        return bool(first == second)
    except Exception:  # the == of an arbitrary object: arrays refuse to be a truth value
        return False


def _describe(choice: Any) -> str:
    if isinstance(choice, enum.Enum):
        return f"{type(choice).__name__}.{choice.name}"
    if isinstance(name := getattr(choice, "__name__", None), str):
        return name
    if isinstance(choice, (list, dict)) and survives_json(choice):
        return json.dumps(choice, ensure_ascii=False)
    if isinstance(choice, (set, frozenset)):
        return "{" + ", ".join(sorted(map(repr, choice))) + "}"
    return _ADDRESS.sub("", repr(choice))


def _shorten(text: str) -> str:
    if len(text) <= _LONGEST_LABEL:
        return text
    digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()[:8]
    return f"{text[: _LONGEST_LABEL - 10]}… {digest}"
