"""What plots of a study show, as typed information: numpy arrays, and no plotting library.

Each function takes the columns of a `StudyFeed` and returns a frozen dataclass.
`highnoon.figures` draws them.
"""

from highnoon.hpo.plotdata.axes import Axis
from highnoon.hpo.plotdata.best_so_far import History, Steps, history
from highnoon.hpo.plotdata.best_trial import Best, best
from highnoon.hpo.plotdata.forks import fork_code
from highnoon.hpo.plotdata.importances import Importance, ImportanceEvaluator, importance
from highnoon.hpo.plotdata.learning_curves import Curve, Curves, curves
from highnoon.hpo.plotdata.narrowing import Narrowed, Region, narrowed
from highnoon.hpo.plotdata.pairs import Contour, Rank, contour, rank
from highnoon.hpo.plotdata.parallel_lines import Parallel, parallel
from highnoon.hpo.plotdata.parameter_slices import Slice, Slices, slices
from highnoon.hpo.plotdata.throughput import Pace, SavedByPruning, pace, saved_by_pruning
from highnoon.hpo.plotdata.value_distribution import Edf, edf
from highnoon.hpo.plotdata.worker_lanes import Timeline, timeline

__all__ = [
    "Axis",
    "Best",
    "Contour",
    "Curve",
    "Curves",
    "Edf",
    "History",
    "Importance",
    "ImportanceEvaluator",
    "Narrowed",
    "Pace",
    "Parallel",
    "Rank",
    "Region",
    "SavedByPruning",
    "Slice",
    "Slices",
    "Steps",
    "Timeline",
    "best",
    "contour",
    "curves",
    "edf",
    "fork_code",
    "history",
    "importance",
    "narrowed",
    "pace",
    "parallel",
    "rank",
    "saved_by_pruning",
    "slices",
    "timeline",
]
