"""Run the notebooks, and keep in them the outputs that are the same each time: make notebooks."""

import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from notebooks.conftest import KERNEL_ENVIRONMENT

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
WIDGET = "application/vnd.jupyter.widget-view+json"


def is_compared(cell: NotebookNode) -> bool:
    """Whether nbval compares a code cell's output with what is kept."""
    return "nbval-ignore-output" not in cell.metadata.get("tags", ())


def renew(path: Path) -> None:
    """Run a notebook and keep its outputs."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
        store_widget_state=False,
    )
    client.execute()
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if not is_compared(cell):
            cell.outputs, cell.execution_count = [], None
        for output in cell.outputs:
            output.get("data", {}).pop(WIDGET, None)  # names a model of a kernel that has ended
    nbformat.write(notebook, path)


if __name__ == "__main__":
    os.environ.update(KERNEL_ENVIRONMENT)
    for path in NOTEBOOKS:
        print(path.name, flush=True)  # noqa: T201
        renew(path)
