"""What stands beside a sign-up form (AVG 13, B7), built from the configuration, and its version. Pure.

The same rows are shown on our page, pasted into other sites, and kept as evidence with each sign-up (B3). Their version
is a digest of the words, so that no change of a setting goes unnoticed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from newsletter.config import Configuration
from newsletter.config_lists import MailingList
from newsletter.web.texts import Language, period_in_words
from newsletter.web.texts_signup import SIGN_UP
from subscribers.address import AddressError, parse_address
from subscribers.retention import Period

FORM_VERSION = 1
"""Raise it when the fields of the form or their order change."""
_VERSION_DIGITS = 16


@dataclass(frozen=True, kw_only=True)
class Row:
    """One answer to a question that the law wants answered; a link may follow the text."""

    label: str
    text: str
    href: str = ""
    link: str = ""

    @property
    def in_words(self) -> str:
        """The row as plain text, without the target of its link."""
        return f"{self.label}: {' '.join(part for part in (self.text, self.link) if part)}"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """The consent sentence and the rows of one list."""

    consent: str
    rows: tuple[Row, ...]
    configured_version: str = ""

    @cached_property
    def wording(self) -> str:
        """Everything that was shown, as it is kept with the evidence."""
        return "\n".join([self.consent, *(row.in_words for row in self.rows)])

    @cached_property
    def version(self) -> str:
        """What the form sends along: the list's own version, if any, and a digest of the words."""
        digest = sha256(self.wording.encode()).hexdigest()[:_VERSION_DIGITS]
        return f"{self.configured_version} {digest}".strip()


_LABELS: Mapping[Language, tuple[str, ...]] = {
    "nl": (
        "Wie is verantwoordelijk", "Wat wij bewaren", "Waarvoor", "Grondslag", "Hoe lang", "Wie er verder bij kunnen",
        "Uw rechten", "Intrekken", "Vragen", "Functionaris gegevensbescherming", "Klacht", "Meer lezen",
    ),
    "en": (
        "Who is responsible", "What we keep", "What for", "Legal basis", "How long", "Who else has access",
        "Your rights", "Withdrawing", "Questions", "Data protection officer", "Complaint", "Read more",
    ),
}  # fmt: skip

_DATA = {
    "nl": "Uw mailadres{more}, en wanneer en met welke tekst u zich aanmeldde. Alleen uw mailadres is nodig; zonder "
    "dat kunnen wij u niets sturen. Wij houden niet bij of u een mail opent of waarop u klikt.",
    "en": "Your mail address{more}, and when and with which text you signed up. Only your mail address is needed; "
    "without it we cannot send you anything. We do not record whether you open a mail or what you click on.",
}
_MORE = {
    "nl": (", als u dat invult ook uw {}", {"name": "naam", "organisation": "organisatie"}, " en "),
    "en": (", if you give it also your {}", {"name": "name", "organisation": "organisation"}, " and "),
}
_BASES = {
    "nl": {
        "consent": "Uw toestemming (AVG, artikel 6, lid 1, onder a).",
        "public-task": "Een taak van algemeen belang (AVG, artikel 6, lid 1, onder e), niet uw toestemming.",
        "contract": "De uitvoering van een overeenkomst (AVG, artikel 6, lid 1, onder b), niet uw toestemming.",
    },
    "en": {
        "consent": "Your consent (GDPR, article 6(1)(a)).",
        "public-task": "A task in the public interest (GDPR, article 6(1)(e)), not your consent.",
        "contract": "The performance of an agreement (GDPR, article 6(1)(b)), not your consent.",
    },
}
_HOW_LONG = {
    "nl": "Tot u zich afmeldt; uiterlijk {period} daarna is alles verwijderd. Bevestigt u uw aanmelding niet, dan is "
    "zij na {unconfirmed} verwijderd.",
    "en": "Until you unsubscribe; no later than {period} after that everything is deleted. If you do not confirm, your "
    "sign-up is deleted after {unconfirmed}.",
}
_BACKUPS = {
    "nl": "Een reservekopie waar u nog in staat, is uiterlijk {period} later weg.",
    "en": "A backup that still holds you is gone no later than {period} after that.",
}
_RIGHTS = {
    "nl": {
        "consent": "U mag uw gegevens inzien, verbeteren, meenemen, laten verwijderen en het gebruik laten beperken.",
        "public-task": "U mag uw gegevens inzien, verbeteren, laten verwijderen, het gebruik laten beperken en bezwaar "
        "maken.",
        "contract": "U mag uw gegevens inzien, verbeteren, meenemen, laten verwijderen en het gebruik laten beperken.",
    },
    "en": {
        "consent": "You may see, correct, take along and erase your data, and have their use restricted.",
        "public-task": "You may see, correct and erase your data, have their use restricted, and object.",
        "contract": "You may see, correct, take along and erase your data, and have their use restricted.",
    },
}
_LEAVING = {"nl": "Afmelden", "en": "Unsubscribing"}
"""Where there is no consent to withdraw."""
_WITHDRAWING = {
    "nl": "U meldt zich af met de link in elke mail, of met een bericht naar {mailbox}. Dat verandert niets aan wat "
    "wij daarvóór stuurden.",
    "en": "You unsubscribe with the link in every mail, or with a message to {mailbox}. That does not change anything "
    "about what we sent before.",
}
_COMPLAINT = {
    "nl": "U kunt een klacht indienen bij de",
    "en": "You can lodge a complaint with the",
}
_MORE_LINK = {"nl": "Privacyverklaring", "en": "Privacy statement"}


