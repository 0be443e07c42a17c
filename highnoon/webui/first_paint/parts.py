"""What several pages show: the bar, the states of trials, how a study stands."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from highnoon.hpo.states import TrialStatus
from highnoon.webui.first_paint import formats
from highnoon.webui.first_paint.markup import Markup, h, mark, study_mark, svg

__all__ = [
    "bar",
    "no_buttons",
    "not_started",
    "page_of",
    "state_bar",
    "state_counts",
    "status_word",
    "trouble",
]

_SHOWN: tuple[TrialStatus, ...] = (
    "completed",
    "pruned",
    "diverged",
    "failed",
    "lost",
    "infeasible",
    "running",
    "queued",
)
"""In the order in which they are shown."""

_STATUS_WORDS = {
    "running": "Running",
    "paused": "Paused",
    "finished": "Finished",
    "stopped": "Stopped",
    "unfinished": "Unfinished",
    "idle": "Not running",
    "empty": "No trials yet",
}


def bar(base: str, *way: tuple[str, str | None]) -> Markup:
    """Return the bar over a page: the way to it.

    Args:
        base: Address of the list of all studies.
        way: Name and address of what leads to the page, without the first; None for itself.
    """
    name = h("b.hn-strong", None, _logo(), "HighNoon")
    steps = [h("li", None, h("a", {"href": base}, name))]
    for text, address in way:
        step = (
            h("span", {"aria-current": "page"}, text)
            if address is None
            else h("a", {"href": address}, text)
        )
        steps.append(h("li", {"title": text} if address is None else None, step))
    nav = h("nav", {"aria-label": "Way"}, h("ol", None, *steps))
    state = h("span.hn-bar-state", None, _dot(), h("span", None, "Reading"))
    return h("header.hn-part.hn-bar", None, nav, state)


def page_of(base: str, alias: str | None, name: str) -> str:
    """Return the address of a study's page; `alias` is None where there is one storage."""
    storage = "" if alias is None else f"{quote(alias, safe='')}/"
    return f"{base}/{storage}study/{quote(name, safe='')}"


def not_started(counts: Mapping[str, int], finished: int, goal: int | None) -> int:
    """Return how many trials are still to start until the goal is reached; 0 where there is none.

    Args:
        counts: How many trials have each status.
        finished: How many trials count towards the goal.
        goal: How many of those are wanted in all.
    """
    return max(0, (goal or 0) - finished - counts.get("running", 0))


def state_bar(counts: Mapping[str, int], rest: int) -> Markup:
    """Return the bar of trials by their states; `rest` is how many are still to start."""
    shown = [status for status in _SHOWN if status != "queued" and counts.get(status)]
    label = ", ".join(f"{counts[status]} {status}" for status in shown) or "no trials"
    parts = [(status, counts[status]) for status in shown]
    if rest > 0 or not shown:
        parts.append(("rest", rest or 1))
    return h(
        "div.hn-state-bar",
        {"role": "img", "aria-label": label},
        *(h("span", {"data-status": name, "style": f"flex-grow:{n}"}) for name, n in parts),
    )


def state_counts(counts: Mapping[str, int], *, words: bool) -> Sequence[Markup]:
    """Return a mark and a number for each state that trials have, and its word where asked."""
    shown = []
    for status in _SHOWN:
        if not counts.get(status):
            continue
        amount = formats.integer(counts[status])
        if words:
            parts = (h("b.hn-strong", None, amount), status)
        else:
            parts = (amount, h("span.hn-visually-hidden", None, f" {status}"))
        title = None if words else status
        shown.append(h("span", {"title": title}, mark(status), *parts))
    return shown


def status_word(status: str, *, strong: bool) -> Markup:
    """Return how a study stands: its mark and word."""
    word = _STATUS_WORDS[status]
    text = h("span.hn-strong", None, word) if strong else word.lower()
    return h("span.hn-state-word", None, study_mark(status), text)


def trouble(sentence: str, base: str) -> Markup:
    """Return what stands where a study cannot be shown; `base` is the address of all studies."""
    notice = h(
        "div.hn-notice.hn-notice-bad",
        {"role": "status"},
        study_mark("stopped"),
        h("span.hn-muted", None, h("b.hn-strong", None, sentence)),
        h("a.hn-button.hn-push", {"href": base}, "All studies"),
    )
    return h("div.hn-page.hn-paint-trouble", None, h("div.hn-part", None, notice))


def no_buttons(reason: str) -> Markup | None:
    """Return the notice of a page that gets no kernel, or None where it gets one."""
    if not reason:
        return None
    title = h("b.hn-strong", None, "This page shows all but has no buttons.")
    text = h("span.hn-muted", None, title, f" {reason}")
    notice = h("div.hn-notice", None, study_mark("paused"), text)
    return h("div.hn-notices", {"role": "status"}, notice)


def _logo() -> Markup:
    ring = {"r": 6.5, "fill": "none", "stroke": "currentColor", "stroke-width": 2}
    return svg(
        "svg",
        {"class": "hn-bar-logo", "viewBox": "0 0 16 16", "aria-hidden": "true"},
        svg("circle", {"cx": 8, "cy": 8, **ring}),
        svg("circle", {"cx": 8, "cy": 8, "r": 3, "fill": "currentColor"}),
    )


def _dot() -> Markup:
    return svg(
        "svg",
        {"class": "hn-bar-dot hn-bar-off", "viewBox": "0 0 12 12", "aria-hidden": "true"},
        svg("circle", {"cx": 6, "cy": 6, "r": 5, "fill": "none", "stroke": "currentColor"}),
        svg("circle", {"cx": 6, "cy": 6, "r": 2.5, "fill": "currentColor"}),
    )
