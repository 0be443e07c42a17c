"""Axes of parameters: logarithmic ones, and choices as words at their indices."""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from highnoon.hpo.plotdata import Axis

__all__ = ["axis_layout", "jittered", "words_of"]

_LONGEST = 14


def axis_layout(axis: "Axis") -> dict[str, Any]:
    """Return how plotly lays out the axis of a parameter, with a little room at its ends."""
    if axis.choices is not None:
        return {
            "tickvals": list(range(len(axis.choices))),
            "ticktext": words_of(axis.choices),
            "range": [-0.5, len(axis.choices) - 0.5],
        }
    low, high = np.log10([axis.low, axis.high]) if axis.log else (axis.low, axis.high)
    room = 0.04 * (high - low) or abs(high) * 0.1 or 1.0
    layout = {"range": [float(low - room), float(high + room)], "nticks": 5}
    return layout | ({"type": "log", "dtick": max(1, round((high - low) / 4))} if axis.log else {})


def words_of(choices: tuple[Any, ...]) -> list[str]:
    """Return choices as text, cut when they are long; quoted where two would look the same."""
    words = [str(choice) for choice in choices]
    if len(set(words)) < len(words):
        words = [repr(choice) for choice in choices]
    return [word if len(word) <= _LONGEST else f"{word[: _LONGEST - 1]}…" for word in words]


def jittered(axis: "Axis", x: "np.ndarray", number: "np.ndarray") -> "np.ndarray":
    """Return places on an axis; of choices, moved sideways by a share that the trial gives."""
    if axis.choices is None:
        return x
    share = (number * 0.6180339887498949) % 1
    return x + 0.3 * (share - 0.5)
