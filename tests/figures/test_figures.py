"""Figures show what the plot information holds, in the project's look."""

import datetime
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import plotly.graph_objects as go
import pytest

import highnoon as hn
from highnoon import figures
from highnoon.exceptions import ConfigError
from highnoon.hpo.plotdata import curves, history, importance, slices, timeline
from highnoon.hpo.reading import StudyFeed

SPACE = {
    "rate": ("log_uniform", 1e-5, 1e-1),
    "depth": ("int", 2, 14, 3),
    "opt": ("categorical", ["adam", None, True, 2]),
    "momentum": hn.when(("uniform", 0.0, 0.99), opt="adam"),
}


@pytest.fixture(scope="module")
def hpo() -> hn.HPOTrialManager:
    """A study of 60 trials: completed, pruned, failed, diverged."""
    manager = hn.HPOTrialManager(
        "study", direction="maximize", sampler="random", seed=0, pruner="none"
    )

    def objective(params: dict[str, Any]) -> float:
        number = len(manager.study.get_trials(deepcopy=False)) - 1
        value = params["depth"] + math.log10(params["rate"]) + params.get("momentum", 0.0)
        manager.report(value + 9, 0)
        if number % 15 == 3:
            raise ValueError("no")
        if number % 15 == 4:
            return math.nan
        manager.report(value + 10, 1)
        if number % 5 == 1:
            raise optuna.TrialPruned
        return value

    manager.optimize(objective, SPACE, n_trials=60)
    return manager


PLOTS: dict[str, Callable[[hn.StudyReader], go.Figure]] = {
    "history": lambda reader: reader.plot_history(),
    "history by time": lambda reader: reader.plot_history(by="time"),
    "curves": lambda reader: reader.plot_curves(),
    "slices": lambda reader: reader.plot_slices(),
    "parallel": lambda reader: reader.plot_parallel(),
    "edf": lambda reader: reader.plot_edf(),
    "timeline": lambda reader: reader.plot_timeline(),
    "importance": lambda reader: reader.plot_importance(),
}


def named(figure: go.Figure, name: str) -> list[Any]:
    return [trace for trace in figure.data if trace.name == name]


def said_by(figure: go.Figure) -> str:
    return " | ".join(annotation.text or "" for annotation in figure.layout.annotations)


def numbers_of(figure: go.Figure, *names: str) -> list[int]:
    traces = [trace for trace in figure.data if trace.name in names]
    numbers = [np.asarray(trace.customdata).reshape(len(trace.x), -1)[:, 0] for trace in traces]
    return sorted(int(number) for number in np.concatenate(numbers))


@pytest.mark.parametrize("plot", PLOTS)
def test_every_plot_has_the_projects_look(hpo: hn.HPOTrialManager, plot: str) -> None:
    figure = PLOTS[plot](hpo)
    assert len(figure.data) > 0
    layout = figure.layout.template.layout
    assert (layout.paper_bgcolor, layout.showlegend) == ("rgba(0,0,0,0)", False)
    assert all(not getattr(trace, "showscale", False) for trace in figure.data)
    assert figure.to_json()


@pytest.mark.parametrize("plot", PLOTS)
def test_every_plot_of_an_empty_study_says_so(plot: str) -> None:
    figure = PLOTS[plot](hn.HPOTrialManager("empty"))
    assert len(figure.data) == 0
    assert said_by(figure)


@pytest.mark.parametrize("plot", PLOTS)
def test_every_plot_of_one_trial_is_drawn(plot: str) -> None:
    manager = hn.HPOTrialManager("one")
    manager.optimize(lambda p: 0.0, SPACE, n_trials=1)
    figure = PLOTS[plot](manager)
    assert figure.to_json()
    if plot not in ("importance", "curves"):
        assert len(figure.data) > 0


