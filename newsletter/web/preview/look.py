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
from newsletter.config_lists import MailingList
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
class Mail:
    """What was made of an issue that could be compiled."""

    piece: Piece
    base_url: str
    """Of the site when it was compiled: its images have addresses below it."""
    made_at: datetime

    @property
    def subject(self) -> str:
        """The subject as somebody reads it of whom nothing is known."""
        return fill(self.piece.compilation.compiled.subject, {}).strip() or self.piece.mailing_list.title


@dataclass(frozen=True, kw_only=True)
class Look:
    """One look at an issue file."""

    mail: Mail | None
    """None: the issue is broken."""
    findings: tuple[Finding, ...]
    source: str = ""
    """The text of the file, as far as it can be read."""
    watched: tuple[Path, ...] = ()
    """Files and folders it was made from, also those that are missing: when one changes, another look is due."""

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
    """Rises with every change of any issue; equal versions look equal."""
    look: Look
    mail: Mail | None
    """The last good one; None if it was broken from the beginning."""

    @property
    def is_old(self) -> bool:
        """Whether the mail is older than the file."""
        return self.look.mail is None and self.mail is not None


@dataclass(frozen=True, kw_only=True)
class Row:
    """An issue in the index of its folder."""

    name: str
    subject: str
    """Empty while it is broken."""
    list_title: str
    date: date | None
    errors: int
    warnings: int


def row_of(name: str, look: Look) -> Row:
    """What the index says about an issue."""
    compiled = look.mail.piece.compilation.compiled if look.mail else None
    return Row(
        name=name,
        subject=look.mail.subject if look.mail else "",
        list_title=look.mail.piece.mailing_list.title if look.mail else "",
        date=compiled.date if compiled else None,
        errors=look.count(Severity.ERROR),
        warnings=look.count(Severity.WARNING),
    )
