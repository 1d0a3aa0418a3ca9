"""The CompiledIssue: one edition rendered once for everyone, as bytes that prove what was sent (I6). Pure.

Text with per-recipient values is a tuple of pieces: literal strings, Fields, and Conditionals for the parts that only
some recipients get. The digest is SHA-256 over the
canonical JSON of all of it, so two compilations that differ in one byte have different digests.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date, time
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeAlias

from newsletter.issue.model_meetings import Day
from newsletter.issue.model_text import Filter
from subscribers.segment_tree import Condition, written
from subscribers.segments import parse_condition

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

    Names: `name`, `organisation`, any imported attribute, and the program's own `unsubscribe_url` and
    `preferences_url`, whose values are already URLs and are escaped as HTML or TEXT.
    """

    name: str
    filters: tuple[Filter, ...] = ()
    escape: Escape = Escape.TEXT
    language: str = ""
    """In which dates are written; "" where no filter needs one."""


@dataclass(frozen=True, slots=True)
class Conditional:
    """Pieces for the recipients of whom `condition` holds; on the web, where nobody is known, only if `on_web`."""

    condition: Condition
    pieces: "Pieces"
    on_web: bool = False


Piece: TypeAlias = str | Field | Conditional
Pieces: TypeAlias = tuple[Piece, ...]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEvent:
    """A meeting of the issue, as its calendar file says it. Dates and times are local, in `zone`."""

    uid_seed: str
    """What makes its UID and the name of its file: the entry's `id`, else its title, date and time as a slug."""
    title: str
    date: Day
    zone: str
    """The list's time zone when the issue was compiled: `Europe/Amsterdam`."""
    start: time | None = None
    """None: the whole day."""
    end: time | None = None
    place: str = ""
    description: str = ""
    url: str = ""
    is_cancelled: bool = False
    was: Day | None = None
    """The day it was announced for before it moved, if the editor says so."""


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
    text_is_flowed: bool = False
    """Whether the text part is `format=flowed` (RFC 3676): a space at a line's end joins it to the next."""
    assets: tuple[Asset, ...] = ()
    events: tuple[CalendarEvent, ...] = ()

    @cached_property
    def content(self) -> bytes:
        """Canonical JSON: sorted keys, no spaces, UTF-8."""
        value = asdict(self) | {"format": FORMAT, "date": self.date.isoformat()}
        for key in _PIECES:
            value[key] = [_piece_value(piece) for piece in getattr(self, key)]
        value["events"] = [_event_value(event) for event in self.events]
        if not self.events:
            del value["events"]  # as it was written before there were any: the digest stays what it was
        if not self.text_is_flowed:
            del value["text_is_flowed"]
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
        value["events"] = tuple(_event(event) for event in value.get("events", ()))
        for key in _PIECES:
            value[key] = tuple(_piece(item) for item in value[key])
        return cls(**value)


_DAYS = ("date", "was")
_TIMES = ("start", "end")


def _event_value(event: CalendarEvent) -> dict[str, Any]:
    value = asdict(event)
    return value | {key: value[key] and value[key].isoformat() for key in (*_DAYS, *_TIMES)}


def _event(value: dict[str, Any]) -> CalendarEvent:
    days = {key: value[key] and date.fromisoformat(value[key]) for key in _DAYS}
    times = {key: value[key] and time.fromisoformat(value[key]) for key in _TIMES}
    return CalendarEvent(**value | days | times)


_PIECES = ("subject", "preheader", "html", "text")


def _piece_value(piece: Piece) -> str | dict[str, Any]:
    match piece:
        case str():
            return piece
        case Field():
            value = asdict(piece)
            return value if piece.language else {key: value[key] for key in ("name", "filters", "escape")}
        case Conditional():
            pieces = [_piece_value(inner) for inner in piece.pieces]
            return {"if": written(piece.condition), "on_web": piece.on_web, "pieces": pieces}


def _piece(item: str | dict[str, Any]) -> Piece:
    if isinstance(item, str):
        return item
    if "if" in item:
        return Conditional(parse_condition(item["if"]), tuple(map(_piece, item["pieces"])), item["on_web"])
    filters = tuple(Filter(**filter_) for filter_ in item["filters"])
    return Field(item["name"], filters, Escape(item["escape"]), item.get("language", ""))
