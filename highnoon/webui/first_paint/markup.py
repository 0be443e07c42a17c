"""HTML made of text that is never read as markup; `widgets/src/dom.ts` makes the same elements."""

from collections.abc import Iterable, Mapping
from html import escape

__all__ = ["Markup", "h", "mark", "study_mark", "svg"]

Attributes = Mapping[str, "str | int | float | bool | None"]


class Markup(str):
    """Text that is HTML already. All other text is escaped where it becomes HTML."""

    __slots__ = ()


def h(selector: str, attributes: Attributes | None = None, *children: str | None) -> Markup:
    """Return an element: `h("button.hn-button", {"type": "button"}, "Pause")`.

    Args:
        selector: Its name and classes.
        attributes: Its attributes; those that are None or False are left out.
        children: What it holds: `Markup` as it is, other text escaped, None left out.
    """
    name, *classes = selector.split(".")
    known = {"class": " ".join(classes) or None, **(attributes or {})}
    return _element(name, known, children)


def svg(name: str, attributes: Attributes, *children: str) -> Markup:
    """Return an SVG element."""
    return _element(name, attributes, children)


def mark(kind: str) -> Markup:
    """Return the mark of a trial's status, or of the best one; `widgets/src/marks.ts` has them."""
    return _mark(f"hn-mark-{kind}", _TRIAL_MARKS[kind])


def study_mark(status: str) -> Markup:
    """Return the mark of a study's status."""
    return _mark(f"hn-study-{status}", _STUDY_MARKS[status])


def _mark(style: str, shapes: Iterable[Markup]) -> Markup:
    attributes = {"class": f"hn-mark {style}", "viewBox": "0 0 12 12", "aria-hidden": "true"}
    return svg("svg", attributes, *shapes)


def _element(name: str, attributes: Attributes, children: Iterable[str | None]) -> Markup:
    written = "".join(
        f" {key}" if value is True else f' {key}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    inside = "".join(
        child if isinstance(child, Markup) else escape(child)
        for child in children
        if child is not None
    )
    return Markup(f"<{name}{written}>{inside}</{name}>")


def _circle(radius: float, style: str, **more: str) -> Markup:
    return svg("circle", {"cx": 6, "cy": 6, "r": radius, "class": style, **more})


def _path(line: str, style: str) -> Markup:
    return svg("path", {"d": line, "class": style})


_CROSS = [_path("M2.5 2.5l7 7m0-7l-7 7", "hn-mark-line hn-mark-strong")]
_TRIAL_MARKS: dict[str, list[Markup]] = {
    "best": [_circle(5, "hn-mark-line"), _circle(2.5, "hn-mark-fill")],
    "completed": [_circle(3, "hn-mark-fill")],
    "pruned": [_path("M2 3.2h8L6 9.8z", "hn-mark-line")],
    "diverged": [_path("M6 2l4.4 8H1.6z", "hn-mark-fill")],
    "failed": _CROSS,
    "lost": _CROSS,
    "infeasible": [_circle(4, "hn-mark-line"), _path("M3.2 8.8l5.6-5.6", "hn-mark-line")],
    "queued": [_circle(4, "hn-mark-line hn-mark-dotted")],
    "running": [
        _circle(4, "hn-mark-rest"),
        _circle(
            4,
            "hn-mark-line hn-mark-strong",
            **{"stroke-dasharray": "6.283 25.133", "transform": "rotate(-90 6 6)"},
        ),
    ],
}
_STUDY_MARKS: dict[str, list[Markup]] = {
    "running": [_path("M3 2l7 4-7 4z", "hn-mark-fill")],
    "paused": [_path("M3 2h2v8H3zM7 2h2v8H7z", "hn-mark-fill")],
    "finished": [_path("M2 6.5l3 3 5-7", "hn-mark-line hn-mark-strong")],
    "stopped": [_path("M2.5 2.5h7v7h-7z", "hn-mark-fill")],
    "unfinished": [_path("M2.5 2.5h7v7h-7z", "hn-mark-line")],
    "idle": [_path("M2.5 6h7", "hn-mark-line hn-mark-strong")],
    "empty": [_circle(4, "hn-mark-line")],
}
