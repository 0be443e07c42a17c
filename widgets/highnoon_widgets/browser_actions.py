"""What a page may ask about studies of a list: an action takes their source and JSON arguments."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from highnoon.hpo.reader import StudyReader
from highnoon.hpo.reading import StudyFeed
from highnoon.hpo.run.control import StudyControl

if TYPE_CHECKING:
    from highnoon_widgets.browser_source import BrowserSource

__all__ = ["BROWSER_ACTIONS", "BROWSER_READING"]


def open_study(source: "BrowserSource", *, storage: str, study: str) -> None:
    """Open a study, as the browser does that."""
    source.open_study(storage, study)


def rename(source: "BrowserSource", *, storage: str, study: str, name: str) -> None:
    """Give a study another name."""
    _control(source, storage, study).rename(name)
    source.refresh()


def archive(source: "BrowserSource", *, storage: str, study: str, archived: bool) -> None:
    """Leave a study out of lists, or take it back into them."""
    control = _control(source, storage, study)
    if archived:
        control.archive()
    else:
        control.unarchive()
    source.refresh()


def delete(source: "BrowserSource", *, storage: str, study: str) -> None:
    """Delete a study with all its trials, running ones too: the page has asked."""
    _control(source, storage, study).delete(force=True)
    source.refresh()


def completed(source: "BrowserSource", *, storage: str, study: str) -> dict[str, Any]:
    """Return the values of a study's completed trials in the order in which they ended.

    Beside them `hours` since its first trial started.
    """
    feed = StudyFeed(StudyReader.open(study, source.storage(storage)))
    feed.poll()
    trials = feed.columns
    kept = trials.is_status("completed") & trials.feasible
    values, ended = trials.value[kept], trials.completed[kept]
    order = ended.argsort(kind="stable")
    started = trials.started[trials.started > 0]
    hours = (ended[order] - started.min()) / 3600 if len(started) else ended[order] * 0
    return {"values": values[order].tolist(), "hours": hours.tolist()}


BROWSER_ACTIONS: dict[Any, Callable[..., Any]] = {
    "open": open_study,
    "rename": rename,
    "archive": archive,
    "delete": delete,
    "completed": completed,
}
BROWSER_READING = frozenset({"open", "completed"})
"""Actions that leave all studies as they are."""


def _control(source: "BrowserSource", storage: str, study: str) -> StudyControl:
    return StudyControl(study, source.storage(storage))
