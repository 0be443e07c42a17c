"""Plots of the study at hand, as plotly figures."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import optuna

if TYPE_CHECKING:
    from highnoon.figures import Figure
    from highnoon.hpo.plotdata import ImportanceEvaluator
    from highnoon.hpo.reading import StudyFeed

__all__ = ["StudyPlots"]


class StudyPlots:
    """Draws the study that it is mixed into.

    A figure shows the study as it is now; `highnoon.hpo.plotdata` computes what it shows. Every
    method raises `MissingDependencyError` where plotly is not installed.

    Attributes:
        study: The Optuna study.
    """

    study: optuna.Study

    def plot_history(self, *, by: Literal["trial", "time"] = "trial") -> "Figure":
        """Draw every trial and the best value so far.

        Args:
            by: Whether x is the trial's number or when it ended.
        """
        from highnoon.figures import history_figure
        from highnoon.hpo.plotdata import history

        feed = self._feed()
        info = history(feed.columns, feed.study.direction)
        return history_figure(info, by=by, metric=_metric(feed))

    def plot_curves(self) -> "Figure":
        """Draw what trials reported, step by step."""
        from highnoon.figures import curves_figure
        from highnoon.hpo.plotdata import curves

        feed = self._feed()
        info = curves(feed.columns, feed.reports, feed.study.direction)
        return curves_figure(info, metric=_metric(feed))

    def plot_slices(self, parameters: Sequence[str] | None = None) -> "Figure":
        """Draw the value against each parameter, and where the ten best trials lie.

        Args:
            parameters: Which ones, in this order; all where none are given.

        Raises:
            ConfigError: No trial has one of them.
        """
        from highnoon.figures import slices_figure
        from highnoon.hpo.plotdata import slices

        feed = self._feed()
        info = slices(feed.columns, feed.study.direction, parameters)
        return slices_figure(info, metric=_metric(feed))

    def plot_contour(self, x: str, y: str) -> "Figure":
        """Draw the best values over the plane of two parameters.

        Raises:
            ConfigError: No trial has one of them, or they are the same.
        """
        from highnoon.figures import contour_figure
        from highnoon.hpo.plotdata import contour

        feed = self._feed()
        direction = feed.study.direction
        info = contour(feed.columns, direction, x, y)
        return contour_figure(info, direction=direction, metric=_metric(feed))

    def plot_rank(self, x: str, y: str) -> "Figure":
        """Draw good and bad trials in the plane of two parameters.

        Raises:
            ConfigError: No trial has one of them, or they are the same.
        """
        from highnoon.figures import rank_figure
        from highnoon.hpo.plotdata import rank

        feed = self._feed()
        direction = feed.study.direction
        info = rank(feed.columns, direction, x, y)
        return rank_figure(info, direction=direction, metric=_metric(feed))

    def plot_parallel(self, parameters: Sequence[str] | None = None) -> "Figure":
        """Draw a line for each completed trial through all its parameters.

        Args:
            parameters: Which ones, in this order; all where none are given.

        Raises:
            ConfigError: No trial has one of them.
        """
        from highnoon.figures import parallel_figure
        from highnoon.hpo.plotdata import parallel

        feed = self._feed()
        info = parallel(feed.columns, feed.study.direction, parameters)
        return parallel_figure(info, metric=_metric(feed))

    def plot_edf(self) -> "Figure":
        """Draw which share of the completed trials has at most a value."""
        from highnoon.figures import edf_figure
        from highnoon.hpo.plotdata import edf

        feed = self._feed()
        return edf_figure(edf(feed.columns), metric=_metric(feed))

    def plot_timeline(self) -> "Figure":
        """Draw which worker ran which trial, and when."""
        from highnoon.figures import timeline_figure
        from highnoon.hpo.plotdata import timeline

        return timeline_figure(timeline(self._feed().columns))

    def plot_importance(self, evaluator: "ImportanceEvaluator" = "ped-anova") -> "Figure":
        """Draw which parameters matter, and how sure that is.

        Args:
            evaluator: `"ped-anova"`, or `"fanova"`, which takes ten seconds and needs scikit-learn.

        Raises:
            ConfigError: There is no such evaluator.
        """
        from highnoon.figures import importance_figure
        from highnoon.hpo.plotdata import importance

        feed = self._feed()
        return importance_figure(importance(feed.columns, feed.study.direction, evaluator))

    def _feed(self) -> "StudyFeed":
        from highnoon.hpo.reading import StudyFeed

        return StudyFeed(self.study)


def _metric(feed: "StudyFeed") -> str:
    return feed.study.metric or "value"
