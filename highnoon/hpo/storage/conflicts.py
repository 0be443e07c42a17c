"""Parameters whose distribution the study cannot have, for another process chose another one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from optuna.distributions import BaseDistribution, check_distribution_compatibility

from highnoon.hpo.storage.own_trials import Batch
from highnoon.hpo.storage.reading import read_distributions
from highnoon.hpo.storage.tables import studies

__all__ = ["Conflict", "KnownDistributions", "check_params", "locked_study", "without"]

KnownDistributions = Mapping[int, Mapping[str, BaseDistribution]]
"""By study: the distributions that are known to be in the database."""

locked_study = (
    sa.select(studies.c.study_id)
    .where(studies.c.study_id == sa.bindparam("study_id"))
    .with_for_update()
)
"""The statement that locks a study's row."""


class Conflict(NamedTuple):
    """A parameter that cannot be kept, for the study has another distribution of that name."""

    trial_id: int
    name: str
    reason: str


def check_params(
    connection: sa.Connection,
    batches: Iterable[Batch],
    known: KnownDistributions,
    *,
    lock: bool = True,
) -> tuple[list[Conflict], dict[int, dict[str, BaseDistribution]]]:
    """Check parameters against what the study has, and return the conflicts and what it has.

    What is not known is looked up. For that the study's row is locked, so that of two processes
    that write a parameter for the first time the second sees what the first wrote.
    """
    unknown: dict[int, set[str]] = {}
    for batch in batches:
        names = batch.params.keys() - known.get(batch.row.study_id, {}).keys()
        if names:
            unknown.setdefault(batch.row.study_id, set()).update(names)
    found: dict[int, dict[str, BaseDistribution]] = {}
    conflicts = []
    for study_id, names in sorted(unknown.items()):
        if lock:
            connection.execute(locked_study, {"study_id": study_id}).first()
        found[study_id] = read_distributions(connection, study_id, names)
    for batch in batches:
        there = found.setdefault(batch.row.study_id, {})
        known_there = known.get(batch.row.study_id, {})
        for name, (_, distribution) in batch.params.items():
            first = known_there.get(name) or there.setdefault(name, distribution)
            try:
                if first is not distribution:
                    check_distribution_compatibility(first, distribution)
            except ValueError as error:
                conflicts.append(Conflict(batch.row.trial_id, name, str(error)))
    return conflicts, found


def without(batches: Sequence[Batch], conflicts: Sequence[Conflict]) -> Sequence[Batch]:
    """Return the batches without the parameters that cannot be kept."""
    if not conflicts:
        return batches
    refused = {(conflict.trial_id, conflict.name) for conflict in conflicts}
    return [
        Batch(
            batch.row,
            {
                name: param
                for name, param in batch.params.items()
                if (batch.row.trial_id, name) not in refused
            },
            batch.reports,
            batch.user_attrs,
            batch.system_attrs,
        )
        for batch in batches
    ]
