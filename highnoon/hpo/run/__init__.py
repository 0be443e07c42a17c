"""Run trials: draw parameters, call the objective, record what happened."""

from highnoon.hpo.run.budget import Budget
from highnoon.hpo.run.handle import RunHandle
from highnoon.hpo.run.loop import TrialLoop

__all__ = ["Budget", "RunHandle", "TrialLoop"]
