"""Where the trials of a parallel run go: our own processes, or the executor of an engine."""

import sys
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from optuna.storages import GrpcStorageProxy

from highnoon.exceptions import ConfigError
from highnoon.hpo.run.processes import Limits, ProcessPool, cores

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

__all__ = ["Engine", "chosen_engine"]

_TUNING = ("highnoon.hpo.manager", "highnoon.hpo.run.task", "highnoon.hpo.run.warm_database")
_PROXY = ("optuna.storages._grpc.auto_generated.api_pb2_grpc", "optuna.storages._grpc.servicer")
_MODELS = ("tensorflow", "keras", "highnoon.training")


@dataclass(frozen=True)
class Engine:
    """How a run's trials are run at the same time.

    Attributes:
        workers: Trials that run at once.
        executor: Where they go; None for processes of our own.
        limits: Of each trial.
    """

    workers: int
    executor: Executor | None
    limits: Limits

    @property
    def in_threads(self) -> bool:
        """Whether the trials run in this process."""
        return isinstance(self.executor, ThreadPoolExecutor)

    @property
    def on_this_machine(self) -> bool:
        """Whether every worker is a process of this machine for sure."""
        return self.executor is None

    def pool(self, work: bytes, storage: "BaseStorage") -> ProcessPool:
        """Return a pool of our own for a pickled objective and the storage that it works with."""
        preload = [*_TUNING, *_models_of(work)]
        if isinstance(storage, GrpcStorageProxy):
            preload += _PROXY
        return ProcessPool(self.workers, preload=preload, limits=self.limits)


def chosen_engine(
    n_jobs: int | None,
    executor: Executor | None,
    trial_timeout: float | None,
    trial_memory: int | None,
) -> Engine | None:
    """Return the engine that `optimize` was asked for, None for this very process.

    Raises:
        ConfigError: An argument is wrong, or two do not go together.
    """
    if n_jobs is not None and (isinstance(n_jobs, bool) or not isinstance(n_jobs, int)):
        raise ConfigError(f"n_jobs must be an integer, got {n_jobs!r}.")
    if n_jobs is not None and n_jobs < 1 and n_jobs != -1:
        raise ConfigError(f"n_jobs must be at least 1, or -1 for one trial per core, got {n_jobs}.")
    limits = Limits(
        seconds=_positive("trial_timeout", trial_timeout, "seconds"),
        memory=_positive("trial_memory", trial_memory, "bytes"),
    )
    limited = limits != Limits()
    if executor is not None:
        if not isinstance(executor, Executor) and not callable(getattr(executor, "submit", None)):
            raise ConfigError(
                "executor must be a concurrent.futures.Executor, such as Dask's "
                f"client.get_executor(), got {executor!r}."
            )
        if limited:
            raise ConfigError(
                "trial_timeout and trial_memory are watched over in processes of HighNoon's own: "
                "give n_jobs instead of an executor, or set the limits of the engine."
            )
        workers = cores() if n_jobs == -1 else n_jobs
        return Engine(workers or _workers_of(executor), executor, limits)
    workers = cores() if n_jobs == -1 else n_jobs or 1
    return Engine(workers, None, limits) if workers > 1 or limited else None


def _positive(name: str, value: Any, unit: str) -> Any:
    if value is not None and (
        isinstance(value, bool) or not isinstance(value, int | float) or not value > 0
    ):
        raise ConfigError(f"{name} must be a positive number of {unit}, got {value!r}.")
    return value


def _workers_of(executor: Any) -> int:
    """Return how many calls an executor runs at once, as far as it says."""
    workers = getattr(executor, "_max_workers", None)
    if isinstance(workers, int) and workers > 0:
        return workers
    client: Any = getattr(executor, "_client", None)
    if hasattr(client, "ncores"):  # a Dask cluster that grows has none at first
        return max(1, sum(client.ncores().values()))
    return cores()


def _models_of(work: bytes) -> list[str]:
    """Return the modules that an objective needs and that take long to import.

    A pickle names the modules that its functions come from or refer to.
    """
    own = any(f"highnoon.{part}".encode() in work for part in ("training", "models"))
    if own or "highnoon.training" in sys.modules or "highnoon.models" in sys.modules:
        return [*_MODELS]
    return [
        name for name in ("tensorflow", "keras") if name in sys.modules or name.encode() in work
    ]
