"""What the flags of a study say to one run of it."""

from typing import TYPE_CHECKING

from highnoon._notices import notice
from highnoon.exceptions import StudyError

if TYPE_CHECKING:
    import optuna

    from highnoon.hpo.flags import Order, StopOrder
    from highnoon.hpo.run.watch import Watch
    from highnoon.hpo.trial import TrialOrder

__all__ = ["SECONDS_WHILE_PAUSED", "Orders", "Pause"]

SECONDS_WHILE_PAUSED = 0.2
"""Seconds between two looks whether a paused run may go on."""


class Orders:
    """Reads the flags for a run: those given before it started say nothing to it.

    Args:
        watch: Knows the flags.
        stop_before: Id of the stop order that was there when the run started. A worker process
            takes it from the process that started the run.
        stops: Whether there is a run to stop at all.
    """

    def __init__(self, watch: "Watch", *, stop_before: str | None, stops: bool = True) -> None:
        self._watch = watch
        self._stops = stops
        self.stop_before = stop_before

    @classmethod
    def from_now_on(cls, watch: "Watch") -> "Orders":
        """Obey what is said after this moment."""
        stop = watch.read_patiently().stop
        return cls(watch, stop_before=None if stop is None else stop.id)

    @property
    def stop(self) -> "StopOrder | None":
        """The order to end this run, or None."""
        stop = self._watch.flags.stop
        obeyed = self._stops and stop is not None and stop.id != self.stop_before
        return stop if obeyed else None

    @property
    def paused(self) -> "Order | None":
        """Who paused the study, or None."""
        return self._watch.flags.paused

    def check_study(self) -> None:
        """Check that the study is there.

        Raises:
            StudyError: Someone deleted it.
        """
        if self._watch.study_is_gone:
            raise StudyError("The study was deleted while a run of it was going on.")

    def of_trial(self, number: int) -> "TrialOrder | None":
        """Return what a running trial of the run is to do at its next report.

        It is to `"stop"`, counted as pruned; to `"give back"` its parameters; or it is `"lost"`,
        because another worker took its own for dead.
        """
        if number in self._watch.lost:
            return "lost"
        if number in self._watch.flags.stopped_trials:
            return "stop"
        stop = self.stop
        return "give back" if stop is not None and stop.immediate else None


class Pause:
    """Tells a run whether to wait, and the user why, once each time.

    Args:
        orders: What the run obeys.
        study: The study.
    """

    def __init__(self, orders: Orders, study: "optuna.Study") -> None:
        self._orders = orders
        self._study = study
        self._said: Order | None = None

    def holds(self) -> bool:
        """Whether no trial may start now."""
        paused = self._orders.paused
        if paused is not None and paused != self._said:
            notice(
                f"Paused {paused}. No trial starts until it is resumed: hpo.resume(), or "
                f"highnoon resume {self._study.study_name}"
            )
        self._said = paused
        return paused is not None
