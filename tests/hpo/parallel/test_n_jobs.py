"""`optimize(..., n_jobs=...)`: trials in processes of our own."""

import os
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest

from highnoon import HPOTrialManager, TrialPruned
from highnoon.exceptions import (
    ConfigError,
    StudyError,
    TooManyFailuresError,
    TrialMemoryError,
    TrialTimeoutError,
    WorkerDiedError,
)
from highnoon.hpo import attributes
from highnoon.hpo.run.control import StudyControl
from highnoon.hpo.states import trial_status
from tests.processes import WAIT_SECONDS, is_first, wait_until

SPACE = {"x": ("uniform", -1.0, 1.0)}


def manager(storage: str | None = None, **options: Any) -> HPOTrialManager:
    return HPOTrialManager("s", storage=storage, sampler="random", pruner="none", **options)


@pytest.mark.parametrize("in_memory", [True, False])
def test_trials_run_in_several_processes_at_once(in_memory: bool, url: str, tmp_path: Path) -> None:
    hpo = manager(None if in_memory else url)
    offset = 3.0

    def objective(params: dict[str, float]) -> float:
        hpo.report(params["x"], 0, loss=1.0)
        hpo.set_attr("pid", os.getpid())
        (tmp_path / str(os.getpid())).touch()
        wait_until(lambda: len(list(tmp_path.glob("[0-9]*"))) == 2)
        return params["x"] + offset

    best = hpo.optimize(objective, SPACE, n_trials=8, n_jobs=2)
    assert best == hpo.best_params
    assert [trial_status(trial) for trial in hpo.trials] == ["completed"] * 8
    assert [trial.value for trial in hpo.trials] == [t.params["x"] + offset for t in hpo.trials]
    assert all(trial.intermediate_values == {0: trial.params["x"]} for trial in hpo.trials)
    workers = {trial.user_attrs["pid"] for trial in hpo.trials}
    assert len(workers) == 2
    assert os.getpid() not in workers
    assert all(
        trial.user_attrs[attributes.RUN]["worker"].endswith(f"-{trial.user_attrs['pid']}")
        for trial in hpo.trials
    )


def test_a_lambda_will_do_and_choices_are_objects() -> None:
    hpo = manager()
    best = hpo.optimize(
        lambda params: params["op"](params["x"]),
        {**SPACE, "op": ("categorical", [abs, round])},
        n_trials=6,
        n_jobs=2,
    )
    assert best["op"] in (abs, round)


def test_one_job_is_this_process() -> None:
    seen = []
    manager().optimize(lambda params: seen.append(os.getpid()) or 0.0, SPACE, n_trials=2, n_jobs=1)
    assert seen == [os.getpid()] * 2


def test_the_same_seed_draws_the_same_points_whoever_draws_them() -> None:
    points = []
    for _ in range(2):
        hpo = manager(seed=7)
        hpo.optimize(lambda params: params["x"], SPACE, n_trials=10, n_jobs=2)
        points.append(sorted(trial.params["x"] for trial in hpo.trials))
    assert points[0] == points[1]
    assert len(set(points[0])) == 10


def test_callbacks_run_here_for_every_trial_of_this_call() -> None:
    hpo = manager()
    seen: list[tuple[int, str]] = []

    def objective(params: dict[str, float]) -> float:
        if abs(params["x"]) < 0.3:
            raise ValueError("too small")
        if params["x"] < 0:
            hpo.report(1.0, 0)
            raise TrialPruned
        return params["x"]

    hpo.enqueue({"x": 0.1}, SPACE)
    hpo.enqueue({"x": -0.5}, SPACE)
    hpo.enqueue({"x": 0.5}, SPACE)
    hpo.optimize(
        objective,
        SPACE,
        n_trials=3,
        n_jobs=2,
        callbacks=[lambda study, trial: seen.append((trial.number, trial_status(trial)))],
    )
    assert sorted(seen) == [(0, "failed"), (1, "pruned"), (2, "completed")]
    failure = hpo.trials[0].user_attrs[attributes.FAILURE]
    assert (failure["type"], failure["message"]) == ("ValueError", "too small")