def test_the_history_shows_every_trial_once_and_the_steps(hpo: hn.HPOTrialManager) -> None:
    figure = hpo.plot_history()
    shown = ("completed", "pruned", "failed, no value", "diverged, no value")
    assert numbers_of(figure, *shown) == list(range(60))
    info = history(StudyFeed(hpo).columns, "maximize")
    (line,) = named(figure, "best so far")
    assert line.line.shape == "hv"
    assert list(line.y) == [*info.by_number.value, hpo.best_value]
    assert list(line.x) == [*info.by_number.at, 59]
    ring, dot = figure.data[-4:-2]
    assert (ring.y[0], dot.y[0]) == (hpo.best_value, hpo.best_value)
    assert f"{hpo.best_value:.4f}" in said_by(figure)


def test_outliers_are_carets_at_the_edge_and_counted(hpo: hn.HPOTrialManager) -> None:
    figure = hpo.plot_history()
    info = history(StudyFeed(hpo).columns, "maximize")
    assert info.value_range is not None
    low = info.value_range[0]
    beyond = int((info.value < low).sum())
    assert beyond > 0
    carets = [trace for trace in figure.data if trace.marker.symbol == "arrow-down-open"]
    assert sum(len(trace.x) for trace in carets) == beyond
    assert {y for trace in carets for y in trace.y} == {low}
    assert f"{beyond} below" in said_by(figure)


def test_by_time_trials_stand_where_they_ended(hpo: hn.HPOTrialManager) -> None:
    figure = hpo.plot_history(by="time")
    completed = [trace for trace in figure.data if trace.name == "completed"]
    ended = {
        int(data[0]): when
        for trace in completed
        for data, when in zip(trace.customdata, trace.x, strict=True)
    }
    for number, when in ended.items():
        exact = hpo.trials[number].datetime_complete
        assert exact is not None
        assert isinstance(when, datetime.datetime)
        assert abs((when - exact).total_seconds()) < 1e-3


def test_curves_hold_all_reports_with_gaps_between_trials(hpo: hn.HPOTrialManager) -> None:
    figure = hpo.plot_curves()
    feed = StudyFeed(hpo)
    info = curves(feed.columns, feed.reports, "maximize")
    lines = [trace for trace in figure.data if "last report" not in trace.name]
    points = [y for trace in lines for y in trace.y if y is not None and y == y]
    assert sorted(points) == pytest.approx(sorted(info.value.tolist()))
    assert named(figure, "best")[0].line.width == 2.5
    assert len(named(figure, "pruned, last report")[0].x) == 12
    assert named(figure, "failed")[0].mode == "markers", "one report makes no line"
    assert figure.layout.yaxis.type == ("log" if info.value.min() > 0 else None)


def test_slices_have_an_axis_for_each_parameter(hpo: hn.HPOTrialManager) -> None:
    figure = hpo.plot_slices(["rate", "opt"])
    assert figure.layout.xaxis.type == "log"
    assert list(figure.layout.xaxis2.ticktext) == ["adam", "None", "True", "2"]
    first, second = slices(StudyFeed(hpo).columns, "maximize", ["rate", "opt"]).parameters
    bars = named(figure, "range of the 10 best")
    assert first.top is not None
    assert list(bars[0].x)[:2] == list(first.top)
    assert len([x for x in bars[1].x if x is None]) == len(second.top_choices)
    with pytest.raises(ConfigError, match="Did you mean depth"):
        hpo.plot_slices(["deph"])


def test_two_parameters_make_a_contour_and_ranks(hpo: hn.HPOTrialManager) -> None:
    contour = hpo.plot_contour("rate", "depth")
    assert [trace.type for trace in contour.data][:2] == ["contour", "scatter"]
    assert contour.data[0].reversescale is True
    assert np.nanmax(np.array(contour.data[0].z, dtype=float)) == hpo.best_value
    few = hpo.plot_contour("momentum", "opt")
    assert few.data[0].type == "scatter"
    assert "of 30 completed trials" in said_by(few)
    ranks = hpo.plot_rank("rate", "opt").data[0]
    assert min(ranks.marker.color) == 0.0
    assert len(ranks.x) == sum(t.state.name == "COMPLETE" for t in hpo.trials)


