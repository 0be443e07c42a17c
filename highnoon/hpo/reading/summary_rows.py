"""A study of a list as JSON, for pages that list studies."""

from typing import Any, TypedDict

from highnoon.hpo.reading.summary import StudySummary

__all__ = ["SummaryRow", "summary_row"]

_MOST_POINTS = 60


class SummaryRow(TypedDict):
    """A study as a page that lists studies takes it; `widgets/src/browser/source.ts` reads it.

    `history` holds number and value of trials that were better than all before them, the last of
    them the best: 60 at most.
    """

    storage: str
    name: str
    directions: list[str]
    metric: str | None
    status: str
    paused: dict[str, Any] | None
    archived: bool
    counts: dict[str, int]
    finished: int
    goal: int | None
    history: list[list[float]]
    front: int | None
    reason: str | None
    workers: int
    activity: float | None


def summary_row(alias: str, summary: StudySummary) -> SummaryRow:
    """Return what a page that lists studies shows of one.

    Args:
        alias: What its storage is called.
        summary: The study.
    """
    history = summary.history
    if len(history) > _MOST_POINTS:
        every = -(-len(history) // _MOST_POINTS)
        history = (*history[:-1:every], history[-1])
    return {
        "storage": alias,
        "name": summary.name,
        "directions": list(summary.directions),
        "metric": summary.metric,
        "status": summary.status,
        "paused": None if summary.paused is None else summary.paused.to_json(),
        "archived": summary.archived is not None,
        "counts": {str(status): count for status, count in summary.counts.items()},
        "finished": summary.finished,
        "goal": summary.goal,
        "history": [list(point) for point in history],
        "front": summary.front,
        "reason": summary.reason,
        "workers": len(summary.workers),
        "activity": summary.last_activity,
    }
