"""A small, safe language for constraints between parameters and filters over trials.

```
expression  names, numbers, strings, True, False, None
arithmetic  + - * / // % **
comparison  < <= > >= == !=, chained as in 1 < x <= 8; in and not in with a list, x in [1, 2]
logic       and, or, not
```

Precedence is Python's, and so is equality. Names that are not plain words go in backticks:
`` `lr-max` <= 0.1 ``. Text is parsed into nodes that evaluate themselves and is never run as code.
A missing value makes every comparison but `==`, `!=`, `in` and `not in` false; see
`highnoon.hpo.expression_nodes`.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, NamedTuple, NoReturn, Self

from highnoon.exceptions import ExpressionError
from highnoon.hpo.entries import described
from highnoon.hpo.expression_nodes import (
    COMPARISONS,
    Arithmetic,
    Comparison,
    Conjunction,
    Disjunction,
    Literal,
    Name,
    Negative,
    Node,
    Not,
    Place,
)

__all__ = ["Expression"]

_LONGEST_TEXT = 1000
_DEEPEST_NESTING = 30
_CONSTANTS = {"True": True, "False": False, "None": None}
_KEYWORDS = {"and", "or", "not", "in", *_CONSTANTS}
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number> (?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9]+) (?:[eE][+-]?[0-9]+)? )
    | (?P<name>   [^\W\d]\w* )
    | (?P<quoted> `[^`]+` )
    | (?P<string> "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' )
    | (?P<symbol> \*\*|//|<=|>=|==|!=|[-+*/%<>()\[\],] )
    )""",
    re.VERBOSE | re.DOTALL,
)
_HINTS = {
    "=": "Use == to compare.",
    "&": 'Use "and".',
    "|": 'Use "or".',
    "!": 'Use "not", or != to compare.',
    "^": "Use ** for powers.",
    "`": "The name lacks its closing backtick.",
    '"': "The string lacks its closing quote.",
    "'": "The string lacks its closing quote.",
}
_BACKTICKS = "A name that is not a plain word goes in backticks: `my-name` < 1."


