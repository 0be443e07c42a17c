"""Seeds that derive from a study's: for those who join it, and for its forks."""

import uuid
import zlib
from typing import TYPE_CHECKING

import numpy as np

from highnoon.hpo import attributes
from highnoon.hpo.provenance import worker_name

if TYPE_CHECKING:
    import optuna

__all__ = ["seed_of_fork", "seed_of_joiner", "seed_of_worker"]


def seed_of_joiner(study: "optuna.Study", seed: int) -> int:
    """Return a seed that differs from those of all others who join the study, and note that.

    Each leaves an attribute of its own. Of those who join at the same moment no two see both the
    same number of others and the same place of their own among them. Who joins alone gets a seed
    that depends on nothing but the study.
    """
    before = len(_joins(study))
    moment = f"{attributes.JOINS}{before}:"
    own = f"{moment}{uuid.uuid4().hex}"
    study.set_user_attr(own, worker_name())
    together = [name for name in _joins(study) if name.startswith(moment)]
    place = together.index(own)
    return _mixed(seed, before, len(together), place, len(study.get_trials(deepcopy=False)))


def seed_of_fork(study_name: str, seed: int) -> int:
    """Return another seed than that of the forked study, whose draws the fork has already."""
    return _mixed(seed, zlib.crc32(study_name.encode()))


def seed_of_worker(seed: int, task: int) -> int:
    """Return the seed of the draws that a worker of a run makes from a task on."""
    return _mixed(seed, 0, task)


def _joins(study: "optuna.Study") -> list[str]:
    return sorted(name for name in study.user_attrs if name.startswith(attributes.JOINS))


def _mixed(*entropy: int) -> int:
    return int(np.random.SeedSequence(entropy).generate_state(1)[0])
