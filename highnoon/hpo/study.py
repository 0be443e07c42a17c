"""Create or join an Optuna study."""

import contextlib
import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

import optuna
from optuna.exceptions import DuplicatedStudyError, UpdateFinishedTrialError
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from highnoon.exceptions import DirectionMismatchError, StudyError, StudyExistsError
from highnoon.hpo.storage import open_storage, storage_errors, storage_label

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

__all__ = [
    "Direction",
    "HighNoonStudy",
    "check_single_objective",
    "check_study_name",
    "create_or_join",
    "direction_of",
    "open_study",
    "study_errors",
]

Direction = Literal["minimize", "maximize"]

_MAX_NAME_LENGTH = 512


class HighNoonStudy(optuna.Study):
    """An Optuna study with what HighNoon's ask-and-tell loop needs beside Optuna's.

    Samplers and callbacks call `study.stop()`, which Optuna allows only inside its own loop; here
    it ends HighNoon's too.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stop_requested = False

    def add_trials(self, trials: Iterable[FrozenTrial]) -> None:
        """Add finished or queued trials; to a `BufferedStorage` all in one transaction."""
        create_new_trials = getattr(self._storage, "create_new_trials", None)
        if create_new_trials is None:
            super().add_trials(trials)
            return
        templates = list(trials)
        for trial in templates:
            _check_trial(trial)
        create_new_trials(self._study_id, templates)

    def stop(self) -> None:
        """End the running `optimize` after the current trial."""
        self.stop_requested = True
        with contextlib.suppress(RuntimeError):
            super().stop()

    def finish(
        self, trial: optuna.Trial, state: TrialState, value: float | None = None
    ) -> "FrozenTrial":
        """Finish a trial as `tell` does, without the deep copy, most of its cost, that it returns.

        A pruned trial gets its last report as its value. One that was finished before, by someone
        else, stays as it is.

        Args:
            trial: A running trial of this study.
            state: `COMPLETE`, `PRUNED` or `FAIL`.
            value: Its value, where it is complete.
        """
        frozen = trial.storage.get_trial(trial._trial_id)
        if frozen.state.is_finished():
            return frozen
        values = None if value is None else [value]
        if state == TrialState.PRUNED and frozen.last_step is not None:
            last = frozen.intermediate_values[frozen.last_step]
            values = None if math.isnan(last) else [last]
        try:
            self.sampler.after_trial(self, frozen, state, values)
        finally:
            with contextlib.suppress(UpdateFinishedTrialError):
                trial.storage.set_trial_state_values(trial._trial_id, state, values)
        return trial.storage.get_trial(trial._trial_id)


def _check_trial(trial: FrozenTrial) -> None:
    """Raise ValueError as Optuna does for a trial that is not consistent."""
    optuna.trial.create_trial(
        state=trial.state,
        values=trial.values,
        params=trial.params,
        distributions=trial.distributions,
    )


def create_or_join(
    name: str,
    storage: "BaseStorage",
    *,
    direction: Direction | None,
    join: bool,
    sampler: "BaseSampler",
    pruner: "BasePruner",
) -> tuple[HighNoonStudy, bool]:
    """Return the study of a name and whether it was there before.

    Args:
        name: Name of the study.
        storage: Where it is kept.
        direction: What is better; None is minimize for a new study, its own for one that is joined.
        join: Whether a study of that name may be there already.
        sampler: Draws the parameters of trials.
        pruner: Stops trials early.

    Raises:
        StudyExistsError: There is such a study, and `join` is False.
        DirectionMismatchError: The study that is there optimizes in the other direction.
        StudyError: The study that is there has several objectives.
    """
    wanted = StudyDirection[(direction or "minimize").upper()]
    try:
        with _without_optuna_notices():
            storage.create_new_study([wanted], name)
        joined = False
    except DuplicatedStudyError:
        joined = True
    if joined:
        _check_same_name(name, storage)
    if joined and not join:
        raise StudyExistsError(
            f"A study named {name!r} exists. Choose another name, or join it with "
            "load_if_exists=True."
        )
    study = HighNoonStudy(study_name=name, storage=storage, sampler=sampler, pruner=pruner)
    check_single_objective(study)
    if direction is not None and study.direction != wanted:
        raise DirectionMismatchError(
            f"The study {name!r} is there and its direction is {direction_of(study)!r}, not "
            f"{direction!r}. Leave direction out to join it, or choose another name."
        )
    return study, joined


def _check_same_name(name: str, storage: "BaseStorage") -> None:
    """Check that the study that is there has this name, not one that MySQL takes for it."""
    there = storage.get_study_name_from_id(storage.get_study_id_from_name(name))
    if there != name:
        raise StudyExistsError(
            f"There is a study named {there!r}, and MySQL takes {name!r} for the same name: it "
            "ignores case, accents and spaces at the end. Choose another name, or join it as "
            f"{there!r}."
        )


@contextlib.contextmanager
def _without_optuna_notices() -> Iterator[None]:
    """Keep Optuna from announcing a study that HighNoon announces itself."""
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(verbosity)


def open_study(study_name: str, storage: "str | BaseStorage") -> optuna.Study:
    """Open a study that is there.

    Raises:
        StorageError: The database is not there or does not answer.
        StudyError: It holds no study of that name, or that study has several objectives.
    """
    label = storage_label(storage)
    opened = open_storage(storage)
    with storage_errors(label):
        names = [study.study_name for study in opened.get_all_studies()]
        if study_name not in names:
            there = f"It holds: {', '.join(names)}." if names else "It holds no studies."
            raise StudyError(f"No study {study_name!r} in {label}. {there}")
        study = optuna.load_study(study_name=study_name, storage=opened)
    check_single_objective(study)
    return study


def check_single_objective(study: optuna.Study) -> None:
    """Check that a study has one objective.

    Raises:
        StudyError: It has several.
    """
    if len(study.directions) != 1:
        raise StudyError(
            f"The study {study.study_name!r} has {len(study.directions)} objectives; HighNoon "
            "tunes one. Choose another study."
        )


@contextlib.contextmanager
def study_errors(study: optuna.Study, label: str) -> Iterator[None]:
    """Turn what a storage raises of a study into HighNoon's errors.

    Args:
        study: The study.
        label: What to call its storage; holds no password.

    Raises:
        StorageError: The storage raised an error inside the block.
        StudyError: The study was deleted.
    """
    with storage_errors(label):
        try:
            yield
        except KeyError:  # what a storage says of a study that is not there, and others too
            if _is_there(study):
                raise
            raise StudyError(
                f"The study {study.study_name!r} is there no more: it was deleted."
            ) from None


def _is_there(study: optuna.Study) -> bool:
    try:
        study._storage.get_study_name_from_id(study._study_id)
    except KeyError:
        return False
    return True


def direction_of(study: optuna.Study) -> Direction:
    """Return `"minimize"` or `"maximize"`."""
    return "maximize" if study.direction == StudyDirection.MAXIMIZE else "minimize"


def check_study_name(name: object) -> str:
    """Return a study's name if every database can keep it.

    Raises:
        StudyError: It is empty, too long, not a string, or holds a NUL character.
    """
    if not isinstance(name, str) or not name.strip():
        raise StudyError(f"study_name must be a string that is not empty, got {name!r}.")
    if len(name) > _MAX_NAME_LENGTH or "\0" in name:
        raise StudyError(
            f"study_name must have at most {_MAX_NAME_LENGTH} characters and no NUL; "
            f"this one has {len(name)}: {name[:40]!r}..."
        )
    return name