def test_parallel_lines_break_where_a_parameter_was_not_drawn(hpo: hn.HPOTrialManager) -> None:
    figure = hpo.plot_parallel()
    (best,) = named(figure, "best")
    assert best.y[0] == 1.0, "the study maximizes"
    count = sum(len(trace.x) for trace in figure.data) / 6
    assert count == sum(t.state.name == "COMPLETE" for t in hpo.trials)
    assert list(figure.layout.xaxis.ticktext) == ["value", "rate", "depth", "opt", "momentum"]


def test_the_timeline_has_a_bar_for_each_trial_as_long_as_it_took(hpo: hn.HPOTrialManager) -> None:
    figure = hpo.plot_timeline()
    assert sum(len(trace.x) for trace in figure.data) == 60
    info = timeline(StudyFeed(hpo).columns)
    total = sum(sum(trace.x) for trace in figure.data)
    assert total == pytest.approx(1000 * float((info.end - info.start).sum()))
    assert len(figure.layout.yaxis.ticktext) == len(info.lanes) == 1


def test_running_trials_end_now(hpo: hn.HPOTrialManager) -> None:
    study = optuna.create_study()
    study.ask()
    info = timeline(StudyFeed(study).columns)
    figure = figures.timeline_figure(info, now=float(info.start[0]) + 5)
    assert list(figure.data[0].x) == pytest.approx([5000])
    assert figure.data[0].marker.pattern.shape == "/"


def test_importance_shows_the_median_the_interval_and_what_it_rests_on(
    hpo: hn.HPOTrialManager,
) -> None:
    info = importance(StudyFeed(hpo).columns, "maximize")
    (bars,) = hpo.plot_importance().data
    assert list(bars.x) == info.median.tolist()
    np.testing.assert_allclose(bars.x + bars.error_x.array, info.high)
    np.testing.assert_allclose(bars.x - bars.error_x.arrayminus, info.low)
    assert info.rests_on in said_by(hpo.plot_importance())


def test_the_metrics_name_is_on_the_axis_and_markup_in_it_is_text() -> None:
    manager = hn.HPOTrialManager("named")
    manager.optimize(lambda p: p["rate"], SPACE, n_trials=2)
    with pytest.warns(optuna.exceptions.ExperimentalWarning):
        manager.study.set_metric_names(["<b>loss</b>"])
    assert "&lt;b&gt;loss&lt;/b&gt;" in said_by(manager.plot_history())


def test_many_points_are_drawn_by_the_graphics_card() -> None:
    study = optuna.create_study()
    study.add_trials([optuna.trial.create_trial(value=float(i)) for i in range(2001)])
    figure = figures.history_figure(history(StudyFeed(study).columns, "minimize"))
    assert named(figure, "completed")[0].type == "scattergl"


def test_a_stock_study_in_a_database_is_drawn_too(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'stock.db'}"
    study = optuna.create_study(study_name="stock", storage=url)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    reader = hn.StudyReader.open("stock", url)
    assert numbers_of(reader.plot_history(), "completed") == [0, 1, 2]


WITHOUT_PLOTLY = """
import sys
sys.modules["plotly"] = None
import highnoon as hn
hpo = hn.HPOTrialManager("s")
hpo.optimize(lambda p: p["x"], {"x": ("uniform", 0.0, 1.0)}, n_trials=1, show_progress=False)
try:
    hpo.plot_history()
except hn.HighNoonError as error:
    print(type(error).__name__, error)
"""


def test_without_plotly_tuning_works_and_a_plot_says_what_to_install() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PLOTLY],
        env={**os.environ},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.stdout.strip() == (
        "MissingDependencyError Drawing a figure needs the package 'plotly'. "
        "Install it: pip install plotly"
    ), done.stderr


def test_every_public_name_is_there() -> None:
    for name in figures.__all__:
        assert callable(getattr(figures, name))
    with pytest.raises(AttributeError, match="no attribute 'heatmap_figure'"):
        getattr(figures, "heatmap_figure")  # noqa: B009 -- what a user would write
