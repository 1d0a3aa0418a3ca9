"""The CompiledIssue: one edition rendered once for everyone, as bytes that prove what was sent (I6). Pure.

Text with per-recipient values is a tuple of pieces: literal strings and Fields. The digest is SHA-256 over the
canonical JSON of all of it, so two compilations that differ in one byte have different digests.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeAlias

from newsletter.issue.model import Filter

FORMAT = 1
"""Version of the JSON; a program reads its own and older ones."""


class Escape(StrEnum):
    """Where a value will stand, hence how it is escaped when filled."""

    HTML = "html"
    """HTML text or a quoted attribute."""
    URL = "url"
    """Inside a link target: percent-encoded, then safe in HTML too."""
    TEXT = "text"
    """The text part, and header text before it is encoded."""


@dataclass(frozen=True, slots=True)
class Field:
    """A per-recipient value and how it is escaped in its place.

    Names: `name`, `organisation`, any imported attribute, and the program's own `unsubscribe_url`, whose value is
    already a URL and is escaped as HTML or TEXT.
    """

    name: str
    filters: tuple[Filter, ...] = ()
    escape: Escape = Escape.TEXT


Pieces: TypeAlias = tuple[str | Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """An image of the issue; its bytes lie in the media folder under this digest."""

    digest: str
    """SHA-256 of the bytes, hex."""
    media_type: str
    name: str
    """`<digest>.<extension>`: file name in the media folder, in the URL, and local part of the Content-ID."""
    width: int
    height: int
    embedded: bool


@dataclass(frozen=True, kw_only=True)
class CompiledIssue:
    """Subject, preheader, HTML and text with their fields, and the images they use."""

    list_slug: str
    slug: str
    language: str
    date: date
    title: str
    subject: Pieces
    preheader: Pieces
    html: Pieces
    text: Pieces
    assets: tuple[Asset, ...] = ()

    @cached_property
    def content(self) -> bytes:
        """Canonical JSON: sorted keys, no spaces, UTF-8."""
        value = asdict(self) | {"format": FORMAT, "date": self.date.isoformat()}
        for key in _PIECES:
            value[key] = [piece if isinstance(piece, str) else asdict(piece) for piece in getattr(self, key)]
        return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of `content`, hex."""
        return hashlib.sha256(self.content).hexdigest()

    @classmethod
    def from_content(cls, content: bytes) -> "CompiledIssue":
        """The inverse of `content`; raises ValueError for another format."""
        value = json.loads(content)
        if value.pop("format", None) != FORMAT:
            msg = "the compiled issue was written by another version of this program"
            raise ValueError(msg)
        value["date"] = date.fromisoformat(value["date"])
        value["assets"] = tuple(Asset(**asset) for asset in value["assets"])
        for key in _PIECES:
            value[key] = tuple(_piece(item) for item in value[key])
        return cls(**value)


_PIECES = ("subject", "preheader", "html", "text")


def _piece(item: str | dict[str, Any]) -> str | Field:
    if isinstance(item, str):
        return item
    filters = tuple(Filter(**filter_) for filter_ in item["filters"])
    return Field(item["name"], filters, Escape(item["escape"]))
