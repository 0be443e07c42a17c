"""A process that works for a study that is there: what `highnoon worker` runs."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from highnoon._notices import notice
from highnoon.exceptions import NoCompletedTrialError, StorageError, StudyError
from highnoon.hpo import attributes
from highnoon.hpo.manager import HPOTrialManager
from highnoon.hpo.reader import StudyReader
from highnoon.hpo.run.progress import format_duration, format_value
from highnoon.hpo.run.study_run import RunOptions
from highnoon.hpo.run.termination import PromptTermination
from highnoon.hpo.setup import kept_setup
from highnoon.hpo.space import SearchSpace
from highnoon.hpo.states import trial_status
from highnoon.hpo.storage import PATIENCE, open_storage

if TYPE_CHECKING:
    import optuna
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

    from highnoon.hpo.run.loop import Objective

__all__ = ["join_study", "wait_for_study", "work"]

_SECONDS_BETWEEN_LOOKS = 2.0


def wait_for_study(study_name: str, storage: "str | BaseStorage", *, seconds: float) -> None:
    """Wait until someone has started a study, or rather, until it has a search space.

    Args:
        study_name: Its name.
        storage: Where it will be.
        seconds: For how long, at most.

    Raises:
        HighNoonError: It is not there in time; the message is the last reason.
    """
    deadline = time.monotonic() + seconds
    said = ""
    while True:
        try:
            reader = StudyReader.open(study_name, storage)
            if attributes.SEARCH_SPACE in reader.study.user_attrs:
                return
            raise StudyError(f"The study {study_name!r} has no search space yet.")
        except (StudyError, StorageError) as error:
            left = deadline - time.monotonic()
            if left <= 0:
                raise
            if str(error) != said:
                said = str(error)
                notice(f"Waiting: {said}")
        time.sleep(min(left, _SECONDS_BETWEEN_LOOKS))


def join_study(
    study_name: str,
    storage: "str | BaseStorage",
    *,
    search_space: Mapping[str, Any] | None = None,
    grace_period: float = 60.0,
    seed: int | None = None,
    **chosen: Any,
) -> tuple[HPOTrialManager, SearchSpace]:
    """Join a study as it was set up, with a manager whose runs go on until they are stopped.

    A database server that restarts is waited for.

    Args:
        study_name: Its name.
        storage: Where it is.
        search_space: Needed where choices are objects that JSON does not hold.
        grace_period: As for `HPOTrialManager`.
        seed: As for `HPOTrialManager`.
        **chosen: `sampler`, `pruner`, and their options, where they are to differ from the study's.

    Raises:
        StudyError: There is no such study, or nobody has run it yet.
        ConfigError: Its sampler or pruner is an object, and `chosen` names no other.
        SearchSpaceMismatchError: Its search space is another.
    """
    reader = StudyReader.open(study_name, open_storage(storage, patience=PATIENCE))
    stored = reader.study.user_attrs.get(attributes.SEARCH_SPACE)
    if stored is None:
        raise StudyError(
            f"The study {study_name!r} has no search space yet. It gets one from its first run; "
            "--wait waits for it."
        )
    space = SearchSpace.from_json(stored)
    if search_space is not None:
        space = SearchSpace.parse(search_space, space.constraints)
    hpo = HPOTrialManager(
        study_name,
        None,
        storage=storage,
        load_if_exists=True,
        grace_period=grace_period,
        seed=seed,
        **kept_setup(reader.study, **chosen),
    )
    return hpo, space


def work(
    hpo: HPOTrialManager,
    objective: "Objective",
    space: SearchSpace,
    *,
    n_trials: int | None = None,
    total_trials: int | None = None,
    timeout: float | None = None,
) -> None:
    """Run trials until the budget is spent, someone stops the study, or SIGTERM comes.

    SIGTERM ends the process within about a second, with the running trial given back and the exit
    status 143; a second one kills it.

    Args:
        hpo: Of `join_study`.
        objective: What the trials call.
        space: Of `join_study`.
        n_trials: Trials to add.
        total_trials: Stop when the study has so many finished trials, over all workers.
        timeout: Seconds after which no trial starts.

    Raises:
        HighNoonError: As `HPOTrialManager.optimize`, except that the study need not have a
            completed trial if none failed.
    """
    options = RunOptions(
        n_trials=n_trials,
        total_trials=total_trials,
        timeout=timeout,
        callbacks=[_say],
        show_progress=False,
    )
    run = hpo.prepare(objective, space, options)
    try:
        with PromptTermination(run.give_back_running):
            run()
    except NoCompletedTrialError:
        if any(trial_status(trial) == "failed" for trial in hpo.trials):
            raise
    notice(f"The worker ends after {_counted(run.done, 'trial')}.")


def _say(_study: "optuna.Study", trial: "FrozenTrial") -> None:
    value = f" {format_value(trial.values[0])}" if trial.values else ""
    took = "" if trial.duration is None else f", {format_duration(trial.duration.total_seconds())}"
    notice(f"Trial {trial.number}: {trial_status(trial)}{value}{took}")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
