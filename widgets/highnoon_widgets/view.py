"""`View`: what all widgets that draw a part of a study have in common."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from highnoon_widgets import _bundles
from highnoon_widgets._cells import close_former
from highnoon_widgets.engines import Engines
from highnoon_widgets.source import StudySource
from highnoon_widgets.still import show_with_still, study_still

if TYPE_CHECKING:
    import optuna

    from highnoon.hpo.reader import StudyReader

__all__ = ["View"]


class View(anywidget.AnyWidget):
    """Draws a part of a study; closed when the cell that made it runs again.

    Args:
        study: An `HPOTrialManager`, a `StudyReader` or an Optuna study.
        selected: Numbers of trials to select, in all widgets of the study.
        **options: Traits of the widget.

    Attributes:
        source: The study as the page has it, shared by all its widgets.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    _part = traitlets.Unicode(help="Name of what is drawn, in `widgets/src/views`.").tag(sync=True)
    _engines = traitlets.Unicode(help="Id of the model with the bundles.").tag(sync=True)
    _source = traitlets.Unicode(help="Id of the model with the study.").tag(sync=True)

    def __init__(
        self,
        study: "StudyReader | optuna.Study | StudySource",
        *,
        selected: Sequence[int] | None = None,
        **options: Any,
    ) -> None:
        self.source = StudySource.of(study)
        if selected is not None:
            self.source.selected = list(selected)
        super().__init__(
            _engines=Engines.shared().model_id, _source=self.source.model_id, **options
        )
        close_former(self)

    @traitlets.default("_esm")
    def _loader(self) -> str:
        return _bundles.loader()

    @property
    def selected(self) -> list[int]:
        """Numbers of the trials that are selected, in this and all other widgets of the study."""
        return list(self.source.selected)

    @selected.setter
    def selected(self, numbers: list[int]) -> None:
        self.source.selected = list(numbers)

    def _ipython_display_(self) -> None:
        show_with_still(self, study_still(self.source.feed))
