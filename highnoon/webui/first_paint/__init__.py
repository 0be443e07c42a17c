"""What a page shows before its script has run: HTML made of a few statements."""

from typing import TYPE_CHECKING

import numpy as np

from highnoon.hpo.reading import ReportColumns, StudyOverview, study_overview
from highnoon.webui.first_paint.parts import bar, trouble
from highnoon.webui.first_paint.study_page import study_html
from highnoon.webui.first_paint.study_rows import browser_html
from highnoon.webui.first_paint.trial_rows import ROWS

if TYPE_CHECKING:
    from highnoon.webui.hub import Hub
    from highnoon.webui.live_study import LiveStudy

__all__ = ["browser_paint", "study_paint", "way_paint"]


def way_paint(base: str, name: str, *, sentence: str = "") -> str:
    """Return the bar over a page alone, and the reason where there is nothing to show below it.

    Args:
        base: Address of the page of all studies.
        name: What the page is about.
        sentence: Why it shows nothing.
    """
    way = bar(base, ("Studies", base), (name, None))
    return way + trouble(sentence, base) if sentence else way


async def browser_paint(hub: "Hub", base: str, *, refused: str = "") -> str:
    """Return the content of the page of all studies.

    Args:
        hub: The studies.
        base: Address of the page, such as `/hpo`.
        refused: Why it gets no kernel, or empty.
    """
    listed = await hub.studies()
    return browser_html(listed.places, listed.studies, base=base, refused=refused)


async def study_paint(hub: "Hub", alias: str, name: str, base: str, *, refused: str = "") -> str:
    """Return the content of a study's page: header, summary and the newest trials.

    It has the study read, so that it is at hand when the page's script asks for it.

    Args:
        hub: The studies.
        alias: What the study's storage is called; see `Hub.find`.
        name: Name of the study.
        base: Address of the page of all studies, such as `/hpo`.
        refused: Why the page gets no kernel, or empty.

    Raises:
        StudyError: There is no such study, or it has several objectives.
        StorageError: The storage does not answer.
    """
    known = hub.at_hand(alias, name)

    def draw() -> str:
        addresses = {place.alias: place.address for place in hub.storages.places()}
        if known is None:
            overview = study_overview(name, hub.storages.open(alias), newest=ROWS)
        else:
            overview = _overview_of(known)
        return study_html(overview, addresses.get(alias, alias), base=base, refused=refused)

    html = await hub.run(draw)
    hub.begin(alias, name)
    return html


def _overview_of(study: "LiveStudy") -> StudyOverview:
    """Return the same of a study that was read."""
    feed = study.feed
    trials, reports = feed.columns, feed.reports
    best = trials.best(feed.study.direction)
    rows = np.unique([*range(len(trials))[-ROWS:], *(() if best is None else (best,))])
    some = trials.some(rows.astype(np.int64))
    kept = np.isin(reports.number, some.number)
    columns = (reports.number[kept], reports.step[kept], reports.value[kept])
    return StudyOverview(feed.study, trials, some, ReportColumns(*columns))
