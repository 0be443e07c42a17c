"""Actions of the importance chart."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from highnoon_widgets.source import StudySource

__all__ = ["compute_fanova"]


def compute_fanova(source: "StudySource") -> None:
    """Compute fANOVA in the background; progress and scores come as `StudySource.fanova`."""
    source.importances.compute_fanova()