def test_a_callback_may_stop_the_run() -> None:
    hpo = manager()
    hpo.optimize(
        lambda params: 0.0,
        SPACE,
        n_trials=50,
        n_jobs=2,
        callbacks=[lambda study, trial: study.stop()],
    )
    assert len(hpo.trials) <= 3


def test_five_failures_in_a_row_end_the_run(said: Callable[[], str]) -> None:
    hpo = manager()

    def objective(params: dict[str, float]) -> float:
        raise RuntimeError("broken")

    with pytest.raises(TooManyFailuresError, match="all RuntimeError"):
        hpo.optimize(objective, SPACE, n_trials=50, n_jobs=2)
    assert re.search(r"Trial \d failed: RuntimeError: broken \(test_n_jobs\.py:", said())
    assert not [trial for trial in hpo.trials if trial.state == optuna.trial.TrialState.RUNNING]


def test_constraints_hold_and_cost_nothing_of_the_budget() -> None:
    hpo = manager()
    hpo.optimize(
        lambda params: params["x"] + params["y"],
        {**SPACE, "y": ("uniform", -1.0, 1.0)},
        constraints=["x < y"],
        n_trials=10,
        n_jobs=2,
    )
    counts = Counter(trial_status(trial) for trial in hpo.trials)
    assert counts["completed"] == 10
    assert set(counts) <= {"completed", "infeasible"}


def test_every_point_of_a_grid_runs_once() -> None:
    hpo = HPOTrialManager("s", sampler="grid")
    space = {"a": ("int", 1, 3), "b": ("categorical", ["u", "v", "w"])}
    hpo.optimize(lambda params: params["a"], space, n_trials=50, n_jobs=3)
    points = Counter((trial.params["a"], trial.params["b"]) for trial in hpo.trials)
    assert points == Counter({(a, b): 1 for a in (1, 2, 3) for b in "uvw"})


def test_total_trials_counts_those_that_run(url: str) -> None:
    manager(url).optimize(lambda params: 0.0, SPACE, n_trials=3)
    hpo = manager(url)
    hpo.optimize(lambda params: 0.0, SPACE, total_trials=8, n_jobs=3)
    assert len(hpo.trials) == 8


def test_a_killed_worker_costs_nothing_but_its_trial(
    url: str, tmp_path: Path, said: Callable[[], str]
) -> None:
    hpo = manager(url)

    def objective(params: dict[str, float]) -> float:
        if hpo.trials[-1].number >= 2 and is_first(tmp_path / "killed"):
            os.kill(os.getpid(), 9)
        return params["x"]

    hpo.optimize(objective, SPACE, n_trials=8, n_jobs=2)
    counts = Counter(trial_status(trial) for trial in hpo.trials)
    assert counts == {"completed": 8, "lost": 1}
    lost = next(trial for trial in hpo.trials if trial_status(trial) == "lost")
    assert lost.user_attrs[attributes.INTERRUPTED] == "lost"
    retried = [t for t in hpo.trials if t.user_attrs.get(attributes.RETRY_OF) == lost.number]
    assert [trial.params for trial in retried] == [lost.params]
    assert f"Trial {lost.number} is tried again. Its worker process" in said()
    assert "was killed (SIGKILL)" in said()


