"""The list of all studies as HTML, as `widgets/src/views/study_browser.ts` draws it."""

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from highnoon.webui.first_paint import formats
from highnoon.webui.first_paint.markup import Markup, h, svg
from highnoon.webui.first_paint.parts import (
    bar,
    no_buttons,
    not_started,
    page_of,
    state_bar,
    state_counts,
    status_word,
)

if TYPE_CHECKING:
    from highnoon.hpo.reading import SummaryRow
    from highnoon.webui.live_list import ListedPlace

__all__ = ["browser_html"]

_MOST_ROWS = 100
_WIDTH, _HEIGHT = 116, 28
_HEADS = (
    ("about", "Study"),
    ("status", "State"),
    ("spark", "Best so far"),
    ("number", "Best value"),
    ("states", "Trials by state"),
    ("number.hn-study-done", "Finished"),
    ("number.hn-study-workers", "Workers"),
    ("activity", "Last activity ↓"),
)
_LINE = "Line: best value over the trials, each on its own scale"
_KEYS = "↑ ↓ move · Space select · Enter open · C compare · / filter"
_NONE = "No studies yet. hpo.optimize with this storage makes one; it appears here."


def browser_html(
    places: Sequence["ListedPlace"],
    studies: Sequence["SummaryRow"],
    *,
    base: str,
    refused: str = "",
) -> Markup:
    """Return the page of all studies, the latest active first.

    Args:
        places: The storages.
        studies: All their studies.
        base: Address of the page.
        refused: Why it gets no kernel, or empty.
    """
    listed = [study for study in studies if not study["archived"]]
    listed.sort(key=lambda study: (-(study["activity"] or 0.0), study["name"]))
    now = time.time()
    bodies = []
    for place in places:
        own = [study for study in listed if study["storage"] == place["alias"]][:_MOST_ROWS]
        if not own:
            continue
        alias = place["alias"] if len(places) > 1 else None
        rows = [_row(study, page_of(base, alias, study["name"]), now) for study in own]
        bodies.append(h("tbody", {"role": "rowgroup"}, _place(place), *rows))
    if not bodies:
        none = h("td.hn-muted", {"role": "gridcell"}, _NONE)
        bodies.append(h("tbody", {"role": "rowgroup"}, h("tr", {"role": "row"}, none)))
    heads = [h("th.hn-study-check", {"role": "columnheader"})]
    heads += [h(f"th.hn-study-{name}", {"role": "columnheader"}, text) for name, text in _HEADS]
    table = h(
        "table.hn-studies",
        {"role": "grid", "aria-label": "Studies"},
        h("thead", {"role": "rowgroup"}, h("tr.hn-study-heads", {"role": "row"}, *heads)),
        *bodies,
    )
    list_part = h(
        "div.hn-part.hn-study_browser",
        None,
        h(
            "div.hn-browser-parts",
            {"data-testid": "study-browser"},
            h(
                "div",
                None,
                h("h2.hn-title", None, "Studies"),
                h("div.hn-muted", None, _summary(listed, len(places))),
            ),
            no_buttons(refused),
            h(
                "section.hn-panel.hn-browser-panel",
                {"aria-label": "Studies"},
                h("div.hn-browser-tools.hn-paint-line"),
                h("div.hn-said"),
                table,
                h(
                    "div.hn-caption.hn-browser-foot",
                    None,
                    h("span.hn-study-spark", None, _LINE),
                    h("span", None, _KEYS),
                ),
            ),
        ),
    )
    return Markup(bar(base, ("Studies", None)) + h("div.hn-page", None, list_part))


def _summary(listed: Sequence["SummaryRow"], places: int) -> str:
    running = sum(study["status"] == "running" for study in listed)
    workers = sum(study["workers"] for study in listed)
    parts = [
        f"{formats.plural(len(listed), 'study', 'studies')} in {formats.plural(places, 'storage')}"
    ]
    if running:
        parts.append(f"{formats.integer(running)} running on {formats.plural(workers, 'worker')}")
    return " · ".join(parts)


def _place(place: "ListedPlace") -> Markup:
    alias, address = place["alias"], place["address"]
    about = None if alias == address else h("span.hn-caption", None, address)
    cell = h("th", {"role": "gridcell"}, h("b", None, alias), " ", about)
    return h("tr.hn-study-place", {"role": "row"}, cell)


