"""Read a study through Optuna's own methods: in memory, from a journal file, through a proxy."""

import json
from typing import TYPE_CHECKING, Any

from optuna.distributions import distribution_to_json

from highnoon.hpo.reading.rows import (
    CONSTRAINTS,
    FIXED,
    MARKS,
    METRIC_NAMES,
    AttributeRows,
    Known,
    ParameterRows,
    Reading,
    ReportRows,
    Seen,
    TrialRows,
    is_study_attribute,
)
from highnoon.hpo.storage.tables import FINITE, to_stored_datetime, to_stored_number

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

__all__ = ["StorageSource"]


class StorageSource:
    """Asks a storage for all trials and picks those that changed.

    Args:
        storage: Any Optuna storage.
    """

    def __init__(self, storage: "BaseStorage") -> None:
        self._storage = storage

    def read(self, known: Known) -> Reading | None:
        """Return what changed, or None where the study is not there any more.

        Raises:
            KeyError: There is no study of that name.
        """
        storage = self._storage
        if known.study_id is None:
            study_id = storage.get_study_id_from_name(known.name)
        else:
            study_id = known.study_id
        try:
            name = storage.get_study_name_from_id(study_id)
            directions = [direction.name for direction in storage.get_study_directions(study_id)]
            own = storage.get_study_user_attrs(study_id)
            optunas = storage.get_study_system_attrs(study_id)
            trials = storage.get_all_trials(study_id, deepcopy=False)
        except KeyError:
            return None
        if known.study_id is not None:
            asked = known.looked_at
            there = _rows([trial for trial in trials if trial._trial_id in asked])
            if not known.is_in(name, there):
                return None
        changed = [trial for trial in trials if _is_changed(trial, known)]
        attrs = {
            **{key: value for key, value in own.items() if is_study_attribute(key)},
            **{key: value for key, value in optunas.items() if key == METRIC_NAMES},
        }
        return Reading(
            study_id,
            name,
            directions,
            {key: json.dumps(value) for key, value in attrs.items()},
            _rows(changed),
            _parameters(changed),
            _attributes(changed, _marks),
            _attributes(changed, _constraints),
            _reports(changed),
            _attributes(changed, _fixed),
        )


def _is_changed(trial: "FrozenTrial", known: Known) -> bool:
    if trial._trial_id > known.last_id:
        return True
    seen = known.unfinished.get(trial._trial_id)
    if seen is None:
        return False
    return seen != Seen(
        _word(trial),
        *(
            (
                len(trial.params),
                len(_marks(trial)),
                len(_constraints(trial)),
                len(trial.intermediate_values),
            )
            if trial.state.name == "RUNNING"
            else ()
        ),
    )


def _word(trial: "FrozenTrial") -> str:
    kind = to_stored_number(trial.values[0])[1] if trial.values else FINITE
    return trial.state.name if kind == FINITE else f"{trial.state.name}/{kind}"


def _marks(trial: "FrozenTrial") -> dict[str, Any]:
    return {key: trial.user_attrs[key] for key in MARKS if key in trial.user_attrs}


def _constraints(trial: "FrozenTrial") -> dict[str, Any]:
    return {
        key: value
        for key, value in trial.system_attrs.items()
        if key == CONSTRAINTS or key.startswith(f"{CONSTRAINTS}:")
    }


def _fixed(trial: "FrozenTrial") -> dict[str, Any]:
    is_queued = trial.state.name == "WAITING" and FIXED in trial.system_attrs
    return {FIXED: trial.system_attrs[FIXED]} if is_queued else {}


def _rows(trials: "list[FrozenTrial]") -> TrialRows:
    return TrialRows(
        [trial._trial_id for trial in trials],
        [trial.number for trial in trials],
        [_word(trial) for trial in trials],
        [to_stored_datetime(trial.datetime_start) for trial in trials],
        [to_stored_datetime(trial.datetime_complete) for trial in trials],
        [to_stored_number(trial.values[0])[0] if trial.values else None for trial in trials],
    )


def _parameters(trials: "list[FrozenTrial]") -> ParameterRows:
    rows = []
    newest: dict[str, tuple[int, str]] = {}
    texts: dict[Any, str] = {}
    for trial in trials:
        for name, value in trial.params.items():
            distribution = trial.distributions[name]
            text = texts.get(id(distribution))
            if text is None:
                text = texts[id(distribution)] = distribution_to_json(distribution)
            rows.append((trial._trial_id, name, distribution.to_internal_repr(value), text))
            if name not in newest or newest[name][0] < trial._trial_id:
                newest[name] = (trial._trial_id, text)
    ids, names, values, distributions = _columns(rows, 4)
    return ParameterRows(ids, names, values, distributions, newest)


def _attributes(trials: "list[FrozenTrial]", attributes_of: Any) -> AttributeRows:
    rows = [
        (trial._trial_id, key, json.dumps(value))
        for trial in trials
        for key, value in attributes_of(trial).items()
    ]
    return AttributeRows(*_columns(rows, 3))


def _reports(trials: "list[FrozenTrial]") -> ReportRows:
    rows = [
        (trial._trial_id, step, *to_stored_number(value), 0)
        for trial in trials
        for step, value in trial.intermediate_values.items()
    ]
    return ReportRows(*_columns(rows, 5))


def _columns(rows: list[Any], count: int) -> list[Any]:
    return list(zip(*rows, strict=True)) or [()] * count
