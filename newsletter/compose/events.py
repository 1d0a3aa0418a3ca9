"""The meetings of an issue as calendar events: agenda entries and invitations, and the names of their files. Pure."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from hashlib import sha256

from newsletter.compose.compiled import CalendarEvent, Escape, Field
from newsletter.compose.dates import day_in_words, moment_in_words, times_in_words
from newsletter.compose.fields import evaluate
from newsletter.compose.labels import LABELS
from newsletter.config_lists import MailingList
from newsletter.issue.finding import Finding, IssueError, error
from newsletter.issue.model import Issue
from newsletter.issue.model_meetings import Agenda, Invitation, Meeting
from newsletter.issue.model_meetings import ProgrammeItem as Item
from newsletter.issue.model_text import Code, FieldRef, Inlines, Mixed, Text

SEED_LENGTH = 80
"""Characters of a seed at most: a file name and a UID that any calendar takes (RFC 5545 advises under 255)."""
_NOT_IN_A_SLUG = re.compile(r"[^a-z0-9]+")
_DIGEST_LENGTH = 8
_MOVED = {"nl": "Eerder aangekondigd voor {day}.", "en": "Announced before for {day}."}


def seed_of(meeting: Meeting) -> str:
    """The name of a meeting: its `id`, else title, date and start as a slug.

    Without an `id` two meetings of one title are two events, so that an issue never moves another's. A meeting that
    may move needs an `id`: then a later issue updates the event that people have.
    """
    if meeting.id:
        return _slug(meeting.id)
    start = f"-{meeting.start:%H%M}" if meeting.start else ""
    return f"{_slug(meeting.title)}-{meeting.date.isoformat()}{start}"


def calendar_events(issue: Issue, mailing_list: MailingList) -> tuple[CalendarEvent, ...]:
    """The events of `issue`, in its order; raises IssueError where one `id` names two meetings."""
    found: dict[str, tuple[Meeting, CalendarEvent]] = {}
    clashes: list[Finding] = []
    for meeting in meetings(issue.blocks):
        seed = seed_of(meeting)
        first, _ = found.setdefault(seed, (meeting, _event(seed, meeting, mailing_list)))
        if (first.date, first.start) != (meeting.date, meeting.start):
            what = f"the id {meeting.id!r} names two meetings: the other stands on line {first.line}"
            clashes.append(error("directive", issue.file, meeting.line, what, "give each meeting an id of its own"))
    if clashes:
        raise IssueError(clashes)
    return tuple(event for _, event in found.values())


def meetings(value: object) -> Iterator[Meeting]:
    """Every agenda entry and invitation in a tree of blocks, whatever blocks they stand in."""
    if isinstance(value, Agenda):
        yield from value.entries
    elif isinstance(value, Invitation):
        yield value
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from meetings(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from meetings(getattr(value, field.name))


def _event(seed: str, meeting: Meeting, mailing_list: MailingList) -> CalendarEvent:
    return CalendarEvent(
        uid_seed=seed,
        title=meeting.title,
        date=meeting.date,
        zone=mailing_list.time_zone,
        start=meeting.start,
        end=meeting.end,
        place=meeting.place,
        description="\n".join(_description(meeting, mailing_list.language)),
        url=_url(meeting.link),
        is_cancelled=meeting.is_cancelled,
        was=meeting.was,
    )


def _description(meeting: Meeting, language: str) -> Iterator[str]:
    """Lines of plain text; nothing of one recipient."""
    labels = LABELS[language]
    if meeting.was:
        yield _MOVED[language].format(day=moment_in_words(meeting.was, None, None, language))
    if meeting.audience:
        yield f"{labels.audience}: {meeting.audience}"
    if isinstance(meeting, Invitation):
        if meeting.cost:
            yield f"{labels.cost}: {meeting.cost}"
        if meeting.closing_date:
            yield f"{labels.closing} {day_in_words(meeting.closing_date, language)}"
        if meeting.programme:
            yield f"{labels.programme}:"
            yield from _programme(meeting.programme, language, "- ")


def _programme(items: tuple[Item, ...], language: str, mark: str) -> Iterator[str]:
    for item in items:
        times = times_in_words(item.start, item.end, language)
        yield f"{mark}{times}: {_plain(item.title)}" if times else f"{mark}{_plain(item.title)}"
        yield from _programme(item.items, language, f"  {mark}")


def _plain(content: Inlines) -> str:
    parts = []
    for part in content:
        match part:
            case Text() | Code():
                parts.append(part.text)
            case FieldRef():
                parts.append(evaluate(Field(part.name, part.filters), {}))
            case _:
                parts.append(_plain(getattr(part, "children", ())) or " ")
    return "".join(parts)


def _url(target: Mixed) -> str:
    """The link with the defaults of its fields: a calendar file is the same for everyone (I7)."""
    return "".join(
        part if isinstance(part, str) else evaluate(Field(part.name, part.filters, Escape.URL), {}) for part in target
    )


def _slug(text: str) -> str:
    """`Ronde tafel: één` as `ronde-tafel-een`; what is too long, or has letters of no such form, ends in a digest."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    slug = _NOT_IN_A_SLUG.sub("-", plain.lower()).strip("-")
    has_lost = any(character.isalnum() and not _has_plain_form(character) for character in text)
    if slug and len(slug) <= SEED_LENGTH and not has_lost:
        return slug
    digest = sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"{slug[: SEED_LENGTH - _DIGEST_LENGTH - 1].strip('-')}-{digest}".strip("-")


def _has_plain_form(character: str) -> bool:
    return bool(unicodedata.normalize("NFKD", character).encode("ascii", "ignore"))
