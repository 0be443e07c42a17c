"""Parameters as columns of numbers, whatever they were drawn from."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    json_to_distribution,
)

from highnoon.hpo.reading.columns import ParameterColumn
from highnoon.hpo.reading.growing import GrowingColumns
from highnoon.hpo.reading.rows import CATEGORICAL, ParameterRows

__all__ = ["Parameters"]


class Parameters:
    """The parameters of all trials of a study.

    Args:
        trials: Gets a column for each parameter; the caller adds rows to it.
    """

    def __init__(self, trials: GrowingColumns) -> None:
        self._trials = trials
        self._parameters: dict[str, _Parameter] = {}
        self._awaited: dict[str, dict[int, Any]] = {}

    def set(self, rows: np.ndarray, known: np.ndarray, parameters: ParameterRows) -> Iterable[int]:
        """Keep what was read, and return rows of queued trials whose values are known by it.

        Args:
            rows: The trial that each value belongs to, as its row.
            known: Whether there is such a trial; values of others are left out.
            parameters: What was read.
        """
        filled: set[int] = set()
        for name, (trial_id, text) in parameters.newest.items():
            if name not in self._parameters:
                self._trials.add(_column(name), np.float64, np.nan)
                self._parameters[name] = _Parameter()
            self._parameters[name].drawn_from(trial_id, text)
            for row, value in self._awaited.pop(name, {}).items():
                self._trials[_column(name)][row] = self._parameters[name].code(value)
                filled.add(row)
        numbers = _numbered(parameters.names, self._parameters)
        texts = list(dict.fromkeys(parameters.distributions))
        text_numbers = _numbered(parameters.distributions, texts)
        values = np.array(parameters.values, dtype=np.float64)
        for number, (name, parameter) in enumerate(self._parameters.items()):
            own = np.flatnonzero((numbers == number) & known)
            drawn = values[own]
            for text_number in np.unique(text_numbers[own]):
                chosen = text_numbers[own] == text_number
                drawn[chosen] = parameter.codes(drawn[chosen], texts[text_number])
            self._trials[_column(name)][rows[own]] = drawn
        return filled

    def queue(self, row: int, params: Mapping[str, Any]) -> None:
        """Keep the parameters that a queued trial is to get, each once a trial has drawn one."""
        for name, value in params.items():
            if name in self._parameters:
                self._trials[_column(name)][row] = self._parameters[name].code(value)
            else:
                self._awaited.setdefault(name, {})[row] = value

    def clear(self, rows: np.ndarray) -> None:
        """Forget the parameters of trials that are not queued any more."""
        for name in self._parameters:
            self._trials[_column(name)][rows] = np.nan
        for values in self._awaited.values():
            for row in rows.tolist():
                values.pop(row, None)

    def columns(self, rows: np.ndarray | None = None) -> dict[str, ParameterColumn]:
        """Return copies of all rows, or of some: then of the parameters that these have."""
        columns = {}
        for name, parameter in self._parameters.items():
            values = self._trials.copy(_column(name), rows)
            if rows is not None and np.isnan(values).all():
                continue
            choices = None if parameter.choices is None else tuple(parameter.choices)
            columns[name] = ParameterColumn(name, values, parameter.distribution, choices)
        return columns


class _Parameter:
    """What one parameter is drawn from.

    Optuna refuses a categorical distribution with other choices than the study's; where two
    processes got past that, the choices of both are put together. Values from a distribution of
    another kind than the one first seen are left out.
    """

    distribution: BaseDistribution
    choices: list[Any] | None = None

    def __init__(self) -> None:
        self._trial_id = -1
        self._text = ""
        self._codes: dict[str, np.ndarray] = {}

    def drawn_from(self, trial_id: int, text: str) -> None:
        """Learn the distribution of a trial."""
        if trial_id < self._trial_id:
            return
        self._trial_id = trial_id
        first = not self._text
        if text == self._text or not (first or _is_categorical(text) == self._is_categorical):
            return
        self.distribution = json_to_distribution(text)
        self._text = text
        if first and _is_categorical(text):
            self.choices = []
        if self.choices is not None:
            self._codes_of(text)

    def codes(self, values: np.ndarray, text: str) -> np.ndarray:
        """Return what stands in the column for values drawn from a distribution."""
        if _is_categorical(text) != self._is_categorical:
            return np.full(len(values), np.nan)
        return values if self.choices is None else self._codes_of(text)[values.astype(np.int64)]

    def code(self, value: Any) -> float:
        """Return what stands in the column for a value; NaN where it cannot be drawn."""
        if self.choices is not None:
            keys = [_key(choice) for choice in self.choices]
            return keys.index(_key(value)) if _key(value) in keys else math.nan
        try:
            return self.distribution.to_internal_repr(value)
        except (ValueError, TypeError):
            return math.nan

    @property
    def _is_categorical(self) -> bool:
        return self.choices is not None

    def _codes_of(self, text: str) -> np.ndarray:
        """Return the index into `choices` of each choice of a distribution."""
        if text not in self._codes:
            assert self.choices is not None
            keys = [_key(choice) for choice in self.choices]
            distribution = json_to_distribution(text)
            assert isinstance(distribution, CategoricalDistribution)
            for choice in distribution.choices:
                if _key(choice) not in keys:
                    keys.append(_key(choice))
                    self.choices.append(choice)
            found = [keys.index(_key(choice)) for choice in distribution.choices]
            self._codes[text] = np.array(found, dtype=np.float64)
        return self._codes[text]


def _is_categorical(text: str) -> bool:
    return text.startswith(CATEGORICAL)


def _numbered(words: Sequence[str], vocabulary: Iterable[str]) -> np.ndarray:
    """Return the place of each word in a vocabulary, -1 where it is not there."""
    place = {word: number for number, word in enumerate(vocabulary)}
    return np.fromiter(map(place.get, words, repeat(-1)), np.int64, len(words))


def _key(choice: Any) -> tuple[str, str]:
    """Return what tells choices apart: 1, 1.0 and True are equal, NaN is not equal to itself."""
    return type(choice).__name__, repr(choice)


def _column(name: str) -> str:
    return f"parameter:{name}"
