"""Studies to look at: trials of every state, with curves such as a language model's."""

import dataclasses
import datetime
import math
import random
import warnings
from collections.abc import Sequence
from typing import Any

from optuna import create_trial
from optuna.distributions import BaseDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.trial import FrozenTrial, TrialState

import highnoon as hn
from highnoon.hpo import attributes
from highnoon.hpo.space import SearchSpace

SPACE = {
    "learning_rate": ("log_uniform", 1e-5, 1e-2),
    "num_reasoning_blocks": ("int", 4, 12),
    "dropout_rate": ("uniform", 0.0, 0.3),
    "warmup_steps": ("int", 0, 2000, 500),
    "embedding_dim": ("int", 256, 1024, 128),
    "weight_decay": ("log_uniform", 1e-5, 1e-1),
    "batch_size": ("categorical", [4, 8, 16, 32]),
    "num_moe_experts": ("categorical", [2, 4, 8]),
}
WORKERS = ("gpu-a1", "gpu-a2", "lab-07")
EPOCHS = 20
USUAL = ("completed", "completed", "pruned", "completed", "pruned")
ALL = (*USUAL, "diverged", "failed", "infeasible", "lost")
TRACEBACK = """Traceback (most recent call last):
  File "/home/ada/train.py", line 41, in objective
    summary = trainer.train(epochs_per_stage=20)
  File "/usr/lib/python3/site-packages/tensorflow/python/eager/execute.py", line 53, in execute
    tensors = pywrap_tfe.TFE_Py_Execute(ctx, name)
MemoryError: out of memory allocating float32[8,256,768,24]
"""


