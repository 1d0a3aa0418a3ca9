"""Filling fields and audience blocks for one recipient: values, filters, conditions, escaping. Pure."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import escape as escape_html
from typing import TypeAlias
from urllib.parse import quote

from newsletter.compose.compiled import CompiledIssue, Conditional, Escape, Field, Pieces
from newsletter.compose.filters import apply
from newsletter.issue.model_text import FILTERS
from subscribers.segment_values import Predicate, Values, holds, predicate
from subscribers.segments import LANGUAGE, LIST

__all__ = [
    "FILTERS",
    "PREFERENCES",
    "READY_MADE",
    "UNSUBSCRIBE",
    "Evaluator",
    "Predicate",
    "Values",
    "evaluate",
    "evaluator",
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
PREFERENCES = "preferences_url"
"""The page where a subscriber changes how they are mailed; empty for who has none, and the mail leaves it out."""
READY_MADE = frozenset({UNSUBSCRIBE, PREFERENCES})
"""Fields whose value is a finished URL: never percent-encoded again."""

Evaluator: TypeAlias = Callable[[Values], str]
"""From the values of one recipient to the text of a field, escaped for its place."""
_SPECIAL = re.compile("[&<>\"']")
"""What HTML has a spelling of its own for, also in attributes."""


def values_for(
    compiled: CompiledIssue, fields: Values, unsubscribe_url: str, preferences_url: str = ""
) -> dict[str, str]:
    """All that fields and conditions of an issue may ask about one recipient.

    `language` is the list's where the recipient has no attribute of that name; `list` is always the list.
    """
    known = with_list(fields, compiled.list_slug, compiled.language)
    return {**known, UNSUBSCRIBE: unsubscribe_url, PREFERENCES: preferences_url}


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
    return evaluator(field)(values)


def evaluator(field: Field) -> Evaluator:
    """`evaluate` as a function, made once and asked for every recipient."""
    name, filters, language, escape = field.name, field.filters, field.language, _escaper(field.escape)
    if not filters:
        return lambda values: escape(values.get(name, ""))
    if len(filters) == 1 and filters[0].name == "default":
        otherwise = filters[0].argument or ""
        return lambda values: escape(values.get(name) or otherwise)

    def evaluated(values: Values) -> str:
        value = values.get(name, "")
        for step in filters:
            value = apply(step, value, language)
        return escape(value)

    return evaluated


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


def _escaper(escape: Escape) -> Callable[[str], str]:
    match escape:
        case Escape.HTML:
            return lambda value: escape_html(value, quote=True) if _SPECIAL.search(value) else value
        case Escape.URL:
            return lambda value: quote(value, safe="")
        case Escape.TEXT:
            return str
