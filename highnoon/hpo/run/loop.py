"""The ask-and-tell loop: one process, one trial after the other."""

import functools
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from highnoon._notices import logger
from highnoon.exceptions import InfeasibleTrialError
from highnoon.hpo import attributes
from highnoon.hpo.feasibility import MAX_INFEASIBLE_IN_A_ROW, too_many_infeasible
from highnoon.hpo.provenance import provenance
from highnoon.hpo.run.failure import failure_attrs, shorten
from highnoon.hpo.run.interrupts import Interrupts
from highnoon.hpo.run.metering import Meter
from highnoon.hpo.run.orders import SECONDS_WHILE_PAUSED, Orders, Pause
from highnoon.hpo.run.recovery import DUPLICATE, LOST, first_number, is_second_retry
from highnoon.hpo.run.results import TrialResult
from highnoon.hpo.run.tally import Callback, Tally, say_how_it_ended
from highnoon.hpo.study import HighNoonStudy, direction_of
from highnoon.hpo.trial import LiveTrial, TrialOrder

if TYPE_CHECKING:
    from highnoon.hpo.run.budget import Budget
    from highnoon.hpo.run.progress import Progress
    from highnoon.hpo.run.watch import Watch
    from highnoon.hpo.space import SearchSpace

__all__ = ["Callback", "Objective", "TrialLoop"]

Objective = Callable[[dict[str, Any]], float]


