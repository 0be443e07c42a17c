"""`ParameterPlots`: how the value depends on the parameters."""

from typing import TYPE_CHECKING, Any

import traitlets

from highnoon_widgets.view import View

if TYPE_CHECKING:
    import optuna

    from highnoon.hpo.reader import StudyReader
    from highnoon_widgets.source import StudySource

__all__ = ["ParameterPlots"]


class ParameterPlots(View):
    """How the value depends on the parameters, live, and the space narrowed to what is good.

    Each parameter against the value, the best values over two of them, all of them side by side, or
    the ranks of trials over two of them. **Fork with the narrowed space…** shows the code of a fork
    whose space holds the selected trials, or the ten best.

    Args:
        study: An `HPOTrialManager`, a `StudyReader` or an Optuna study.
        **options: Traits of the widget.

    Attributes:
        kind: `"slice"`, `"contour"`, `"parallel"` or `"rank"`.
        x: First parameter of a contour or rank plot; of those that matter most where it is empty.
        y: Second one.

    Example:
        ```python
        ParameterPlots(hpo, kind="contour", x="learning_rate", y="batch_size")
        ```
    """

    _part = traitlets.Unicode("parameters").tag(sync=True)
    kind = traitlets.Enum(["slice", "contour", "parallel", "rank"], "slice").tag(sync=True)
    x = traitlets.Unicode().tag(sync=True)
    y = traitlets.Unicode().tag(sync=True)

    def __init__(self, study: "StudyReader | optuna.Study | StudySource", **options: Any) -> None:
        super().__init__(study, **options)
        self.source.importances.follow()
