"""`ImportanceChart`: which parameters matter, with how sure that is."""

from typing import TYPE_CHECKING, Any

import traitlets

from highnoon_widgets.view import View

if TYPE_CHECKING:
    import optuna

    from highnoon.hpo.reader import StudyReader
    from highnoon_widgets.source import StudySource

__all__ = ["ImportanceChart"]


class ImportanceChart(View):
    """The importance of each parameter, live.

    A bar is the median score over resamples of the completed trials, a line the 80 % between.
    Below ten completed trials it says how many there are. fANOVA, which takes seconds and needs
    scikit-learn, is computed in the background.

    Args:
        study: An `HPOTrialManager`, a `StudyReader` or an Optuna study.
        evaluator: `"ped-anova"`, or `"fanova"` to compute that at once.
        **options: Traits of the widget.

    Attributes:
        evaluator: Whose scores are shown.

    Example:
        ```python
        ImportanceChart(hpo)
        ```
    """

    _part = traitlets.Unicode("importance").tag(sync=True)

    evaluator = traitlets.Enum(["ped-anova", "fanova"], "ped-anova").tag(sync=True)

    def __init__(
        self,
        study: "StudyReader | optuna.Study | StudySource",
        *,
        evaluator: str = "ped-anova",
        **options: Any,
    ) -> None:
        super().__init__(study, evaluator=evaluator, **options)
        self.source.importances.follow()
        if evaluator == "fanova":
            self.source.importances.compute_fanova()
