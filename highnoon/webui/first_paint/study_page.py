"""The page of one study as HTML, as `widgets/src/site/study_page.ts` draws it."""

import math
import re
import time
from typing import TYPE_CHECKING

from highnoon.hpo.plotdata import best, pace, saved_by_pruning
from highnoon.hpo.reading import summary_of
from highnoon.webui.first_paint import formats
from highnoon.webui.first_paint.markup import Markup, h, mark, study_mark
from highnoon.webui.first_paint.parts import (
    bar,
    no_buttons,
    not_started,
    state_bar,
    state_counts,
    status_word,
)
from highnoon.webui.first_paint.shown import Shown
from highnoon.webui.first_paint.trial_rows import trials_html

if TYPE_CHECKING:
    from highnoon.hpo.plotdata import Best, Pace, SavedByPruning
    from highnoon.hpo.reading import StudyOverview, StudyState, StudySummary

__all__ = ["study_html"]

_HISTORY_HEIGHT = 284
_FORK_HEIGHT = 41
_SAMPLERS = {"tpe": "TPE", "cmaes": "CMA-ES"}
_SECTIONS = ("Overview", "Parameters", "Trials", "Workers", "Export")


def study_html(overview: "StudyOverview", storage: str, *, base: str, refused: str = "") -> Markup:
    """Return the page of a study.

    Args:
        overview: The study.
        storage: Where it is, without a password.
        base: Address of the list of all studies.
        refused: Why the page gets no kernel, or empty.
    """
    study, trials, now = overview.study, overview.trials, time.time()
    summary, first = summary_of(study, trials), best(trials, study.direction)
    workers = _workers(overview)
    shown = Shown(
        study,
        overview.newest,
        overview.reports,
        best=None if first is None else first.number,
        decimals=4 if first is None else formats.decimals_for(first.value, first.second),
        now=now,
    )
    counts = {str(status): count for status, count in summary.counts.items()}
    rest = not_started(counts, summary.finished, study.goal)
    top = h(
        "div.hn-header-top",
        None,
        h("div", None, h("h2.hn-title", None, study.name), _about(study, storage)),
        h(
            "div.hn-header-side",
            None,
            h("div.hn-header-orders", None, _state(summary, workers)),
            h("div.hn-said"),
        ),
    )
    strip = h(
        "div.hn-panel.hn-strip",
        None,
        _figures(overview, summary, first, workers, now),
        state_bar(counts, rest),
        _counts(counts, len(trials), max(0, rest - counts.get("queued", 0))),
    )
    parts = [
        h(
            "div.hn-part.hn-header",
            None,
            top,
            no_buttons(refused),
            _gave_up(overview, summary),
            strip,
        ),
        _anchors(len(trials), workers),
        _plot("history", "Optimization history", _HISTORY_HEIGHT),
        _plot("curves", "Learning curves", _HISTORY_HEIGHT),
        _plot("parameters", "Parameters", _slices_height(len(overview.newest.parameters))),
        _importance(),
        h(
            "div.hn-part.hn-trials",
            None,
            trials_html(shown, len(trials), storage=storage),
        ),
    ]
    page = h("div.hn-page", None, h("div.hn-page-parts", None, *parts))
    return Markup(bar(base, ("Studies", base), (study.name, None)) + page)


def _workers(overview: "StudyOverview") -> int:
    """Return how many workers run a trial; a trial without a name counts as one."""
    newest = overview.newest
    running = newest.is_status("running")
    codes = newest.worker[running]
    # Those of trials that were not read whole have a name that is not known here.
    others = int(overview.trials.is_status("running").sum()) - int(running.sum())
    return len({*codes[codes >= 0].tolist()}) + int((codes < 0).sum()) + others


def _about(study: "StudyState", storage: str) -> Markup:
    setup = study.setup
    drawn = [
        f"{_SAMPLERS.get(name, name)} {what}"
        for name, what in ((setup.sampler, "sampler"), (setup.pruner, "pruner"))
        if name
    ]
    short = re.sub(r"^.*[\\/]", "", storage) if storage.startswith("sqlite:") else storage
    parts = [
        h("span", None, f"{study.direction} ", h("b", None, study.metric or "value")),
        h("span", None, "storage ", h("b", {"title": storage}, short)),
    ]
    if drawn:
        parts.append(h("span", None, ", ".join(drawn)))
    return h("div.hn-header-about.hn-dotted", None, *parts)


def _state(summary: "StudySummary", workers: int) -> Markup:
    some = h("span.hn-muted", None, formats.plural(workers, "worker")) if workers else None
    word = status_word(summary.status, strong=True)
    return h("div.hn-header-state", {"role": "status"}, word, some)


