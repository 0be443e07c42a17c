"""When a study's events are on the screen, by the clock that stamps the events."""

import statistics
import time
from collections.abc import Mapping

from playwright.sync_api import Page

from highnoon.hpo import attributes
from highnoon.hpo.reader import StudyReader

BOUND = 2.0
"""Seconds until a person is to see what happened, where it need not share the machine's cores."""
BUSY_SECONDS = 0.5

WATCH = r"""() => {
    const seen = window.seen = {since: Date.now() / 1000, rows: {}, reports: {}};
    const look = () => {
        const now = Date.now() / 1000;
        for (const row of document.querySelectorAll("[role=row][data-trial]"))
            if (/completed|best/.test(row.textContent)) seen.rows[row.dataset.trial] ??= now;
        const lines = document.querySelectorAll("[data-testid=learning-curves] path.js-line");
        const points = [...lines].flatMap(line => line.getAttribute("d")?.match(/[MLHV]/g) ?? []);
        for (let n = points.length; n > 0 && !(n in seen.reports); n--) seen.reports[n] = now;
        requestAnimationFrame(look);
    };
    look();
}"""


def watch(page: Page) -> None:
    """Note with each frame which trials' rows say that they ended, and how far curves go."""
    page.evaluate(WATCH)


def slowdown() -> float:
    """Return how many times longer work takes at the moment than on a core of its own."""
    start, worked = time.perf_counter(), time.process_time()
    while time.process_time() - worked < BUSY_SECONDS:
        pass
    return max(1.0, (time.perf_counter() - start) / BUSY_SECONDS)


def delays(page: Page, reader: StudyReader) -> dict[str, float]:
    """Return the medians of seconds from an event until it was on the screen.

    Rows: from a trial's end until its row says so. Curves: from a report, whose moment the
    objective reports as the series `at`, until the drawn curves have as many points. One worker
    reports, each trial several times. Medians, since any single event may come while the machine
    does something else.
    """
    seen = page.evaluate("() => window.seen")
    trials = reader.trials
    ends = {
        str(trial.number): trial.datetime_complete.timestamp()
        for trial in trials
        if trial.datetime_complete is not None
    }
    reports: dict[str, float] = {}
    place = 0
    for trial in trials:
        series = trial.user_attrs.get(f"{attributes.SERIES}at", {"values": []})
        for nth, at in enumerate(series["values"]):
            place += 1
            if nth:  # a line begins with its second point
                reports[str(place)] = at
    return {
        "rows": _median(seen["since"], ends, seen["rows"]),
        "curves": _median(seen["since"], reports, seen["reports"]),
    }


def _median(since: float, events: Mapping[str, float], seen: Mapping[str, float]) -> float:
    waits = [seen[key] - at for key, at in events.items() if at > since and key in seen]
    assert len(waits) >= 5, f"{len(waits)} events of {len(events)} were seen"
    assert min(waits) > -0.01, "something was seen before it happened"
    return statistics.median(waits)
