"""Bad search spaces are refused before any trial, with an error that names the parameter."""

import numpy as np
import pytest

from highnoon.exceptions import ExpressionError, HighNoonError, SearchSpaceError
from highnoon.hpo.space import SearchSpace, when

OPTIMIZER = {"optimizer": ("categorical", ["adam", "sgd"])}

BAD_SPACES = {
    "misspelt kind": (
        {"rate": ("loguniform", 1e-5, 1e-3)},
        "rate",
        'Did you mean "log_uniform"?',
    ),
    "kind of another library": ({"rate": ("float", 0, 1)}, "rate", 'Did you mean "uniform"?'),
    "kind like nothing known": (
        {"rate": ("zipf", 0, 1)},
        "rate",
        'The kinds are "uniform", "log_uniform", "int", "log_int", "categorical"',
    ),
    "log range that reaches zero": (
        {"rate": ("log_uniform", 0, 1e-3)},
        "rate",
        "low is 0.0 and must be above 0 on a log scale",
    ),
    "log range below zero": (
        {"rate": ("log_uniform", -1.0, 1.0)},
        "rate",
        'write ("uniform", -1.0, 1.0)',
    ),
    "whole log range that reaches zero": (
        {"width": ("log_int", 0, 64)},
        "width",
        "low is 0 and must be at least 1 on a log scale",
    ),
    "low above high": ({"rate": ("uniform", 1.0, 0.5)}, "rate", "low comes first"),
    "whole low above high": ({"width": ("int", 64, 8)}, "width", "low 64 is above high 8"),
    "step that does not divide the range": (
        {"width": ("int", 256, 1000, 128)},
        "width",
        "Set high to 896 or 1024",
    ),
    "step larger than the range": ({"width": ("int", 4, 8, 10)}, "width", "Set high to 4 or 14"),
    "step of zero": ({"width": ("int", 4, 8, 0)}, "width", "step is 0 and must be at least 1"),
    "negative step": ({"width": ("int", 4, 8, -2)}, "width", "must be at least 1"),
    "step that is no whole number": (
        {"width": ("int", 4, 8, 0.5)},
        "width",
        "step must be a whole number, got 0.5",
    ),
    "step of a log range": ({"width": ("log_int", 1, 8, 2)}, "width", "takes low and high"),
    "step of a real range": (
        {"rate": ("uniform", 0, 1, 0.1)},
        "rate",
        'got 3 values after the kind. Write ("uniform", low, high)',
    ),
    "infinite bound": ({"rate": ("uniform", 0, float("inf"))}, "rate", "must be a finite number"),
    "bound that is not a number": (
        {"rate": ("uniform", float("nan"), 1)},
        "rate",
        "low must be a finite number",
    ),
    "range wider than a float": (
        {"rate": ("uniform", -1.7e308, 1.7e308)},
        "rate",
        "high - low must be a finite number",
    ),
    "whole number that a double rounds": ({"width": ("int", 0, 2**53 + 1)}, "width", "±2**53"),
    "boolean bound": ({"rate": ("uniform", False, 1)}, "rate", "low must be a number"),
    "NumPy boolean bound": ({"rate": ("uniform", np.True_, 2)}, "rate", "low must be a number"),
    "string bound": (
        {"rate": ("uniform", "0", 1)},
        "rate",
        "low must be a number, got the str '0'",
    ),
    "bound that is None": ({"rate": ("uniform", 0, None)}, "rate", "must be a number, got None"),
    "real bound of a whole range": (
        {"width": ("int", 1.5, 4)},
        "width",
        "low must be a whole number, got 1.5",
    ),
    "missing bound": ({"rate": ("uniform", 0)}, "rate", "takes low and high, got 1 value"),
    "missing bounds": ({"width": ("int",)}, "width", "got no values after the kind"),
    "too many values": ({"width": ("int", 1, 2, 1, 1)}, "width", "low, high and at most a step"),
    "no choices": ({"size": ("categorical", [])}, "size", "must hold at least one"),
    "choices that are a string": (
        {"size": ("categorical", "adam")},
        "size",
        "the choices must be a list, got the str 'adam'",
    ),
    "choices without an order": (
        {"size": ("categorical", {8})},
        "size",
        'Write ("categorical", [choice, ...])',
    ),
    "choices outside a list": (
        {"size": ("categorical", 4, 8)},
        "size",
        'Write ("categorical", [4, 8])',
    ),
    "choice listed twice": (
        {"size": ("categorical", ["a", "b", "a"])},
        "size",
        "'a' is listed twice",
    ),
    "object listed twice": (
        {"size": ("categorical", [[1, 2], [1, 2]])},
        "size",
        "[1, 2] is listed twice",
    ),
    "choices that Python takes for one": (
        {"size": ("categorical", [True, 1])},
        "size",
        "True and 1 are equal in Python",
    ),
    "integer and float that are one": (
        {"size": ("categorical", [1, 1.0])},
        "size",
        "cannot be told apart",
    ),
    "list of values without a kind": (
        {"size": [4, 8, 16]},
        "size",
        'a list of values is ("categorical", [choice, ...])',
    ),
    "bare number": ({"size": 4}, "size", 'a fixed value is ("categorical", [value])'),
    "bare string": ({"size": "uniform"}, "size", "an entry is a tuple that starts with its kind"),
    "dict as an entry": ({"size": {"low": 1}}, "size", "an entry is a tuple"),
    "empty entry": ({"size": ()}, "size", "must start with its kind"),
    "name that is no string": ({3: ("int", 1, 2)}, "3", "a name must be a string"),
    "empty name": ({"": ("int", 1, 2)}, "''", "a name may not be empty"),
    "name longer than its column": (
        {"n" * 513: ("int", 1, 2)},
        "n" * 200,
        "at most 512 characters, got 513",
    ),
    "name with a NUL": ({"a\0b": ("int", 1, 2)}, r"a\x00b", "printable characters only"),
    "name with a trailing space": (
        {"rate ": ("int", 1, 2)},
        "'rate '",
        "begin or end with a space",
    ),
    "names that differ in case": (
        {"Rate": ("int", 1, 2), "rate": ("int", 1, 2)},
        "'rate'",
        'differs from "Rate" only in case or accents',
    ),
    "names that differ in an accent": (
        {"debit": ("int", 1, 2), "débit": ("int", 1, 2)},
        "'débit'",
        'differs from "debit" only in case or accents',
    ),
    "condition on an unknown parameter": (
        OPTIMIZER | {"momentum": when(("uniform", 0, 1), optimiser="sgd")},
        "momentum",
        "Did you mean optimizer?",
    ),
    "condition on an impossible value": (
        OPTIMIZER | {"momentum": when(("uniform", 0, 1), optimizer="sgdm")},
        "momentum",
        "must be one of ['adam', 'sgd']",
    ),
    "one impossible value among possible ones": (
        OPTIMIZER | {"momentum": when(("uniform", 0, 1), optimizer=["sgd", "lion"])},
        "momentum",
        "'lion': must be one of ['adam', 'sgd']",
    ),
    "condition on no value": (
        OPTIMIZER | {"momentum": when(("uniform", 0, 1), optimizer=[])},
        "momentum",
        "must hold at least one",
    ),
    "condition on a real number": (
        {"rate": ("uniform", 0, 1), "momentum": when(("uniform", 0, 1), rate=0.5)},
        "momentum",
        "only on a categorical or whole-number parameter",
    ),
    "when without a condition": (
        {"momentum": when(("uniform", 0, 1))},
        "momentum",
        "when() needs a condition",
    ),
    "bad entry inside when": (
        OPTIMIZER | {"momentum": when(("uniform", 1, 0), optimizer="sgd")},
        "momentum",
        "low comes first",
    ),
    "when inside when": (
        OPTIMIZER | {"momentum": when(when(("uniform", 0, 1), optimizer="sgd"), optimizer="sgd")},
        "momentum",
        "an entry is a tuple",
    ),
    "parameter conditional on itself": (
        {"a": when(("int", 1, 2), a=1)},
        "a",
        "conditional on itself: a -> a",
    ),
    "parameters conditional on each other": (
        {"a": when(("int", 1, 2), b=1), "b": when(("int", 1, 2), a=1)},
        "a",
        "conditional on itself: a -> b -> a",
    ),
}


