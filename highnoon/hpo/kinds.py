"""The registry of parameter kinds, and how an entry finds the one it names."""

import difflib
from collections.abc import Mapping
from typing import Any

from highnoon.hpo.entries import Entry, described
from highnoon.hpo.parameters import CategoricalParameter, FloatParameter, IntParameter, Parameter

__all__ = ["PARAMETER_KINDS", "parse_parameter"]

PARAMETER_KINDS: Mapping[str, type[Parameter]] = {
    kind: cls for cls in (FloatParameter, IntParameter, CategoricalParameter) for kind in cls.forms
}
"""The class that reads each kind of entry."""


_SYNONYMS = {
    "bool": "categorical",
    "boolean": "categorical",
    "choice": "categorical",
    "float": "uniform",
    "integer": "int",
}
"""Kinds that other tools have, and the ones here that do the same."""


def parse_parameter(name: str, given: Any) -> Parameter:
    """Read one entry of a search space.

    Raises:
        SearchSpaceError: The entry is wrong; the message quotes it and says what is allowed.
    """
    entry = Entry(name, given)
    kinds = ", ".join(f'"{kind}"' for kind in PARAMETER_KINDS)
    if not isinstance(given, (tuple, list)):
        raise entry.error(
            f"an entry is a tuple that starts with its kind, got {described(given)}. "
            f'The kinds are {kinds}; a fixed value is ("categorical", [value]).'
        )
    if not given:
        raise entry.error(
            f"the entry is empty and must start with its kind. The kinds are {kinds}."
        )
    kind, *values = given
    if not isinstance(kind, str):
        raise entry.error(
            f"the first item must be a kind, got {described(kind)}. The kinds are {kinds}; "
            'a list of values is ("categorical", [choice, ...]).'
        )
    if kind not in PARAMETER_KINDS:
        known = [*PARAMETER_KINDS, *_SYNONYMS]
        near = difflib.get_close_matches(kind.strip().lower(), known, n=1)
        hint = f'Did you mean "{_SYNONYMS.get(near[0], near[0])}"? ' if near else ""
        raise entry.error(f'unknown kind "{kind}". {hint}The kinds are {kinds}.')
    return PARAMETER_KINDS[kind].parse(Entry(name, given, str(kind), tuple(values)))
