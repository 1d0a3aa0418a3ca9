"""Filling fields: a value, its filters, and the escaping of the place where it stands. Pure."""

from collections.abc import Mapping
from html import escape as escape_html
from urllib.parse import quote

from newsletter.compose.compiled import Escape, Field, Pieces
from newsletter.issue.model import FILTERS, Filter

__all__ = ["FILTERS", "READY_MADE", "evaluate", "fill"]

READY_MADE = frozenset({"unsubscribe_url"})
"""Fields whose value is a finished URL: never percent-encoded again."""


def evaluate(field: Field, values: Mapping[str, str]) -> str:
    """The text that stands in the place of `field` for one recipient, escaped for it."""
    value = values.get(field.name, "")
    for step in field.filters:
        value = _apply(step, value)
    return _escape(value, field)


def fill(pieces: Pieces, values: Mapping[str, str]) -> str:
    """All pieces as one text."""
    return "".join(piece if isinstance(piece, str) else evaluate(piece, values) for piece in pieces)


def _apply(step: Filter, value: str) -> str:
    match step.name:
        case "default":
            return value or step.argument or ""
        case "title":
            return value.title()
        case "upper":
            return value.upper()
        case "lower":
            return value.lower()
        case other:
            msg = f"unknown filter {other!r}"
            raise ValueError(msg)


def _escape(value: str, field: Field) -> str:
    match field.escape:
        case Escape.HTML:
            return escape_html(value, quote=True)
        case Escape.URL:
            return quote(value, safe="")
        case Escape.TEXT:
            return value
