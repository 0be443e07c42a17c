"""The studies of a process are found again, as long as they are there."""

from collections.abc import Callable
from pathlib import Path

import highnoon as hn
from highnoon.hpo._registry import best_trials
from highnoon.testing.servers import PrivateServer

SPACE = {"x": ("uniform", -1.0, 1.0)}


def tune(name: str, storage: str | None = None) -> hn.HPOTrialManager:
    hpo = hn.HPOTrialManager(name, storage=storage)
    hpo.optimize(lambda params: params["x"], SPACE, n_trials=2, show_progress=False)
    return hpo


def test_the_best_trial_of_the_newest_study_comes_first() -> None:
    tune("registry_older")
    newest = tune("registry_newest")
    first = next(best_trials())
    assert (first.study_name, first.params) == ("registry_newest", newest.best_params)


def test_a_study_whose_database_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    tune("registry_kept")
    tune("registry_damaged", f"sqlite:///{tmp_path / 'damaged.db'}")
    for file in tmp_path.glob("damaged.db*"):
        file.write_bytes(b"not a database" * 1000)
    names = [best.study_name for best in best_trials()]
    assert "registry_damaged" not in names
    assert "registry_kept" in names


def test_a_database_that_is_away_is_not_waited_for(
    own_server: PrivateServer, said: Callable[[], str]
) -> None:
    tune(f"registry_away_{own_server.name}", own_server.create_database())
    own_server.stop()
    assert f"registry_away_{own_server.name}" not in [best.study_name for best in best_trials()]
    assert "Trying again" not in said()


def test_a_study_that_was_deleted_is_passed_over(tmp_path: Path) -> None:
    import optuna

    storage = f"sqlite:///{tmp_path / 's.db'}"
    tune("registry_deleted", storage)
    optuna.delete_study(study_name="registry_deleted", storage=storage)
    assert "registry_deleted" not in [best.study_name for best in best_trials()]
