"""What an issue is made of: frozen values, each with the line it stands on. Pure.

`Issue` is the content of one edition, parsed and checked; nothing is rendered yet. MJML, HTML and the text part are
all written from this tree, so they cannot say different things (A6).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, TypeAlias

from newsletter.issue.model_blocks import (
    Button,
    Cards,
    Contents,
    Divider,
    Download,
    Figures,
    Heading,
    Paragraph,
    Picture,
    Recording,
    Table,
)
from newsletter.issue.model_meetings import Agenda, Invitation
from newsletter.issue.model_text import Mixed
from subscribers.segment_tree import Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class ListBlock:
    """A list; each item holds blocks (paragraphs, nested lists)."""

    ordered: bool
    start: int
    items: tuple[tuple["Block", ...], ...]
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
class Only:
    """Blocks for the readers of whom a condition holds (`:::only organisation ~ "gemeente"`)."""

    condition: Condition
    blocks: tuple["Block", ...]
    on_web: bool = False
    """Whether the web archive, which knows nobody, shows them (`{web=true}`)."""
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