def test_a_trial_that_had_no_parameters_when_its_worker_died_is_not_said_to_be_tried_again(
    url: str, tmp_path: Path, said: Callable[[], str]
) -> None:
    mark = tmp_path / "killed"

    class DiesAtFirst(optuna.samplers.RandomSampler):
        def sample_independent(self, *args: Any) -> float:
            if is_first(mark):
                os.kill(os.getpid(), 9)
            return super().sample_independent(*args)

    hpo = HPOTrialManager("s", storage=url, sampler=DiesAtFirst(), pruner="none")
    hpo.optimize(lambda params: params["x"], SPACE, n_trials=3, n_jobs=2)
    counts = Counter(trial_status(trial) for trial in hpo.trials)
    assert counts == {"completed": 3, "lost": 1}
    (lost,) = (trial for trial in hpo.trials if trial_status(trial) == "lost")
    assert f"Trial {lost.number} is given up, for it had no parameters yet. Its worker" in said()
    assert "tried again" not in said()


def test_a_trial_that_was_told_to_stop_is_not_tried_again_when_its_worker_dies(
    url: str, tmp_path: Path, said: Callable[[], str]
) -> None:
    hpo = manager(url)

    def objective(params: dict[str, float]) -> float:
        mark = tmp_path / "killed"
        if not mark.exists():
            mark.touch()
            StudyControl("s", url).stop_trial(hpo.trials[-1].number)
            os.kill(os.getpid(), 9)
        return params["x"]

    hpo.optimize(objective, SPACE, n_trials=3, n_jobs=1, trial_timeout=60)
    assert [trial_status(t) for t in hpo.trials] == ["pruned", "completed", "completed"]
    assert attributes.STOPPED in hpo.trials[0].user_attrs
    assert "Trial 0 had been told to stop. Its worker process" in said()


def test_a_trial_that_kills_its_worker_every_time_fails_in_the_end(url: str) -> None:
    hpo = manager(url)

    def objective(params: dict[str, float]) -> float:
        if params["x"] == 0.5:
            sys.stdout.write("about to fail\n")
            os.kill(os.getpid(), 9)
        return params["x"]

    hpo.enqueue({"x": 0.5}, SPACE)
    hpo.optimize(objective, SPACE, n_trials=4, n_jobs=2)
    ended = [trial_status(trial) for trial in hpo.trials if trial.params["x"] == 0.5]
    assert ended == ["lost", "lost", "failed"]
    failed = next(trial for trial in hpo.trials if trial_status(trial) == "failed")
    failure = failed.user_attrs[attributes.FAILURE]
    assert failure["type"] == WorkerDiedError.__name__
    assert "It is the worker number 3 to die of these parameters." in failure["message"]
    assert "about to fail\n" in failed.user_attrs[attributes.LOG]


def test_a_trial_that_takes_too_long_fails_and_the_run_goes_on() -> None:
    hpo = manager()

    def objective(params: dict[str, float]) -> float:
        if params["x"] == 0.5:
            time.sleep(600)
        return params["x"]

    hpo.enqueue({"x": 0.5}, SPACE)
    hpo.optimize(objective, SPACE, n_trials=3, n_jobs=1, trial_timeout=4.0)
    assert [trial_status(trial) for trial in hpo.trials] == ["failed", "completed", "completed"]
    failure = hpo.trials[0].user_attrs[attributes.FAILURE]
    assert failure["type"] == TrialTimeoutError.__name__
    assert failure["message"] == "It ran longer than trial_timeout=4 s."


def test_a_trial_that_takes_too_much_memory_fails_and_the_run_goes_on() -> None:
    hpo = manager()

    def objective(params: dict[str, float]) -> float:
        if params["x"] == 0.5:
            held = bytearray(1200 * 2**20)
            time.sleep(600)
            return float(len(held))
        return params["x"]

    hpo.enqueue({"x": 0.5}, SPACE)
    hpo.optimize(objective, SPACE, n_trials=3, n_jobs=2, trial_memory=2**30)
    assert sorted(trial_status(trial) for trial in hpo.trials) == [
        "completed",
        "completed",
        "failed",
    ]
    failure = hpo.trials[0].user_attrs[attributes.FAILURE]
    assert failure["type"] == TrialMemoryError.__name__
    assert "more than trial_memory=1073741824 bytes (1.00 GiB)" in failure["message"]


