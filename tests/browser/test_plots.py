"""Plots of a study in a real JupyterLab: what is drawn, hovered, selected, zoomed and saved."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.waiting import soon

STUDY = """
import math
import highnoon as hn
from highnoon_widgets import Edf, LearningCurves, OptimizationHistory, Timeline

hpo = hn.HPOTrialManager("plots", storage="sqlite:///{name}.db", sampler="random", seed=1)

def objective(params):
    for step in range(4):
        hpo.report(params["x"] + math.exp(-step), step, tokens=1000 * step + 500)
        if step == 2 and 0.1 < params["x"] < 0.3:
            raise hpo.TrialPruned()
    return params["x"]

space = {{"x": ("log_uniform", 0.001, 1), "units": ("int", 1, 9)}}
history = OptimizationHistory(hpo)
history
"""
RUN = "hpo.optimize(objective, space, n_trials={n}, show_progress=False)"
PIXEL = """(canvas, number) => {
    const trace = canvas.data.find(t => t.customdata && [...t.customdata].includes(number));
    const i = [...trace.customdata].indexOf(number), layout = canvas._fullLayout;
    const box = canvas.getBoundingClientRect(), {xaxis: x, yaxis: y} = layout;
    return [box.x + x._offset + x.d2p(trace.x[i]), box.y + y._offset + y.d2p(trace.y[i])];
}"""
LIT = "canvas => canvas.layout.shapes.length > 0"
DRAWN = """canvas => Object.fromEntries(
    canvas.data.filter(t => t.name && t.showlegend !== false).map(t => [t.name, t.x.length]))"""


def canvas(plot: Locator) -> Locator:
    return plot.locator(".hn-plot-canvas")


def figure(plot: Locator) -> Locator:
    return plot.locator(".hn-plot-figure")


def hover(plot: Locator, where: str, which: object, trial: int) -> None:
    """Move the pointer onto a trial, again where the plot was drawn anew meanwhile."""
    card = plot.locator(".hn-card", has_text=re.compile(rf"Trial {trial}(?!\d)"))

    def is_shown() -> bool:
        plot.page.mouse.move(0, 0)
        plot.page.mouse.move(*canvas(plot).evaluate(where, which))
        for _ in range(10):
            if card.is_visible():
                return True
            plot.page.wait_for_timeout(100)
        return False

    soon(plot.page, is_shown)


def save(plot: Locator, kind: str, folder: Path) -> bytes:
    plot.get_by_role("button", name="more").click()
    with plot.page.expect_download() as waiting:
        plot.get_by_role("menuitem", name=f"Download {kind}").click()
    assert waiting.value.suggested_filename.startswith("plots-")
    assert waiting.value.suggested_filename.endswith(f".{kind.lower()}")
    waiting.value.save_as(folder / "plot")
    return (folder / "plot").read_bytes()


def test_trials_are_drawn_selected_zoomed_and_saved(open_notebook: Any, tmp_path: Path) -> None:
    notebook = open_notebook(
        STUDY.format(name="history"), RUN.format(n="1 if not hpo.trials else 29"),
        "print('selected', history.selected)",
    )  # fmt: skip
    page = notebook.page
    notebook.run(0)
    plot = notebook.output(0).get_by_test_id("optimization-history")
    expect(plot).to_contain_text("No trials yet")
    height = plot.bounding_box()["height"]  # type: ignore[index]
    notebook.run(1)
    expect(plot).to_contain_text("the first value")
    assert plot.bounding_box()["height"] == height  # type: ignore[index]
    notebook.run(1)
    label = figure(plot)
    expect(label).to_have_attribute("aria-label", re.compile("history of 30 trials: .* completed"))
    expect(label).not_to_have_attribute("aria-label", re.compile("running"))
    drawn = canvas(plot).evaluate(DRAWN)
    pruned = drawn["pruned, at its last report"]
    assert 0 < pruned < 30

    # Hover says what a trial is; a click selects it in Python, Shift adds, Escape clears.
    hover(plot, PIXEL, 7, 7)
    card = plot.locator(".hn-card")
    expect(card).to_contain_text("units")
    page.mouse.down()
    page.mouse.up()
    label.focus()
    page.keyboard.press("End")
    expect(card).to_contain_text("Trial 29")
    page.keyboard.press("Shift+Space")
    notebook.run_until(2, r"selected \[7, 29\]")
    label.focus()
    page.keyboard.press("Escape")
    notebook.run_until(2, r"selected \[\]")

    # Dragging selects the trials in the region.
    box = label.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 42, box["y"] + 26)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 38, steps=4)
    page.mouse.up()
    page.wait_for_function(LIT, arg=canvas(plot).element_handle())
    notebook.run_until(2, r"selected \[0, 1,")

    # Another axis and another scale, which Python sees; dragging that zooms, and back.
    plot.get_by_role("button", name="Time", exact=True).click()
    plot.get_by_role("button", name="Log", exact=True).click()
    types = "canvas => [canvas.layout.xaxis.type, canvas.layout.yaxis.type]"
    page.wait_for_function(
        f"canvas => '' + ({types})(canvas) === 'date,log'", arg=canvas(plot).element_handle()
    )
    full = canvas(plot).evaluate("canvas => canvas.layout.yaxis.range")
    plot.get_by_role("button", name="more").click()
    plot.get_by_role("menuitem", name="Drag to zoom").click()
    page.wait_for_function(
        "canvas => canvas.layout.dragmode === 'zoom'", arg=canvas(plot).element_handle()
    )
    page.mouse.move(box["x"] + 200, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 160, steps=4)
    page.mouse.up()
    page.wait_for_function(
        "([canvas, full]) => '' + canvas.layout.yaxis.range !== '' + full",
        arg=[canvas(plot).element_handle(), full],
    )
    # The ticks of a logarithmic axis are those of what is looked at.
    page.wait_for_function(
        """canvas => {
          const { range, tickvals } = canvas.layout.yaxis;
          const inside = at => Math.log10(at) > range[0] && Math.log10(at) < range[1];
          return tickvals.length > 1 && tickvals.every(inside);
        }""",
        arg=canvas(plot).element_handle(),
    )
    plot.get_by_role("button", name="more").click()
    plot.get_by_role("menuitem", name="Reset the view").click()
    page.wait_for_function(
        "([canvas, full]) => '' + canvas.layout.yaxis.range === '' + full",
        arg=[canvas(plot).element_handle(), full],
    )

    # Files.
    assert save(plot, "PNG", tmp_path)[:8] == b"\x89PNG\r\n\x1a\n"
    svg = ET.fromstring(save(plot, "SVG", tmp_path))
    texts = {element.text for element in svg.iter("{http://www.w3.org/2000/svg}text")}
    assert {"Optimization history", "best so far", "completed"} <= texts
    assert len(list(svg.iter("{http://www.w3.org/2000/svg}path"))) >= 30
    assert notebook.errors() == []


def test_curves_workers_and_values_are_drawn(open_notebook: Any, tmp_path: Path) -> None:
    notebook = open_notebook(
        STUDY.format(name="others"), RUN.format(n=12), "LearningCurves(hpo)", "Timeline(hpo)",
        "Edf(hpo)",
    )  # fmt: skip
    page = notebook.page
    notebook.run_all()

    # Plots are drawn as they come into view.
    curves = notebook.output(2).get_by_test_id("learning-curves")
    curves.scroll_into_view_if_needed()
    expect(figure(curves)).to_have_attribute(
        "aria-label", re.compile("curves of 12 trials. The best, trial .* in 4 reports")
    )
    drawn = canvas(curves).evaluate(DRAWN)
    # Each curve is followed by a gap: completed ones have 4 points, pruned ones 3.
    assert drawn["best"] == 5
    assert drawn["completed"] // 5 + drawn["pruned"] // 4 == 11
    hover(curves, PIXEL, 5, 5)
    page.mouse.down()
    page.mouse.up()
    expect(curves.locator(".hn-key")).to_contain_text("selected")
    curves.get_by_role("button", name="Time").click()
    expect(curves.get_by_role("button", name="Time")).to_have_attribute("aria-pressed", "true")
    assert save(curves, "PNG", tmp_path)[:4] == b"\x89PNG"
    curves.get_by_role("button", name="Tokens").click()
    page.wait_for_function(
        """canvas => Math.max(...canvas.data.flatMap(t => [...t.x]).filter(x => !isNaN(x))) === 3500
            && canvas.data.find(t => t.name === "best").x.length === 5""",
        arg=canvas(curves).element_handle(),
    )
    expect(curves.get_by_role("button", name="Epoch")).to_be_hidden()

    workers = notebook.output(3).get_by_test_id("timeline")
    workers.scroll_into_view_if_needed()
    expect(figure(workers)).to_have_attribute(
        "aria-label", re.compile("Timeline of 12 trials on 1 worker over .*: none running")
    )
    figure(workers).focus()
    page.keyboard.press("Home")
    expect(workers.locator(".hn-card")).to_contain_text("Trial 0")
    workers.get_by_role("button", name="By trial").click()
    ET.fromstring(save(workers, "SVG", tmp_path))

    values = notebook.output(4).get_by_test_id("edf")
    values.scroll_into_view_if_needed()
    expect(figure(values)).to_have_attribute("aria-label", re.compile("over .* completed trials"))
    figure(values).focus()
    page.keyboard.press("Home")
    expect(values.locator(".hn-card")).to_contain_text("best")
    assert notebook.errors() == []


MANY = """
import optuna
import highnoon as hn
from highnoon_widgets import OptimizationHistory

