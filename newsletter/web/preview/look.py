"""What one look at an issue file came to, and the drafts that are kept of it. Pure.

How an issue is compiled is not the preview's business: it is handed a function from a path to a `Look`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol, TypeAlias

from newsletter.compose.compile import Compilation
from newsletter.compose.fields import fill
from newsletter.config import MailingList
from newsletter.issue.finding import Finding, Severity
from newsletter.message.identity import MailIdentity
from newsletter.message.template import MessageTemplate


class Piece(Protocol):
    """An issue that could be compiled."""

    @property
    def mailing_list(self) -> MailingList:
        """The list it is for."""

    @property
    def identity(self) -> MailIdentity:
        """Headers that are equal for every recipient."""

    @property
    def compilation(self) -> Compilation:
        """The compiled issue and its images."""

    def template(self) -> MessageTemplate:
        """The message with its gaps."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """One look at an issue file."""

    piece: Piece | None
    """None: it is broken."""
    findings: tuple[Finding, ...]
    source: str
    """The text of the file, as far as it can be read."""
    base_url: str
    watched: tuple[Path, ...]
    """Files and folders that it was made from, also those that are missing; it is worth another look when one changes."""

    def count(self, severity: Severity) -> int:
        """How many findings are of this level."""
        return sum(finding.severity is severity for finding in self.findings)


Work: TypeAlias = Callable[[Path], Look]
"""Compiles and checks the issue at a path; raises nothing that an editor could cause."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An issue as the preview shows it: what is wrong with it now, and its last good mail."""

    name: str
    version: int
    """Rises with every change; equal versions look equal."""
    look: Look
    good: Piece | None
    """None: it was broken from the beginning."""
    good_at: datetime | None

    @property
    def is_broken(self) -> bool:
        """Whether the file as it is now makes no mail."""
        return self.look.piece is None


@dataclass(frozen=True, kw_only=True)
class Row:
    """An issue in the index of its folder."""

    name: str
    title: str
    """Its subject; the file's name while it is broken."""
    list_title: str
    date: date | None
    errors: int
    warnings: int


def row_of(name: str, look: Look) -> Row:
    """What the index says about an issue."""
    piece = look.piece
    return Row(
        name=name,
        title=subject_of(piece) if piece else name,
        list_title=piece.mailing_list.title if piece else "",
        date=piece.compilation.compiled.date if piece else None,
        errors=look.count(Severity.ERROR),
        warnings=look.count(Severity.WARNING),
    )


def subject_of(piece: Piece) -> str:
    """The subject as somebody reads it of whom nothing is known."""
    return fill(piece.compilation.compiled.subject, {}).strip() or piece.mailing_list.title
