"""What a process knows of a study: its trials in the order of their numbers."""

from collections.abc import Container, Mapping
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from highnoon.hpo.storage.reading import TrialRow

__all__ = ["StudyCache", "copy_json", "copy_trial"]


class StudyCache:
    """The trials of one study as last read.

    Finished trials are final. Those that are not are read again each time, by their ids.

    Attributes:
        last_id: The largest id that was read; trials after it are new.
        unfinished: The rows of the trials that may still change.
        distributions: A distribution for each parameter name in the database.
        planned: Those of parameters that were not in the database when this process set them, and
            are not written yet.
    """

    def __init__(self) -> None:
        self.last_id = -1
        self.unfinished: dict[int, TrialRow] = {}
        self.distributions: dict[str, BaseDistribution] = {}
        self.planned: dict[str, BaseDistribution] = {}
        self._trials: list[FrozenTrial] = []
        self._positions: dict[int, int] = {}
        self._selected: dict[tuple[TrialState, ...], list[FrozenTrial]] = {}
        self._last_finished: TrialRow | None = None
        self._lowest: FrozenTrial | None = None
        self._highest: FrozenTrial | None = None

    def __len__(self) -> int:
        return len(self._trials)

    def __contains__(self, trial_id: int) -> bool:
        return trial_id in self._positions

    def finished(self, trial_id: int) -> FrozenTrial | None:
        """Return a trial that will not change any more, or None."""
        position = self._positions.get(trial_id)
        if position is None or trial_id in self.unfinished:
            return None
        return self._trials[position]

    def expected_rows(self) -> dict[int, TrialRow]:
        """Return the rows to look at again: of what may change, and one that must not have changed.

        That one tells whether the study is still the same, for SQLite gives ids of deleted studies
        and trials to new ones.
        """
        expected = dict(self.unfinished)
        if self._last_finished is not None:
            expected[self._last_finished.trial_id] = self._last_finished
        return expected

    def put(self, row: TrialRow, trial: FrozenTrial) -> None:
        """Add a trial, or replace what was known of it."""
        trial_id = row.trial_id
        position = self._positions.get(trial_id)
        if position is None:
            self._insert(trial_id, trial)
        else:
            self._trials[position] = trial
        if not row.state.is_finished():
            self.unfinished[trial_id] = row
            return
        self.unfinished.pop(trial_id, None)
        self._selected.clear()
        if self._last_finished is None or self._last_finished.trial_id < trial_id:
            self._last_finished = row
        if row.state == TrialState.COMPLETE and len(trial.values or ()) == 1:
            self._compare(trial)

    def learn(self, distributions: Mapping[str, BaseDistribution]) -> None:
        """Take over distributions that are in the database."""
        for name, distribution in distributions.items():
            if name not in self.distributions:
                self.distributions[name] = distribution
                self.planned.pop(name, None)

    def distribution(self, name: str) -> BaseDistribution | None:
        """Return a parameter's distribution as far as it is known."""
        return self.distributions.get(name) or self.planned.get(name)

    def select(
        self, states: Container[TrialState] | None, current: dict[int, FrozenTrial]
    ) -> list[FrozenTrial]:
        """Return the trials in certain states, in the order of their numbers.

        Args:
            states: The states; None for all.
            current: Trials, by id, that are to stand in for what was read.
        """
        if states is None:
            selected = list(self._trials)
            for trial_id, trial in current.items():
                selected[self._positions[trial_id]] = trial
            return selected
        wanted = tuple(state for state in TrialState if state in states)
        if all(state.is_finished() for state in wanted):
            return list(self._finished_in(wanted))
        if any(state.is_finished() for state in wanted):
            return [trial for trial in self.select(None, current) if trial.state in wanted]
        unfinished = sorted((self._positions[trial_id], trial_id) for trial_id in self.unfinished)
        candidates = (current.get(i) or self._trials[position] for position, i in unfinished)
        return [trial for trial in candidates if trial.state in wanted]

    def _finished_in(self, wanted: tuple[TrialState, ...]) -> list[FrozenTrial]:
        """Return the finished trials in certain states, looked for again only after new ones."""
        if wanted not in self._selected:
            self._selected[wanted] = [trial for trial in self._trials if trial.state in wanted]
        return self._selected[wanted]

    def best(self, *, maximize: bool) -> FrozenTrial | None:
        """Return the completed trial with the best value, the first of them; None without one."""
        return self._highest if maximize else self._lowest

    def _insert(self, trial_id: int, trial: FrozenTrial) -> None:
        """Insert a trial by its number, nearly always at the end."""
        position = len(self._trials)
        while position and self._trials[position - 1].number > trial.number:
            position -= 1
            self._positions[self._trials[position]._trial_id] = position + 1
        self._trials.insert(position, trial)
        self._positions[trial_id] = position

    def _compare(self, trial: FrozenTrial) -> None:
        key = (trial.values[0], trial.number)
        if self._lowest is None or key < (self._lowest.values[0], self._lowest.number):
            self._lowest = trial
        key = (-trial.values[0], trial.number)
        if self._highest is None or key < (-self._highest.values[0], self._highest.number):
            self._highest = trial


def copy_trial(trial: FrozenTrial) -> FrozenTrial:
    """Return a copy that the caller may change; distributions, which nobody changes, are shared."""
    return FrozenTrial(
        number=trial.number,
        state=trial.state,
        value=None,
        values=trial.values,
        datetime_start=trial.datetime_start,
        datetime_complete=trial.datetime_complete,
        params=dict(trial.params),
        distributions=dict(trial.distributions),
        user_attrs=copy_json(trial.user_attrs),
        system_attrs=copy_json(trial.system_attrs),
        intermediate_values=dict(trial.intermediate_values),
        trial_id=trial._trial_id,
    )


def copy_json(value: Any) -> Any:
    """Return a copy of a value that came from JSON."""
    if isinstance(value, dict):
        return {key: copy_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copy_json(item) for item in value]
    return value
