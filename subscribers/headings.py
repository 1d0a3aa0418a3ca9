"""What the columns of a file of people are called, in Dutch and English, in this program and in others. Pure."""

import unicodedata
from enum import StrEnum


class Role(StrEnum):
    """What a column holds."""

    ADDRESS = "e-mail"
    """The address; the one column that must be there."""
    NAME = "name"
    """The whole name."""
    FIRST_NAME = "first name"
    """Part of a name; used when there is no column with the whole name."""
    INFIX = "infix"
    """Dutch: `van der`, between first and last name."""
    LAST_NAME = "last name"
    """Part of a name."""
    ORGANISATION = "organisation"
    """Where the person works."""
    STATE = "state"
    """Whether the person was on the list where the file comes from; nobody who left is brought back."""
    REASON = "reason"
    """Why the person left or is not mailed."""
    SIGNED_UP = "signed up at"
    """When the person asked for the mail: evidence of consent."""
    CONFIRMED = "confirmed at"
    """When the person confirmed it: evidence of consent, too."""
    LEFT = "left at"
    """When the person left, or when the mailbox was found dead: the deadline counts from here."""
    CHANGED = "changed at"
    """When another system last touched the row: the day of leaving where nothing names one."""
    SINCE = "since"
    """Since when the person is on the list, as our own export says it."""


_HEADINGS = {
    Role.ADDRESS: "email mail emailadres mailadres emailaddress",
    Role.NAME: "name naam fullname volledigenaam",
    Role.FIRST_NAME: "firstname voornaam roepnaam givenname fname",
    Role.INFIX: "infix tussenvoegsel tussenvoegsels voorvoegsel",
    Role.LAST_NAME: "lastname achternaam surname familienaam familyname lname",
    Role.ORGANISATION: "organisation organization organisatie organisatienaam bedrijf company companyname bedrijfsnaam",
    Role.STATE: "state status subscriptionstatus abonneestatus",
    Role.SIGNED_UP: (
        "signedupat signupat signupdate signuptime optintime optindate optinat consentedat consentdate"
        " aanmelddatum aanmeldingsdatum datumaanmelding datumvanaanmelding aangemeldop inschrijfdatum ingeschrevenop"
        " subscribedat subscribedon subscribedate datumtoestemming toestemmingop toestemminggegevenop"
    ),
    Role.CONFIRMED: "confirmedat confirmtime confirmdate confirmationdate bevestigdop bevestigingsdatum",
    Role.LEFT: (
        "leftat unsubtime unsubscribedat unsubscribedate unsubscribedon optoutdate optouttime cleantime bouncedat"
        " bouncedate afmelddatum afmeldingsdatum datumafmelding afgemeldop uitschrijfdatum uitgeschrevenop"
    ),
    Role.SINCE: "since",
    Role.REASON: "reason reden",
}
HEADINGS = {word: role for role, words in _HEADINGS.items() for word in words.split()}
"""What each heading means that a file may have, as `plain_heading` writes it."""
NAME_PARTS = (Role.FIRST_NAME, Role.INFIX, Role.LAST_NAME)

_WHEREABOUTS = (
    "ip ipaddress ipadres optinip confirmip signupip ipadresaanmelding latitude longitude breedtegraad lengtegraad"
    " gmtoff dstoff useragent memberrating"
)
WHEREABOUTS = frozenset(_WHEREABOUTS.split())
"""Where somebody was, with which program, and how keenly they read: never stored, whatever the configuration says."""


def plain_heading(text: str) -> str:
    """Letters and digits only, without accents and case: `E-mailadres ` is `emailadres`."""
    bare = unicodedata.normalize("NFKD", text).casefold()
    return "".join([character for character in bare if character.isalnum()])