class TrialLoop:
    """Draws trials from a study, runs them, and records what happened.

    Args:
        study: Where trials come from and go to.
        space: What parameters are drawn from.
        watch: Shows signs of life for the trials, and reads what the study's flags say.
        seed: Makes the trials' own seeds repeatable.
        token: A text that its trials keep, by which they are found again.
        orders: The orders to obey, for one who takes part in a run that started elsewhere.
    """

    def __init__(
        self,
        study: HighNoonStudy,
        space: "SearchSpace",
        watch: "Watch",
        *,
        seed: int | None,
        token: str | None = None,
        orders: "Orders | None" = None,
    ) -> None:
        self._study = study
        self._space = space
        self._watch = watch
        self._orders = orders
        self._entropy = random.SystemRandom().getrandbits(62) if seed is None else seed
        self._provenance = provenance() | ({} if token is None else {"token": token})
        self._direction = direction_of(study)
        self._running: LiveTrial | None = None
        self._stop: str | None = None
        self.interrupts = Interrupts()
        self.given_back: list[int] = []

    def stop(self, *, now: bool = False) -> None:
        """End the run: after the running trial, or `now`, which gives that trial back."""
        self._stop = "now" if now else "after"
        running = self._running  # which may end meanwhile, in another thread
        if now and running is not None:
            running.give_back()

    def run(
        self,
        objective: Objective,
        budget: "Budget",
        *,
        callbacks: Sequence[Callback] = (),
        progress: "Progress",
    ) -> None:
        """Run trials until the budget is spent or someone says stop.

        Raises:
            TooManyFailuresError: The objective failed five times in a row.
            SearchSpaceError: The constraints refused a thousand draws in a row, or the objective
                fifty trials.
            StudyError: The study was deleted.
            KeyboardInterrupt: Ctrl-C; the running trial was given back.
            SystemExit: SIGTERM, likewise, or the objective's own.
        """
        self._study.stop_requested = False
        self._orders = orders = Orders.from_now_on(self._watch)
        tally = Tally(self._study, budget, callbacks, progress)
        try:
            with self._watch.watched():
                while self._may_go_on(budget, orders):
                    live = self.draw()
                    if live is None:
                        break
                    finished = self.run_trial(live, objective)
                    say_how_it_ended(finished)
                    tally.add(finished)
                with self.interrupts.interruptible():
                    pass
        except KeyError:  # what a storage says of a study or trial that is not there
            self._watch.read()
            orders.check_study()
            raise
        finally:
            tally.close()

    def draw(self) -> LiveTrial | None:
        """Start the next trial whose parameters satisfy the constraints.

        Returns None where the run ended before there was one: someone said stop, or the grid's last
        points violate the constraints.

        Raises:
            SearchSpaceError: A thousand draws in a row did not.
        """
        for tries_left in reversed(range(MAX_INFEASIBLE_IN_A_ROW)):
            trial = self._study.ask()
            self._watch.hold(trial)
            try:
                is_second = is_second_retry(trial, self._study)
            except BaseException:
                self._watch.release(trial.number)
                raise
            if is_second:
                mark = {attributes.INTERRUPTED: DUPLICATE}
                self._tell(trial, TrialState.FAIL, attrs=mark)
                continue
            try:
                live = self._start(trial)
                violated = self._violated(trial)
                if not violated:
                    _show(trial)
            except BaseException as error:
                self._tell(trial, TrialState.FAIL, attrs=failure_attrs(error))
                raise
            if not violated:
                return live
            for text, amount in violated.items():
                trial.set_constraint(text, amount)
            reason = "violates " + " and ".join(violated)
            refused = self._tell(trial, TrialState.PRUNED, attrs={attributes.INFEASIBLE: reason})
            queued = refused.system_attrs.get("fixed_params", {})
            if tries_left and 0 < len(queued) < len(refused.params):
                self._study.enqueue_trial(queued)  # what it left open may be drawn better
            if self._ended():
                return None
        raise too_many_infeasible(self._space)

    def run_trial(self, live: LiveTrial, objective: Objective) -> FrozenTrial:
        """Call the objective and record what happened; a signal gives the trial back."""
        self._running = live
        live.meter = Meter()
        live.in_run = True
        if self._stop == "now":
            live.give_back()
        try:
            with self.interrupts.interruptible(), live:
                try:
                    value = objective(dict(live.params))
                finally:
                    self._running = None
        except optuna.TrialPruned:
            return self.prune(live)
        except InfeasibleTrialError as error:
            return self.refuse(live, str(error))
        except Exception as error:
            return self.fail(live, error)
        except BaseException as error:
            received = self.interrupts.cause or self.interrupts.received
            self.give_back(live, received or type(error).__name__)
            raise
        return self.finish(live, value)

    def give_back_running(self, cause: str) -> bool:
        """Give the running trial back from another thread; False where none is running."""
        live = self._running
        if live is None:
            return False
        self.give_back(live, cause)
        return True

    def finish(self, live: LiveTrial, value: Any) -> FrozenTrial:
        """Record what the objective returned."""
        if isinstance(value, str | bytes):
            return self.fail(live, _bad_return(value))
        try:
            number = float(value)
        except Exception:  # whatever the __float__ of an array or a tensor raises
            return self.fail(live, _bad_return(value))
        if number - number != 0.0:
            return self._diverge(live, str(number))
        return self._tell(live.optuna_trial, TrialState.COMPLETE, value=number, live=live)

    def prune(self, live: LiveTrial) -> FrozenTrial:
        """Record that the trial stopped early: pruned, stopped, diverged, or given back."""
        if live.order == "give back":
            return self.give_back(live, "stop")
        if live.order == "lost":  # whoever finished it said so, and this changes nothing
            attrs = {attributes.INTERRUPTED: LOST}
            return self._tell(live.optuna_trial, TrialState.FAIL, attrs=attrs, live=live)
        if live.order == "stop" and (stopped := self._stopped(live)) is not None:
            return stopped
        if live.diverged is not None:
            return self._diverge(live, live.diverged)
        return self._tell(live.optuna_trial, TrialState.PRUNED, live=live)

    def _stopped(self, live: LiveTrial) -> FrozenTrial | None:
        """Record that someone told the trial to stop; None where no one did."""
        by = self._watch.flags.stopped_trials.get(live.number)
        if by is None:
            return None
        attrs = {attributes.STOPPED: by.to_json()}
        return self._tell(live.optuna_trial, TrialState.PRUNED, attrs=attrs, live=live)

    def fail(self, live: LiveTrial, error: BaseException | str) -> FrozenTrial:
        """Record that the objective raised, or returned what is not a number."""
        attrs = failure_attrs(error)
        return self._tell(live.optuna_trial, TrialState.FAIL, attrs=attrs, live=live)

    def refuse(self, live: LiveTrial, reason: str) -> FrozenTrial:
        """Record that the trial's parameters cannot be used."""
        live.optuna_trial.set_constraint("feasible", 1.0)
        attrs = {attributes.INFEASIBLE: reason}
        return self._tell(live.optuna_trial, TrialState.PRUNED, attrs=attrs, live=live)

    def give_back(self, live: LiveTrial, cause: str) -> FrozenTrial:
        """Record that the trial was interrupted, and queue its parameters to be tried again.

        One that someone told to stop is pruned instead.
        """
        with suppress(Exception):  # whoever could not be asked is taken to have said nothing new
            self._watch.read()
        stopped = self._stopped(live)
        if stopped is not None:
            return stopped
        attrs = {attributes.INTERRUPTED: cause}
        finished = self._tell(live.optuna_trial, TrialState.FAIL, attrs=attrs, live=live)
        # Someone else who finished it before saw to a retry, or it needs none. Where that one named
        # the same cause, two are queued, and the second is dropped when it is drawn, see
        # `is_second_retry`.
        if finished.state == TrialState.FAIL and (
            finished.user_attrs.get(attributes.INTERRUPTED) == cause
        ):
            self.given_back.append(finished.number)
            self._study.enqueue_trial(
                finished.params, user_attrs={attributes.RETRY_OF: finished.number}
            )
        return finished

    def _start(self, trial: optuna.Trial) -> LiveTrial:
        first = first_number(self._study, trial)
        seed = random.Random(f"{self._entropy}:{first}").getrandbits(31)
        trial.set_user_attr(attributes.RUN, {"seed": seed, **self._provenance})
        params = self._space.suggest(trial)
        return LiveTrial(
            trial,
            params,
            seed=seed,
            maximize=self._direction == "maximize",
            first_number=first,
            order=functools.partial(self._order_of, trial.number),
        )

    def _order_of(self, number: int) -> "TrialOrder | None":
        orders = self._orders
        if orders is None:  # in a loop of the caller's own: there is no run to stop
            orders = Orders(self._watch, stop_before=None, stops=False)
        return orders.of_trial(number)

    def _violated(self, trial: optuna.Trial) -> dict[str, float]:
        if not self._space.constraints:
            return {}
        amounts = self._space.violations(trial.params)
        return {text: amount for text, amount in amounts.items() if amount > 0}

    def _diverge(self, live: LiveTrial, value: str) -> FrozenTrial:
        """Record a diverged trial: stopped early, so that samplers learn to keep away from it."""
        attrs = {attributes.DIVERGED: value}
        return self._tell(live.optuna_trial, TrialState.PRUNED, attrs=attrs, live=live)

    def _tell(
        self,
        trial: optuna.Trial,
        state: TrialState,
        *,
        value: float | None = None,
        attrs: Mapping[str, Any] | None = None,
        live: LiveTrial | None = None,
    ) -> FrozenTrial:
        attrs = {**(attrs or {})}
        if live is not None and live.meter is not None:
            attrs |= live.meter.attrs()
        try:
            with self._kept(live, state, value, attrs) as result:
                finished = self._record(trial, state, value, attrs, live)
                if result is not None and finished.state != state:
                    self._watch.deliver(result)
        finally:
            # Also where the storage refused: nobody runs the trial any more, and whoever watches
            # may settle it only once its lease stands still.
            self._watch.release(trial.number)
        if live is not None:
            live.told = finished
        return finished

    @contextmanager
    def _kept(
        self,
        live: LiveTrial | None,
        state: TrialState,
        value: float | None,
        attrs: Mapping[str, Any],
    ) -> Iterator[TrialResult | None]:
        """Keep a result outside the storage until the storage has it.

        What is given back or was refused is no result: the study tries it again.
        """
        if live is None or {attributes.INTERRUPTED, attributes.INFEASIBLE} & attrs.keys():
            yield None
            return
        result = TrialResult.of(live, state, value, attrs)
        with self._watch.spool.kept(result, seconds=time.monotonic() - live.started):
            yield result

    def _record(
        self,
        trial: optuna.Trial,
        state: TrialState,
        value: float | None,
        attrs: Mapping[str, Any],
        live: LiveTrial | None,
    ) -> FrozenTrial:
        try:
            if live is not None:
                if value is not None:
                    live.settle(value)
                live.flush()
            for name, attr in attrs.items():
                trial.set_user_attr(name, attr)
        except UpdateFinishedTrialError:
            logger.warning("Trial %d was finished by someone else.", trial.number)
        return self._study.finish(trial, state, value)

    def _may_go_on(self, budget: "Budget", orders: Orders) -> bool:
        """Return whether another trial may start, once it may: a paused run waits.

        Raises:
            StudyError: The study was deleted.
        """
        pause = Pause(orders, self._study)
        while not (self._ended() or budget.is_spent(self._study)):
            if not pause.holds():
                return True
            time.sleep(SECONDS_WHILE_PAUSED)
        orders.check_study()
        return False

    def _ended(self) -> bool:
        return (
            self._stop is not None
            or self._watch.study_is_gone
            or (self._orders is not None and self._orders.stop is not None)
            or self._study.stop_requested
            or self.interrupts.received is not None
            or self._grid_is_done()
        )

    def _grid_is_done(self) -> bool:
        sampler = self._study.sampler
        if not isinstance(sampler, optuna.samplers.GridSampler):
            return False
        queued = self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
        return not queued and sampler.is_exhausted(self._study)


def _show(trial: optuna.Trial) -> None:
    """Let the other workers see the parameters of a trial that has just started."""
    flush = getattr(trial.storage, "flush", None)
    if flush is not None:  # a buffered storage
        flush(trial._trial_id)


def _bad_return(value: object) -> TypeError:
    shown = shorten(repr(value), 80)
    return TypeError(f"the objective returned {shown}; it must return a number.")
