"""The front end's bundles, which `make widgets` builds from `widgets/src`.

A page needs each of them once, however many widgets it shows: see `highnoon_widgets.engines`.
"""

import functools
import hashlib
from pathlib import Path

from highnoon.exceptions import MissingDependencyError

__all__ = ["BUNDLES", "bundle", "bundle_hash", "loader"]

_STATIC = Path(__file__).parent / "static"
BUNDLES = ("core", "plots", "table")
"""`core` is ours, `plots` holds plotly.js, `table` AG Grid."""


@functools.cache
def bundle(name: str) -> bytes:
    """Return one of `BUNDLES`, an ES module in UTF-8.

    Raises:
        MissingDependencyError: It was not built.
    """
    try:
        return (_STATIC / f"{name}.js").read_bytes()
    except FileNotFoundError:
        raise MissingDependencyError(
            "The front end of the widgets is not built. In a checkout run: make widgets"
        ) from None


@functools.cache
def bundle_hash(name: str) -> str:
    """Return a text that changes with the bundle."""
    return hashlib.sha256(bundle(name)).hexdigest()[:16]


@functools.cache
def loader() -> str:
    """Return the kilobyte of JavaScript that every widget has in its state."""
    return bundle("loader").decode()
