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
    calendar: str
    """Text of the link to the calendar file of a meeting."""
    calendar_again: str
    """The same where the meeting was cancelled or moved."""
    cancelled: str
    moved: str
    """Before the day it was announced for."""
    contents: str
    """Above the list of headings."""
    podcast: str
    film: str
    listen: str
    """Text of the link to a podcast where the editor gave none; `{title}` is the podcast's."""
    watch: str
    minutes: str
    hours: str
    hours_and_minutes: str
    download: str
    """Before the title of a document, in its link."""
    credit: str
    """Before the name of who made an image."""
    forwarded: str
    subscribe: str
    image: str
    """Before an image's description in the text part."""
    web_version: str
    unsubscribe: str
    preferences: str
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
        calendar="Zet in uw agenda",
        calendar_again="Werk uw agenda bij",
        cancelled="Gaat niet door",
        moved="Verplaatst, was",
        contents="In deze mail",
        podcast="Podcast",
        film="Film",
        listen="Beluister: {title}",
        watch="Bekijk: {title}",
        minutes="{minutes} minuten",
        hours="{hours} uur",
        hours_and_minutes="{hours} uur en {minutes} minuten",
        download="Download",
        credit="Beeld:",
        forwarded="Hebt u deze mail van iemand doorgestuurd gekregen?",
        subscribe="Meld u aan voor {title}",
        image="Afbeelding",
        web_version="Bekijk deze mail in uw browser",
        unsubscribe="Meld u af voor {title}",
        preferences="Wijzig uw voorkeuren of uw adres",
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
        calendar="Add to your calendar",
        calendar_again="Update your calendar",
        cancelled="Cancelled",
        moved="Moved from",
        contents="In this mail",
        podcast="Podcast",
        film="Film",
        listen="Listen to: {title}",
        watch="Watch: {title}",
        minutes="{minutes} minutes",
        hours="{hours} hours",
        hours_and_minutes="{hours} hours and {minutes} minutes",
        download="Download",
        credit="Image:",
        forwarded="Did somebody forward this mail to you?",
        subscribe="Subscribe to {title}",
        image="Image",
        web_version="View this mail in your browser",
        unsubscribe="Unsubscribe from {title}",
        preferences="Change your preferences or your address",
        website="Visit the website {host}",
        leaving="Your subscription",
        colophon="Colophon",
        publisher="Published by",
        processing="Your personal data",
        disclaimer="Disclaimer",
    ),
}
