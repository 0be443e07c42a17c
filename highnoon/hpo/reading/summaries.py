"""All studies of a storage at a glance."""

from collections import Counter
from collections.abc import Iterable
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np
from optuna.trial import TrialState

from highnoon.hpo import attributes
from highnoon.hpo.flags import StudyFlags
from highnoon.hpo.reading.database import database_of
from highnoon.hpo.reading.rows import METRIC_NAMES, as_times
from highnoon.hpo.reading.summary import (
    StudySummary,
    directions_of,
    front_size,
    improvements,
    workers_of,
)
from highnoon.hpo.reading.summary_statements import read_names, read_summaries
from highnoon.hpo.states import TrialStatus, best_of, trial_status
from highnoon.hpo.storage import open_storage, storage_errors, storage_label
from highnoon.hpo.storage.tables import to_stored_datetime

if TYPE_CHECKING:
    import datetime

    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

    from highnoon.hpo.reading.columns import StudyState, TrialColumns

__all__ = ["study_names", "study_summaries", "summary_of"]


def study_summaries(storage: "str | BaseStorage") -> list[StudySummary]:
    """Return a summary of each study of a storage, the oldest first.

    Args:
        storage: A database URL or an Optuna storage.

    Raises:
        StorageError: The database is not there or does not answer.

    Example:
        ```python
        for summary in study_summaries("sqlite:///hpo.db"):
            print(summary.name, summary.best_value, summary.counts)
        ```
    """
    opened = open_storage(storage)
    engine = database_of(opened)
    with storage_errors(storage_label(storage)):
        if engine is None:
            return _through(opened)
        return read_summaries(engine)


def summary_of(study: "StudyState", trials: "TrialColumns") -> StudySummary:
    """Return the summary of a study whose trials are known.

    Args:
        study: Its state.
        trials: All its trials.
    """
    kept = trials.is_status("completed") & trials.feasible
    values = zip(trials.number[kept].tolist(), trials.value[kept].tolist(), strict=True)
    running = trials.worker[trials.is_status("running")]
    started = trials.started[~np.isnan(trials.started)]
    completed = trials.completed[~np.isnan(trials.completed)]
    return StudySummary(
        name=study.name,
        directions=(study.direction,),
        counts=trials.counts(),
        history=improvements(values, (study.direction,)),
        last_activity=max((float(t.max()) for t in (started, completed) if len(t)), default=None),
        workers=tuple(sorted({trials.workers[code] for code in running.tolist() if code >= 0})),
        flags=study.flags,
        goal=study.goal,
        metric=study.metric,
        last_start=float(started.max()) if len(started) else None,
    )


def study_names(storage: "str | BaseStorage") -> list[str]:
    """Return the names of all studies of a storage, the oldest first.

    Args:
        storage: A database URL or an Optuna storage.

    Raises:
        StorageError: The database is not there or does not answer.
    """
    opened = open_storage(storage)
    engine = database_of(opened)
    with storage_errors(storage_label(storage)):
        if engine is None:
            return [study.study_name for study in opened.get_all_studies()]
        return list(read_names(engine).values())


def _through(storage: "BaseStorage") -> list[StudySummary]:
    summaries = []
    for study in storage.get_all_studies():
        trials = storage.get_all_trials(study._study_id, deepcopy=False)
        directions = directions_of(direction.name for direction in study.directions)
        counts: Counter[TrialStatus] = Counter()
        counts.update(trial_status(trial) for trial in trials)
        metrics = storage.get_study_system_attrs(study._study_id).get(METRIC_NAMES)
        running = [trial for trial in trials if trial.state == TrialState.RUNNING]
        summaries.append(
            StudySummary(
                study.study_name,
                directions,
                counts,
                improvements(
                    (
                        (trial.number, trial.values[0])
                        for trial in trials
                        if best_of([trial], directions[0]) is not None
                    ),
                    directions,
                ),
                _latest(
                    time
                    for trial in trials
                    for time in (trial.datetime_start, trial.datetime_complete)
                ),
                workers_of(trial.user_attrs for trial in running),
                StudyFlags.from_attributes(study.user_attrs),
                study.user_attrs.get(attributes.GOAL),
                metrics[0] if metrics else None,
                _latest(trial.datetime_start for trial in trials),
                front_size(map(attrgetter("values"), filter(_counts, trials)), directions)
                if len(directions) > 1
                else None,
            )
        )
    return summaries


def _counts(trial: "FrozenTrial") -> bool:
    """Return whether a trial of several objectives may be on the front."""
    return (
        trial.state is TrialState.COMPLETE
        and attributes.INFEASIBLE not in trial.user_attrs
        and not any(amount > 0.0 for amount in trial.constraints.values())
    )


def _latest(times: "Iterable[datetime.datetime | None]") -> float | None:
    stored = [to_stored_datetime(time) for time in times if time is not None]
    return float(as_times(stored).max()) if stored else None
