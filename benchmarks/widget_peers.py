"""A table and a plot of many trials beside those of ipydatagrid and of plotly's FigureWidget.

    python benchmarks/widget_peers.py [--trials 10000] [--rounds 3] [--ipydatagrid PYTHON]

Each in a notebook of its own in JupyterLab under Chromium, in turns: the trial table and
ipydatagrid's DataGrid over 14 columns; the optimization history and a FigureWidget with the same
points and line. Timed are the cell that shows it until it is drawn, with all imported before; a row
or point that is added: time of the kernel's processor, the longest task of the page's main thread,
and bytes of widget messages to the page; and a sort. Medians of the rounds.

ipydatagrid is not among the packages of this project: `python -m venv peer`, `peer/bin/pip install
ipydatagrid jupyterlab ipywidgets pandas`, `--ipydatagrid peer/bin/python`.
"""

import argparse
import contextlib
import dataclasses
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.pages import busy_during, widget_messages
from benchmarks.widgets import make_study
from tests.browser.jupyter import Lab, launch, running_lab

MEASURES = ("drawn, s", "add: kernel, ms", "add: main thread, ms", "add: bytes", "sort, ms")
WAIT_MS = 3000

TIMED = """
import time
def timed(act):
    started = time.process_time()
    act()
    print("spent", (time.process_time() - started) * 1000)
"""
STUDY = """
import optuna
import highnoon as hn
from highnoon_widgets import OptimizationHistory, TrialTable
hpo = hn.StudyReader.open("large", "sqlite:///large.db")
best = hpo.best_trial
def add():
    hpo.study.add_trial(optuna.create_trial(value=2.0, params=best.params,
        distributions=best.distributions, intermediate_values={0: 3.0}))
    widget.source.refresh()
"""
GRID = """
import random, pandas
from ipydatagrid import DataGrid
chance = random.Random(0)
names = ["state", "value", *(f"rate_{i}" for i in range(11)), "kind"]
def row():
    return ["completed", *(chance.random() for _ in range(12)), "adam"]
frame = pandas.DataFrame([row() for _ in range(TRIALS)], columns=names)
def add():
    global frame
    frame = pandas.concat([frame, pandas.DataFrame([row()], columns=names)], ignore_index=True)
    widget.data = frame
"""
FIGURE = """
import random
import plotly.graph_objects as go
chance = random.Random(0)
y = [chance.gauss(2.0, 0.2) for _ in range(TRIALS)]
def best_so_far():
    so_far = []
    for value in y:
        so_far.append(min(value, so_far[-1]) if so_far else value)
    return so_far
def add():
    y.append(2.0)
    with widget.batch_update():
        widget.data[0].x = widget.data[1].x = list(range(len(y)))
        widget.data[0].y, widget.data[1].y = y, best_so_far()
"""
SHOW_FIGURE = """
x = list(range(len(y)))
widget = go.FigureWidget([
    go.Scattergl(x=x, y=y, mode="markers", marker={"size": 4}),
    go.Scatter(x=x, y=best_so_far(), mode="lines", line={"shape": "hv"}),
])
widget
"""
CLICK = "document.querySelector('.ag-header-cell[col-id=value]  .ag-header-cell-label').click()"


@dataclasses.dataclass(frozen=True)
class Contestant:
    """A widget that shows many trials.

    Attributes:
        prepare: The cell with its imports and data, which defines `add`.
        show: The cell that makes and shows it.
        drawn: What is in the page when it is drawn.
        sort: The cell that sorts it, or "" where a click does.
    """

    name: str
    prepare: str
    show: str
    drawn: str
    sort: str | None = None


TABLE = Contestant(
    "TrialTable",
    STUDY,
    "widget = TrialTable(hpo)\nwidget",
    "[role=row][data-trial]",
    sort="",
)
DATA_GRID = Contestant(
    "ipydatagrid DataGrid",
    GRID,
    "widget = DataGrid(frame)\nwidget",
    ".jp-OutputArea-output canvas",
    sort="widget.transform([{'type': 'sort', 'columnIndex': 2, 'desc': True}])",
)
HISTORY = Contestant(
    "OptimizationHistory",
    STUDY,
    "widget = OptimizationHistory(hpo)\nwidget",
    ".hn-plot-figure[data-drawn]",
)
FIGURE_WIDGET = Contestant("plotly FigureWidget", FIGURE, SHOW_FIGURE, ".main-svg .scatterlayer")


def measure(browser: Browser, lab: Lab, contestant: Contestant, trials: int) -> dict[str, float]:
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    page.set_default_timeout(120_000)
    received = widget_messages(page)
    cells = [
        TIMED + contestant.prepare.replace("TRIALS", str(trials)),
        contestant.show,
        "timed(add)",
        contestant.sort or "",
    ]
    notebook = lab.open(page, f"notebook{trials}", cells)
    notebook.run(0)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.wait_for_timeout(WAIT_MS)
    measured: dict[str, float] = {}
    started = page.evaluate("performance.now()")
    notebook.run(1)
    notebook.output(1).locator(contestant.drawn).first.wait_for(state="attached")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    measured["drawn, s"] = (page.evaluate("performance.now()") - started) / 1000
    page.wait_for_timeout(2 * WAIT_MS)
    received.clear()

    def add() -> None:
        notebook.run(2)
        notebook.output(2).get_by_text("spent").wait_for()
        page.wait_for_timeout(WAIT_MS)

    measured["add: main thread, ms"] = busy_during(browser, page, add).longest
    measured["add: bytes"] = float(sum(received))
    measured["add: kernel, ms"] = float(notebook.output(2).inner_text().split()[-1])

    def sort() -> None:
        if contestant.sort:
            notebook.run(3)
        else:
            page.evaluate(CLICK)
        page.wait_for_timeout(WAIT_MS)

    if contestant.sort is not None:
        measured["sort, ms"] = busy_during(browser, page, sort).longest
    assert not notebook.errors(), notebook.errors()
    page.close()
    return measured


@contextlib.contextmanager
def lab_of(python: str, trials: int) -> Iterator[Lab]:
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as home:
        if python == sys.executable:
            make_study(Path(folder) / "large.db", trials)
        with running_lab(Path(folder), Path(home), python=python) as lab:
            yield lab


def main() -> None:
    parser = argparse.ArgumentParser(description="Tables and plots of many trials, side by side.")
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ipydatagrid", metavar="PYTHON", help="interpreter that has ipydatagrid")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        own = stack.enter_context(lab_of(sys.executable, options.trials))
        contestants = [(TABLE, own), (HISTORY, own), (FIGURE_WIDGET, own)]
        if options.ipydatagrid:
            other = stack.enter_context(lab_of(options.ipydatagrid, options.trials))
            contestants.insert(1, (DATA_GRID, other))
        else:
            print("without ipydatagrid: give --ipydatagrid an interpreter that has it")
        browser = launch(stack.enter_context(sync_playwright()))
        rounds = [
            [measure(browser, lab, each, options.trials) for each, lab in contestants]
            for _ in range(options.rounds)
        ]
        browser.close()
    print(f"{options.trials} trials, {options.rounds} rounds, medians\n")
    print(f"{'':24}" + "".join(f"{each.name:>22}" for each, _ in contestants))
    for name in MEASURES:
        cells = []
        for i in range(len(contestants)):
            found = [measured[i][name] for measured in rounds if name in measured[i]]
            cells.append(f"{statistics.median(found):,.1f}" if found else "–")
        print(f"{name:24}" + "".join(f"{cell:>22}" for cell in cells))


if __name__ == "__main__":
    main()
