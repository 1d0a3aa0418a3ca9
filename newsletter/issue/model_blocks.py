"""The blocks of an issue that hold text and pictures and no other blocks, each with the line it stands on. Pure."""

from dataclasses import dataclass
from typing import Literal

from newsletter.issue.model_text import Inlines, Mixed


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An image file beside the issue. `source` is as written; `alt` may be empty only for decoration."""

    source: str
    alt: str
    caption: Inlines = ()
    credit: str = ""
    """Who made it."""
    target: Mixed = ()
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading as written, level 1-6; compose maps levels so that the mail has one h1 and skips none."""

    level: int
    content: Inlines
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Running text."""

    content: Inlines
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A data table with a header row."""

    head: tuple[Inlines, ...]
    rows: tuple[tuple[Inlines, ...], ...]
    align: tuple[Literal["left", "center", "right"], ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Divider:
    """A line between two parts."""

    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """The one thing to do: a link with class `.button` alone in its paragraph."""

    target: Mixed
    content: Inlines
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A list of the headings that follow, each a link to its place."""

    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One of two or three things of equal weight."""

    title: str
    content: Inlines
    picture: Picture | None = None
    link: Mixed = ()
    link_text: str = ""
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cards:
    """Cards side by side, stacking on a phone."""

    columns: Literal[2, 3]
    cards: tuple[Card, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A podcast or a film elsewhere: what it is, how long it takes, and the way to it."""

    kind: Literal["podcast", "film"]
    title: str
    minutes: int | None = None
    content: Inlines = ()
    picture: Picture | None = None
    link: Mixed = ()
    link_text: str = ""
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number that says something, and what it counts."""

    value: str
    label: Inlines
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Two to four figures side by side, stacking on a phone."""

    figures: tuple[Figure, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A document: a `file` beside the issue, which compose gives an address, type and size, or a link elsewhere."""

    title: str
    content: Inlines = ()
    file: str = ""
    link: Mixed = ()
    type: str = ""
    """`PDF`; known from the file, given by the editor for a link."""
    size: str = ""
    """`1,2 MB`; as `type`."""
    line: int
