"""Running text of an issue: words, marks, links and per-recipient fields. Pure."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Filter:
    """One step of a field: `default("lezer")`, `title`."""

    name: str
    argument: str | None = None


FILTERS = {"default": True, "title": False, "upper": False, "lower": False, "date": True}
"""Known filters, and whether they take an argument."""


@dataclass(frozen=True, slots=True)
class FieldRef:
    """A per-recipient value as the editor wrote it: `{{ name | default("lezer") }}` (I8: never Jinja)."""

    name: str
    filters: tuple[Filter, ...] = ()
    line: int = 0


Mixed: TypeAlias = tuple["str | FieldRef", ...]
"""Plain text with fields in it: subjects, preheaders, link targets."""


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text; nothing in it is markup."""

    text: str


@dataclass(frozen=True, slots=True)
class LineBreak:
    """A line break the editor asked for."""


@dataclass(frozen=True, slots=True)
class Strong:
    """Important words."""

    children: tuple["Inline", ...]


@dataclass(frozen=True, slots=True)
class Emphasis:
    """Stressed words."""

    children: tuple["Inline", ...]


@dataclass(frozen=True, slots=True)
class Code:
    """Text in a fixed-width face."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link; `target` is empty or `#` where the editor left it so (preflight says it)."""

    target: Mixed
    children: tuple["Inline", ...]
    line: int


Inline: TypeAlias = Text | LineBreak | Strong | Emphasis | Code | Link | FieldRef


Inlines: TypeAlias = tuple[Inline, ...]