def statement(configuration: Configuration, slug: str) -> Statement:
    """What the form of a list says; `contact` and `purpose` are set, or its sign-up could not be open."""
    item = configuration.lists[slug]
    controller = item.controller.partition(",")[0].strip()
    own = item.consent_wording or SIGN_UP[item.language].consent[item.basis]
    filled = own if item.consent_wording else own.format(title=item.title, controller=controller)
    return Statement(
        consent=" ".join(filled.split()),
        rows=tuple(_rows(configuration, item)),
        configured_version=item.consent_wording_version,
    )


def _rows(configuration: Configuration, item: MailingList) -> Iterator[Row]:
    language, privacy = item.language, configuration.privacy
    who, what, why, basis, how_long, others, rights, leaving, questions, officer, complaint, more = _LABELS[language]
    yield Row(label=who, text=item.controller)
    yield Row(label=what, text=_DATA[language].format(more=_asked_for(item)))
    if item.purpose:
        yield Row(label=why, text=_sentence(item.purpose))
    yield Row(label=basis, text=_BASES[language][item.basis])
    yield Row(label=how_long, text=_how_long(configuration, item))
    if privacy.processors:
        named = (f"{processor.name} ({processor.task})" for processor in privacy.processors)
        yield Row(label=others, text=_sentence("; ".join(named)))
    yield Row(label=rights, text=_RIGHTS[language][item.basis])
    mailbox = item.unsubscribe_mailbox.address
    is_consent = item.basis == "consent"
    yield Row(label=leaving if is_consent else _LEAVING[language], text=_WITHDRAWING[language].format(mailbox=mailbox))
    for label, contact in ((questions, item.contact), (officer, privacy.officer)):
        if contact:
            yield _contact(label, contact)
    yield Row(label=complaint, text=_COMPLAINT[language], href=privacy.authority.url, link=privacy.authority.name)
    yield Row(label=more, text="", href=item.privacy_url, link=_MORE_LINK[language])


def _how_long(configuration: Configuration, item: MailingList) -> str:
    """The periods of the list, and how much longer a backup lives (B11)."""
    language, policy = item.language, item.policy
    text = _HOW_LONG[language].format(
        period=period_in_words(policy.period, language), unconfirmed=period_in_words(policy.unconfirmed, language)
    )
    days = configuration.backup.days(configuration.policies.values())
    return f"{text} {_BACKUPS[language].format(period=period_in_words(Period(days), language))}" if days else text


def _asked_for(item: MailingList) -> str:
    if not item.signup_fields:
        return ""
    words, names, conjunction = _MORE[item.language]
    return words.format(conjunction.join(names[field] for field in item.signup_fields))


def _sentence(text: str) -> str:
    """`text` with a capital and a full stop."""
    bare = text.strip().rstrip(".")
    return f"{bare[:1].upper()}{bare[1:]}."


def _contact(label: str, contact: str) -> Row:
    """A name stays text; an address or a page is a link."""
    if contact.startswith(("https://", "http://")):
        return Row(label=label, text="", href=contact, link=contact)
    try:
        address = parse_address(contact).spelling
    except AddressError:
        return Row(label=label, text=contact)
    return Row(label=label, text="", href=f"mailto:{address}", link=address)
