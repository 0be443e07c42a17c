"""The kinds of parameters: what each entry of a search space allows, and how it is drawn."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self

from highnoon.exceptions import SearchSpaceError
from highnoon.hpo.choices import (
    Label,
    find_duplicate,
    label_choices,
    plain,
    same_choice,
    survives_json,
)
from highnoon.hpo.entries import Entry, as_float, as_int, described, shown

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import BaseTrial

__all__ = ["CategoricalParameter", "FloatParameter", "IntParameter", "Parameter"]


@dataclass(frozen=True)
class Parameter(ABC):
    """One parameter of a search space.

    Its values have two faces: the *object* that the objective receives and the *label* that Optuna
    stores. They differ only for categorical choices that Optuna cannot store, such as a list.
    """

    forms: ClassVar[Mapping[str, str]]
    """The kinds that this class reads, and how an entry of each is written."""

    name: str
    kind: str

    @classmethod
    @abstractmethod
    def parse(cls, entry: Entry) -> Self:
        """Read an entry.

        Raises:
            SearchSpaceError: The entry breaks a rule of its kind.
        """

    @abstractmethod
    def distribution(self) -> "BaseDistribution":
        """Return Optuna's form of the parameter."""

    @abstractmethod
    def suggest(self, trial: "BaseTrial") -> Label:
        """Draw a label for a trial."""

    @abstractmethod
    def label(self, value: Any) -> Label:
        """Return the label of a value that was given as object or label.

        Raises:
            SearchSpaceError: The value is not one of the parameter's.
        """

    @abstractmethod
    def grid(self, levels: int) -> list[Label]:
        """Return the labels that a grid search tries, `levels` of them on a continuous range."""

    @abstractmethod
    def grid_size(self, levels: int) -> int:
        """Return the length of `grid(levels)` without building it."""

    @abstractmethod
    def to_json(self) -> list[Any]:
        """Return the entry as a JSON-compatible list, choices that JSON cannot hold as labels."""

    @abstractmethod
    def examples(self) -> list[Label]:
        """Return one label of each type that the labels have."""

    def resolve(self, label: Any) -> Any:
        """Return the object behind a label."""
        return label


@dataclass(frozen=True)
class _NumberParameter(Parameter):
    low: Any
    high: Any

    @property
    def log(self) -> bool:
        return self.kind.startswith("log_")

    def examples(self) -> list[Label]:
        """Return the low end."""
        return [self.low]

    def __str__(self) -> str:
        return f"{self.kind} {self.low!r}..{self.high!r}"

    def _refuse(self, value: Any, what: str) -> NoReturn:
        raise SearchSpaceError(
            f'Parameter "{self.name}" = {shown(value)}: '
            f"must be {what} from {self.low!r} to {self.high!r}."
        )


@dataclass(frozen=True)
class FloatParameter(_NumberParameter):
    """A real number, drawn evenly on a linear (`uniform`) or logarithmic (`log_uniform`) scale."""

    forms: ClassVar[Mapping[str, str]] = {
        "uniform": '("uniform", low, high)',
        "log_uniform": '("log_uniform", low, high)',
    }

    low: float
    high: float

    @classmethod
    def parse(cls, entry: Entry) -> Self:
        """Read `(kind, low, high)`; see `Parameter.parse`."""
        if len(entry.values) != 2:
            raise entry.error(
                f"takes low and high, got {entry.counted}. Write {cls.forms[entry.kind]}."
            )
        low, high = (
            entry.number(end, value)
            for end, value in zip(("low", "high"), entry.values, strict=True)
        )
        entry.check_order(low, high)
        if entry.kind == "log_uniform" and low <= 0:
            raise entry.error(
                f"low is {low!r} and must be above 0 on a log scale. "
                f'Raise low, or write ("uniform", {low!r}, {high!r}).'
            )
        if not math.isfinite(high - low):
            raise entry.error("the range is too wide: high - low must be a finite number.")
        return cls(entry.name, entry.kind, low, high)

    def distribution(self) -> "BaseDistribution":
        """Return Optuna's form of the parameter."""
        from optuna.distributions import FloatDistribution

        return FloatDistribution(self.low, self.high, log=self.log)

    def suggest(self, trial: "BaseTrial") -> Label:
        """Draw a value for a trial."""
        return trial.suggest_float(self.name, self.low, self.high, log=self.log)

    def label(self, value: Any) -> Label:
        """Return the value as a float; see `Parameter.label`."""
        number = as_float(value)
        if number is None or not self.low <= number <= self.high:
            self._refuse(value, "a number")
        return number

    def grid(self, levels: int) -> list[Label]:
        """Return `levels` values, evenly spaced on the parameter's scale, both ends among them."""
        return list(_spaced(self.low, self.high, self.grid_size(levels), log=self.log))

    def grid_size(self, levels: int) -> int:
        """Return the length of `grid(levels)`."""
        return 1 if self.low == self.high else levels

    def to_json(self) -> list[Any]:
        """Return the entry as a list."""
        return [self.kind, self.low, self.high]


