"""Notebooks keep the outputs that nbval compares, and no others; nbval sees what is wrong."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.notebooks.renew import NOTEBOOKS, is_compared

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_keeps_the_outputs_that_are_compared_and_no_others(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    # nbval compares nothing where a cell has no execution count.
    compared = [cell.id for cell in cells if cell.execution_count is not None]
    assert compared == [cell.id for cell in cells if is_compared(cell)], "run make notebooks"
    assert [cell.id for cell in cells if cell.outputs and not is_compared(cell)] == []
    assert "widgets" not in notebook.metadata
    assert path.stat().st_size < 30_000


def test_a_cell_that_raises_and_an_output_that_changed_fail(tmp_path: Path) -> None:
    number = new_output("execute_result", data={"text/plain": "3.1415999999"}, execution_count=1)
    said = new_output("stream", name="stdout", text="what it was\n")
    cells = [
        new_code_cell("3.1415888888", execution_count=1, outputs=[number]),
        new_code_cell("print('what it is')", execution_count=2, outputs=[said]),
        new_code_cell("import warnings; warnings.warn('not kept')", execution_count=3),
        new_code_cell("raise ValueError", metadata={"tags": ["nbval-ignore-output"]}),
        new_code_cell("print('ignored')", metadata={"tags": ["nbval-ignore-output"]}),
    ]
    nbformat.write(new_notebook(cells=cells), tmp_path / "broken.ipynb")
    command = [sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml", "-rA", "-q", tmp_path]
    completed = subprocess.run(
        [*command, "-p", "no:cacheprovider"], cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    found = re.findall(r"^(PASSED|FAILED) .*::Cell (\d)", completed.stdout, re.M)
    assert {cell: outcome for outcome, cell in found} == {
        "0": "PASSED",
        "1": "FAILED",
        "2": "FAILED",
        "3": "FAILED",
        "4": "PASSED",
    }, completed.stdout
