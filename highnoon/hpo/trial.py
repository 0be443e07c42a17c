"""One running trial: its parameters, its reports, and what it keeps."""

import copy
import math
import time
import warnings
from collections.abc import Callable, Mapping
from contextvars import Token
from typing import TYPE_CHECKING, Any, Literal, Self

import optuna
from optuna.exceptions import UpdateFinishedTrialError

from highnoon._notices import logger
from highnoon.hpo import attributes
from highnoon.hpo._context import RunningTrial, current_trial

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from highnoon.hpo.run.metering import Meter

__all__ = ["LiveTrial", "TrialOrder"]

TrialOrder = Literal["stop", "give back", "lost"]
"""What a run may tell a running trial to do at its next report."""

_FLUSH_SECONDS = 1.0


class LiveTrial:
    """A trial that was drawn from a study and is not told yet.

    As a context manager it is the running trial of the block, so that `hpo.report`,
    `hpo.should_prune` and a `Trainer` find it.

    Attributes:
        params: Values by parameter name, as the objective is to see them.
        number: Number of the trial in its study.
        first_number: Number of the first of the trials that it tries again, else its own.
        seed: A seed of the trial's own.
        started: When, by `time.monotonic`.
        reports: Values by step, as they are stored.
        in_run: Whether a run calls its objective, so that an order to end is raised from a report.
    """

    def __init__(
        self,
        trial: "optuna.Trial",
        params: Mapping[str, Any],
        *,
        seed: int,
        maximize: bool,
        first_number: int | None = None,
        order: "Callable[[], TrialOrder | None]" = lambda: None,
    ) -> None:
        self.params: dict[str, Any] = dict(params)
        self.number = trial.number
        self.first_number = trial.number if first_number is None else first_number
        self.seed = seed
        self.started = time.monotonic()
        self.reports: dict[int, float] = {}
        self.optuna_trial = trial
        self.diverged: str | None = None
        self.in_run = False
        self._order: TrialOrder | None = None
        self._ask_order = order
        self.told: FrozenTrial | None = None
        self.meter: Meter | None = None
        self._worst = -math.inf if maximize else math.inf
        self._by_hand = False
        self._automatic: set[int] = set()
        self._not_finite: set[int] = set()
        self._steps: set[int] = set()
        self._series: dict[str, dict[str, list[Any]]] = {}
        self._unsaved: set[str] = set()
        self._saved_at = time.monotonic()
        self._token: Token[RunningTrial | None] | None = None

    def __enter__(self) -> Self:
        self._token = current_trial.set(self)
        return self

    def __exit__(self, *exc_info: object) -> None:
        assert self._token is not None
        current_trial.reset(self._token)

    def __repr__(self) -> str:
        return f"LiveTrial(number={self.number}, params={self.params!r})"

    def report(self, value: float, step: int, **series: float) -> None:
        """Report the value at a step; the pruner goes by it, further series are kept beside it.

        A value that is not finite is stored as the worst there is, and marks the trial as diverged
        unless a finite one follows. A step reported twice keeps its first value and warns.

        Raises:
            TypeError: The value is not a number, or the step not an integer.
            ValueError: The step is negative.
            optuna.TrialPruned: Someone ordered the trial of a run to end.
        """
        if not self._by_hand:
            self._by_hand = True
            self._automatic, self._steps = self._steps, set()
            for kept in self._series.values():
                kept["steps"].clear()
                kept["values"].clear()
        self._report(value, step, series)
        if self.in_run and self.order is not None:
            raise optuna.TrialPruned(f"Trial {self.number} was told to end: {self.order}.")

    def report_automatically(self, value: float, step: int, **series: float) -> None:
        """Report on behalf of a library; silent once anything was reported by hand."""
        if not self._by_hand:
            self._report(value, step, series)

    @property
    def order(self) -> "TrialOrder | None":
        """What someone said the trial is to do at its next report; the first order stands."""
        if self._order is None:
            self._order = self._ask_order()
        return self._order

    def give_back(self) -> None:
        """Order the trial to end at its next report, its parameters to be tried again."""
        self._order = "give back"

    def should_prune(self) -> bool:
        """Whether the trial should stop: the pruner says so, it diverged, or it was told to."""
        if self.order is not None or self.diverged is not None:
            return True
        if not self._automatic:
            return self.optuna_trial.should_prune()
        study = self.optuna_trial.study
        return study.pruner.prune(study, self._as_reported_by_hand())

    def set_attr(self, name: str, value: Any) -> None:
        """Keep a JSON-compatible value with the trial."""
        self.optuna_trial.set_user_attr(name, value)

    def settle(self, value: float) -> None:
        """Replace what was reported as not finite by the worst finite value.

        Done as the trial completes: pruners take percentiles over completed trials, which
        infinity would turn into NaN.

        Args:
            value: What the objective returned.
        """
        if not self._not_finite:
            return
        reported = self._frozen().intermediate_values
        finite = [v for step, v in reported.items() if step not in self._not_finite]
        worst = (min if self._worst < 0 else max)([value, *finite])
        for step in self._not_finite:
            self._overwrite(worst, step)

    @property
    def unsaved_series(self) -> dict[str, Any]:
        """The attributes of series that are not in the storage yet."""
        return {attributes.SERIES + name: self._series[name] for name in sorted(self._unsaved)}

    def flush(self) -> None:
        """Write the series that are not in the storage yet."""
        for name, series in self.unsaved_series.items():
            self.set_attr(name, series)
        self._unsaved.clear()
        self._saved_at = time.monotonic()

    def _report(self, value: float, step: int, series: Mapping[str, float]) -> None:
        number = _as_float(value, "The reported value")
        if isinstance(step, bool) or not hasattr(step, "__index__"):
            raise TypeError(f"The step of a report must be an integer, got {step!r}.")
        step = int(step)
        if step in self._steps:
            warnings.warn(
                f"Trial {self.number} reported step {step} twice; the first value is kept.",
                stacklevel=4,
            )
            return
        finite = math.isfinite(number)
        try:
            self._store(number if finite else self._worst, step)
        except UpdateFinishedTrialError:
            logger.warning("Trial %d was finished by someone else.", self.number)
            self._order = "lost"
            return
        self._steps.add(step)
        if not finite:
            self._not_finite.add(step)
        self.diverged = None if finite else str(number)
        for name, extra in series.items():
            point = _as_float(extra, f"The reported {name}")
            kept = self._series.setdefault(name, {"steps": [], "values": []})
            kept["steps"].append(step)
            kept["values"].append(point if math.isfinite(point) else None)
            self._unsaved.add(name)
        if self._unsaved and time.monotonic() - self._saved_at >= _FLUSH_SECONDS:
            self.flush()

    def _store(self, value: float, step: int) -> None:
        self.reports[step] = value
        if step in self._automatic:  # Optuna's report would keep the value of the library's report
            self._overwrite(value, step)
            self._automatic.discard(step)
            self._not_finite.discard(step)
        else:
            self.optuna_trial.report(value, step)

    def _overwrite(self, value: float, step: int) -> None:
        trial = self.optuna_trial
        self.reports[step] = value
        trial.storage.set_trial_intermediate_value(trial._trial_id, step, value)

    def _frozen(self) -> "optuna.trial.FrozenTrial":
        return self.optuna_trial.storage.get_trial(self.optuna_trial._trial_id)

    def _as_reported_by_hand(self) -> "optuna.trial.FrozenTrial":
        """Return a copy without the automatic reports that came before the first by hand."""
        frozen = copy.copy(self._frozen())
        frozen.intermediate_values = {
            step: value
            for step, value in frozen.intermediate_values.items()
            if step not in self._automatic
        }
        return frozen


def _as_float(value: Any, what: str) -> float:
    try:
        if isinstance(value, str | bytes):
            raise TypeError
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{what} must be a number, got {value!r}.") from None
