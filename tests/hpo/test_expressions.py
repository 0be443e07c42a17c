"""The expression language of constraints and filters."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from highnoon.exceptions import ExpressionError
from highnoon.hpo.expressions import Expression

SHARED = json.loads((Path(__file__).parent / "expression_cases.json").read_text("utf-8"))
"""Cases that `widgets/tests/expression.test.ts` holds the parser of the widgets to as well."""

VALUES = {
    "a": 3,
    "b": 8,
    "rate": 1e-4,
    "optimizer": "sgd",
    "flag": True,
    "clip": None,
    "lr-max": 0.5,
    "lambda": 2,
    "größe": 7,
    "class": "x",
}


@pytest.mark.parametrize(
    "text",
    [
        "1 + 2 * 3",
        "(1 + 2) * 3",
        "-2 ** 2",
        "2 ** -1",
        "2 ** 3 ** 2",
        "7 // 2 + 7 % 4 - 7 / 2",
        "10 - 4 - 3",
        "2 * 3 % 4",
        "- - 3",
        "+a - -b",
        "1_000 + .5 + 1. + 2e3",
        "a < b",
        "a <= 3 < b",
        "1 < b < 4",
        "a == 3 != b",
        "not a == 3",
        "not not a == 3",
        "not a == 3 or b == 8",
        "a == 3 or b == 1 and b == 2",
        "(a == 3 or b == 1) and b == 2",
        "a in [1, 2, 3]",
        "a not in (1, -3)",
        "not a in [3]",
        "optimizer in ['sgd', \"adam\"] and flag",
        "optimizer < 'tpe'",
        "flag == True and clip == None",
        "clip != 3",
        "a + flag == 4",
        "a * b >= 24 and a % 2 == 1",
        r'"say \"a\"" != "b"',
    ],
)
def test_it_agrees_with_python(text):
    expected = eval(text, {}, dict(VALUES))
    assert Expression.parse(text).evaluate(VALUES) == expected
    assert type(Expression.parse(text).evaluate(VALUES)) is type(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`lr-max` < 1", True),
        ("lambda == 2", True),
        ("`lambda` == 2 and class == 'x'", True),
        ("größe > 6", True),
        ("a<b and(b>a)", True),
    ],
)
def test_names_need_not_be_python_identifiers(text, expected):
    assert Expression.parse(text, VALUES).evaluate(VALUES) is expected


def test_it_knows_the_names_it_uses():
    assert Expression.parse("a < `lr-max` or a in [1]").names == {"a", "lr-max"}


@pytest.mark.parametrize("missing", [{}, {"value": None}, {"value": math.nan}])
@pytest.mark.parametrize("symbol", ["<", "<=", ">", ">="])
def test_a_missing_value_is_neither_less_nor_greater_than_anything(missing, symbol):
    assert Expression.parse(f"value {symbol} 1").evaluate(missing) is False
    assert Expression.parse(f"1 {symbol} value").evaluate(missing) is False
    assert Expression.parse(f"value * 2 {symbol} 1").evaluate(missing) is False


@pytest.mark.parametrize("missing", [{}, {"value": None}, {"value": math.nan}])
def test_a_missing_value_equals_only_none(missing):
    assert Expression.parse("value == None").evaluate(missing) is True
    assert Expression.parse("value == 1").evaluate(missing) is False
    assert Expression.parse("value != 1").evaluate(missing) is True


@pytest.mark.parametrize("text", ["1 / a", "1 % a", "1 // a", "a ** -1", "(a - 8) ** 0.5"])
def test_a_calculation_without_a_result_is_a_missing_value(text):
    assert Expression.parse(text).evaluate({"a": 0}) is None
    assert Expression.parse(f"{text} < 1").evaluate({"a": 0}) is False


def test_numpy_numbers_are_numbers():
    row = {"a": np.int64(3), "b": np.float32(0.5), "c": np.bool_(True)}
    assert Expression.parse("a == 3 and b < 1 and c and a * b == 1.5").evaluate(row) is True


@pytest.mark.parametrize("text", ["a < 'x'", "optimizer >= 3", "flag < optimizer"])
def test_ordering_a_string_against_a_number_is_an_error(text):
    with pytest.raises(ExpressionError, match="cannot compare"):
        Expression.parse(text).evaluate(VALUES)


def test_a_guard_before_and_avoids_the_error_of_mixed_types():
    guarded = Expression.parse("heads != 'auto' and heads < 3")
    assert guarded.evaluate({"heads": "auto"}) is False
    assert guarded.evaluate({"heads": 2}) is True


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("a <= b", 0.0),
        ("b <= a", 5.0),
        ("b < a + 4", 1.0),
        ("a >= b", 5.0),
        ("a == b", 5.0),
        ("1 <= b <= 6", 2.0),
        ("a != 3", 1.0),
        ("optimizer == 'adam'", 1.0),
        ("optimizer in ['adam']", 1.0),
        ("not a < b", 1.0),
        ("flag", 0.0),
        ("b <= 6 or b <= 2", 2.0),
        ("b <= 6 and a <= b", 2.0),
        ("a <= b and b <= 6", 2.0),
        ("clip < 3", 1.0),
    ],
)
def test_the_violation_is_how_much_a_number_is_off(text, amount):
    assert Expression.parse(text).violation(VALUES) == amount


@pytest.mark.parametrize("text", ["a < 3", "a > 3", "b ** 340 < 1", "9e307 * 10 < a"])
def test_a_violation_is_finite_and_above_zero(text):
    amount = Expression.parse(text).violation(VALUES)
    assert 0.0 < amount < math.inf


def test_it_holds_exactly_when_the_violation_is_zero():
    for text in ("a < b", "b < a", "a <= 3", "a < 3", "not flag", "a < b < 8", "a == 1 or flag"):
        expression = Expression.parse(text)
        assert bool(expression.evaluate(VALUES)) is (expression.violation(VALUES) == 0.0)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "The expression is empty"),
        ("   ", "The expression is empty"),
        ("a <", "Expected a name or a value, found the end"),
        ("a = 1", "Use == to compare"),
        ("a && b", 'Use "and"'),
        ("a | b", 'Use "or"'),
        ("!a", 'Use "not"'),
        ("a ^ 2 < 1", r"Use \*\* for powers"),
        ("(a < b", r'Expected "\)", found the end'),
        ("a < b)", r'Expected an operator, found "\)"'),
        ("a b", 'Expected an operator, found "b"'),
        ("a < 'x", "lacks its closing quote"),
        ("`a < 1", "lacks its closing backtick"),
        ("a in 3", 'after "in", found "3"'),
        ("a in []", "Expected a name or a value"),
        ("a in [b]", "Expected a name or a value"),
        ("a not b", 'Expected an operator, found "not"'),
        ("a < 1__0", "is not a number"),
        ("a < 1x", 'Expected an operator, found "x"'),
        ("abs(a) < 1", '"abs" is called, but expressions have no functions'),
        ("a.real < 1", "goes in backticks"),
        ("a[0] < 1", "Expected an operator"),
        ("[1] == a", "Expected a name or a value"),
        ("lambda: a", "goes in backticks"),
        ("9 ** 9 ** 9 > a", "too large or undefined"),
        ("a < 1 / 0", "too large or undefined"),
        ("a < \0", "Cannot read"),
    ],
)
def test_text_that_cannot_be_read_is_an_error(text, problem):
    with pytest.raises(ExpressionError, match=problem):
        Expression.parse(text)


def test_an_error_quotes_the_text_and_points_at_the_place():
    with pytest.raises(ExpressionError) as raised:
        Expression.parse("a < 3 = b")
    _, quoted, pointer = str(raised.value).split("\n")
    assert quoted.strip() == "a < 3 = b"
    assert quoted[pointer.index("^")] == "="


def test_an_error_in_a_long_text_quotes_its_surroundings():
    with pytest.raises(ExpressionError) as raised:
        Expression.parse("a < 3 and " * 60 + "a = b" + " and a < 3" * 30)
    _, quoted, pointer = str(raised.value).split("\n")
    assert len(quoted) < 150
    assert quoted[pointer.index("^")] == "="


def test_an_unknown_name_is_an_error_with_the_nearest_one():
    with pytest.raises(
        ExpressionError, match=r'No parameter "batchsize"\. Did you mean batch_size\?'
    ):
        Expression.parse("batchsize == 16", ["batch_size", "value"])


def test_an_unknown_name_like_no_other_is_an_error_with_the_names_there_are():
    with pytest.raises(ExpressionError, match="There are batch_size, value"):
        Expression.parse("xyz == 16", ["batch_size", "value"])


@pytest.mark.parametrize(
    "text",
    [
        "(" * 400 + "a" + ")" * 400,
        "not " * 240 + "a",
        "-" * 900 + "a",
        "a" + " ** a" * 190,
        "a < " * 240 + "(" * 30,
        "((a) " * 100,
    ],
)
def test_hostile_nesting_is_an_error(text):
    with pytest.raises(ExpressionError):
        Expression.parse(text)


def test_text_that_is_too_long_is_an_error():
    with pytest.raises(ExpressionError, match="has 1001 characters and may have 1000"):
        Expression.parse("a" * 1001)


def test_long_flat_expressions_are_fine():
    assert Expression.parse(" + ".join(["a"] * 250)).evaluate({"a": 2}) == 500
    assert Expression.parse(" and ".join(["a"] * 140)).evaluate({"a": True}) is True


def test_an_enormous_power_of_a_name_ends_at_once_without_a_result():
    assert Expression.parse("a ** a ** a < 1").evaluate({"a": 99}) is False
    assert Expression.parse("a ** a").evaluate({"a": 10**6}) is None


def test_integers_beyond_the_precision_of_floats_stay_exact():
    assert Expression.parse("a ** 60 == 1152921504606846976").evaluate({"a": 2}) is True


@pytest.mark.parametrize("case", SHARED["cases"], ids=lambda case: case["text"][:60])
def test_it_agrees_with_the_parser_of_the_widgets(case):
    def evaluate():
        return Expression.parse(case["text"], SHARED["names"]).evaluate(SHARED["values"])

    if "error" in case:
        with pytest.raises(ExpressionError) as raised:
            evaluate()
        assert str(raised.value).split("\n")[0] == case["error"]
        return
    expected = case["expected"]
    if isinstance(expected, dict):
        expected = int(expected["whole"])
    assert evaluate() == expected
    assert (evaluate() is None) == (expected is None)
