"""What is wrong with `newsletter.toml`, in words for a person: one line each, none twice. Pure."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

_WORDS = {
    "int": "must be a whole number",
    "float": "must be a number",
    "bool": "must be true or false",
    "string_pattern_mismatch": "must be at most 40 small letters, digits and dashes, such as zomer-2027",
    "string": "must be text in quotes",
    "path": "must be text in quotes",
    "tuple": 'must be a list, such as ["a", "b"]',
    "list": 'must be a list, such as ["a", "b"]',
    "dict": "must be a table, under a line with its name in brackets",
    "model": "must be a table, under a line with its name in brackets",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "greater_than": "must be more than {gt}",
    "less_than": "must be less than {lt}",
    "literal_error": "must be {expected}",
    "missing": "missing; add it",
}
"""By the beginning of pydantic's name for the error; the first that fits."""
_SHOWS_VALUE = ("int", "float", "bool", "literal_error")
"""Errors whose value cannot be a secret: a number, or one of a few words."""

Remedy = Callable[[list[str]], str]
"""What to do about an unknown key, given its place."""


def explained(errors: Iterable[Mapping[str, Any]], unknown_key: Remedy) -> str:
    """All that pydantic found, as lines; with more than one they stand below each other."""
    lines = list(dict.fromkeys(line for error in errors for line in _lines(error, unknown_key)))
    if len(lines) == 1:
        return lines[0]
    return "\n  ".join([f"{len(lines)} things are wrong", *lines])


def _lines(error: Mapping[str, Any], unknown_key: Remedy) -> list[str]:
    parts = [str(part) for part in error["loc"] if part not in {"function-after", "[key]"}]
    place = ".".join(parts)
    if error["type"] == "extra_forbidden":
        return [f"{place}: unknown key; {unknown_key(parts)}"]
    said = _said(error)
    return [f"{place}: {line}" if place else line for line in said.splitlines()]


def _said(error: Mapping[str, Any]) -> str:
    """The error without its place."""
    kind, context = str(error["type"]), error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    words = next((text for begin, text in _WORDS.items() if kind.startswith(begin)), "this value cannot be used")
    words = words.format_map(context) if "{" in words else words
    return f"{words}, not {str(error['input'])[:40]!r}" if kind.startswith(_SHOWS_VALUE) else words
