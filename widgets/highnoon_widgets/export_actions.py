"""Actions of the export panel: files as they are when asked for."""

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from highnoon_widgets.source import StudySource

__all__ = ["best_file", "trials_csv"]


def best_file(source: "StudySource", *, kind: Literal["json", "yaml"]) -> bytes:
    """Return the best configuration as a JSON or YAML file."""
    return source.reader.best_text(kind).encode()


def trials_csv(source: "StudySource") -> bytes:
    """Return all trials as CSV, with the mark by which spreadsheets know UTF-8."""
    return source.reader.trials_csv().encode("utf-8-sig", errors="replace")
