"""Live widgets for JupyterLab and Voilà: a study's trials, plots, importance and controls."""

from highnoon_widgets.browser import StudyBrowser
from highnoon_widgets.controls import ControlPanel
from highnoon_widgets.dashboard import StudyDashboard
from highnoon_widgets.enqueue import EnqueuePanel
from highnoon_widgets.export import ExportPanel
from highnoon_widgets.header import StudyHeader
from highnoon_widgets.importance_chart import ImportanceChart
from highnoon_widgets.page import Page
from highnoon_widgets.parameter_plots import ParameterPlots
from highnoon_widgets.plots import Edf, LearningCurves, OptimizationHistory, Timeline
from highnoon_widgets.source import StudySource
from highnoon_widgets.trial_table import TrialTable
from highnoon_widgets.view import View

__all__ = [
    "ControlPanel",
    "Edf",
    "EnqueuePanel",
    "ExportPanel",
    "ImportanceChart",
    "LearningCurves",
    "OptimizationHistory",
    "Page",
    "ParameterPlots",
    "StudyBrowser",
    "StudyDashboard",
    "StudyHeader",
    "StudySource",
    "Timeline",
    "TrialTable",
    "View",
]