@dataclass(frozen=True)
class Expression:
    """An expression that has been parsed.

    Example:
        >>> Expression.parse("value < 1.2 and batch_size == 16").evaluate(
        ...     {"value": 1.1, "batch_size": 16}
        ... )
        True
    """

    text: str
    names: frozenset[str]
    _root: Node = field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str, names: Collection[str] | None = None) -> Self:
        """Parse a text.

        Args:
            text: At most 1000 characters.
            names: The names that may occur; None allows any.

        Raises:
            ExpressionError: The text cannot be read; the message quotes it and points at the place.
        """
        if not isinstance(text, str):
            raise ExpressionError(f"An expression is a string, got {described(text)}.")
        text = text.strip()
        if not text:
            raise ExpressionError(
                "The expression is empty. Write a comparison such as value < 1.2."
            )
        if len(text) > _LONGEST_TEXT:
            raise ExpressionError(
                f"The expression has {len(text)} characters and may have {_LONGEST_TEXT}: "
                f"{text[:60]}…"
            )
        parser = _Parser(text, names)
        root = parser.parse()
        return cls(text, frozenset(parser.found), root)

    @property
    def is_condition(self) -> bool:
        """Whether the expression is true or false, rather than a number or a string."""
        return self._root.is_condition

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Return the expression's value; names that the mapping lacks are missing values.

        Raises:
            ExpressionError: A string is used in arithmetic, or ordered against a number.
        """
        return self._root.evaluate(values)

    def violation(self, values: Mapping[str, Any]) -> float:
        """Return 0.0 when the expression holds, else a finite number above 0.

        It is the difference of two numbers whose comparison does not hold, and 1.0 otherwise. Of
        parts joined by `and` the first that does not hold counts, of those joined by `or` the
        nearest to holding.

        Raises:
            ExpressionError: As `evaluate`.
        """
        return self._root.violation(values)


class _Token(NamedTuple):
    kind: str
    text: str
    place: Place


def _tokenize(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while match := _TOKEN.match(text, position):
        kind = str(match.lastgroup)
        word = match[kind]
        place = Place(text, match.start(kind))
        if kind == "name" and word in _KEYWORDS:
            kind = "keyword"
        tokens.append(_Token(kind, word, place))
        position = match.end()
    rest = text[position:].lstrip()
    if rest:
        place = Place(text, len(text) - len(rest))
        raise place.error(f'Cannot read "{rest[0]}". {_HINTS.get(rest[0], _BACKTICKS)}')
    return [*tokens, _Token("end", "", Place(text, len(text)))]


class _Parser:
    """A recursive descent, one method per precedence."""

    def __init__(self, text: str, names: Collection[str] | None) -> None:
        self.tokens = _tokenize(text)
        self.names = names
        self.found: set[str] = set()
        self.depth = 0

    def parse(self) -> Node:
        node = self._any()
        if self._next.kind != "end":
            self._fail("an operator")
        return node

    def _any(self) -> Node:
        parts = [self._all()]
        while self._take("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Disjunction(tuple(parts))

    def _all(self) -> Node:
        parts = [self._not()]
        while self._take("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else Conjunction(tuple(parts))

    def _not(self) -> Node:
        if self._take("not"):
            return Not(self._nested(self._not))
        return self._comparison()

    def _comparison(self) -> Node:
        first = self._sum()
        rest: list[tuple[str, Place, Node]] = []
        while (symbol := self._comparison_symbol()) and not (rest and "in" in symbol):
            place = self._next.place
            for word in symbol.split():
                self._take(word)
            rest.append((symbol, place, self._list() if "in" in symbol else self._sum()))
        return Comparison(first, tuple(rest)) if rest else first

    def _comparison_symbol(self) -> str:
        word = self._next.text if self._next.kind in ("symbol", "keyword") else ""
        if word == "not" and self.tokens[1].text == "in" and self.tokens[1].kind == "keyword":
            return "not in"
        return word if word in COMPARISONS else ""

    def _sum(self) -> Node:
        return self._operations(self._product, ("+", "-"))

    def _product(self) -> Node:
        return self._operations(self._signed, ("*", "/", "//", "%"))

    def _operations(self, operand: Any, symbols: tuple[str, ...]) -> Node:
        first = operand()
        rest: list[tuple[str, Place, Node]] = []
        while self._next.kind == "symbol" and self._next.text in symbols:
            token = self.tokens.pop(0)
            rest.append((token.text, token.place, operand()))
        return _fold(Arithmetic(first, tuple(rest))) if rest else first

    def _signed(self) -> Node:
        place = self._next.place
        if self._take("-"):
            return _fold(Negative(self._nested(self._signed), place))
        if self._take("+"):
            return self._nested(self._signed)
        base = self._atom()
        place = self._next.place
        if self._take("**"):
            return _fold(Arithmetic(base, (("**", place, self._nested(self._signed)),)))
        return base

    def _atom(self) -> Node:
        if self._take("("):
            node = self._nested(self._any)
            if not self._take(")"):
                self._fail('")"')
            return node
        if self._next.kind in ("name", "quoted"):
            return self._name()
        return Literal(self._constant())

    def _name(self) -> Node:
        token = self.tokens.pop(0)
        name = token.text.strip("`")
        if self._next.text == "(":
            raise token.place.error(f'"{name}" is called, but expressions have no functions.')
        if self.names is not None and name not in self.names:
            near = get_close_matches(name, self.names, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are {_listed(self.names)}."
            raise token.place.error(f'No parameter "{name}". {hint}')
        self.found.add(name)
        return Name(name)

    def _constant(self) -> Any:
        token = self._next
        if token.kind == "keyword" and token.text in _CONSTANTS:
            value = _CONSTANTS[token.text]
        elif token.kind == "number":
            try:
                value = float(token.text) if set(token.text) & set(".eE") else int(token.text)
            except ValueError:
                raise token.place.error(f'"{token.text}" is not a number.') from None
        elif token.kind == "string":
            value = re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL)
        else:
            self._fail("a name or a value")
        self.tokens.pop(0)
        return value

    def _list(self) -> Node:
        closing = {"[": "]", "(": ")"}.get(self._next.text)
        if closing is None:
            self._fail('a list such as ["adam", "sgd"] after "in"')
        self.tokens.pop(0)
        values = [self._signed_constant()]
        while self._take(","):
            values.append(self._signed_constant())
        if not self._take(closing):
            self._fail(f'"," or "{closing}"')
        return Literal(tuple(values))

    def _signed_constant(self) -> Any:
        if self._take("-"):
            if self._next.kind != "number":
                self._fail("a number")
            return -self._constant()
        return self._constant()

    @property
    def _next(self) -> _Token:
        return self.tokens[0]

    def _take(self, text: str) -> bool:
        if self._next.kind in ("symbol", "keyword") and self._next.text == text:
            self.tokens.pop(0)
            return True
        return False

    def _nested(self, parse: Any) -> Node:
        self.depth += 1
        if self.depth > _DEEPEST_NESTING:
            raise self._next.place.error(f"Nested deeper than {_DEEPEST_NESTING} levels.")
        node = parse()
        self.depth -= 1
        return node

    def _fail(self, expected: str) -> NoReturn:
        got = f'"{self._next.text}"' if self._next.text else "the end"
        raise self._next.place.error(f"Expected {expected}, found {got}.")


def _fold(node: Arithmetic | Negative) -> Node:
    """Calculate what holds no name, so that a constant without a value is found at once."""
    operands = (
        [node.operand] if isinstance(node, Negative) else [node.first, *(n for *_, n in node.rest)]
    )
    if not all(isinstance(operand, Literal) for operand in operands):
        return node
    value = node.evaluate({})
    if value is None:
        place = node.place if isinstance(node, Negative) else node.rest[0][1]
        raise place.error("This calculation has no result: it is too large or undefined.")
    return Literal(value)


def _listed(names: Collection[str]) -> str:
    some = sorted(names)[:12]
    return ", ".join(some) + (", …" if len(names) > len(some) else "")
