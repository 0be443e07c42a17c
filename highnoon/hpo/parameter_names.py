"""Which names parameters may have, in every database that stores them."""

import unicodedata
from collections.abc import Mapping
from typing import Any

from highnoon.exceptions import SearchSpaceError
from highnoon.hpo.entries import shown

__all__ = ["check_names"]

_LONGEST_NAME = 512
"""The width of the column that holds the name in Optuna's database."""


def check_names(entries: Mapping[Any, Any]) -> None:
    """Check the names of a search space.

    Raises:
        SearchSpaceError: A name is no string, is empty, too long or unprintable, has spaces around
            it, or is one that MySQL would take for another.
    """
    seen: dict[str, str] = {}
    for name, entry in entries.items():
        quoted = f"Parameter name {shown(name)} of {shown(entry)}: "
        if not isinstance(name, str):
            raise SearchSpaceError(f"{quoted}a name must be a string.")
        if not name:
            raise SearchSpaceError(f"{quoted}a name may not be empty.")
        if len(name) > _LONGEST_NAME:
            raise SearchSpaceError(
                f"{quoted}a name may have at most {_LONGEST_NAME} characters, got {len(name)}."
            )
        if not name.isprintable():
            raise SearchSpaceError(f"{quoted}a name may hold printable characters only.")
        if name != name.strip():
            raise SearchSpaceError(f"{quoted}a name may not begin or end with a space.")
        other = seen.setdefault(_as_mysql_compares(name), name)
        if other != name:
            raise SearchSpaceError(
                f'{quoted}it differs from "{other}" only in case or accents, '
                "and MySQL takes such names for one. Rename one of them."
            )


def _as_mysql_compares(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
