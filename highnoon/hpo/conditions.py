"""Conditional parameters: drawn only when other parameters have certain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeAlias

from highnoon.exceptions import SearchSpaceError
from highnoon.hpo.choices import Label
from highnoon.hpo.entries import shown
from highnoon.hpo.parameters import CategoricalParameter, IntParameter, Parameter

__all__ = ["Conditional", "Conditions", "dependency_order", "resolve_conditions", "when"]

Conditions: TypeAlias = Mapping[str, tuple[Label, ...]]
"""The labels that each parent must have one of; all parents must agree."""


@dataclass(frozen=True)
class Conditional:
    """An entry of a search space with the conditions under which it is drawn."""

    entry: Any
    conditions: Mapping[str, Any]


def when(entry: Any, /, **conditions: Any) -> Conditional:
    """Make a parameter conditional: it is drawn only when the other parameters named agree.

    Args:
        entry: The entry of the search space, such as `("uniform", 0.0, 0.99)`.
        **conditions: For each categorical or whole-number parameter it depends on, the value that
            it must have, or a list of such values. Several conditions must all hold. A parameter
            that is itself not drawn fulfils none.

    Example:
        >>> space = {
        ...     "optimizer": ("categorical", ["adam", "sgd"]),
        ...     "momentum": when(("uniform", 0.0, 0.99), optimizer="sgd"),
        ... }
    """
    return Conditional(entry, conditions)


def resolve_conditions(
    name: str, given: Conditional, parameters: Mapping[str, Parameter]
) -> Conditions:
    """Return the conditions of one parameter as labels of its parents, in the parents' order.

    Raises:
        SearchSpaceError: A condition names no parameter, or a value that its parameter cannot have.
    """
    if not given.conditions:
        raise SearchSpaceError(
            f'Parameter "{name}": when() needs a condition. '
            'Write when(entry, parameter=value), such as when(entry, optimizer="sgd").'
        )
    return {
        parent: _allowed(name, parent, wanted, parameters)
        for parent, wanted in sorted(given.conditions.items())
    }


def dependency_order(conditions: Mapping[str, Conditions]) -> list[str]:
    """Return the names with parents before the parameters that depend on them.

    Raises:
        SearchSpaceError: Parameters depend on one another in a circle.
    """
    ordered: dict[str, None] = {}
    for start in conditions:
        path = [start]
        while path:
            waiting = [parent for parent in conditions[path[-1]] if parent not in ordered]
            if not waiting:
                ordered[path.pop()] = None
            elif waiting[0] in path:
                circle = " -> ".join([*path[path.index(waiting[0]) :], waiting[0]])
                raise SearchSpaceError(
                    f'Parameter "{waiting[0]}" is conditional on itself: {circle}. '
                    "Remove one of these conditions."
                )
            else:
                path.append(waiting[0])
    return list(ordered)


def _allowed(
    name: str, parent_name: str, wanted: Any, parameters: Mapping[str, Parameter]
) -> tuple[Label, ...]:
    quoted = f'Parameter "{name}": when(..., {parent_name}={shown(wanted)}): '
    parent = parameters.get(parent_name)
    if parent is None:
        near = get_close_matches(parent_name, parameters, n=1)
        hint = (
            f"Did you mean {near[0]}?" if near else f"The parameters are {', '.join(parameters)}."
        )
        raise SearchSpaceError(f'{quoted}no parameter "{parent_name}". {hint}')
    if not isinstance(parent, (CategoricalParameter, IntParameter)):
        raise SearchSpaceError(
            f'{quoted}"{parent_name}" is {parent}. '
            "A condition may rest only on a categorical or whole-number parameter."
        )
    try:
        labels = [parent.label(value) for value in _alternatives(parent, wanted)]
    except SearchSpaceError as error:
        raise SearchSpaceError(f"{quoted}{error}") from None
    if not labels:
        raise SearchSpaceError(f"{quoted}the list of values is empty and must hold at least one.")
    order = parent.labels.index if isinstance(parent, CategoricalParameter) else int
    return tuple(sorted(dict.fromkeys(labels), key=order))  # type: ignore[arg-type]


def _alternatives(parent: Parameter, wanted: Any) -> list[Any]:
    """Return the values a condition allows; a list that is itself a choice is one value."""
    if not isinstance(wanted, (list, tuple, set, frozenset, range)):
        return [wanted]
    try:
        parent.label(wanted)
    except SearchSpaceError:
        return list(wanted)
    return [wanted]
