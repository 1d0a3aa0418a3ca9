"""What an issue is made of: frozen values, each with the line it stands on. Pure.

`Issue` is the content of one edition, parsed and checked; nothing is rendered yet. MJML, HTML and the text part are
all written from this tree, so they cannot say different things (A6).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Literal, TypeAlias

from newsletter.issue.conditions import Condition

# ---------------------------------------------------------------- fields


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


Day: TypeAlias = date
Mixed: TypeAlias = tuple["str | FieldRef", ...]
"""Plain text with fields in it: subjects, preheaders, link targets."""

# ---------------------------------------------------------------- inline


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

# ---------------------------------------------------------------- blocks


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
class ListBlock:
    """A list; each item holds blocks (paragraphs, nested lists)."""

    ordered: bool
    start: int
    items: tuple[tuple["Block", ...], ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A data table with a header row."""

    head: tuple[Inlines, ...]
    rows: tuple[tuple[Inlines, ...], ...]
    align: tuple[Literal["left", "center", "right"], ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A quotation; `person`, `role` and a portrait where the editor gives them."""

    blocks: tuple["Block", ...]
    person: str = ""
    role: str = ""
    portrait: Picture | None = None
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
class Note:
    """A notice set apart from the running text."""

    blocks: tuple["Block", ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """Heading, text and an image beside or above it, or none (`:::article {image=left}`)."""

    image_side: Literal["left", "right", "above", "none"]
    picture: Picture | None
    blocks: tuple["Block", ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaEntry:
    """One date in the agenda."""

    title: str
    date: date
    start: time | None = None
    end: time | None = None
    place: str = ""
    audience: str = ""
    link: Mixed = ()
    link_text: str = ""
    id: str = ""
    """Names the meeting where the editor did: the same one in a later issue has the same."""
    is_cancelled: bool = False
    was: Day | None = None
    """The day it was announced for before it moved."""
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """What happens when: a table at a glance."""

    entries: tuple[AgendaEntry, ...]
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
class ProgrammeItem:
    """A line of the programme; `start`/`end` where it has its own time, `items` for what happens within it."""

    title: Inlines
    start: time | None = None
    end: time | None = None
    items: tuple["ProgrammeItem", ...] = ()
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An invitation to one meeting: when, where, for whom, programme, and how to sign up."""

    title: str
    date: date
    start: time | None = None
    end: time | None = None
    place: str = ""
    audience: str = ""
    cost: str = ""
    closing_date: Day | None = None
    programme: tuple[ProgrammeItem, ...] = ()
    link: Mixed = ()
    link_text: str = ""
    id: str = ""
    """Names the meeting where the editor did: the same one in a later issue has the same."""
    is_cancelled: bool = False
    was: Day | None = None
    """The day it was announced for before it moved."""
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Only:
    """Blocks for the readers of whom a condition holds (`:::only organisation ~ "gemeente"`)."""

    condition: Condition
    blocks: tuple["Block", ...]
    on_web: bool = False
    """Whether the web archive, which knows nobody, shows them (`{web=true}`)."""
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A list of the headings that follow, each a link to its place."""

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


Block: TypeAlias = (
    Heading
    | Paragraph
    | Picture
    | ListBlock
    | Table
    | Quote
    | Divider
    | Button
    | Note
    | Article
    | Agenda
    | Cards
    | Invitation
    | Only
    | Contents
    | Recording
    | Figures
    | Download
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """The content of one edition. Its identity is (list, slug) (I6)."""

    list_slug: str
    slug: str
    subject: Mixed
    preheader: Mixed
    date: date
    title: str = ""
    """Heading of the mail and its <title>; the subject unless given."""
    blocks: tuple[Block, ...] = ()
    file: str = ""
    """Path as the editor gave it; images are sought beside it, findings name it."""
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)
    """The line of each key of the front matter."""
