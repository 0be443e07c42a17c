"""The scale of a parameter: its ends, whether it is logarithmic, its choices."""

import dataclasses
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from optuna.distributions import FloatDistribution, IntDistribution

from highnoon.hpo.reading import ParameterColumn

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Axis", "Kind"]

Kind = Literal["float", "int", "categorical"]


@dataclasses.dataclass(frozen=True)
class Axis:
    """The scale of a parameter.

    Attributes:
        name: Its name.
        kind: `"float"`, `"int"` or `"categorical"`.
        log: Whether it is logarithmic.
        low: Lowest value that the newest trial could draw, or that any did; of a categorical
            parameter 0.
        high: Highest one; of a categorical parameter the index of its last choice.
        step: Distance of its values where it has steps, else None.
        choices: Choices of a categorical parameter, whose values are indices of them; else None.
    """

    name: str
    kind: Kind
    log: bool
    low: float
    high: float
    step: float | None
    choices: tuple[Any, ...] | None

    @classmethod
    def of(cls, column: ParameterColumn) -> "Axis":
        """Return the scale of a column."""
        if column.choices is not None:
            last = float(len(column.choices) - 1)
            return cls(
                name=column.name,
                kind="categorical",
                log=False,
                low=0.0,
                high=last,
                step=1.0,
                choices=column.choices,
            )
        drawn_from = column.distribution
        assert isinstance(drawn_from, FloatDistribution | IntDistribution)
        drawn = column.values[~np.isnan(column.values)]
        ends = np.append(drawn, [drawn_from.low, drawn_from.high])
        kind = "int" if isinstance(drawn_from, IntDistribution) else "float"
        step = None if drawn_from.step is None else float(drawn_from.step)
        log = drawn_from.log and bool(ends.min() > 0)
        return cls(
            name=column.name,
            kind=kind,
            log=log,
            low=float(ends.min()),
            high=float(ends.max()),
            step=step,
            choices=None,
        )

    def place(self, values: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Return where values lie between the ends, 0 to 1 on its scale; NaN stays NaN.

        A scale whose ends are equal has all its values in the middle.
        """
        if self.low == self.high:
            return np.where(np.isnan(values), np.nan, 0.5)
        if self.log:
            span = np.log(self.high / self.low)
            return np.log(values / self.low) / span
        return (values - self.low) / (self.high - self.low)

    def value(self, place: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Return the values at places, as `place` finds them."""
        if self.log:
            return self.low * (self.high / self.low) ** place
        return self.low + (self.high - self.low) * place