def _gave_up(overview: "StudyOverview", summary: "StudySummary") -> Markup | None:
    """Return the notice of a study whose last run ended itself."""
    if summary.gave_up is None or summary.status != "stopped":
        return None
    trials = overview.trials
    troubled = trials.number[trials.is_status("failed") | trials.is_status("infeasible")]
    what, _, kinds = summary.gave_up.partition(": ")
    more = [
        f"{re.sub('^all ', 'All of them: ', kinds)}." if kinds else "",
        "" if summary.history else "No value yet.",
    ]
    return h(
        "div.hn-notices",
        {"role": "status"},
        h(
            "div.hn-notice.hn-notice-bad",
            None,
            study_mark("stopped"),
            h(
                "span.hn-muted",
                None,
                h("b.hn-strong", None, f"Stopped {what}."),
                f" {' '.join(filter(None, more))}",
            ),
            h("button.hn-button.hn-push", {"disabled": True}, f"Show trial {troubled.max()}")
            if len(troubled)
            else None,
        ),
    )


def _figures(
    overview: "StudyOverview",
    summary: "StudySummary",
    first: "Best | None",
    workers: int,
    now: float,
) -> Markup:
    study, trials = overview.study, overview.trials
    goal, speed = study.goal, pace(trials, now, study.goal)
    left = f"about {formats.roughly(speed.seconds_left)} left" if speed.seconds_left else ""
    return h(
        "div.hn-strip-figures",
        None,
        _best(f"Best {study.metric or 'value'}", first, now),
        _figure(
            "Finished",
            formats.integer(summary.finished),
            None if goal is None else f"of {formats.integer(goal)}",
            left,
        ),
        _pace(speed, workers),
        _saved(saved_by_pruning(trials)),
    )


def _pace(speed: "Pace", workers: int) -> Markup:
    if math.isnan(speed.per_hour):
        return _figure("Pace", "–", None, "")
    busy = speed.busy(workers)
    return _figure(
        "Pace",
        *formats.pace(speed.per_hour),
        "" if math.isnan(busy) else f"workers busy {formats.percent(busy)}",
    )


def _saved(saved: "SavedByPruning") -> Markup:
    if not saved.pruned or math.isnan(saved.seconds):
        return _figure("Saved by pruning", "–", None, "")
    return _figure(
        "Saved by pruning",
        formats.duration(saved.seconds),
        "of worker time",
        f"{formats.percent(saved.share)} less compute",
    )


def _figure(title: str, value: str, unit: str | None, note: str) -> Markup:
    return h(
        "div.hn-figure",
        None,
        h("div.hn-caption", None, title),
        h("div.hn-figure-value", None, value, None if unit is None else h("small", None, unit)),
        h("div.hn-muted", None, note),
    )


def _best(title: str, first: "Best | None", now: float) -> Markup:
    if first is None:
        return _figure(title, "–", None, "no completed trial")
    decimals = formats.decimals_for(first.value, first.second)
    note = f"trial {first.number}, {formats.age(first.completed, now)}"
    if not math.isnan(first.former):
        note = f"{note}; was {formats.value(first.former, decimals)}"
    return h(
        "div.hn-figure",
        None,
        h("div.hn-caption", None, title),
        h(
            "div.hn-figure-value.hn-figure-best",
            None,
            mark("best"),
            formats.value(first.value, decimals),
        ),
        h("div.hn-muted", None, note),
    )


def _counts(counts: dict[str, int], trials: int, rest: int) -> Markup:
    shown = state_counts(counts, words=True) or [h("span.hn-muted", None, "no trials")]
    waiting = (
        h("span.hn-push.hn-muted", None, f"{formats.integer(rest)} not started") if rest else None
    )
    attributes = {"data-testid": "trial-count", "data-trials": trials}
    return h("div.hn-strip-counts", attributes, *shown, waiting)


def _anchors(trials: int, workers: int) -> Markup:
    counts = {"Trials": trials, "Workers": workers}
    links = [
        h(
            "span.hn-tab",
            None,
            f"{section} {formats.integer(counts[section])}" if counts.get(section) else section,
        )
        for section in _SECTIONS
    ]
    attributes = {"aria-label": "Parts of the study"}
    return h("nav.hn-part.hn-anchors", attributes, h("div.hn-tab-list", None, *links))


def _plot(name: str, heading: str, height: int) -> Markup:
    """Return the place of a plot."""
    return h(
        f"div.hn-part.hn-{name}",
        None,
        h(
            "section.hn-panel.hn-plot",
            {"aria-label": heading},
            h("div.hn-panel-head", None, h("h3.hn-heading", None, heading)),
            h("div.hn-key-place"),
            h("div.hn-plot-figure", {"style": f"height:{height}px"}),
        ),
    )


def _importance() -> Markup:
    head = h("div.hn-panel-head", None, h("h3.hn-heading", None, "Importance"))
    panel = h(
        "section.hn-panel",
        {"aria-label": "Importance"},
        head,
        h("p.hn-muted.hn-paint-scores", None, "computing the scores"),
    )
    return h("div.hn-part.hn-importance", None, panel)


def _slices_height(parameters: int) -> int:
    """Return how high the plots of parameters and the line below them are on a wide page."""
    return math.ceil(max(1, parameters) / 4) * 152 - 2 + _FORK_HEIGHT