@dataclass(frozen=True)
class IntParameter(_NumberParameter):
    """A whole number: every `step`-th one (`int`), or evenly on a logarithmic scale (`log_int`)."""

    forms: ClassVar[Mapping[str, str]] = {
        "int": '("int", low, high) or ("int", low, high, step)',
        "log_int": '("log_int", low, high)',
    }

    low: int
    high: int
    step: int = 1

    @classmethod
    def parse(cls, entry: Entry) -> Self:
        """Read `(kind, low, high)` or `("int", low, high, step)`; see `Parameter.parse`."""
        if len(entry.values) not in ((2, 3) if entry.kind == "int" else (2,)):
            form = cls.forms[entry.kind]
            wanted = "low, high and at most a step" if entry.kind == "int" else "low and high"
            raise entry.error(f"takes {wanted}, got {entry.counted}. Write {form}.")
        ends = ("low", "high", "step")[: len(entry.values)]
        low, high, *rest = (
            entry.whole_number(end, value) for end, value in zip(ends, entry.values, strict=True)
        )
        entry.check_order(low, high)
        if entry.kind == "log_int" and low < 1:
            raise entry.error(
                f"low is {low} and must be at least 1 on a log scale. "
                f'Raise low, or write ("int", {low}, {high}).'
            )
        step = rest[0] if rest else 1
        if step < 1:
            raise entry.error(f"the step is {step} and must be at least 1.")
        if excess := (high - low) % step:
            below, above = high - excess, high - excess + step
            raise entry.error(
                f"the step {step} does not divide the range {low} to {high}. "
                f"Set high to {below} or {above}, or choose a step that divides {high - low}."
            )
        return cls(entry.name, entry.kind, low, high, step)

    def distribution(self) -> "BaseDistribution":
        """Return Optuna's form of the parameter."""
        from optuna.distributions import IntDistribution

        return IntDistribution(self.low, self.high, log=self.log, step=self.step)

    def suggest(self, trial: "BaseTrial") -> Label:
        """Draw a value for a trial."""
        return trial.suggest_int(self.name, self.low, self.high, step=self.step, log=self.log)

    def label(self, value: Any) -> Label:
        """Return the value as an int; see `Parameter.label`."""
        number = as_int(value)
        if number not in self._range():
            steps = f" in steps of {self.step}" if self.step != 1 else ""
            self._refuse(value, f"a whole number{steps}")
        return number

    def grid(self, levels: int) -> list[Label]:
        """Return every value of an `int`, and up to `levels` of a `log_int`."""
        if self.log:
            return list(self._rounded_levels(levels))
        return list(self._range())

    def grid_size(self, levels: int) -> int:
        """Return the length of `grid(levels)`."""
        return len(self._rounded_levels(levels) if self.log else self._range())

    def to_json(self) -> list[Any]:
        """Return the entry as a list."""
        return [self.kind, self.low, self.high, *([self.step] if self.step != 1 else [])]

    def __str__(self) -> str:
        return super().__str__() + (f" step {self.step}" if self.step != 1 else "")

    def _range(self) -> range:
        return range(self.low, self.high + 1, self.step)

    def _rounded_levels(self, levels: int) -> dict[int, None]:
        return dict.fromkeys(
            round(value) for value in _spaced(self.low, self.high, levels, log=True)
        )


