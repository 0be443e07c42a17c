"""What a page asks about learning curves: where their reports stand on other axes than the step."""

from typing import TYPE_CHECKING, Any

from highnoon.hpo import attributes

if TYPE_CHECKING:
    from highnoon_widgets.source import StudySource

__all__ = ["report_axes"]

AXES = ("epoch", "tokens", "seconds")
_MOST_TRIALS = 200


def report_axes(
    source: "StudySource", *, numbers: list[int]
) -> dict[int, dict[str, dict[str, list[Any]]]]:
    """Return those series of some trials that an axis may be made of, by trial and name.

    Raises:
        StudyError: There is no such trial.
        StorageError: The storage does not answer.
    """
    found: dict[int, dict[str, Any]] = {}
    for number in numbers[:_MOST_TRIALS]:
        attrs = source.feed.details(number).user_attrs
        series = {name: attrs.get(attributes.SERIES + name) for name in AXES}
        found[number] = {name: kept for name, kept in series.items() if isinstance(kept, dict)}
    return found
