"""Words that every mail of a list uses, in Dutch and English. Pure data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Fixed words; `{title}` is the list's title, `{host}` a host name."""

    agenda: str
    """Caption of the agenda table."""
    programme: str
    when: str
    """Date and time: of an invitation, and head of the agenda's first column."""
    what: str
    """Head of the agenda's second column."""
    place: str
    audience: str
    cost: str
    closing: str
    """Before the closing date."""
    sign_up: str
    """Text of the sign-up button where the editor gave none."""
    image: str
    """Before an image's description in the text part."""
    web_version: str
    unsubscribe: str
    website: str
    leaving: str
    colophon: str
    publisher: str
    processing: str
    disclaimer: str


LABELS = {
    "nl": Labels(
        agenda="Agenda",
        programme="Programma",
        when="Wanneer",
        what="Wat",
        place="Locatie",
        audience="Voor wie",
        cost="Kosten",
        closing="Aanmelden kan tot en met",
        sign_up="Meld u aan",
        image="Afbeelding",
        web_version="Bekijk deze mail in uw browser",
        unsubscribe="Meld u af voor {title}",
        website="Naar de website {host}",
        leaving="Aan- en afmelden",
        colophon="Colofon",
        publisher="Uitgave van",
        processing="Verwerking persoonsgegevens",
        disclaimer="Disclaimer",
    ),
    "en": Labels(
        agenda="Agenda",
        programme="Programme",
        when="When",
        what="What",
        place="Location",
        audience="For whom",
        cost="Cost",
        closing="Sign up no later than",
        sign_up="Sign up",
        image="Image",
        web_version="View this mail in your browser",
        unsubscribe="Unsubscribe from {title}",
        website="Visit the website {host}",
        leaving="Your subscription",
        colophon="Colophon",
        publisher="Published by",
        processing="Your personal data",
        disclaimer="Disclaimer",
    ),
}
