"""Constraints that nothing satisfies are refused before any trial."""

from pathlib import Path

import pytest

import highnoon as hn
from highnoon.exceptions import SearchSpaceError

SPACE = {"x": ("uniform", -1.0, 1.0)}


def test_a_constraint_that_no_draw_satisfies_is_refused_before_any_trial(tmp_path: Path) -> None:
    hpo = hn.HPOTrialManager("s", storage=f"sqlite:///{tmp_path / 's.db'}")
    with pytest.raises(SearchSpaceError, match=r'1000 draws in a row violated "x > 2"\. Loosen'):
        hpo.optimize(lambda params: params["x"], SPACE, constraints=["x > 2"])
    assert hpo.trials == []


def test_after_such_a_refusal_the_study_takes_a_looser_constraint() -> None:
    hpo = hn.HPOTrialManager("s", seed=0)
    with pytest.raises(SearchSpaceError):
        hpo.optimize(lambda params: params["x"], SPACE, constraints=["x > 2"])
    best = hpo.optimize(lambda params: params["x"], SPACE, constraints=["x > 0"], n_trials=3)
    assert best["x"] > 0
