"""Widgets that a notebook cell made when it ran before, which its next run replaces."""

from typing import Any

import ipywidgets

__all__ = ["close_former"]

_made: dict[str, tuple[int, list[ipywidgets.Widget]]] = {}


def close_former(widget: ipywidgets.Widget) -> None:
    """Close what the running cell made in its former run; note that it made this widget."""
    cell, run = _running_cell()
    if cell is None:
        return
    former_run, made = _made.get(cell, (run, []))
    if former_run != run:
        for former in made:
            former.close()
        made = []
    _made[cell] = (run, [*made, widget])


def _running_cell() -> tuple[str | None, int]:
    """Return the id of the cell that runs, None outside a notebook, and the count of its run."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return None, 0
    shell: Any = get_ipython()
    if shell is None or not hasattr(shell, "get_parent"):
        return None, 0
    cell = shell.get_parent().get("metadata", {}).get("cellId")
    return cell, shell.execution_count
