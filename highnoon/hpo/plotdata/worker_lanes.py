"""Which worker ran which trial, and when."""

import dataclasses
import heapq
from typing import TYPE_CHECKING

import numpy as np

from highnoon.hpo.plotdata.selection import shown_status
from highnoon.hpo.reading import TrialColumns

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Timeline", "timeline"]


@dataclasses.dataclass(frozen=True, eq=False)
class Timeline:
    """The trials that started, a bar each, in the order in which they did.

    Attributes:
        lanes: The worker of each lane, in the order of their first trials; None where it is not
            known. A worker whose trials overlap has several.
        lane: int64; the lane of each bar.
        number: int64; its trial.
        status: int8; its status, index into `STATUSES`.
        start: float64; seconds since 1970.
        end: float64; NaN where the trial runs.
    """

    lanes: tuple[str | None, ...]
    lane: "NDArray[np.int64]"
    number: "NDArray[np.int64]"
    status: "NDArray[np.int8]"
    start: "NDArray[np.float64]"
    end: "NDArray[np.float64]"


def timeline(columns: TrialColumns) -> Timeline:
    """Return what a plot of the workers over time shows."""
    rows = np.flatnonzero(~np.isnan(columns.started))
    rows = rows[np.argsort(columns.started[rows], kind="stable")]
    start = columns.started[rows]
    end = np.maximum(columns.completed[rows], start)
    end[columns.is_status("running")[rows]] = np.nan
    workers = columns.worker[rows].tolist()
    lanes: list[int] = []
    lane = np.empty(len(rows), dtype=np.int64)
    # For each worker, its lanes by when they are free.
    free: dict[int, list[tuple[float, int]]] = {}
    for bar, (worker, since, until) in enumerate(
        zip(workers, start.tolist(), np.nan_to_num(end, nan=np.inf).tolist(), strict=True)
    ):
        own = free.setdefault(worker, [])
        if own and own[0][0] <= since:
            _, place = heapq.heappop(own)
        else:
            place = len(lanes)
            lanes.append(worker)
        heapq.heappush(own, (until, place))
        lane[bar] = place
    order = sorted(range(len(lanes)), key=lambda place: (workers.index(lanes[place]), place))
    moved = np.empty(len(lanes), dtype=np.int64)
    moved[order] = np.arange(len(lanes))
    return Timeline(
        lanes=tuple(None if lanes[place] < 0 else columns.workers[lanes[place]] for place in order),
        lane=moved[lane],
        number=columns.number[rows],
        status=shown_status(columns)[rows],
        start=start,
        end=end,
    )
