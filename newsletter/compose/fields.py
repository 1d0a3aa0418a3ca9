"""Filling fields and audience blocks for one recipient: values, filters, conditions, escaping. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from html import escape as escape_html
from typing import TypeAlias
from urllib.parse import quote

from newsletter.compose.compiled import CompiledIssue, Conditional, Escape, Field, Pieces
from newsletter.compose.filters import apply
from newsletter.issue.conditions import LANGUAGE, LIST, AllOf, AnyOf, Compare, Condition, Has, Not, Operator
from newsletter.issue.model import FILTERS

__all__ = [
    "FILTERS",
    "READY_MADE",
    "UNSUBSCRIBE",
    "evaluate",
    "fill",
    "fill_for_web",
    "holds",
    "in_language",
    "predicate",
    "values_for",
    "with_every_part",
    "with_list",
]

UNSUBSCRIBE = "unsubscribe_url"
"""The field that every recipient has; an imported attribute of this name is never used for it."""
READY_MADE = frozenset({UNSUBSCRIBE})
"""Fields whose value is a finished URL: never percent-encoded again."""

Values: TypeAlias = Mapping[str, str]
Predicate: TypeAlias = Callable[[Values], bool]


def values_for(compiled: CompiledIssue, fields: Values, unsubscribe_url: str) -> dict[str, str]:
    """All that fields and conditions of an issue may ask about one recipient.

    `language` is the list's where the recipient has no attribute of that name; `list` is always the list.
    """
    return {**with_list(fields, compiled.list_slug, compiled.language), UNSUBSCRIBE: unsubscribe_url}


def with_list(fields: Values, list_slug: str, language: str) -> dict[str, str]:
    """A recipient's fields and what the list adds to them."""
    return {**fields, LIST: list_slug, LANGUAGE: fields.get(LANGUAGE) or language}


def fill(pieces: Pieces, values: Values) -> str:
    """All pieces as one text; audience blocks only where their condition holds."""
    return "".join(_filled(pieces, values, lambda part: holds(part.condition, values)))


def fill_for_web(pieces: Pieces, values: Values) -> str:
    """All pieces as the web archive shows them: audience blocks that are marked for it, whoever looks."""
    return "".join(_filled(pieces, values, lambda part: part.on_web))


def with_every_part(pieces: Pieces) -> Pieces:
    """The pieces as if every condition held: what a check has to look at."""
    return tuple(
        inner
        for piece in pieces
        for inner in (with_every_part(piece.pieces) if isinstance(piece, Conditional) else (piece,))
    )


def in_language(pieces: Pieces, language: str) -> Pieces:
    """The pieces with the language in the fields that write dates: it travels with them (I6)."""
    return tuple(_in_language(piece, language) for piece in pieces)


def evaluate(field: Field, values: Values) -> str:
    """The text that stands in the place of `field` for one recipient, escaped for it."""
    value = values.get(field.name, "")
    for step in field.filters:
        value = apply(step, value, field.language)
    return _escape(value, field)


def holds(condition: Condition, values: Values) -> bool:
    """Whether `condition` holds for somebody with these values."""
    return predicate(condition)(values)


def predicate(condition: Condition) -> Predicate:
    """The condition as a function, made once and asked for every recipient."""
    match condition:
        case Compare(name, operator, text):
            return _comparison(name, operator, _folded(text))
        case Has(name):
            return lambda values: bool(values.get(name))
        case Not(inner):
            opposite = predicate(inner)
            return lambda values: not opposite(values)
        case AllOf(conditions):
            parts = tuple(map(predicate, conditions))
            return lambda values: all(part(values) for part in parts)
        case AnyOf(conditions):
            parts = tuple(map(predicate, conditions))
            return lambda values: any(part(values) for part in parts)


def _folded(value: str) -> str:
    """Capitals and no-break spaces make no difference."""
    return value.casefold().replace("\u00a0", " ")


def _comparison(name: str, operator: Operator, text: str) -> Predicate:
    match operator:
        case Operator.EQUAL:
            return lambda values: _folded(values.get(name, "")) == text
        case Operator.UNEQUAL:
            return lambda values: _folded(values.get(name, "")) != text
        case Operator.CONTAINS:
            return lambda values: text in _folded(values.get(name, ""))


def _filled(pieces: Pieces, values: Values, is_shown: Callable[[Conditional], bool]) -> Iterator[str]:
    for piece in pieces:
        match piece:
            case str():
                yield piece
            case Field():
                yield evaluate(piece, values)
            case Conditional() if is_shown(piece):
                yield from _filled(piece.pieces, values, is_shown)


def _in_language(piece: str | Field | Conditional, language: str) -> str | Field | Conditional:
    match piece:
        case Field() if any(step.name == "date" for step in piece.filters):
            return replace(piece, language=language)
        case Conditional():
            return replace(piece, pieces=in_language(piece.pieces, language))
        case _:
            return piece


def _escape(value: str, field: Field) -> str:
    match field.escape:
        case Escape.HTML:
            return escape_html(value, quote=True)
        case Escape.URL:
            return quote(value, safe="")
        case Escape.TEXT:
            return value