hpo = hn.HPOTrialManager("many", storage="sqlite:///many.db")
values = [1 + i * 37 % 100 / 100 for i in range(2500)]
values[1250] = 0.5
hpo.study.add_trials([optuna.create_trial(value=value) for value in values])
history = OptimizationHistory(hpo)
history
"""
PLACE = """(canvas, [x, y]) => {
    const {xaxis, yaxis} = canvas._fullLayout, box = canvas.getBoundingClientRect();
    return [box.x + xaxis._offset + xaxis.d2p(x), box.y + yaxis._offset + yaxis.d2p(y)];
}"""
INK = """canvas => {
    const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, i) => i % 4 === 3 && value).length;
}"""


def test_thousands_of_points_are_seen_found_selected_and_zoomed(open_notebook: Any) -> None:
    notebook = open_notebook(MANY, "print('selected', history.selected)")
    page = notebook.page
    notebook.run(0)
    plot = notebook.output(0).get_by_test_id("optimization-history")
    expect(figure(plot)).to_have_attribute("aria-label", re.compile("of trial 1250, after"))
    cloud = plot.locator(".hn-plot-cloud")
    soon(page, lambda: cloud.evaluate(INK) > 5000)
    whole = cloud.evaluate(INK)

    def point(x: float, y: float) -> None:
        page.mouse.move(*canvas(plot).evaluate(PLACE, [x, y]))

    hover(plot, PLACE, [1250, 0.5], 1250)
    point(1200, 0.45)
    page.mouse.down()
    page.mouse.move(*canvas(plot).evaluate(PLACE, [1300, 0.6]), steps=3)
    page.mouse.up()
    page.wait_for_function(LIT, arg=canvas(plot).element_handle())
    notebook.run_until(1, r"selected \[1250\]")

    plot.get_by_role("button", name="more").click()
    plot.get_by_role("menuitem", name="Drag to zoom").click()
    page.wait_for_function(
        "canvas => canvas.layout.dragmode === 'zoom'", arg=canvas(plot).element_handle()
    )
    point(1200, 0.45)
    page.mouse.down()
    page.mouse.move(*canvas(plot).evaluate(PLACE, [1800, 1.02]), steps=3)
    page.mouse.up()
    page.wait_for_function(
        f"([canvas, whole]) => ({INK})(canvas) < whole / 2", arg=[cloud.element_handle(), whole]
    )
    hover(plot, PLACE, [1250, 0.5], 1250)
    assert notebook.errors() == []
