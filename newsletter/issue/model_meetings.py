"""The blocks of an issue about meetings: agenda and invitation. Pure."""

from dataclasses import dataclass
from datetime import date, time
from typing import TypeAlias

from newsletter.issue.model_text import Inlines, Mixed

Day: TypeAlias = date
"""A date, where a field is called `date`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """What happens when and where, as agenda entries and invitations say it."""

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
class AgendaEntry(Meeting):
    """One date in the agenda."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """What happens when: a table at a glance."""

    entries: tuple[AgendaEntry, ...]
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
class Invitation(Meeting):
    """An invitation to one meeting: when, where, for whom, programme, and how to sign up."""

    cost: str = ""
    closing_date: Day | None = None
    programme: tuple[ProgrammeItem, ...] = ()
