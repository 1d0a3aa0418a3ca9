"""The theme: colours, type, spacing and widths as one checked tree; a department overrides single keys. Pure."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeAlias

from newsletter.issue.finding import Finding, IssueError, error

FILE_NAME = "theme.toml"
Theme: TypeAlias = Mapping[str, Mapping[str, str | int | float]]

_COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)
_COLOUR_TABLES = frozenset({"colour", "dark"})
_NOT_IN_CSS = re.compile(r"[<>{};\"\\\x00-\x1f]|/\*|\*/|url\(|@import", re.IGNORECASE)
"""What would end a declaration, or make a mail program fetch something (B12)."""


def read_theme(sources: Sequence[tuple[str, str]]) -> Theme:
    """Lay the theme files over each other; the first pair (file, text) is complete, later ones override single keys.

    Raises IssueError naming every key that is unknown, of another kind, or no colour.
    """
    theme: dict[str, dict[str, Any]] = {}
    findings: list[Finding] = []
    for file, text in sources:
        values = _parsed(text, file)
        if theme:
            findings += _override(theme, values, file)
        else:
            theme = values
    if findings:
        raise IssueError(findings)
    return theme


def _parsed(text: str, file: str) -> dict[str, dict[str, Any]]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        found = re.search(r"line (\d+)", str(problem))
        line = int(found[1]) if found else 0
        raise IssueError([error("theme", file, line, f"this is not TOML: {problem}", "mend the line named")]) from None


def _override(theme: dict[str, dict[str, Any]], values: Mapping[str, Any], file: str) -> list[Finding]:
    findings = []
    for table, keys in values.items():
        if table not in theme or not isinstance(keys, dict):
            findings.append(_unknown(f"[{table}]", table, list(theme), file))
            continue
        for key, value in keys.items():
            if key not in theme[table]:
                findings.append(_unknown(f"{table}.{key}", key, list(theme[table]), file))
            elif problem := _problem(table, value, theme[table][key]):
                findings.append(error("theme", file, 0, f"{table}.{key} = {value!r}: {problem}", "mend the value"))
            else:
                theme[table][key] = value
    return findings


def _unknown(name: str, found: str, known: list[str], file: str) -> Finding:
    close = get_close_matches(found, known, n=1)
    remedy = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
    return error("theme", file, 0, f"{name} is not part of the theme", remedy)


def _problem(table: str, value: object, default: object) -> str:
    if isinstance(default, str):
        if not isinstance(value, str):
            return "this must be a text"
        if table in _COLOUR_TABLES and not _COLOUR.fullmatch(value):
            return "this must be a colour such as #0b5c6b"
        return "this cannot stand in a style sheet" if _NOT_IN_CSS.search(value) else ""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    return "" if is_number else "this must be a number"
