"""What became of a trial, as it travels when the storage cannot have it at once."""

import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from optuna.distributions import BaseDistribution, distribution_to_json, json_to_distribution
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState, create_trial

from highnoon.hpo import attributes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

    from highnoon.hpo.trial import LiveTrial

__all__ = ["TrialResult", "deliver"]

Delivered = Literal["written", "known", "as the retry", "as another trial", "of nothing"]

_GIVEN_UP_IN_ITS_PLACE = "WorkerDiedError"


@dataclass(frozen=True)
class TrialResult:
    """What became of a trial, complete: it can be written to a storage that knows nothing of it.

    Attributes:
        study_id: The study's id in its storage.
        trial_id: The trial's id in its storage.
        number: The trial's number in its study.
        state: `"COMPLETE"`, `"PRUNED"` or `"FAIL"`.
        value: Its value, where it is complete.
        params: Values by parameter name, choices as labels.
        distributions: Optuna's JSON by parameter name.
        attrs: User attributes.
        reports: Values by step.
    """

    study_id: int
    trial_id: int
    number: int
    state: str
    value: float | None
    params: "Mapping[str, Any]"
    distributions: "Mapping[str, str]"
    attrs: "Mapping[str, Any]"
    reports: "Mapping[int, float]"

    @classmethod
    def of(
        cls,
        live: "LiveTrial",
        state: TrialState,
        value: float | None,
        attrs: "Mapping[str, Any]",
    ) -> Self:
        """Return what is about to be told of a trial."""
        trial = live.optuna_trial
        return cls(
            study_id=trial.study._study_id,
            trial_id=trial._trial_id,
            number=trial.number,
            state=state.name,
            value=value,
            params=trial.params,
            distributions={n: _as_json(d) for n, d in trial.distributions.items()},
            attrs={**trial.user_attrs, **live.unsaved_series, **attrs},
            reports=live.reports,
        )

    def to_json(self) -> str:
        """Return it as text."""
        return json.dumps(vars(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            ValueError: The text is not that, or not all of it.
        """
        try:
            fields = json.loads(text)
            fields["reports"] = {int(step): value for step, value in fields["reports"].items()}
            return cls(**fields)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not the result of a trial: {error}") from error

    def is_of(self, trial: "FrozenTrial") -> bool:
        """Whether this is the result of a trial that a storage has under the same id.

        Databases give ids anew, where a study or a file was deleted.
        """
        run, lease = (trial.user_attrs.get(n) for n in (attributes.RUN, attributes.LEASE))
        if run is not None:
            same = run == self.attrs.get(attributes.RUN)
        else:  # nothing but its start had reached the database
            own = self.attrs.get(attributes.LEASE)
            same = bool(lease and own and lease[0] == own[0])
        params = {n: v for n, v in self.params.items() if n in trial.params}
        return same and trial.number == self.number and trial.params == params

    @property
    def final_value(self) -> float | None:
        """What the storage keeps as the value: of a pruned trial its last report."""
        if self.state == "PRUNED" and self.reports:
            last = self.reports[max(self.reports)]
            return None if last != last else last
        return self.value

    @property
    def parsed_distributions(self) -> dict[str, BaseDistribution]:
        """The distributions of the parameters."""
        return {name: json_to_distribution(text) for name, text in self.distributions.items()}


_as_json = functools.lru_cache(maxsize=1024)(distribution_to_json)


def deliver(result: TrialResult, storage: "BaseStorage") -> Delivered:
    """Write a result that its storage may or may not have; doing it again changes nothing.

    The trial may have been given up meanwhile, its worker taken for dead. Then the result goes to
    the retry that waits, or, where that has started already, becomes a trial of its own that is
    linked to the first.
    """
    try:
        trial = storage.get_trial(result.trial_id)
    except KeyError:
        return "of nothing"
    if not result.is_of(trial):
        return "of nothing"
    if not trial.state.is_finished():
        try:
            _write(result, trial, storage)
        except UpdateFinishedTrialError:
            trial = storage.get_trial(result.trial_id)
        else:
            return "written"
    if result.state == "FAIL" or not _was_given_up(trial):
        return "known"
    return _deliver_late(result, storage)


def _was_given_up(trial: "FrozenTrial") -> bool:
    failure = trial.user_attrs.get(attributes.FAILURE, {})
    return trial.state == TrialState.FAIL and (
        attributes.INTERRUPTED in trial.user_attrs or failure.get("type") == _GIVEN_UP_IN_ITS_PLACE
    )


def _deliver_late(result: TrialResult, storage: "BaseStorage") -> Delivered:
    retries = [
        trial
        for trial in storage.get_all_trials(result.study_id, deepcopy=False)
        if trial.user_attrs.get(attributes.RETRY_OF) == result.number
    ]
    run = result.attrs.get(attributes.RUN)
    if any(
        retry.state.is_finished() and retry.user_attrs.get(attributes.RUN) == run
        for retry in retries
    ):
        return "known"
    for retry in retries:
        if retry.state == TrialState.WAITING and _claim(retry, storage):
            _write(result, storage.get_trial(retry._trial_id), storage)
            return "as the retry"
    value = result.final_value
    template = create_trial(
        state=TrialState[result.state],
        values=None if value is None else [value],
        params=dict(result.params),
        distributions=result.parsed_distributions,
        user_attrs={**result.attrs, attributes.RETRY_OF: result.number},
        intermediate_values=dict(result.reports),
    )
    storage.create_new_trial(result.study_id, template_trial=template)
    return "as another trial"


def _claim(retry: "FrozenTrial", storage: "BaseStorage") -> bool:
    try:
        return storage.set_trial_state_values(retry._trial_id, TrialState.RUNNING)
    except UpdateFinishedTrialError:
        return False


def _write(result: TrialResult, trial: "FrozenTrial", storage: "BaseStorage") -> None:
    """Complete a running trial and end it."""
    trial_id = trial._trial_id
    attrs = {n: v for n, v in result.attrs.items() if n not in _OF_THE_TRIAL_ITSELF}
    if attributes.LEASE not in trial.user_attrs:  # whoever delivers may die as well
        attrs = {attributes.LEASE: result.attrs.get(attributes.LEASE), **attrs}
    for name, value in attrs.items():
        if trial.user_attrs.get(name) != value:
            storage.set_trial_user_attr(trial_id, name, value)
    for name, distribution in result.parsed_distributions.items():
        if name not in trial.params:
            internal = distribution.to_internal_repr(result.params[name])
            storage.set_trial_param(trial_id, name, internal, distribution)
    for step, value in result.reports.items():
        if trial.intermediate_values.get(step) != value:
            storage.set_trial_intermediate_value(trial_id, step, value)
    value = result.final_value
    storage.set_trial_state_values(
        trial_id, TrialState[result.state], None if value is None else [value]
    )


_OF_THE_TRIAL_ITSELF = (attributes.LEASE, attributes.RETRY_OF)
