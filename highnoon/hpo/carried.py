"""What an objective may rely on beside its own code, taken along to the processes that run it.

A module that keeps something of the user's, such as registered datasets, says here how that is
handed over, so that tuning need not know the module.
"""

from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["Handover", "carry", "handovers", "take_over"]

Handover = tuple[Callable[..., object], tuple[Any, ...]]
"""A function of a module and its arguments; called in the other process."""

_carried: list[Callable[[], Handover | None]] = []


def carry(pack: Callable[[], Handover | None]) -> None:
    """Have something taken along to worker processes.

    Args:
        pack: Returns what hands it over there, None where there is nothing to hand over.
    """
    _carried.append(pack)


def handovers() -> list[Handover]:
    """Return all that is to be handed over now."""
    return [handover for pack in _carried if (handover := pack()) is not None]


def take_over(given: Sequence[Handover]) -> None:
    """Make what was handed over known in this process."""
    for function, arguments in given:
        function(*arguments)