@dataclass(frozen=True)
class CategoricalParameter(Parameter):
    """One of several choices, which may be any objects."""

    forms: ClassVar[Mapping[str, str]] = {"categorical": '("categorical", [choice, ...])'}

    choices: tuple[Any, ...]
    labels: tuple[Label, ...]

    @classmethod
    def parse(cls, entry: Entry) -> Self:
        """Read `("categorical", [choice, ...])`; see `Parameter.parse`."""
        if len(entry.values) != 1:
            example = f'("categorical", {shown(list(entry.values) or ["a", "b"])})'
            raise entry.error(f"takes one list of choices, got {entry.counted}. Write {example}.")
        given = entry.values[0]
        if not isinstance(given, (list, tuple, range)):
            raise entry.error(
                f"the choices must be a list, got {described(given)}. "
                f"Write {cls.forms[entry.kind]}."
            )
        choices = tuple(plain(choice) for choice in given)
        if not choices:
            raise entry.error("the list of choices is empty and must hold at least one.")
        if duplicate := find_duplicate(choices):
            first, second = map(shown, duplicate)
            if first == second:
                raise entry.error(f"the choice {first} is listed twice; each may appear once.")
            raise entry.error(
                f"the choices {first} and {second} are equal in Python and cannot be told apart; "
                "keep one of them, or write them as strings."
            )
        return cls(entry.name, entry.kind, choices, label_choices(choices))

    def distribution(self) -> "BaseDistribution":
        """Return Optuna's form of the parameter, over the labels."""
        from optuna.distributions import CategoricalDistribution

        return CategoricalDistribution(self.labels)

    def suggest(self, trial: "BaseTrial") -> Label:
        """Draw a label for a trial."""
        return trial.suggest_categorical(self.name, self.labels)

    def label(self, value: Any) -> Label:
        """Return the label of a choice or of a label; see `Parameter.label`."""
        value = plain(value)
        for candidates in (self.choices, self.labels):
            for candidate, label in zip(candidates, self.labels, strict=True):
                if same_choice(candidate, value):
                    return label
        raise SearchSpaceError(
            f'Parameter "{self.name}" = {shown(value)}: must be one of {shown(list(self.labels))}.'
        )

    def resolve(self, label: Any) -> Any:
        """Return the choice behind a label.

        Raises:
            SearchSpaceError: No choice has that label.
        """
        return self.choices[self.labels.index(self.label(label))]

    def grid(self, levels: int) -> list[Label]:  # noqa: ARG002 -- all choices, whatever the levels
        """Return every label."""
        return list(self.labels)

    def grid_size(self, levels: int) -> int:  # noqa: ARG002
        """Return the number of choices."""
        return len(self.choices)

    def examples(self) -> list[Label]:
        """Return the last label of each type."""
        return list({type(label): label for label in self.labels}.values())

    def to_json(self) -> list[Any]:
        """Return the entry as a list, choices that JSON cannot hold as labels."""
        pairs = zip(self.choices, self.labels, strict=True)
        return [self.kind, [c if survives_json(c) else label for c, label in pairs]]

    def __str__(self) -> str:
        return f"{self.kind} {shown(list(self.labels))}"


def _spaced(low: float, high: float, levels: int, *, log: bool) -> list[float]:
    """Return evenly spaced values from low to high, both ends exact."""
    if levels == 1 or low == high:
        return [low]
    if log:
        step = (math.log(high) - math.log(low)) / (levels - 1)
        inner = [math.exp(math.log(low) + i * step) for i in range(1, levels - 1)]
    else:
        inner = [low + (high - low) * i / (levels - 1) for i in range(1, levels - 1)]
    return [low, *inner, high]
