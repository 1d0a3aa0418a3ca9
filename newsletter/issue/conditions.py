"""Conditions on who reads: `organisation ~ "gemeente" and not (language = "en")`. An own small grammar (I8). Pure.

    condition   all of `or`: all of `and`: `not` condition, ( condition ), or a test
    test        name = "text"    name != "text"    name ~ "text"    has name    empty name

`~` means "contains". Capitals never matter, and a value that somebody does not have counts as empty. Audience blocks
are evaluated from the parsed condition per recipient; whatever selects people in the database reads the same grammar.
`written` is the inverse of `parse_condition`: conditions are stored as their text.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Never

from newsletter.issue.condition_tree import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Has,
    Not,
    Operator,
    comparisons,
    written,
)
from newsletter.issue.report import meant, shown
from subscribers.errors import InputError

LONGEST = 1_000
"""Characters of a condition."""
DEEPEST = 20
"""Parentheses, and `not`s, in each other."""
EXAMPLE = 'organisation ~ "gemeente"'
LIST = "list"
LANGUAGE = "language"
"""Names that every recipient has besides those of fields: the list's slug and language."""

__all__ = [
    "EXAMPLE",
    "LANGUAGE",
    "LIST",
    "AllOf",
    "AnyOf",
    "Compare",
    "Condition",
    "ConditionError",
    "Has",
    "Not",
    "Operator",
    "comparisons",
    "parse_condition",
    "written",
]


class ConditionError(InputError):
    """A condition that cannot be understood; `position` (from 0) is where in its text."""

    def __init__(self, what: str, *, remedy: str, position: int) -> None:
        super().__init__(what, remedy=remedy)
        self.position = position


def parse_condition(text: str, known: Iterable[str] | None = None) -> Condition:
    """The condition that `text` says, about `known` names only (None: about any); raises ConditionError."""
    if len(text) > LONGEST:
        what = f"a condition of {len(text):,} characters"
        raise ConditionError(what, remedy=f"keep it below {LONGEST:,}", position=LONGEST)
    return _Reader(text, None if known is None else frozenset(known)).read()


# ---------------------------------------------------------------- reading

_TOKEN = re.compile(r"""\s*(?:(?P<text>"[^"]*"|'[^']*')|(?P<word>\w[\w-]*)|(?P<sign>[()]|[^\w\s()"']+|["']))""")
_WORDS = frozenset({"and", "or", "not", "has", "empty"})
_SIGNS = {"==": "=", "<>": "!=", "≠": "!=", "=~": "~", "!": "not", "&&": "and", "&": "and", "||": "or", "|": "or"}
_TYPOGRAPHIC = "“”„‟‘’‚«»"  # noqa: RUF001 - what text processors make of quotes


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    """`text`, `word`, `sign`, or `end`."""
    value: str
    position: int


class _Reader:
    """Reads one condition from left to right."""

    def __init__(self, text: str, known: frozenset[str] | None) -> None:
        self._known = known
        self._tokens = [
            _Token(str(found.lastgroup), found[str(found.lastgroup)], found.start(str(found.lastgroup)))
            for found in _TOKEN.finditer(text)
        ]
        self._tokens.append(_Token("end", "", len(text)))
        self._at = 0
        self._depth = 0

    def read(self) -> Condition:
        condition = self._any()
        if self._next.kind != "end":
            self._refuse_more()
        return condition

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at += token.kind != "end"
        return token

    def _is(self, word: str) -> bool:
        """Whether the next is this word or sign; it is taken then."""
        token = self._next
        found = token.kind in {"word", "sign"} and token.value.casefold() == word
        self._at += found
        return found

    def _any(self) -> Condition:
        conditions = [self._all()]
        while self._is("or"):
            conditions.append(self._all())
        return AnyOf(tuple(conditions)) if len(conditions) > 1 else conditions[0]

    def _all(self) -> Condition:
        conditions = [self._one()]
        while self._is("and"):
            conditions.append(self._one())
        return AllOf(tuple(conditions)) if len(conditions) > 1 else conditions[0]

    def _one(self) -> Condition:
        self._depth += 1
        if self._depth > DEEPEST:
            self._refuse(self._next, "conditions in each other, too deep", "take some parentheses out")
        try:
            return self._innermost()
        finally:
            self._depth -= 1

    def _innermost(self) -> Condition:
        if self._is("not"):
            return Not(self._one())
        if self._is("has"):
            return Has(self._name())
        if self._is("empty"):
            return Not(Has(self._name()))
        if self._is("("):
            condition = self._any()
            if not self._is(")"):
                self._refuse(self._next, f"{self._shown()} stands where ) should", "close the parenthesis: )")
            return condition
        return self._comparison()

    def _comparison(self) -> Condition:
        name = self._name()
        operator = self._operator()
        token = self._take()
        if token.kind != "text":
            self._refuse_value(token)
        # Imported values are composed (NFC); what is pasted from elsewhere may not be.
        text = unicodedata.normalize("NFC", token.value[1:-1]).replace("\u00a0", " ")
        if operator is Operator.CONTAINS and not text:
            self._refuse(token, "every value contains an empty text", f"write {name} ~ with a text, or has {name}")
        return Compare(name, operator, text)

    def _name(self) -> str:
        token = self._take()
        if token.kind != "word" or token.value.casefold() in _WORDS:
            self._refuse(token, f"{_shown(token)} stands where a name should", f"write such as {EXAMPLE}")
        if self._known is not None and token.value not in self._known:
            self._refuse(token, f"unknown name {shown(token.value)!r} in a condition", meant(token.value, self._known))
        return token.value

    def _operator(self) -> Operator:
        token = self._take()
        try:
            return Operator(token.value)
        except ValueError:
            instead = _SIGNS.get(token.value)
            remedy = f"did you mean {instead!r}?" if instead in set(Operator) else "use =, != or ~ (contains)"
            self._refuse(token, f"{_shown(token)} is not an operator", remedy)

    def _refuse_value(self, token: _Token) -> Never:
        if token.value[:1] in tuple(_TYPOGRAPHIC):
            self._refuse(token, f"{_shown(token)} is not a straight quote", f"use \" or ': {EXAMPLE}")
        if token.value in {'"', "'"}:
            self._refuse(token, "a quote is not closed", f"end the text with {token.value}")
        remedy = f'put it between quotes: "{token.value}"' if token.kind == "word" else f"write such as {EXAMPLE}"
        self._refuse(token, f"{_shown(token)} stands where a text should", remedy)

    def _refuse_more(self) -> Never:
        instead = _SIGNS.get(self._next.value)
        remedy = f"did you mean {instead!r}?" if instead else "join conditions by and, or"
        self._refuse(self._next, f"{self._shown()} is too much", remedy)

    def _shown(self) -> str:
        return _shown(self._next)

    def _refuse(self, token: _Token, what: str, remedy: str) -> Never:
        raise ConditionError(what, remedy=remedy, position=token.position)


def _shown(token: _Token) -> str:
    return "the end" if token.kind == "end" else shown(token.value) if token.kind == "text" else repr(token.value[:60])
