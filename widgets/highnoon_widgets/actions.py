"""What a page may ask of the kernel: each action takes the source of a study and JSON arguments."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from highnoon.hpo.run.control import StudyControl

if TYPE_CHECKING:
    from highnoon_widgets.source import StudySource

__all__ = ["ACTIONS"]


def pause(source: "StudySource") -> None:
    """Let running trials finish and start none."""
    _control(source).pause()
    source.refresh()


def resume(source: "StudySource") -> None:
    """Let trials start again."""
    _control(source).resume()
    source.refresh()


def stop(source: "StudySource", *, now: bool = False) -> None:
    """End the runs of the study."""
    _control(source).stop(now=now)
    source.refresh()


ACTIONS: dict[Any, Callable[..., Any]] = {"pause": pause, "resume": resume, "stop": stop}


def _control(source: "StudySource") -> StudyControl:
    study = source.reader.study
    return StudyControl.of(study, study._storage, label=source.storage)
