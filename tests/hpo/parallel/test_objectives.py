"""What an objective may rely on in a worker process."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from highnoon import HPOTrialManager
from highnoon.data.catalogue import find_dataset, register_dataset, unregister_dataset
from highnoon.exceptions import StudyError
from highnoon.hpo.run.processes import ProcessPool
from tests.processes import WAIT_SECONDS, wait_until

from .conftest import Driver

SPACE = {"x": ("uniform", -1.0, 1.0)}


def manager() -> HPOTrialManager:
    return HPOTrialManager("s", sampler="random", pruner="none")


def test_a_script_needs_no_main_guard_and_its_functions_classes_and_globals_go_along(
    driver: Driver,
) -> None:
    process = driver("""
        import os
        import highnoon as hn

        print("started", flush=True)
        SCALE = 2.0

        class Model:
            def value(self, x):
                return SCALE * x

        def helper(model, x):
            return model.value(x)

        def objective(params):
            return helper(Model(), params["x"]) + (os.getpid() == DRIVER) * 100

        DRIVER = os.getpid()
        hpo = hn.HPOTrialManager("s", sampler="random")
        hpo.optimize(objective, {"x": ("uniform", 0.0, 1.0)}, n_trials=4, n_jobs=2)
        print([t.value == 2 * t.params["x"] for t in hpo.trials])
        """)
    out, err = process.communicate(timeout=WAIT_SECONDS)
    assert out == "started\n[True, True, True, True]\n", err


def test_registered_datasets_are_known_to_workers() -> None:
    register_dataset("parables", (line for line in ["one", "two"]), held_out=["three"])
    try:

        def objective(params: dict[str, float]) -> float:
            dataset = find_dataset("parables")
            assert dataset.held_out == ("three",)
            return float(len(dataset.documents))

        hpo = manager()
        hpo.optimize(objective, SPACE, n_trials=2, n_jobs=2)
        assert [trial.value for trial in hpo.trials] == [2.0, 2.0]
        assert find_dataset("parables").documents == ("one", "two")
    finally:
        unregister_dataset("parables")


def test_an_objective_may_hold_a_large_array() -> None:
    data = np.arange(2_000_000, dtype=np.float64)
    hpo = manager()
    hpo.optimize(lambda params: float(data.sum()), SPACE, n_trials=3, n_jobs=2)
    assert [trial.value for trial in hpo.trials] == [data.sum()] * 3


def test_workers_draw_different_random_numbers(tmp_path: Path) -> None:
    def objective(params: dict[str, float]) -> float:
        (tmp_path / str(os.getpid())).touch()
        wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
        return float(np.random.rand())

    hpo = manager()
    hpo.optimize(objective, SPACE, n_trials=4, n_jobs=2)
    assert len({trial.value for trial in hpo.trials}) == 4


def test_an_objective_that_a_worker_cannot_load_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "only_here.py").write_text("def objective(params): return params['x']\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import only_here

    sys.path.remove(str(tmp_path))
    with pytest.raises(StudyError, match=r"ModuleNotFoundError: No module named 'only_here'"):
        manager().optimize(only_here.objective, SPACE, n_trials=2, n_jobs=2)


def test_tensorflow_works_in_a_worker_that_was_forked_with_it() -> None:
    def multiply() -> tuple[bool, float]:
        there = "tensorflow" in sys.modules
        import tensorflow as tf

        @tf.function
        def product(x: tf.Tensor) -> tf.Tensor:
            return tf.reduce_sum(tf.matmul(x, x))

        return there, float(product(tf.ones((300, 300))))

    with ProcessPool(2, preload=["tensorflow"]) as pool:
        results = [future.result() for future in [pool.submit(multiply) for _ in range(4)]]
    assert results == [(True, 300.0**3)] * 4


def test_workers_start_as_new_processes_where_there_is_no_fork_server() -> None:
    def double(x: int) -> tuple[int, bool]:
        return 2 * x, os.getpid() != here

    here = os.getpid()
    with ProcessPool(2, start_method="spawn") as pool:
        results = [future.result() for future in [pool.submit(double, x) for x in range(4)]]
    assert results == [(0, True), (2, True), (4, True), (6, True)]


def test_a_worker_that_grew_too_large_is_replaced_after_its_call() -> None:
    with ProcessPool(1, recycle_at=1) as small, ProcessPool(1) as large:
        replaced = {small.submit(os.getpid).result() for _ in range(3)}
        kept = {large.submit(os.getpid).result() for _ in range(3)}
    assert (len(replaced), len(kept)) == (3, 1)