@dataclasses.dataclass
class Maker:
    """Makes trials, one after another, on several workers.

    Attributes:
        seed: The same seed makes the same trials but for their times.
    """

    seed: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._free = dict.fromkeys(WORKERS, 0.0)
        self._distributions: dict[str, BaseDistribution] = dict(
            SearchSpace.parse(SPACE).distributions
        )

    def trials(self, statuses: Sequence[str], hours_ago: float = 0.0) -> list[FrozenTrial]:
        """Return trials of these states, the last of which ended then, or a moment ago."""
        made = [self._trial(number, status) for number, status in enumerate(statuses)]
        since = max(self._free.values(), default=0) + 20
        shift = datetime.timedelta(hours=hours_ago, seconds=since)
        for trial in made:
            for name in ("datetime_start", "datetime_complete"):
                time = getattr(trial, name)
                if time is not None:
                    setattr(trial, name, time - shift)
        return made

    def _trial(self, number: int, status: str) -> FrozenTrial:
        params = self._params(number)
        curve = self._curve(params)
        steps = {
            "completed": EPOCHS,
            "pruned": self._random.choice([3, 3, 4, 6, 11]),
            "diverged": self._random.randint(4, 9),
            "failed": 9,
            "infeasible": 0,
            "lost": 7,
            "running": self._random.randint(2, 14),
        }[status]
        reports = dict(enumerate(curve[:steps], start=1))
        worker = min(self._free, key=lambda name: self._free[name])
        attrs: dict[str, Any] = {attributes.RUN: {"worker": worker, "seed": number}}
        attrs |= self._marks(status, params)
        if status == "diverged" and reports:
            for step in range(max(1, steps - 3), steps + 1):
                reports[step] = curve[0] * (1 + 0.3 * (step - steps + 3))
            reports[steps] = math.nan
        start = self._free[worker]
        seconds = max(1.0, steps * self._random.uniform(14, 24))
        if status != "running":
            self._free[worker] = start + seconds + 4
        now = datetime.datetime.now()
        state = {
            "completed": TrialState.COMPLETE,
            "failed": TrialState.FAIL,
            "lost": TrialState.FAIL,
            "running": TrialState.RUNNING,
        }.get(status, TrialState.PRUNED)
        trial = create_trial(
            state=state,
            value=curve[-1] if status == "completed" else None,
            params=params,
            distributions=self._distributions,
            intermediate_values=reports,
            user_attrs=attrs,
        )
        trial.datetime_start = now + datetime.timedelta(seconds=start)
        if status == "running":
            trial.datetime_complete = None
        else:
            trial.datetime_complete = now + datetime.timedelta(seconds=start + seconds)
        return trial

    def _params(self, number: int) -> dict[str, Any]:
        """Draw wide at first and nearer to what is good later, as a sampler does."""
        draw, narrow = self._random, min(0.8, number / 50)
        near = draw.gauss(-2.85, 0.25)
        rate = draw.uniform(-5, -2) if draw.random() > narrow else max(-5.0, min(-2.0, near))
        return {
            "learning_rate": 10**rate,
            "num_reasoning_blocks": round(max(4, min(12, draw.gauss(8 + 2 * narrow, 2)))),
            "dropout_rate": round(draw.uniform(0, 0.3) * (1 - narrow / 2), 3),
            "warmup_steps": draw.choice([0, 500, 500, 1000, 2000]),
            "embedding_dim": draw.choice(range(256, 1025, 128)),
            "weight_decay": 10 ** draw.uniform(-5, -1),
            "batch_size": draw.choice([4, 8, 8, 16, 32]),
            "num_moe_experts": draw.choice([2, 4, 8, 8]),
        }

    def _curve(self, params: dict[str, Any]) -> list[float]:
        off = math.log10(params["learning_rate"]) + 2.9
        end = 1.38 + 0.09 * off**2 + 0.012 * (11 - params["num_reasoning_blocks"])
        end += abs(params["dropout_rate"] - 0.12) * 0.4 + self._random.gauss(0, 0.012)
        start = 2.3 + self._random.gauss(0, 0.06)
        fall = self._random.uniform(0.25, 0.4)
        return [
            end + (start - end) * math.exp(-fall * step) + self._random.gauss(0, 0.004)
            for step in range(EPOCHS)
        ]

    def _marks(self, status: str, params: dict[str, Any]) -> dict[str, Any]:
        match status:
            case "diverged":
                return {attributes.DIVERGED: "nan"}
            case "infeasible":
                return {attributes.INFEASIBLE: "needs 38 GiB at the peak, gpu-a2 has 24"}
            case "lost":
                return {attributes.INTERRUPTED: "lost"}
            case "failed":
                return {
                    attributes.FAILURE: {
                        "type": "MemoryError",
                        "message": "out of memory allocating float32[8,256,768,24]",
                        "traceback": TRACEBACK,
                    }
                }
            case "completed":
                return {
                    attributes.PEAK_MEMORY: int((1.2 + params["embedding_dim"] / 600) * 2**30),
                    attributes.LOG: "epoch 19  train 1.3358  held-out 1.4108\n"
                    "epoch 20  train 1.3364  held-out 1.4194",
                }
        return {}


def mixed(n: int) -> list[str]:
    """Return `n` states, nearly as a run of a language model has them, the last one running."""
    draw = random.Random(5)
    others = [draw.choice(USUAL if i % 7 else ALL) for i in range(n - len(ALL) - 1)]
    return [*ALL, *others, "running"]


def add_study(
    storage: str | None,
    name: str,
    statuses: Sequence[str],
    *,
    goal: int | None = None,
    hours_ago: float = 0.0,
) -> hn.HPOTrialManager:
    """Create a study of trials of these states in a storage, the last of which ended then."""
    hpo = hn.HPOTrialManager(name, storage=storage)
    study = hpo.study
    study.set_user_attr(attributes.SEARCH_SPACE, SearchSpace.parse(SPACE).to_json())
    study.set_user_attr(attributes.GOAL, goal or max(80, len(statuses)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        study.set_metric_names(["held-out loss"])
    study.add_trials(Maker().trials(statuses, hours_ago))
    return hpo