def _row(study: "SummaryRow", address: str, now: float) -> Markup:
    counts, directions = study["counts"], study["directions"]
    best, note = _best(study)
    goal, activity, reason = study["goal"], study["activity"], study["reason"]
    rest = not_started(counts, study["finished"], goal)
    states = state_counts(counts, words=False)
    key = json.dumps([study["storage"], study["name"]], ensure_ascii=False, separators=(",", ":"))
    aims = ", ".join(directions)
    if len(directions) == 1:
        aims = f"{aims} {study['metric'] or 'value'}"
    cell = {"role": "gridcell"}
    return h(
        "tr.hn-study-row",
        {
            "role": "row",
            "data-testid": "study-row",
            "data-key": key,
            "data-study": study["name"],
        },
        h("td.hn-study-check", cell),
        h(
            "td.hn-study-about",
            cell,
            h("a.hn-study-name", {"href": address}, study["name"]),
            h("div.hn-caption", None, aims),
        ),
        h(
            "td.hn-study-status",
            cell,
            status_word(study["status"], strong=False),
            reason and h("div.hn-caption.hn-study-reason", {"title": reason}, reason),
        ),
        h("td.hn-study-spark", cell, _sparkline(study, sum(counts.values()))),
        h(
            "td.hn-study-number",
            cell,
            h("div.hn-strong", None, best),
            h("div.hn-caption", None, note),
        ),
        h(
            "td.hn-study-states",
            cell,
            state_bar(counts, rest),
            h("div.hn-study-counts", None, *(states or [h("span.hn-muted", None, "no trials")])),
        ),
        h(
            "td.hn-study-number.hn-study-done",
            cell,
            formats.integer(study["finished"]),
            None if goal is None else h("span.hn-muted", None, f" of {formats.integer(goal)}"),
        ),
        h(
            "td.hn-study-number.hn-study-workers",
            cell,
            formats.integer(study["workers"])
            if study["workers"]
            else h("span.hn-muted", None, "–"),
        ),
        h(
            "td.hn-study-activity",
            cell,
            "–" if activity is None else formats.age(activity, now),
        ),
    )


def _best(study: "SummaryRow") -> tuple[str, str]:
    """Return the best value, of several objectives how many trials are on the front; and a note."""
    if study["front"]:
        return formats.integer(study["front"]), "on the front"
    if not study["history"]:
        return "–", ""
    number, value = study["history"][-1]
    return formats.value(value), f"trial {number}"


def _sparkline(study: "SummaryRow", trials: int) -> Markup:
    """Return the best value so far over the trials, on a scale of its own."""
    history, base = study["history"], _HEIGHT / 2
    if not history or len(study["directions"]) > 1:
        label, line = "no value yet", f"M2 {base:g}H{_WIDTH - 4}"
        shapes = [svg("path", {"d": line, "class": "hn-sparkline-none"})]
    else:
        values = [value for _, value in history]
        label = f"best so far: from {formats.value(values[0])} to {formats.value(values[-1])}"
        low, high = min(values), max(values)
        last = max(1, trials - 1, int(history[-1][0]))

        def x(number: float) -> str:
            return f"{2 + number / last * (_WIDTH - 6):.5g}"

        def y(value: float) -> str:
            return (
                f"{4 + (high - value) / (high - low) * (_HEIGHT - 8) if high > low else base:.5g}"
            )

        line = f"M{x(history[0][0])} {y(values[0])}"
        line += "".join(f"H{x(number)}V{y(value)}" for number, value in history[1:])
        shapes = [
            svg("path", {"d": f"{line}H{x(last)}", "class": "hn-sparkline-line"}),
            svg(
                "circle",
                {"cx": x(last), "cy": y(values[-1]), "r": 2.5, "class": "hn-sparkline-end"},
            ),
        ]
    attributes = {
        "class": "hn-sparkline",
        "viewBox": f"0 0 {_WIDTH} {_HEIGHT}",
        "width": _WIDTH,
        "height": _HEIGHT,
        "role": "img",
        "aria-label": label,
    }
    return svg("svg", attributes, *shapes)
