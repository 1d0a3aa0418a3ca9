"""What every mail of a list carries besides its issue: date, labels, colophon, processing statement, ways out. Pure.

HTML and text part are both written from one Furniture, so they say and link the same (A6), and no issue can lack
what the law asks for (B6, B7). It is written in the model of an issue: whoever can render blocks can render it.
"""

from dataclasses import dataclass
from datetime import time
from urllib.parse import urlsplit

from newsletter.compose.dates import day_in_words, moment_in_words, times_in_words, weekday_in_words
from newsletter.compose.events import seed_of
from newsletter.compose.labels import LABELS, Labels
from newsletter.compose.statement import processing, reason
from newsletter.config_lists import MailingList
from newsletter.issue.model import Block, Only
from newsletter.issue.model_blocks import Paragraph, Recording
from newsletter.issue.model_meetings import Day, Meeting
from newsletter.issue.model_text import FieldRef, Inlines, Link, Text
from newsletter.issue.parse import parse_prose
from subscribers.segment_tree import Has

UNSUBSCRIBE = FieldRef("unsubscribe_url")
"""The target of every unsubscribe link: a ready-made URL, never percent-encoded again (compose.fields.READY_MADE)."""
PREFERENCES = FieldRef("preferences_url")
"""The target of the link to one's own preferences; who has none, and the web version, do without the link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FooterPart:
    """A part of the footer under its own small heading."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Furniture:
    """All texts are in the list's language and final; templates add no words of their own.

    Both parts render the title and date, `web_version`, the issue, then `footer`; the HTML repeats `unsubscribe`
    near the top, where a client that cuts long mails still shows it (A30).
    """

    language: str
    """`nl` or `en`: for `lang` on html and body (A36)."""
    title: str
    """Title of the list."""
    date: str
    """Date of the issue in words: `14 juni 2027`."""
    labels: Labels
    web_version: Link | None
    """To the archive; None where the list keeps none."""
    unsubscribe: Link
    """Its target is `UNSUBSCRIBE`."""
    website: str
    """What the logo links to, if not ""; the footer links to it as well, so text and HTML agree (A6)."""
    issue_url: str
    """Address of the web version, under which the issue's calendar files stand; "" where there is none."""
    reason: Inlines
    """Why the reader gets this mail: says plainly when it is not by consent (B5); also the footer's first line."""
    footer: tuple[FooterPart, ...]
    """Ways in and out, colophon, processing statement, disclaimer; links included."""

    def day(self, day: Day) -> str:
        """`maandag 21 juni 2027`."""
        return weekday_in_words(day, self.language)

    def times(self, start: time | None, end: time | None) -> str:
        """`9.30-11.00 uur`; "" without a start."""
        return times_in_words(start, end, self.language)

    def moment(self, day: Day, start: time | None, end: time | None) -> str:
        """`maandag 21 juni 2027, 9.30-11.00 uur`."""
        return moment_in_words(day, start, end, self.language)

    def length(self, minutes: int | None) -> str:
        """`25 minuten`, `1 uur en 5 minuten`; "" without a length."""
        labels = self.labels
        hours, rest = divmod(minutes or 0, 60)
        wording = labels.hours_and_minutes if hours and rest else labels.hours if hours else labels.minutes
        return wording.format(hours=hours, minutes=rest) if minutes else ""

    def calendar_link(self, meeting: Meeting) -> Link | None:
        """To the calendar file of a meeting; None where the list keeps no archive to serve it from."""
        if not self.issue_url:
            return None
        is_news = meeting.is_cancelled or meeting.was
        words = Text(self.labels.calendar_again if is_news else self.labels.calendar)
        return Link((f"{self.issue_url}/{seed_of(meeting)}.ics",), (words,), meeting.line)

    def recording_link(self, recording: Recording) -> str:
        """The words of the link to a podcast or film: the editor's, else ones that say what it is (A41)."""
        wording = self.labels.listen if recording.kind == "podcast" else self.labels.watch
        return recording.link_text or wording.format(title=recording.title)

    def news(self, meeting: Meeting) -> str:
        """What changed about a meeting: `Gaat niet door`, `Verplaatst, was dinsdag 15 juni 2027`; "" if nothing did."""
        if meeting.is_cancelled:
            return self.labels.cancelled
        return f"{self.labels.moved} {self.day(meeting.was)}" if meeting.was else ""


def furniture(mailing_list: MailingList, *, list_slug: str, issue_slug: str, base_url: str, date: Day) -> Furniture:
    """The furniture of one issue of `mailing_list`; raises IssueError if its colophon is not Markdown of ours."""
    labels = LABELS[mailing_list.language]
    unsubscribe = Link((UNSUBSCRIBE,), (Text(labels.unsubscribe.format(title=mailing_list.title)),), 0)
    web_url = f"{base_url}/archive/{list_slug}/{issue_slug}"
    web_version = Link((web_url,), (Text(labels.web_version),), 0) if mailing_list.archive != "none" else None
    why = reason(mailing_list)
    ways = (unsubscribe, web_version) if web_version else (unsubscribe,)
    return Furniture(
        language=mailing_list.language,
        title=mailing_list.title,
        date=day_in_words(date, mailing_list.language),
        labels=labels,
        web_version=web_version,
        unsubscribe=unsubscribe,
        website=mailing_list.website or "",
        issue_url=web_url if web_version else "",
        reason=why,
        footer=tuple(
            part
            for part in (
                FooterPart(title=labels.leaving, blocks=_ways(mailing_list, labels, why, ways)),
                FooterPart(title=labels.colophon, blocks=_colophon(mailing_list, labels)),
                FooterPart(title=labels.processing, blocks=_paragraphs(*processing(mailing_list))),
                FooterPart(title=labels.disclaimer, blocks=parse_prose(mailing_list.disclaimer, "disclaimer")),
            )
            if part.blocks
        ),
    )


def _ways(mailing_list: MailingList, labels: Labels, why: Inlines, ways: tuple[Link, ...]) -> tuple[Block, ...]:
    """Why the reader gets the mail and how to leave; and how to join, for who got it from somebody else."""
    out, *others = _paragraphs(*((way,) for way in ways))
    blocks = (*_paragraphs(why), out, _preferences(labels), *others)
    if not mailing_list.subscribe_url:
        return blocks
    join = Link((mailing_list.subscribe_url,), (Text(labels.subscribe.format(title=mailing_list.title)),), 0)
    return (*blocks, *_paragraphs((Text(f"{labels.forwarded} "), join)))


def _preferences(labels: Labels) -> Only:
    """The link to the reader's own preferences, for whoever has some: never on the web, where nobody is known."""
    link = Link((PREFERENCES,), (Text(labels.preferences),), 0)
    return Only(condition=Has(PREFERENCES.name), blocks=_paragraphs((link,)), line=0)


def _colophon(mailing_list: MailingList, labels: Labels) -> tuple[Block, ...]:
    """The configured colophon, or title and controller (B6); then the website, which the logo may link to."""
    own = parse_prose(mailing_list.colophon, "colophon")
    blocks = own or _paragraphs((Text(f"{mailing_list.title}. {labels.publisher}: {mailing_list.controller}."),))
    if not mailing_list.website:
        return blocks
    host = urlsplit(mailing_list.website).hostname or mailing_list.title
    return (*blocks, *_paragraphs((Link((mailing_list.website,), (Text(labels.website.format(host=host)),), 0),)))


def _paragraphs(*contents: Inlines) -> tuple[Block, ...]:
    return tuple(Paragraph(content=content, line=0) for content in contents)
