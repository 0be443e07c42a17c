"""`StudyDashboard`: all there is about a study, in one cell."""

from typing import TYPE_CHECKING

import ipywidgets
import traitlets

from highnoon_widgets.controls import ControlPanel
from highnoon_widgets.enqueue import EnqueuePanel
from highnoon_widgets.export import ExportPanel
from highnoon_widgets.header import StudyHeader
from highnoon_widgets.importance_chart import ImportanceChart
from highnoon_widgets.parameter_plots import ParameterPlots
from highnoon_widgets.plots import Edf, LearningCurves, OptimizationHistory, Timeline
from highnoon_widgets.source import StudySource
from highnoon_widgets.still import show_with_still, study_still
from highnoon_widgets.trial_table import TrialTable
from highnoon_widgets.view import View

if TYPE_CHECKING:
    import optuna

    from highnoon.hpo.reader import StudyReader

__all__ = ["StudyDashboard", "Tabs"]

TABS = ("overview", "parameters", "trials", "workers", "enqueue", "export")


_PARTS: tuple[type[View], ...] = (
    OptimizationHistory,
    LearningCurves,
    ParameterPlots,
    ImportanceChart,
    Edf,
    TrialTable,
    Timeline,
    ControlPanel,
    EnqueuePanel,
    ExportPanel,
)


class Tabs(View):
    """Chooses which parts a dashboard shows.

    Attributes:
        tab: One of `TABS`.
    """

    _part = traitlets.Unicode("tabs").tag(sync=True)
    tab = traitlets.CaselessStrEnum(TABS, "overview").tag(sync=True)


class StudyDashboard(ipywidgets.Box):
    """A study, live: header, plots, importance, trials, workers, controls and export.

    While a cell runs `optimize`, trials arrive; the buttons act when it ends. With `hpo.start` they
    act at once. Each part is a widget of its own too.

    Args:
        study: An `HPOTrialManager`, a `StudyReader` or an Optuna study.
        tab: What is shown first.

    Attributes:
        source: The study as the page has it.

    Example:
        ```python
        handle = hpo.start(objective, search_space)
        StudyDashboard(hpo)
        ```
    """

    def __init__(
        self, study: "StudyReader | optuna.Study | StudySource", *, tab: str = "overview"
    ) -> None:
        self.source = StudySource.of(study)
        self.tabs = Tabs(self.source, tab=tab)
        parts = [StudyHeader(self.source), self.tabs]
        parts += [part(self.source) for part in _PARTS]
        inner = ipywidgets.Box(parts)
        inner.add_class("hn-dashboard-parts")
        super().__init__([inner])
        self.add_class("hn-dashboard")

    @property
    def selected(self) -> list[int]:
        """Numbers of the trials that are selected."""
        return list(self.source.selected)

    def _ipython_display_(self) -> None:
        show_with_still(self, study_still(self.source.feed))
