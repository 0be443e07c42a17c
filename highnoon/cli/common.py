"""Values, tables and options that several commands share."""

import argparse
import os
from collections.abc import Sequence
from typing import Any

__all__ = ["add_storage", "print_table", "shown"]

_DEFAULT_STORAGE = "sqlite:///hpo.db"


def add_storage(parser: argparse.ArgumentParser) -> None:
    """Add `--storage`, which defaults to what the environment says."""
    default = os.environ.get("HIGHNOON_STORAGE", _DEFAULT_STORAGE)
    parser.add_argument(
        "--storage",
        default=default,
        help="database URL; default: HIGHNOON_STORAGE, else sqlite:///hpo.db",
    )


def shown(value: Any) -> str:
    """Return a value as a person reads it."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows, the first of them a header, in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  " + "  ".join(cells).rstrip())
