"""Why a reader gets the mail, and what is done with the data: built from the configuration (B5, B7). Pure."""

from newsletter.config_lists import MailingList
from newsletter.issue.model_text import Inlines, Link, Text
from subscribers.address import AddressError, parse_address
from subscribers.retention import Period

_REASONS = {
    "nl": {
        "consent": "U ontvangt {title} omdat u zich daarvoor hebt aangemeld.",
        "public-task": "U ontvangt {title} omdat dit hoort bij een taak van algemeen belang van {controller}. "
        "Dit gebeurt niet op grond van uw toestemming. U mag er altijd bezwaar tegen maken, met de afmeldlink "
        "in deze mail.",
        "contract": "U ontvangt {title} omdat dit hoort bij een overeenkomst met {controller}. "
        "Dit gebeurt niet op grond van uw toestemming. U mag er altijd bezwaar tegen maken, met de afmeldlink "
        "in deze mail.",
    },
    "en": {
        "consent": "You receive {title} because you signed up for it.",
        "public-task": "You receive {title} because it is part of a task of {controller} in the public interest. "
        "This is not based on your consent. You may object to it at any time, with the unsubscribe link in this mail.",
        "contract": "You receive {title} because it is part of an agreement with {controller}. "
        "This is not based on your consent. You may object to it at any time, with the unsubscribe link in this mail.",
    },
}

_BASES = {
    "nl": {
        "consent": "Grondslag: uw toestemming (AVG, artikel 6, lid 1, onder a). "
        "U kunt die altijd intrekken door u af te melden.",
        "public-task": "Grondslag: een taak van algemeen belang (AVG, artikel 6, lid 1, onder e). "
        "U hebt het recht van bezwaar (AVG, artikel 21): afmelden geldt als bezwaar.",
        "contract": "Grondslag: de uitvoering van een overeenkomst (AVG, artikel 6, lid 1, onder b).",
    },
    "en": {
        "consent": "Legal basis: your consent (GDPR, article 6(1)(a)). "
        "You can withdraw it at any time by unsubscribing.",
        "public-task": "Legal basis: a task in the public interest (GDPR, article 6(1)(e)). "
        "You have the right to object (GDPR, article 21): unsubscribing counts as objecting.",
        "contract": "Legal basis: the performance of an agreement (GDPR, article 6(1)(b)).",
    },
}

_ORIGIN = {
    "nl": "Waar uw adres vandaan komt, staat bij uw gegevens; u opent ze via de link naar uw voorkeuren.",
    "en": "Where your address came from stands with your data, which you open by the link to your preferences.",
}
"""AVG 14(2)(f), for who did not sign up: `/mijn/` shows the source of each subscription."""

_DATA = {
    "nl": ("naam", "e-mailadres", "organisatie"),
    "en": ("name", "e-mail address", "organisation"),
}


def reason(mailing_list: MailingList) -> Inlines:
    """Why the reader gets this mail; says plainly when it is not by consent (B5)."""
    wording = _REASONS[mailing_list.language][mailing_list.basis]
    name = mailing_list.controller.partition(",")[0]
    return (Text(wording.format(title=mailing_list.title, controller=name)),)


def processing(mailing_list: MailingList) -> tuple[Inlines, ...]:
    """The processing statement, a paragraph each: data, purpose, basis, retention, where to read and ask more (B7)."""
    is_dutch = mailing_list.language == "nl"
    purpose = (mailing_list.purpose or "").rstrip(". ")
    lines = [_data(mailing_list)]
    if purpose:
        lines.append(f"{'Doel' if is_dutch else 'Purpose'}: {purpose}.")
    lines.append(_BASES[mailing_list.language][mailing_list.basis])
    lines.append(_retention(mailing_list.retention, is_dutch=is_dutch))
    if mailing_list.basis != "consent":
        lines.append(_ORIGIN[mailing_list.language])
    more: Inlines = (Link((mailing_list.privacy_url,), (Text(_privacy(is_dutch=is_dutch)),), 0),)
    contact = (_contact(mailing_list.contact, is_dutch=is_dutch),) if mailing_list.contact else ()
    return ((Text(" ".join(lines)),), more, *contact)


def _data(mailing_list: MailingList) -> str:
    """What is stored: name, address, organisation and the configured attributes; nothing else is (B7)."""
    names = [*_DATA[mailing_list.language], *(name.replace("_", " ") for name in mailing_list.attributes)]
    if mailing_list.language == "nl":
        data = f"{', '.join(names[:-1])} en {names[-1]}"
        return f"Om u {mailing_list.title} te kunnen sturen, verwerkt {mailing_list.controller} uw {data}."
    data = f"{', '.join(names[:-1])} and {names[-1]}"
    return f"To send you {mailing_list.title}, {mailing_list.controller} processes your {data}."


def _retention(period: Period, *, is_dutch: bool) -> str:
    """The promise of I4 in words."""
    days = period.days
    if is_dutch:
        length = "één maand" if days is None else "één dag" if days == 1 else f"{days} dagen"
        return f"Na uw afmelding worden uw gegevens uiterlijk na {length} verwijderd."
    length = "one month" if days is None else "one day" if days == 1 else f"{days} days"
    return f"After you unsubscribe, your data is deleted after {length} at the latest."


def _privacy(*, is_dutch: bool) -> str:
    return "Lees de privacyverklaring" if is_dutch else "Read the privacy statement"


def _contact(contact: str, *, is_dutch: bool) -> Inlines:
    """A name stays text; an address or a page becomes a link with words of its own (A41)."""
    lead = "Vragen over uw gegevens" if is_dutch else "Questions about your data"
    if contact.startswith(("https://", "http://")):
        return (Link((contact,), (Text(lead),), 0),)
    try:
        address = parse_address(contact).spelling
    except AddressError:
        return (Text(f"{lead}: {contact}."),)
    return (Text(f"{lead}: "), Link((f"mailto:{address}",), (Text(address),), 0))
