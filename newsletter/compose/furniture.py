"""What every mail of a list carries besides its issue: date, labels, colophon, processing statement, ways out. Pure.

HTML and text part are both written from one Furniture, so they say and link the same (A6), and no issue can lack
what the law asks for (B6, B7). It is written in the model of an issue: whoever can render blocks can render it.
"""

from dataclasses import dataclass
from datetime import time
from urllib.parse import urlsplit

from newsletter.compose.dates import day_in_words, moment_in_words, times_in_words, weekday_in_words
from newsletter.compose.labels import LABELS, Labels
from newsletter.compose.statement import processing, reason
from newsletter.config import MailingList
from newsletter.issue.model import Block, Day, FieldRef, Inlines, Link, Paragraph, Text
from newsletter.issue.parse import parse_prose

UNSUBSCRIBE = FieldRef("unsubscribe_url")
"""The target of every unsubscribe link: a ready-made URL, never percent-encoded again (compose.fields.READY_MADE)."""


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
    reason: Inlines
    """Why the reader gets this mail: says plainly when it is not by consent (B5); also the footer's first line."""
    footer: tuple[FooterPart, ...]
    """Ways out, colophon, processing statement, disclaimer; links included."""

    def day(self, day: Day) -> str:
        """`maandag 21 juni 2027`."""
        return weekday_in_words(day, self.language)

    def times(self, start: time | None, end: time | None) -> str:
        """`9.30-11.00 uur`; "" without a start."""
        return times_in_words(start, end, self.language)

    def moment(self, day: Day, start: time | None, end: time | None) -> str:
        """`maandag 21 juni 2027, 9.30-11.00 uur`."""
        return moment_in_words(day, start, end, self.language)


def furniture(mailing_list: MailingList, *, list_slug: str, issue_slug: str, base_url: str, date: Day) -> Furniture:
    """The furniture of one issue of `mailing_list`; raises IssueError if its colophon is not Markdown of ours."""
    labels = LABELS[mailing_list.language]
    unsubscribe = Link((UNSUBSCRIBE,), (Text(labels.unsubscribe.format(title=mailing_list.title)),), 0)
    web_url = f"{base_url}/archive/{list_slug}/{issue_slug}"
    web_version = Link((web_url,), (Text(labels.web_version),), 0) if mailing_list.archive != "none" else None
    why = reason(mailing_list)
    return Furniture(
        language=mailing_list.language,
        title=mailing_list.title,
        date=day_in_words(date, mailing_list.language),
        labels=labels,
        web_version=web_version,
        unsubscribe=unsubscribe,
        website=mailing_list.website or "",
        reason=why,
        footer=tuple(
            part
            for part in (
                FooterPart(title=labels.leaving, blocks=_leaving(why, unsubscribe, web_version)),
                FooterPart(title=labels.colophon, blocks=_colophon(mailing_list, labels)),
                FooterPart(title=labels.processing, blocks=_paragraphs(*processing(mailing_list))),
                FooterPart(title=labels.disclaimer, blocks=parse_prose(mailing_list.disclaimer, "disclaimer")),
            )
            if part.blocks
        ),
    )


def _leaving(why: Inlines, unsubscribe: Link, web_version: Link | None) -> tuple[Block, ...]:
    ways = (unsubscribe, web_version) if web_version else (unsubscribe,)
    return _paragraphs(why, *((way,) for way in ways))


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
