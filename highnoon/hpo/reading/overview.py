"""A study at its first look: what its trials sum up to, and the newest of them."""

from typing import TYPE_CHECKING, NamedTuple

from highnoon.exceptions import StudyError
from highnoon.hpo.reading.accumulated import Accumulated
from highnoon.hpo.reading.columns import ReportColumns, StudyState, TrialColumns
from highnoon.hpo.reading.database import DatabaseSource, database_of
from highnoon.hpo.reading.feed import StudyFeed
from highnoon.hpo.storage import storage_errors, storage_label

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

__all__ = ["StudyOverview", "study_overview"]


class StudyOverview(NamedTuple):
    """What a page shows before it has the study.

    Attributes:
        study: The study's state.
        trials: All trials, without parameters, reports and workers where those were not read.
        newest: The newest trials, the first and the best one, whole.
        reports: The reports of those.
    """

    study: StudyState
    trials: TrialColumns
    newest: TrialColumns
    reports: ReportColumns


def study_overview(name: str, storage: "BaseStorage", *, newest: int = 30) -> StudyOverview:
    """Read a study at its first look.

    From a database that is several times as fast as reading the study, whose parameters and reports
    are most of it.

    Args:
        name: Name of the study.
        storage: Where it is.
        newest: How many trials to read whole.

    Raises:
        StorageError: The database does not answer.
        StudyError: It holds no such study, or one with several objectives.
    """
    engine = database_of(storage)
    label = storage_label(storage)
    if engine is None:
        feed = StudyFeed.open(name, storage)
        return StudyOverview(feed.study, feed.columns, feed.columns, feed.reports)
    source, accumulated = DatabaseSource(engine), Accumulated(name)
    with storage_errors(label):
        reading = source.read_overview(name)
        if reading is None:
            raise StudyError(f"There is no study {name!r} in {label}.")
        if len(reading.directions) != 1:
            raise StudyError(
                f"The study {name!r} has {len(reading.directions)} objectives; HighNoon shows one."
            )
        accumulated.take(reading)
        study, trials = accumulated.study, accumulated.trials()
        assert study is not None
        some = Accumulated(name)
        wanted = {*range(len(trials))[:1], *range(len(trials))[-newest:]}
        best = trials.best(study.direction)
        wanted |= set() if best is None else {best}
        ids = trials.trial_id[sorted(wanted)].tolist()
        places = {trial_id: place for place, trial_id in enumerate(reading.trials.ids)}
        some.take(source.read_whole(reading, [places[trial_id] for trial_id in ids]))
    return StudyOverview(study, trials, some.trials(), some.reports())
