"""The search space: parameters, when each is drawn, and constraints between them."""

import html
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from highnoon.exceptions import SearchSpaceError
from highnoon.hpo.choices import Label
from highnoon.hpo.conditions import (
    Conditional,
    Conditions,
    dependency_order,
    resolve_conditions,
    when,
)
from highnoon.hpo.constraints import parse_constraints
from highnoon.hpo.entries import described, shown
from highnoon.hpo.expressions import Expression
from highnoon.hpo.kinds import parse_parameter
from highnoon.hpo.parameter_names import check_names
from highnoon.hpo.parameters import Parameter

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import BaseTrial

__all__ = ["Conditional", "SearchSpace", "when"]


class SearchSpace:
    """A search space that has been checked; `SearchSpace.parse` makes one.

    Names come in the order in which a trial draws them: as written, parents before the parameters
    that are conditional on them. Values are either *objects*, which the objective receives, or
    *labels*, which Optuna stores; see `highnoon.hpo.parameters.Parameter`.

    Two spaces are equal when their JSON forms are: the order of names does not matter, that of
    categorical choices does, because Optuna stores their positions.

    Example:
        >>> space = SearchSpace.parse({"batch_size": ("categorical", [4, 8, 16, 32])})
        >>> space.labels({"batch_size": 8})
        {'batch_size': 8}
    """

    def __init__(
        self,
        parameters: Mapping[str, Parameter],
        conditions: Mapping[str, Conditions],
        constraints: Sequence[Expression],
    ) -> None:
        self.parameters: Mapping[str, Parameter] = parameters
        self.conditions: Mapping[str, Conditions] = conditions
        self._expressions = tuple(constraints)

    @classmethod
    def parse(
        cls, given: "Mapping[str, Any] | SearchSpace", constraints: Sequence[str] = ()
    ) -> "SearchSpace":
        """Read and check a search space.

        Args:
            given: Entries by name, such as `{"learning_rate": ("log_uniform", 1e-5, 1e-3)}`. A
                `SearchSpace` is taken as it is, with the constraints added to its own.
            constraints: Expressions that every trial must fulfil, such as
                `"top_k_experts <= num_moe_experts"`.

        Raises:
            SearchSpaceError: An entry or a name is wrong; the message quotes it and says what is
                allowed.
            ExpressionError: A constraint cannot be read.
        """
        if isinstance(given, SearchSpace):
            if not constraints:
                return given
            _check_list_of_constraints(constraints)
            texts = [*given.constraints, *constraints]
            return cls(
                given.parameters, given.conditions, parse_constraints(texts, given.parameters)
            )
        if not isinstance(given, Mapping):
            raise SearchSpaceError(
                f"A search space is a dict of entries by name, got {described(given)}. "
                'Write {"learning_rate": ("log_uniform", 1e-5, 1e-3)}.'
            )
        if not given:
            raise SearchSpaceError(
                "The search space is empty and must hold at least one parameter, such as "
                '{"learning_rate": ("log_uniform", 1e-5, 1e-3)}.'
            )
        check_names(given)
        parameters = {
            str(name): parse_parameter(
                str(name), entry.entry if isinstance(entry, Conditional) else entry
            )
            for name, entry in given.items()
        }
        conditions = {
            str(name): resolve_conditions(str(name), entry, parameters)
            if isinstance(entry, Conditional)
            else {}
            for name, entry in given.items()
        }
        order = dependency_order(conditions)
        _check_list_of_constraints(constraints)
        ordered = {name: parameters[name] for name in order}
        return cls(
            ordered,
            {name: conditions[name] for name in order},
            parse_constraints(constraints, ordered),
        )

    @property
    def constraints(self) -> tuple[str, ...]:
        """The constraints as they were written."""
        return tuple(expression.text for expression in self._expressions)

    @property
    def distributions(self) -> "dict[str, BaseDistribution]":
        """Optuna's form of every parameter, conditional ones included."""
        return {name: parameter.distribution() for name, parameter in self.parameters.items()}

    @property
    def recommended_trials(self) -> int:
        """The fewest trials worth running: 50 below 10 parameters, 100 up to 20, 200 above."""
        if len(self) < 10:
            return 50
        return 100 if len(self) <= 20 else 200

    def suggest(self, trial: "BaseTrial") -> dict[str, Any]:
        """Draw the parameters of a trial, conditional ones only when they are active.

        Returns:
            The objects that the objective receives, by name; `trial.params` has their labels.
        """
        labels: dict[str, Label] = {}
        for name, parameter in self.parameters.items():
            if self._is_active(name, labels):
                labels[name] = parameter.suggest(trial)
        return self.resolve(labels)

    def resolve(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the objects behind labels.

        Raises:
            SearchSpaceError: A name is unknown, or a label belongs to no choice.
        """
        self._check_known(params)
        return {name: self.parameters[name].resolve(value) for name, value in params.items()}

    def labels(self, params: Mapping[str, Any], *, partial: bool = False) -> dict[str, Label]:
        """Return the labels of a configuration, after checking every value against its range.

        Constraints are not looked at; see `violations`.

        Args:
            params: Objects or labels by name.
            partial: Whether parameters may be left out.

        Raises:
            SearchSpaceError: A name is unknown or missing, a value is out of range, or a parameter
                is given that its conditions rule out.
        """
        self._check_known(params)
        labels: dict[str, Label] = {}
        for name, parameter in self.parameters.items():
            if name in params:
                label = parameter.label(params[name])
                if self._is_ruled_out(name, labels, partial=partial):
                    raise SearchSpaceError(
                        f'Parameter "{name}" = {shown(params[name])}: is used only '
                        f"{self._when(name)}. Leave it out, or change what it depends on."
                    )
                labels[name] = label
            elif not partial and self._is_active(name, labels):
                raise SearchSpaceError(
                    f'Parameter "{name}" is missing and needs a value: {parameter}.'
                )
        return labels

    def contains(self, params: Mapping[str, Any]) -> bool:
        """Whether a complete configuration lies inside: ranges, conditions and constraints."""
        try:
            labels = self.labels(params)
        except SearchSpaceError:
            return False
        return all(amount <= 0.0 for amount in self.violations(labels).values())

    def violations(self, params: Mapping[str, Any]) -> dict[str, float]:
        """Return by how much each constraint is violated, keyed by its text; 0.0 when it holds.

        A comparison of numbers is violated by their difference, any other by 1.0. A constraint that
        names a parameter which is not in `params`, such as an inactive conditional one, holds.

        Raises:
            SearchSpaceError: A name is unknown, or a value is out of range.
        """
        labels = self.labels(params, partial=True)
        return {
            expression.text: expression.violation(labels)
            if labels.keys() >= expression.names
            else 0.0
            for expression in self._expressions
        }

    def diff(self, new: "SearchSpace") -> list[str]:
        """Return what changes from this space to a new one, a readable line per change."""
        lines: list[str] = []
        for name in self.parameters:
            was = self._describe(name)
            if name not in new.parameters:
                lines.append(f"{name}: removed, was {was}")
            elif json.dumps(self._entry_json(name)) != json.dumps(new._entry_json(name)):
                lines.append(f"{name}: was {was}, now {new._describe(name)}")
        lines += [
            f"{name}: added, {new._describe(name)}"
            for name in new.parameters
            if name not in self.parameters
        ]
        lines += [f"constraint removed: {c}" for c in self.constraints if c not in new.constraints]
        lines += [f"constraint added: {c}" for c in new.constraints if c not in self.constraints]
        return lines

    def grid(self, levels: int = 5, *, limit: int = 10_000) -> dict[str, list[Label]]:
        """Return the labels that a grid search tries for each parameter.

        Args:
            levels: How many values a continuous parameter gets, evenly spaced on its scale. Steps
                of an `int` and categorical choices are all taken.
            limit: The largest number of grid points allowed.

        Raises:
            SearchSpaceError: The space has conditional parameters, or the grid is too large.
        """
        if (size := self.grid_size(levels)) > limit:
            sizes = {name: p.grid_size(levels) for name, p in self.parameters.items()}
            largest = sorted(sizes, key=sizes.__getitem__, reverse=True)[:3]
            parts = ", ".join(f"{name} has {sizes[name]:,} values" for name in largest)
            raise SearchSpaceError(
                f"The grid has {size:,} points and at most {limit:,} are allowed: {parts}. "
                'Use fewer levels or larger steps, or the "tpe" sampler.'
            )
        return {name: parameter.grid(levels) for name, parameter in self.parameters.items()}

    def grid_size(self, levels: int = 5) -> int:
        """Return the number of points of the grid, without building it.

        Raises:
            SearchSpaceError: The space has conditional parameters, or `levels` is below 1.
        """
        if levels < 1:
            raise SearchSpaceError(f"A grid needs at least 1 level per parameter, got {levels}.")
        if conditional := [name for name, parents in self.conditions.items() if parents]:
            raise SearchSpaceError(
                f"A grid cannot have conditional parameters, and {', '.join(conditional)} "
                f"{'is' if len(conditional) == 1 else 'are'} conditional: they would be repeated "
                'where they have no effect. Use the "tpe" or "random" sampler, or remove when().'
            )
        return math.prod(parameter.grid_size(levels) for parameter in self.parameters.values())

    def to_json(self) -> dict[str, Any]:
        """Return the space as a JSON-compatible dict that `from_json` reads.

        A choice that JSON cannot hold, such as a function, is replaced by its label: the space read
        back equals this one and has the same distributions, but hands out the label.
        """
        return {
            "parameters": {name: self._entry_json(name) for name in self.parameters},
            "constraints": list(self.constraints),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "SearchSpace":
        """Read what `to_json` wrote.

        Raises:
            SearchSpaceError: The data is not a search space.
        """
        try:
            entries = {
                name: when(
                    item["entry"],
                    **{parent: frozenset(labels) for parent, labels in item["when"].items()},
                )
                if "when" in item
                else item["entry"]
                for name, item in data["parameters"].items()
            }
            constraints = data["constraints"]
        except (AttributeError, KeyError, TypeError) as error:
            raise SearchSpaceError(
                'This is not a stored search space: it needs "parameters" and "constraints" as '
                "SearchSpace.to_json() writes them."
            ) from error
        return cls.parse(entries, constraints)

    def __len__(self) -> int:
        return len(self.parameters)

    def __iter__(self) -> Iterator[str]:
        return iter(self.parameters)

    def __contains__(self, name: object) -> bool:
        return name in self.parameters

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SearchSpace):
            return NotImplemented
        return self._canonical() == other._canonical()

    def __hash__(self) -> int:
        return hash(self._canonical())

    def __repr__(self) -> str:
        lines = [f"  {name}: {self._describe(name)}" for name in self.parameters]
        lines += [f"  constraint: {constraint}" for constraint in self.constraints]
        return "\n".join(["SearchSpace(", *lines, ")"])

    def _repr_html_(self) -> str:
        rows = [(name, self._describe(name)) for name in self.parameters]
        rows += [("constraint", constraint) for constraint in self.constraints]
        cells = "".join(
            f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(text)}</td></tr>'
            for name, text in rows
        )
        return f"<table><caption>Search space</caption><tbody>{cells}</tbody></table>"

    def _canonical(self) -> str:
        entries = {name: self._entry_json(name) for name in sorted(self.parameters)}
        return json.dumps([entries, sorted(self.constraints)])

    def _entry_json(self, name: str) -> dict[str, Any]:
        item: dict[str, Any] = {"entry": self.parameters[name].to_json()}
        if parents := self.conditions[name]:
            item["when"] = {parent: list(labels) for parent, labels in parents.items()}
        return item

    def _describe(self, name: str) -> str:
        when_text = self._when(name)
        return f"{self.parameters[name]}{f' {when_text}' if when_text else ''}"

    def _when(self, name: str) -> str:
        parts = [
            f"{parent} is {' or '.join(shown(label) for label in labels)}"
            for parent, labels in self.conditions[name].items()
        ]
        return f"when {' and '.join(parts)}" if parts else ""

    def _is_active(self, name: str, labels: Mapping[str, Label]) -> bool:
        return not self._is_ruled_out(name, labels, partial=False)

    def _is_ruled_out(self, name: str, labels: Mapping[str, Label], *, partial: bool) -> bool:
        return any(
            labels[parent] not in allowed if parent in labels else not partial
            for parent, allowed in self.conditions[name].items()
        )

    def _check_known(self, params: Mapping[str, Any]) -> None:
        for name in params:
            if name not in self.parameters:
                near = get_close_matches(str(name), self.parameters, n=1)
                hint = f"Did you mean {near[0]}?" if near else f"It has {', '.join(self)}."
                raise SearchSpaceError(f'No parameter "{name}" in this search space. {hint}')


def _check_list_of_constraints(constraints: object) -> None:
    if isinstance(constraints, str) or not isinstance(constraints, Sequence):
        raise SearchSpaceError(
            f"Constraints are a list of expressions, got {described(constraints)}. "
            'Write ["top_k_experts <= num_moe_experts"].'
        )