def test_output_and_peak_memory_of_each_trial_are_kept() -> None:
    hpo = manager()

    def objective(params: dict[str, float]) -> float:
        if params["x"] == 0.5:
            held = b"x" * (200 * 2**20)
            os.write(2, b"from below\n")
            sys.stdout.write(f"large {len(held)}\n")
        else:
            sys.stdout.write("small\n")
        return params["x"]

    hpo.enqueue({"x": 0.5}, SPACE)
    hpo.enqueue({"x": 0.6}, SPACE)
    hpo.optimize(objective, SPACE, n_trials=2, trial_timeout=60)
    large, small = (trial.user_attrs for trial in hpo.trials)
    assert large[attributes.LOG] == f"from below\nlarge {200 * 2**20}\n"
    assert small[attributes.LOG] == "small\n"
    assert large[attributes.PEAK_MEMORY] > small[attributes.PEAK_MEMORY] + 150 * 2**20


def test_peak_memory_is_kept_in_this_process_too() -> None:
    hpo = manager()
    hpo.optimize(lambda params: 0.0, SPACE, n_trials=1)
    assert hpo.trials[0].user_attrs[attributes.PEAK_MEMORY] > 10 * 2**20


def test_a_handle_stops_workers_at_once_and_gives_their_trials_back(tmp_path: Path) -> None:
    hpo = manager()

    def objective(params: dict[str, float]) -> float:
        (tmp_path / str(os.getpid())).touch()
        time.sleep(600)
        return 0.0

    handle = hpo.start(objective, SPACE, n_trials=5, n_jobs=2)
    wait_until(lambda: len(list(tmp_path.glob("[0-9]*"))) == 2)
    handle.stop(now=True)
    with pytest.raises(StudyError):
        handle.wait(WAIT_SECONDS)
    causes = [t.user_attrs.get(attributes.INTERRUPTED) for t in hpo.trials[:2]]
    assert causes == ["stop", "stop"]
    assert [trial_status(trial) for trial in hpo.trials[2:]] == ["queued", "queued"]


def test_an_objective_without_a_pickle_is_refused_with_a_reason() -> None:
    hpo = manager()
    lock = threading.Lock()
    with pytest.raises(StudyError, match=r"cannot be sent to another process: TypeError: .*lock"):
        hpo.optimize(lambda params: float(lock.locked()), SPACE, n_trials=2, n_jobs=2)
    assert hpo.trials == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_jobs": 0}, "n_jobs must be at least 1, or -1"),
        ({"n_jobs": 1.5}, "n_jobs must be an integer"),
        ({"n_jobs": 2, "trial_timeout": 0}, "trial_timeout must be a positive number of seconds"),
        ({"trial_memory": -1}, "trial_memory must be a positive number of bytes"),
        ({"executor": 4}, "executor must be a concurrent.futures.Executor"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        manager().optimize(lambda params: 0.0, SPACE, **options)


def test_a_manager_with_a_database_has_a_pickle_and_one_in_memory_has_none(url: str) -> None:
    import pickle

    hpo = manager(url)
    hpo.optimize(lambda params: params["x"], SPACE, n_trials=2)
    again = pickle.loads(pickle.dumps(hpo))
    assert (again.study_name, again.best_params) == (hpo.study_name, hpo.best_params)
    with pytest.raises(StudyError, match="in the memory of this process"):
        pickle.dumps(manager())


def test_a_study_that_is_renamed_meanwhile_goes_on(url: str) -> None:
    hpo = manager(url)

    def rename(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        if trial.number == 1:
            StudyControl("s", url).rename("renamed")

    hpo.optimize(lambda params: 0.0, SPACE, n_trials=8, n_jobs=2, callbacks=[rename])
    assert len(HPOTrialManager("renamed", storage=url).trials) == 8
