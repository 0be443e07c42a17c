"""Constraints: expressions over the parameters of a search space that every trial must fulfil."""

from collections.abc import Iterable, Mapping
from itertools import islice, product

from highnoon.exceptions import ExpressionError
from highnoon.hpo.expressions import Expression
from highnoon.hpo.parameters import Parameter

__all__ = ["parse_constraints"]

_LONGEST_CONSTRAINT = 400
"""The text is part of a key in Optuna's database, which holds 512 characters."""

_MOST_PROBES = 256


def parse_constraints(
    texts: Iterable[str], parameters: Mapping[str, Parameter]
) -> tuple[Expression, ...]:
    """Read constraints and try each one on values of every type that its parameters have.

    Raises:
        ExpressionError: A constraint cannot be read, compares nothing, names no parameter, or mixes
            strings and numbers.
    """
    expressions: dict[str, Expression] = {}
    for text in texts:
        expression = Expression.parse(text, parameters)
        quoted = f'Constraint "{expression.text}"'
        if len(expression.text) > _LONGEST_CONSTRAINT:
            raise ExpressionError(
                f"{quoted} has {len(expression.text)} characters and may have "
                f"{_LONGEST_CONSTRAINT}. Split it at an and into several constraints."
            )
        if not expression.names:
            raise ExpressionError(
                f"{quoted} names no parameter. Use some of {', '.join(parameters)}."
            )
        if not expression.is_condition:
            raise ExpressionError(
                f"{quoted} is a calculation and must compare something, "
                f"such as {expression.text} <= 1."
            )
        _probe(expression, parameters)
        expressions.setdefault(expression.text, expression)
    return tuple(expressions.values())


def _probe(expression: Expression, parameters: Mapping[str, Parameter]) -> None:
    """Evaluate on one value per type, so that a wrong comparison fails here, not in a trial."""
    names = sorted(expression.names)
    for values in islice(product(*(parameters[n].examples() for n in names)), _MOST_PROBES):
        expression.violation(dict(zip(names, values, strict=True)))
