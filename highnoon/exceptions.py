"""Every error that HighNoon raises on purpose.

```
HighNoonError
├── ConfigError (ValueError)              a configuration value or hyperparameter name is wrong
├── SearchSpaceError (ValueError)         a search space entry or a constraint is wrong
│   ├── ExpressionError                   a constraint or filter cannot be read
│   └── SearchSpaceMismatchError          the study was started with another search space
├── StudyError                            the study and what was asked of it do not agree
│   ├── StudyExistsError                  a new study was asked for and the name is taken
│   ├── DirectionMismatchError            the study optimizes in the other direction
│   ├── NoCompletedTrialError             there is no best trial
│   └── TooManyFailuresError              the objective failed several times in a row
├── WorkerDiedError                       the process that ran a trial died
│   ├── TrialMemoryError                  a trial took more memory than it may
│   └── TrialTimeoutError                 a trial ran longer than it may
├── StorageError                          the study's database cannot be reached or written
│   └── NoStudiesError                    nobody has run a study in the database yet
├── PortInUseError (OSError)              the dashboard's port is taken
├── MissingDependencyError (ImportError)  an optional package is not installed
├── InfeasibleTrialError                  the running trial's parameters cannot be used
│   └── ModelTooLargeError                the model would not fit in this machine's memory
├── DatasetError                          a dataset is unknown, missing or empty
├── TrainingError                         training cannot start or go on
└── CheckpointError                       a checkpoint is missing, damaged or of another model
```

`highnoon.TrialPruned` is Optuna's own exception: it is control flow, not an error.
"""

__all__ = [
    "CheckpointError",
    "ConfigError",
    "DatasetError",
    "DirectionMismatchError",
    "ExpressionError",
    "HighNoonError",
    "InfeasibleTrialError",
    "MissingDependencyError",
    "ModelTooLargeError",
    "NoCompletedTrialError",
    "NoStudiesError",
    "PortInUseError",
    "SearchSpaceError",
    "SearchSpaceMismatchError",
    "StorageError",
    "StudyError",
    "StudyExistsError",
    "TooManyFailuresError",
    "TrainingError",
    "TrialMemoryError",
    "TrialTimeoutError",
    "WorkerDiedError",
]


class HighNoonError(Exception):
    """Base class of every error of this package."""


class ConfigError(HighNoonError, ValueError):
    """A configuration value is out of range, or a hyperparameter's name is unknown."""


class SearchSpaceError(HighNoonError, ValueError):
    """An entry of a search space, or a constraint, is wrong."""


class ExpressionError(SearchSpaceError):
    """A constraint or filter expression cannot be read."""


class SearchSpaceMismatchError(SearchSpaceError):
    """The study holds trials drawn from another search space."""


class StudyError(HighNoonError):
    """The study and what was asked of it do not agree."""


class StudyExistsError(StudyError):
    """A new study was asked for and one of that name exists."""


class DirectionMismatchError(StudyError):
    """The study that is joined optimizes in the other direction."""


class NoCompletedTrialError(StudyError):
    """The study has no completed trial, hence no best one."""


class TooManyFailuresError(StudyError):
    """The objective failed several times in a row."""


class WorkerDiedError(HighNoonError):
    """The process that ran a trial died.

    Attributes:
        worker: Name of the worker, where it is known.
        log: The end of what it wrote, where it was kept.
    """

    def __init__(self, message: str, *, worker: str | None = None, log: str = "") -> None:
        super().__init__(message)
        self.worker = worker
        self.log = log


class TrialTimeoutError(WorkerDiedError):
    """A trial ran longer than `trial_timeout`, and was ended with its worker."""


class TrialMemoryError(WorkerDiedError):
    """A trial's process took more memory than `trial_memory`, and was ended."""


class StorageError(HighNoonError):
    """The database of a study cannot be opened, reached or written."""


class NoStudiesError(StorageError):
    """The database is not there yet or has no tables: a study that starts makes both."""


class PortInUseError(HighNoonError, OSError):
    """Another program listens on the port that the dashboard is to have."""


class MissingDependencyError(HighNoonError, ImportError):
    """An optional package is not installed; the message says which command installs it."""


class InfeasibleTrialError(HighNoonError):
    """The running trial's parameters cannot be used.

    Raised inside an objective, it records the trial as infeasible: not a failure, and not one of
    the trials that were asked for.
    """


class ModelTooLargeError(InfeasibleTrialError):
    """The model would not fit in this machine's memory."""


class DatasetError(HighNoonError):
    """A dataset is unknown, missing or empty."""


class TrainingError(HighNoonError):
    """Training cannot start or go on."""


class CheckpointError(HighNoonError):
    """A checkpoint is missing, damaged or belongs to another model."""
