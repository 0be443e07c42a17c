"""What can be repeated, and what is recorded with each trial."""

import os
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import optuna
import pytest

from highnoon import HPOTrialManager
from highnoon.hpo import attributes
from highnoon.hpo._context import running_trial
from highnoon.hpo.provenance import provenance
from tests.processes import WAIT_SECONDS

SPACE = {"x": ("uniform", -1.0, 1.0), "n": ("int", 1, 100)}


def square(params: dict[str, Any]) -> float:
    return params["x"] ** 2


def drawn(hpo: HPOTrialManager) -> list[dict[str, Any]]:
    return [trial.params for trial in hpo.trials]


@pytest.mark.parametrize("sampler", ["tpe", "cmaes", "random", "grid"])
def test_a_seed_repeats_the_run(sampler: Any) -> None:
    runs = [HPOTrialManager(study_name="s", seed=5, sampler=sampler) for _ in range(2)]
    for hpo in runs:
        hpo.optimize(square, {"x": SPACE["x"], "n": ("int", 1, 5)}, n_trials=13)
    assert drawn(runs[0]) == drawn(runs[1])
    seeds = [[t.user_attrs[attributes.RUN]["seed"] for t in hpo.trials] for hpo in runs]
    assert seeds[0] == seeds[1]
    assert len(set(seeds[0])) == 13


def test_other_seeds_and_no_seed_draw_other_values() -> None:
    runs = [HPOTrialManager(study_name="s", seed=seed) for seed in (0, 1, None, None)]
    for hpo in runs:
        hpo.optimize(square, SPACE, n_trials=2)
    assert len({hpo.trials[0].params["x"] for hpo in runs}) == 4
    assert len({hpo.trials[0].user_attrs[attributes.RUN]["seed"] for hpo in runs}) == 4


def test_those_who_join_with_the_same_seed_draw_other_values(url: str) -> None:
    workers = [HPOTrialManager(study_name="s", storage=url, seed=0) for _ in range(3)]
    for worker in workers:
        worker.optimize(square, SPACE, n_trials=3)
    assert len({trial.params["x"] for trial in workers[0].trials}) == 9


def test_a_resumed_run_is_repeatable_too(tmp_path: Path) -> None:
    both = []
    for name in ("a", "b"):
        for _ in range(2):
            hpo = HPOTrialManager(study_name="s", storage=f"sqlite:///{tmp_path / name}.db", seed=0)
            hpo.optimize(square, SPACE, n_trials=2)
        both.append(drawn(hpo))
    assert both[0] == both[1]
    assert len({params["x"] for params in both[0]}) == 4


def test_the_running_trial_has_a_seed_for_the_objective() -> None:
    hpo = HPOTrialManager(study_name="s", seed=0)
    seen = []

    def objective(params: dict[str, Any]) -> float:
        trial = running_trial()
        assert trial is not None
        seen.append(trial.seed)
        return 1.0

    hpo.optimize(objective, SPACE, n_trials=2)
    assert seen == [t.user_attrs[attributes.RUN]["seed"] for t in hpo.trials]


def test_each_trial_records_seed_worker_versions_and_commit(url: str) -> None:
    hpo = HPOTrialManager(study_name="s", storage=url)
    hpo.optimize(square, SPACE, n_trials=1)
    run = hpo.trials[0].user_attrs[attributes.RUN]
    assert set(run) == {"seed", "worker", "versions", "commit"}
    assert run["worker"] == f"{socket.gethostname()}-{os.getpid()}"
    assert run["versions"]["optuna"] == optuna.__version__
    assert {"python", "highnoon", "numpy", "tensorflow"} <= set(run["versions"])


def test_the_commit_says_whether_files_differ_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    (tmp_path / "f").write_text("one")
    for arguments in (["init", "-q"], ["add", "f"], [*identity, "commit", "-qm", "one"]):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout.strip()
    (tmp_path / "f").write_text("two")
    monkeypatch.chdir(tmp_path)
    assert provenance()["commit"] == head + "+"


def test_outside_a_repository_there_is_no_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert provenance()["commit"] is None


def test_a_deleted_working_directory_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    hpo = HPOTrialManager(study_name="s")
    hpo.optimize(square, SPACE, n_trials=1)
    assert hpo.trials[0].user_attrs[attributes.RUN]["commit"] is None


def test_those_who_join_at_the_same_moment_draw_other_values(url: str) -> None:
    HPOTrialManager(study_name="s", storage=url, seed=0)
    together = threading.Barrier(4)

    def join(_: int) -> float:
        together.wait(WAIT_SECONDS)
        trial = HPOTrialManager(study_name="s", storage=url, seed=0, sampler="random").ask(
            {"x": ("uniform", 0.0, 1.0)}
        )
        return trial.params["x"]

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(join, range(4)))) == 4
