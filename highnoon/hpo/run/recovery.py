"""What becomes of a trial whose worker died."""

from typing import TYPE_CHECKING, Any, Literal

from optuna.trial import TrialState

from highnoon.hpo import attributes
from highnoon.hpo.flags import StudyFlags
from highnoon.hpo.run.ending import Ending, end_unfinished
from highnoon.hpo.run.failure import failure_attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

    import optuna
    from optuna.storages import BaseStorage
    from optuna.trial import BaseTrial, FrozenTrial

    from highnoon.exceptions import WorkerDiedError
    from highnoon.hpo.flags import Order
    from highnoon.hpo.run.silence import Silence

__all__ = [
    "DUPLICATE",
    "LOST",
    "MAX_DEATHS",
    "GivenUp",
    "deaths_before",
    "end_in_place_of_worker",
    "find_trial",
    "first_number",
    "give_up",
    "is_second_retry",
    "params_to_retry",
    "queue_retry",
    "stop_order",
]

LOST = "lost"
"""What interrupts a trial whose worker died, or was taken for dead."""

DUPLICATE = "duplicate"
"""What interrupts a retry of a trial that another retry repeats."""

MAX_DEATHS = 3
"""A configuration whose workers died so often is not tried again."""


GivenUp = Literal["tried again", "without parameters", "stopped"]
"""What became of a trial that was given up."""


def find_trial(
    study: "optuna.Study", token: str, worker: str | None = None
) -> "FrozenTrial | None":
    """Return the trial that a task drew last.

    Args:
        study: The study.
        token: The task's token.
        worker: Name of the worker that ran it, which died: its running trial is the task's, even
            where it had no time to write the token.
    """
    trials = study.get_trials(deepcopy=False)
    for trial in reversed(trials):
        if trial.user_attrs.get(attributes.RUN, {}).get("token") == token:
            return trial
    if worker is None:
        return None
    for trial in reversed(trials):
        lease = trial.user_attrs.get(attributes.LEASE)
        if trial.state == TrialState.RUNNING and lease and lease[0] == worker:
            return trial
    return None


def give_up(
    study: "optuna.Study",
    storage: "BaseStorage",
    trial: "FrozenTrial",
    cause: str,
    silence: "Silence | None" = None,
) -> GivenUp | None:
    """End a trial in place of its worker and queue its parameters; None if it had ended already.

    A trial that someone told to stop is pruned, as its worker would have done, and not tried again.

    Args:
        study: The study.
        storage: Where it is kept.
        trial: A trial that ran when it was read.
        cause: What ended it, see `attributes.INTERRUPTED`.
        silence: What speaks for its worker's death; None where that is known.
    """
    order = stop_order(study, trial.number)
    if order is not None:
        stopped = Ending.of_stopped(trial, order)
        return "stopped" if _end(storage, trial, stopped, silence) else None
    lost = Ending(TrialState.FAIL, {attributes.INTERRUPTED: cause})
    if not _end(storage, trial, lost, silence):
        return None
    queue_retry(study, trial)
    return "tried again" if params_to_retry(trial) else "without parameters"


def stop_order(study: "optuna.Study", number: int) -> "Order | None":
    """Return who told a trial to stop, or None."""
    return StudyFlags.from_attributes(study.user_attrs).stopped_trials.get(number)


def queue_retry(study: "optuna.Study", trial: "FrozenTrial") -> None:
    """Queue the parameters of a trial that was given up, where it had any."""
    params = params_to_retry(trial)
    if params:
        study.enqueue_trial(params, user_attrs={attributes.RETRY_OF: trial.number})


def params_to_retry(trial: "FrozenTrial") -> dict[str, Any]:
    """Return what is known of a trial's parameters: what was drawn, and what it was queued with."""
    return {**trial.system_attrs.get("fixed_params", {}), **trial.params}


def is_second_retry(trial: "BaseTrial", study: "optuna.Study") -> bool:
    """Whether a trial repeats one that another, queued before it, repeats as well."""
    retry_of = trial.user_attrs.get(attributes.RETRY_OF)
    return retry_of is not None and any(
        other.user_attrs.get(attributes.RETRY_OF) == retry_of and other.number < trial.number
        for other in study.get_trials(deepcopy=False)
    )


def end_in_place_of_worker(
    storage: "BaseStorage",
    trial: "FrozenTrial",
    error: "WorkerDiedError",
    silence: "Silence | None" = None,
) -> bool:
    """Record that a trial failed with its worker, for good; False if it had ended already."""
    attrs = failure_attrs(error)
    attrs[attributes.FAILURE] |= {"traceback": "", "place": ""}  # they would show this process
    if error.log:
        attrs[attributes.LOG] = error.log
    return _end(storage, trial, Ending(TrialState.FAIL, attrs), silence)


def deaths_before(study: "optuna.Study", trial: "FrozenTrial") -> int:
    """Return how many workers died of the trials that a trial repeats."""
    return sum(
        repeated.user_attrs.get(attributes.INTERRUPTED) == LOST
        for repeated in _repeated_by(study, trial)
    )


def first_number(study: "optuna.Study", trial: "BaseTrial") -> int:
    """Return the number of the first of the trials that a trial repeats, else its own."""
    number = trial.number
    for repeated in _repeated_by(study, trial):
        number = repeated.number
    return number


def _repeated_by(study: "optuna.Study", trial: "BaseTrial") -> "Iterator[FrozenTrial]":
    """Yield the trial that a trial repeats, the one which that repeats, and so on."""
    trials: list[FrozenTrial] | None = None
    while (number := trial.user_attrs.get(attributes.RETRY_OF)) is not None:
        trials = study.get_trials(deepcopy=False) if trials is None else trials
        if not 0 <= number < min(len(trials), trial.number):
            return
        repeated = trial = trials[number]
        yield repeated


def _end(
    storage: "BaseStorage",
    trial: "FrozenTrial",
    ending: Ending,
    silence: "Silence | None",
) -> bool:
    if silence is not None:
        from highnoon.hpo.run.silence import end_if_silent

        return end_if_silent(storage, trial._trial_id, ending, silence)
    return end_unfinished(storage, trial._trial_id, ending)
