"""What a page may ask of the kernel: each action takes the source of a study and JSON arguments."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from highnoon.hpo.flags import Order
from highnoon.hpo.run.control import StudyControl
from highnoon_widgets.curve_actions import report_axes
from highnoon_widgets.details_actions import details, enqueue_again, set_note
from highnoon_widgets.export_actions import best_file, trials_csv
from highnoon_widgets.fork_actions import fork_code
from highnoon_widgets.importance_actions import compute_fanova

if TYPE_CHECKING:
    from highnoon_widgets.source import StudySource

__all__ = ["ACTIONS", "READING"]


def pause(source: "StudySource") -> None:
    """Let running trials finish and start none."""
    _control(source).pause()
    source.refresh()


def resume(source: "StudySource") -> dict[str, Any]:
    """Let trials start again; return who said so and when, which the study does not keep."""
    _control(source).resume()
    source.refresh()
    return Order.now().to_json()


def stop(source: "StudySource", *, now: bool = False) -> None:
    """End the runs of the study."""
    _control(source).stop(now=now)
    source.refresh()


def stop_trial(source: "StudySource", *, number: int) -> None:
    """End one running trial at its next report."""
    _control(source).stop_trial(number)
    source.refresh()


def enqueue(source: "StudySource", *, params: dict[str, Any]) -> int:
    """Queue a configuration; return the number of the trial that will try it."""
    number = _control(source).enqueue(params)
    source.refresh()
    return number


ACTIONS: dict[Any, Callable[..., Any]] = {
    "pause": pause,
    "resume": resume,
    "stop": stop,
    "stop_trial": stop_trial,
    "details": details,
    "enqueue_again": enqueue_again,
    "set_note": set_note,
    "compute_fanova": compute_fanova,
    "enqueue": enqueue,
    "best_file": best_file,
    "trials_csv": trials_csv,
    "fork_code": fork_code,
    "report_axes": report_axes,
}
READING = frozenset(
    {"details", "compute_fanova", "best_file", "trials_csv", "fork_code", "report_axes"}
)
"""Actions that leave the study as it is."""


def _control(source: "StudySource") -> StudyControl:
    study = source.reader.study
    return StudyControl.of(study, study._storage, label=source.storage)
