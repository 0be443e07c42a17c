"""Training of HSMN models: stages of data, evaluation, checkpoints, reports to trials."""

from highnoon.training.checkpoints import load_model
from highnoon.training.evaluation import Metric, evaluate
from highnoon.training.objective import HSMNObjective, quick_search_space
from highnoon.training.summary import Evaluation, StageSummary, TrainingSummary
from highnoon.training.trainer import Trainer

__all__ = [
    "Evaluation",
    "HSMNObjective",
    "Metric",
    "StageSummary",
    "Trainer",
    "TrainingSummary",
    "evaluate",
    "load_model",
    "quick_search_space",
]