@pytest.mark.parametrize(("space", "name", "allowed"), BAD_SPACES.values(), ids=BAD_SPACES)
def test_a_bad_space_is_refused_with_the_parameter_and_what_is_allowed(space, name, allowed):
    with pytest.raises(SearchSpaceError) as raised:
        SearchSpace.parse(space)
    message = str(raised.value)
    assert name in message
    assert allowed in message


def test_the_message_quotes_the_entry_as_it_was_written():
    with pytest.raises(SearchSpaceError) as raised:
        SearchSpace.parse({"rate": ("log_uniform", 0, 0.1)})
    assert "('log_uniform', 0, 0.1)" in str(raised.value)


def test_an_endless_entry_is_cut_in_the_message():
    with pytest.raises(SearchSpaceError) as raised:
        SearchSpace.parse({"rate": ("uniform", *range(100_000))})
    assert len(str(raised.value)) < 1000


@pytest.mark.parametrize("given", [[("uniform", 0, 1)], None, "rate", ("uniform", 0, 1)])
def test_a_space_that_is_no_dict_is_refused(given):
    with pytest.raises(SearchSpaceError, match="is a dict of entries by name"):
        SearchSpace.parse(given)


def test_an_empty_space_is_refused():
    with pytest.raises(SearchSpaceError, match="must hold at least one parameter"):
        SearchSpace.parse({})


BAD_CONSTRAINTS = {
    "unknown name": ("batchsize <= 8", 'No parameter "batchsize". Did you mean batch_size?'),
    "no name": ("1 < 2", "names no parameter. Use some of batch_size, optimizer"),
    "calculation": ("batch_size + 1", "is a calculation and must compare something"),
    "string against number": ("optimizer < 3", '"<" cannot compare text with a number'),
    "arithmetic with a string": ("optimizer * 2 == 4", "\"*\" needs numbers, got 'sgd'"),
    "text longer than its column": (
        " or ".join(["batch_size == 4"] * 40),
        "may have 400. Split it",
    ),
    "not text": (3, "An expression is a string, got the int 3"),
}


@pytest.mark.parametrize(("text", "problem"), BAD_CONSTRAINTS.values(), ids=BAD_CONSTRAINTS)
def test_a_bad_constraint_is_refused_with_what_is_wrong(text, problem):
    space = OPTIMIZER | {"batch_size": ("categorical", [4, 8])}
    with pytest.raises(ExpressionError) as raised:
        SearchSpace.parse(space, [text])
    assert problem in str(raised.value).replace("optimizer, batch_size", "batch_size, optimizer")


def test_one_string_instead_of_a_list_of_constraints_is_refused():
    with pytest.raises(SearchSpaceError, match="Constraints are a list of expressions"):
        SearchSpace.parse(OPTIMIZER, "optimizer == 'sgd'")


@pytest.mark.parametrize(
    "data", [{}, [], None, {"parameters": [1], "constraints": []}, {"parameters": {"a": 1}}]
)
def test_json_that_is_no_stored_space_is_refused(data):
    with pytest.raises(HighNoonError, match="not a stored search space"):
        SearchSpace.from_json(data)
