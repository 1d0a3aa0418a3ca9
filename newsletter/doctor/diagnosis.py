"""One result of an examination. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Level(StrEnum):
    """How bad it is."""

    GOOD = "good"
    NOTE = "note"
    """Nothing to mend here; something to know."""
    WARNING = "warning"
    FAULT = "fault"
    """Mail is refused, lost or not trusted because of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was looked at, what was found, what to do."""

    level: Level
    about: str
    """A short name of the part: `SPF example.org`."""
    what: str
    remedy: str = ""
    record: str = ""
    """The DNS record to publish, ready to copy."""


def good(about: str, what: str) -> Diagnosis:
    """Looked at, and well."""
    return Diagnosis(level=Level.GOOD, about=about, what=what)


def note(about: str, what: str, remedy: str = "") -> Diagnosis:
    """Worth knowing."""
    return Diagnosis(level=Level.NOTE, about=about, what=what, remedy=remedy)


def warning(about: str, what: str, remedy: str, record: str = "") -> Diagnosis:
    """Better mended."""
    return Diagnosis(level=Level.WARNING, about=about, what=what, remedy=remedy, record=record)


def fault(about: str, what: str, remedy: str, record: str = "") -> Diagnosis:
    """Must be mended."""
    return Diagnosis(level=Level.FAULT, about=about, what=what, remedy=remedy, record=record)


def is_ill(found: Iterable[Diagnosis]) -> bool:
    """Whether any of them is a fault."""
    return any(item.level is Level.FAULT for item in found)


class DnsUnavailableError(Exception):
    """The name servers did not answer, so nothing can be said; the message names the question."""


class Resolver(Protocol):
    """Questions to DNS. A name without such records gives an empty tuple; no answer raises DnsUnavailableError."""

    def texts(self, name: str) -> tuple[str, ...]:
        """TXT records, the strings of each joined."""

    def exchangers(self, name: str) -> tuple[tuple[int, str], ...]:
        """MX records: preference and host, the host of a null MX empty."""

    def addresses(self, name: str) -> tuple[str, ...]:
        """A and AAAA records."""

    def names(self, address: str) -> tuple[str, ...]:
        """PTR records of an address."""
