"""Conditions on people: `organisation ~ "gemeente" and not (language = "en")`. An own small grammar (I8). Pure.

    condition   all of `or`: all of `and`: `not` condition, ( condition ), or a test
    test        name = value    !=    <    <=    >    >=    name ~ "text"    name in (value, value)
                has name    empty name
    value       "text", a number (12, -3.5), a day (2027-06-14)

`~` means "contains". Capitals never matter, and a value that somebody does not have counts as an empty text, which is
neither less nor more than any other. A value that is no number, or no day, is equal to none. Audience blocks are
evaluated per recipient (subscribers/segment_values.py); the database is asked with the same meaning
(subscribers/segment_sql.py). `written` is the inverse of `parse_condition`: conditions are stored as their text.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Never

from subscribers.errors import InputError
from subscribers.hints import meant, shown
from subscribers.segment_tokens import Token, shown_token, tokens
from subscribers.segment_tree import AllOf, AnyOf, Compare, Condition, Has, Not, OneOf, Operator
from subscribers.value_types import ValueType, stored_day, stored_number

LONGEST = 1_000
"""Characters of a condition."""
DEEPEST = 20
"""Parentheses, and `not`s, in each other."""
EXAMPLE = 'organisation ~ "gemeente"'
LIST = "list"
LANGUAGE = "language"
"""Names that every recipient has besides those of fields: the list's slug and language."""

_WORDS = frozenset({"and", "or", "not", "has", "empty"})
_SIGNS = {
    "==": "=",
    "<>": "!=",
    "≠": "!=",
    "=~": "~",
    "≤": "<=",
    "=<": "<=",
    "≥": ">=",
    "=>": ">=",
    "!": "not",
    "&&": "and",
    "&": "and",
    "||": "or",
    "|": "or",
}
_NO_TEXT = frozenset({"Cc", "Cs"})
_TYPOGRAPHIC = "“”„‟‘’‚«»"  # noqa: RUF001 - what text processors make of quotes
_EXAMPLES = {ValueType.NUMBER: "12", ValueType.DATE: "2027-06-14", ValueType.TEXT: '"text"'}


class ConditionError(InputError):
    """A condition that cannot be understood; `position` (from 0) is where in its text."""

    def __init__(self, what: str, *, remedy: str, position: int) -> None:
        super().__init__(what, remedy=remedy)
        self.position = position


def parse_condition(text: str, known: Iterable[str] | Mapping[str, ValueType] | None = None) -> Condition:
    """The condition that `text` says, about `known` names only (None: about any); raises ConditionError.

    A mapping says what each name holds: what it is compared with must be of that type. Names without a type are
    texts. With None whatever is written counts, as for a text that `written` made.
    """
    if len(text) > LONGEST:
        what = f"a condition of {len(text):,} characters"
        raise ConditionError(what, remedy=f"keep it below {LONGEST:,}", position=LONGEST)
    if known is None or isinstance(known, Mapping):
        return _Reader(text, known).read()
    return _Reader(text, dict.fromkeys(known, ValueType.TEXT)).read()


