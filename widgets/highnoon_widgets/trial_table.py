"""`TrialTable`: every trial of a study, live."""

import difflib
from typing import Any

import traitlets

from highnoon_widgets.view import View

__all__ = ["COLUMNS", "TrialTable"]


COLUMNS = (
    "number", "state", "value", "curve", "step", "time", "worker", "started", "ended", "retry_of",
)  # fmt: skip


class TrialTable(View):
    """Every trial, live: sorted, filtered, selected, and one of them in detail.

    The filter takes words that a trial's number, state, worker or choices hold, or an expression of
    the language of constraints over the parameters and `value`, `state`, `number`, `worker`,
    `duration` (seconds), `step`, `best` and `retry_of`. `value` is what the table shows: the last
    report of a trial that has no value.

    Args:
        study: An `HPOTrialManager`, a `StudyReader` or an Optuna study.
        **options: The attributes below.

    Attributes:
        filter: The text of the filter.
        columns: Ids of the columns that are shown (`number`, `state`, `value`, `curve`, `step`,
            `time`, `worker`, `started`, `ended`, `retry_of`, and `parameter:` followed by a name),
            None for those that there is room for.
        rows: How many rows are in view.
        selected: Numbers of the selected trials, also to be set.

    Example:
        ```python
        table = TrialTable(hpo, filter="value < 1.2 and batch_size == 16")
        table  # in a cell: draws it
        table.selected  # numbers of the trials that were clicked
        ```
    """

    _part = traitlets.Unicode("trials").tag(sync=True)

    filter = traitlets.Unicode().tag(sync=True)
    columns = traitlets.List(traitlets.Unicode(), default_value=None, allow_none=True).tag(
        sync=True
    )
    rows = traitlets.Int(16, min=3, max=100).tag(sync=True)

    @traitlets.validate("columns")
    def _check_columns(self, proposal: Any) -> list[str] | None:
        wanted: list[str] | None = proposal["value"]
        for name in wanted or []:
            if name not in COLUMNS and not name.startswith("parameter:"):
                near = difflib.get_close_matches(name, COLUMNS, n=1)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                raise traitlets.TraitError(
                    f"There is no column {name!r}.{hint} The columns are {', '.join(COLUMNS)}, and "
                    "parameter: followed by a name."
                )
        return wanted
