"""What is wrong with `newsletter.toml`, in words for a person: one line each, none twice. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from newsletter.config_keys import Model, is_table, remedy_for

_WORDS = {
    "int": "must be a whole number",
    "float": "must be a number",
    "bool": "must be true or false",
    "finite": "must be a number",
    "date": "must be a day, such as 2027-06-14",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "string_pattern_mismatch": "must be at most 40 small letters, digits and dashes, such as zomer-2027",
    "string": "must be text in quotes",
    "dataclass": "must be text in quotes",
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

Origins: TypeAlias = Mapping[tuple[str, ...], str]
"""The environment variables that set something, by its place."""


def explained(errors: Iterable[Mapping[str, Any]], root: Model, origins: Origins | None = None) -> str:
    """All that pydantic found in a file that is read as `root`, as lines; several stand below each other."""
    lines = list(dict.fromkeys(line for error in errors for line in _lines(error, root, origins or {})))
    if len(lines) == 1:
        return lines[0]
    return "\n  ".join([f"{len(lines)} things are wrong", *lines])


def _lines(error: Mapping[str, Any], root: Model, origins: Origins) -> list[str]:
    found = [part for part in error["loc"] if part not in {"function-after", "[key]"}]
    parts = [part for part in found if isinstance(part, str)]
    variable = origins.get(tuple(parts))
    place = _place(found) + (f", from {variable}" if variable else "")
    if error["type"] == "extra_forbidden":
        return [f"{place}: unknown key; {remedy_for(parts, root)}"]
    if error["type"] == "missing" and is_table(parts, root):
        return [f"{place}: missing; add a table [{'.'.join(parts)}]"]
    said = _said(error)
    return [f"{place}: {line}" if place else line for line in said.splitlines()]


def _place(found: Sequence[str | int]) -> str:
    """Where it is, as it is written; items of a list are counted from one."""
    words = (f", item {part + 1}, " if isinstance(part, int) else f"{part}." for part in found)
    return "".join(words).replace(".,", ",").rstrip("., ")


def _said(error: Mapping[str, Any]) -> str:
    """The error without its place."""
    kind, context = str(error["type"]), error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    words = next((text for begin, text in _WORDS.items() if kind.startswith(begin)), "this value cannot be used")
    words = words.format_map(context) if "{" in words else words
    return f"{words}, not {str(error['input'])[:40]!r}" if kind.startswith(_SHOWS_VALUE) else words