class _Reader:
    """Reads one condition from left to right."""

    def __init__(self, text: str, known: Mapping[str, ValueType] | None) -> None:
        self._known = known
        self._tokens = tokens(text)
        self._at = 0
        self._depth = 0

    def read(self) -> Condition:
        condition = self._any()
        if self._next.kind != "end":
            self._refuse_more()
        return condition

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
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
            self._close()
            return condition
        return self._test()

    def _close(self) -> None:
        if not self._is(")"):
            self._refuse(self._next, f"{shown_token(self._next)} stands where ) should", "close the parenthesis: )")

    def _test(self) -> Condition:
        name = self._name()
        if self._is("in"):
            return self._one_of(name)
        token = self._next
        operator = self._operator()
        holds = self._known[name] if self._known else None
        if operator is Operator.CONTAINS and holds not in {None, ValueType.TEXT}:
            self._refuse(token, f"{name} is a {holds}, and only texts contain", "use =, !=, <, <=, >, >= or in")
        value = self._next
        text, kind = self._value(name)
        if operator is Operator.CONTAINS and kind is not ValueType.TEXT:
            self._refuse_value(value)
        if operator is Operator.CONTAINS and not text:
            self._refuse(value, "every value contains an empty text", f"write {name} ~ with a text, or has {name}")
        return Compare(name, operator, text, kind)

    def _one_of(self, name: str) -> OneOf:
        if not self._is("("):
            self._refuse(self._next, f"{shown_token(self._next)} stands where ( should", f'write {name} in ("a", "b")')
        texts: list[str] = []
        kind = ValueType.TEXT
        while True:
            token = self._next
            text, found = self._value(name)
            if texts and found is not kind:
                self._refuse(token, f"a {found} among values of another type", "compare with values of one type")
            texts.append(text)
            kind = found
            if not self._is(","):
                break
        self._close()
        return OneOf(name, tuple(texts), kind)

    def _name(self) -> str:
        token = self._take()
        if token.kind in {"text", "sign", "end"} or token.value.casefold() in _WORDS:
            self._refuse(token, f"{shown_token(token)} stands where a name should", f"write such as {EXAMPLE}")
        if self._known is not None and token.value not in self._known:
            self._refuse(token, f"unknown name {shown(token.value)!r} in a condition", meant(token.value, self._known))
        return token.value

    def _operator(self) -> Operator:
        token = self._take()
        try:
            return Operator(token.value)
        except ValueError:
            instead = _SIGNS.get(token.value)
            remedy = "use =, != or ~ (contains), <, <=, > or >=, or in"
            remedy = f"did you mean {instead!r}?" if instead in set(Operator) else remedy
            self._refuse(token, f"{shown_token(token)} is not an operator", remedy)

    def _value(self, name: str) -> tuple[str, ValueType]:
        """What stands to be compared with, as it is stored, and its type."""
        token = self._take()
        wanted = self._known[name] if self._known else None
        found = {"number": ValueType.NUMBER, "date": ValueType.DATE, "text": ValueType.TEXT}.get(token.kind)
        if found is None or (found is not ValueType.TEXT and wanted is ValueType.TEXT):
            self._refuse_value(token, wanted)
        if self._known is not None and any(unicodedata.category(character) in _NO_TEXT for character in token.value):
            self._refuse(token, "a text holds a control character", "type it anew")
        # Imported values are composed (NFC); what is pasted from elsewhere may not be.
        text = token.value[1:-1] if found is ValueType.TEXT else token.value
        text = unicodedata.normalize("NFC", text).replace("\u00a0", " ")
        kind = wanted or found
        stored = {ValueType.NUMBER: stored_number, ValueType.DATE: stored_day}.get(kind, str)(text)
        if stored is None:
            what = f"{shown_token(token)} is not a {kind}" + (f", and {name} is one" if wanted else "")
            self._refuse(token, what, f"write such as {name} > {_EXAMPLES[kind]}")
        return stored, kind

    def _refuse_value(self, token: Token, wanted: ValueType | None = None) -> Never:
        if token.value[:1] in tuple(_TYPOGRAPHIC):
            self._refuse(token, f"{shown_token(token)} is not a straight quote", f"use \" or ': {EXAMPLE}")
        if token.value in {'"', "'"}:
            self._refuse(token, "a quote is not closed", f"end the text with {token.value}")
        is_bare = token.kind in {"word", "number", "date"}
        example = f"write such as {_EXAMPLES[wanted]}" if wanted not in {None, ValueType.TEXT} else EXAMPLE
        remedy = f'put it between quotes: "{token.value}"' if is_bare else f"write such as {EXAMPLE}"
        expected = "text" if wanted in {None, ValueType.TEXT} else str(wanted)
        remedy = remedy if expected == "text" else example
        self._refuse(token, f"{shown_token(token)} stands where a {expected} should", remedy)

    def _refuse_more(self) -> Never:
        instead = _SIGNS.get(self._next.value)
        remedy = f"did you mean {instead!r}?" if instead else "join conditions by and, or"
        self._refuse(self._next, f"{shown_token(self._next)} is too much", remedy)

    def _refuse(self, token: Token, what: str, remedy: str) -> Never:
        raise ConditionError(what, remedy=remedy, position=token.position)
