"""The privacy statement of one list (AVG 13, 14; B4, B7, B10, B11, B14), generated: it cannot say less than is held."""

from collections.abc import Iterator

from sqlalchemy import MetaData

from newsletter.config import Configuration
from newsletter.config_lists import MailingList
from newsletter.privacy.document import Block, Bullets, Document, Grid, Language, Paragraph, Ref, Section, Words, reach
from newsletter.privacy.facts import Vocabulary, held, periods
from newsletter.privacy.statement_texts import TEXTS, StatementTexts
from newsletter.privacy.words import AFTER, BASES, PERMISSIONS, joined, period_in_words, rule_in_words

RIGHTS = {
    "consent": ("see", "correct", "erase", "restrict", "take"),
    "public-task": ("see", "correct", "erase", "restrict", "object"),
    "contract": ("see", "correct", "erase", "restrict", "take"),
}
"""AVG 15-18, 20 (consent and contract) and 21 (public task), by legal basis."""


def statement(
    configuration: Configuration,
    slug: str,
    metadata: MetaData,
    vocabulary: Vocabulary,
    language: Language | None = None,
) -> Document:
    """What people on the list `slug` are told, in its language unless another is asked for."""
    item = configuration.mailing_list(slug)
    spoken: Language = language or item.language
    texts, name = TEXTS[spoken], controller_name(item)
    return Document(
        title=texts.title.format(title=item.title),
        language=spoken,
        lead=texts.lead.format(controller=name, title=item.title),
        sections=(
            Section(texts.who, tuple(_who(configuration, item, texts))),
            Section(texts.why, tuple(_why(configuration, item, texts, spoken))),
            Section(texts.what, tuple(_what(configuration, item, texts, spoken, metadata, vocabulary))),
            Section(texts.how_long, tuple(_how_long(configuration, item, texts, spoken, metadata))),
            Section(texts.receivers, tuple(receivers(configuration, item, texts))),
            Section(texts.rights, tuple(_rights(configuration, item, texts))),
        ),
    )


def controller_name(item: MailingList) -> str:
    """The controller's name without its postal address."""
    return item.controller.partition(",")[0].strip()


def _who(configuration: Configuration, item: MailingList, texts: StatementTexts) -> Iterator[Block]:
    privacy = configuration.privacy
    yield Paragraph(texts.responsible.format(controller=item.controller.rstrip(".")))
    lines = ((texts.contact, item.contact), (texts.officer, privacy.officer))
    for lead, contact in (*lines, (texts.representative, privacy.representative)):
        if contact:
            yield Paragraph((lead, reach(contact)))


def _why(configuration: Configuration, item: MailingList, texts: StatementTexts, language: Language) -> Iterator[Block]:
    if item.purpose:
        yield Paragraph(texts.purpose.format(purpose=_bare(item.purpose)))
    yield Paragraph(texts.basis.format(basis=_lower(BASES[language][item.basis])))
    if item.basis == "consent":
        yield Paragraph(texts.withdraw)
    if item.permission:
        yield Paragraph(texts.permission.format(permission=_lower(PERMISSIONS[language][item.permission])))
    if audience := configuration.privacy.audience:
        yield Paragraph(texts.audience.format(audience=_bare(audience)))


def _what(
    configuration: Configuration,
    item: MailingList,
    texts: StatementTexts,
    language: Language,
    metadata: MetaData,
    vocabulary: Vocabulary,
) -> Iterator[Block]:
    found = held(metadata, configuration, item, language, vocabulary)
    yield Paragraph(texts.what_intro)
    yield Grid(texts.what_caption, texts.what_header, tuple((one.heading, joined(one.labels)) for one in found))
    yield Paragraph(texts.no_tracking)
    yield Paragraph(texts.no_decisions)


def _how_long(
    configuration: Configuration, item: MailingList, texts: StatementTexts, language: Language, metadata: MetaData
) -> Iterator[Block]:
    found = periods(metadata, configuration, item)
    yield Paragraph(texts.promise.format(period=period_in_words(found["unsubscribed"], language)))
    yield Paragraph(texts.how_long_intro)
    rows = (
        (rule_in_words(rule, language), f"{period_in_words(period, language)} {AFTER[language][rule]}")
        for rule, period in found.items()
    )
    yield Grid(texts.how_long_caption, texts.how_long_header, tuple(rows))
    if "backups" in found:
        yield Paragraph(texts.backups_note)
    if "address-marks" in found:
        yield Paragraph(texts.marks_note)


def receivers(configuration: Configuration, item: MailingList, texts: StatementTexts) -> Iterator[Block]:
    """Who processes the data besides the controller, and where (AVG 13(1)(e)(f))."""
    processors = configuration.privacy.processors
    if processors:
        yield Paragraph(texts.receivers_intro.format(controller=controller_name(item)))
        yield Bullets(tuple(f"{one.name}: {_bare(one.task)}" for one in processors))
    yield Paragraph(texts.nobody_else)
    abroad = [one for one in processors if one.country]
    for one in abroad:
        yield Paragraph(texts.outside.format(name=one.name, country=one.country, safeguard=_bare(one.safeguard)))
    if processors and not abroad:
        yield Paragraph(texts.inside)


def _rights(configuration: Configuration, item: MailingList, texts: StatementTexts) -> Iterator[Block]:
    yield Paragraph(texts.rights_intro)
    yield Bullets(tuple(texts.rights_list[right] for right in RIGHTS[item.basis]))
    mailbox = item.unsubscribe_mailbox.address
    how: list[str | Ref] = [texts.rights_how, Ref(mailbox, f"mailto:{mailbox}")]
    if contact := item.contact or configuration.privacy.officer:
        how += [texts.rights_contact, reach(contact)]
    yield Paragraph((*how, ". ", texts.rights_term))
    authority = configuration.privacy.authority
    complaint: Words = (texts.complaint, Ref(authority.name, authority.url), ".")
    yield Paragraph(complaint)


def _bare(text: str) -> str:
    return text.strip().rstrip(". ")


def _lower(text: str) -> str:
    """`text` with a small first letter, to stand inside a sentence."""
    return text[:1].lower() + text[1:]
