"""Every sentence of the public pages, in Dutch (formal, `u`) and English. Pure.

Words in braces are filled by the templates: `{title}` of the list, `{period}` until erasure, `{mailbox}`.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from subscribers.retention import Period

Language: TypeAlias = Literal["nl", "en"]


@dataclass(frozen=True, kw_only=True)
class Explained:
    """A heading and what to do, for one status of HTTP."""

    heading: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Texts:
    """The sentences of one language."""

    skip: str
    other_language: str
    quiet: str
    privacy: str
    website: str
    unsubscribe: str
    how_to_unsubscribe: str
    my_data: str

    ask_heading: str
    ask_heading_unknown: str
    ask: str
    ask_unknown: str
    ask_button: str
    ask_nothing_yet: str
    erased_after: str

    ended_heading: str
    ended_heading_unknown: str
    ended: str
    ended_unknown: str
    ended_still_mail: str
    ended_still_mail_to: str

    help_heading: str
    help_link_heading: str
    help_link: str
    help_mail_heading: str
    help_mail: str
    help_mail_unknown: str

    home_heading: str
    home_intro: str
    home_empty: str

    archive: str
    archive_heading: str
    archive_intro: str
    archive_empty: str
    archive_all: str
    archive_all_intro: str
    archive_of: str
    archive_newest: str
    archive_feed: str
    archive_feed_why: str
    subscribe: str

    lost: Explained
    """The page of an issue whose text was lost when a backup was restored: nobody withdrew it."""
    errors: dict[int, Explained]


_NL = Texts(
    skip="Naar de inhoud",
    other_language="English",
    quiet="Deze pagina plaatst geen cookies en houdt niet bij wie haar bekijkt.",
    privacy="Privacyverklaring",
    website="Website",
    unsubscribe="Afmelden",
    how_to_unsubscribe="Zo meldt u zich af",
    my_data="Uw gegevens inzien of wissen",
    ask_heading="Afmelden voor {title}",
    ask_heading_unknown="Afmelden voor deze nieuwsbrief",
    ask="Wilt u {title} niet meer ontvangen? Kies dan hieronder voor afmelden. U hoeft verder niets in te vullen.",
    ask_unknown=(
        "Wilt u de nieuwsbrief waaruit u deze link hebt geopend niet meer ontvangen? "
        "Kies dan hieronder voor afmelden. U hoeft verder niets in te vullen."
    ),
    ask_button="Afmelden",
    ask_nothing_yet="Zolang u niet op de knop drukt, verandert er niets.",
    erased_after="De gegevens van uw inschrijving worden uiterlijk {period} na uw afmelding verwijderd.",
    ended_heading="U bent afgemeld voor {title}",
    ended_heading_unknown="U bent afgemeld",
    ended=(
        "Deze inschrijving is beëindigd: u ontvangt {title} niet meer. Een mail die al onderweg is, kan nog aankomen."
    ),
    ended_unknown=(
        "Deze inschrijving is beëindigd: u ontvangt er geen nieuwsbrief meer door. "
        "Een mail die al onderweg is, kan nog aankomen."
    ),
    ended_still_mail="Ontvangt u later toch nog mail? Gebruik dan de afmeldlink in de nieuwste mail.",
    ended_still_mail_to=(
        "Ontvangt u later toch nog mail? Gebruik dan de afmeldlink in de nieuwste mail, of stuur een bericht naar"
    ),
    help_heading="Zo meldt u zich af",
    help_link_heading="Met de link in de mail",
    help_link=(
        "Open de nieuwste mail die u van ons ontving en kies onderaan voor afmelden. Die link is van u alleen: "
        "u hoeft niet in te loggen en geen adres in te vullen."
    ),
    help_mail_heading="Met een bericht",
    help_mail=(
        "Kunt u de link niet gebruiken? Stuur dan een bericht vanaf het adres waarop u de nieuwsbrief ontvangt, "
        "met als onderwerp “afmelden”. De adressen zijn:"
    ),
    help_mail_unknown=(
        "Kunt u de link niet gebruiken? Beantwoord dan de nieuwste mail met het woord “afmelden”, "
        "vanaf het adres waarop u de nieuwsbrief ontvangt."
    ),
    home_heading="Nieuwsbrieven",
    home_intro=(
        "Van deze nieuwsbrieven staat hier elke editie ook als webpagina; de link ernaartoe staat in de mail. "
        "U kunt zich hier ook afmelden."
    ),
    home_empty="Hier meldt u zich af voor onze nieuwsbrieven.",
    archive="Archief",
    archive_heading="Archief van {title}",
    archive_intro="Alle edities van {title}, de nieuwste eerst. Een uitgave van {controller}.",
    archive_empty="Er is nog geen editie verschenen.",
    archive_all="Archief van onze nieuwsbrieven",
    archive_all_intro="Hier leest u alle edities terug. U hoeft zich daarvoor niet aan te melden.",
    archive_of="Alle edities van {title}",
    archive_newest="Nieuwste editie",
    archive_feed="Volg met een feedlezer (Atom)",
    archive_feed_why="Met een feedlezer volgt u nieuwe edities zonder een mailadres op te geven.",
    subscribe="Aanmelden voor {title}",
    lost=Explained(
        heading="Deze editie is hier niet meer beschikbaar",
        text="De editie is wel verstuurd. Wie haar heeft ontvangen, vindt haar in de mail.",
    ),
    errors={
        404: Explained(
            heading="Deze pagina bestaat niet",
            text=(
                "Misschien is de link niet helemaal overgenomen. Open hem opnieuw vanuit de mail, "
                "of kopieer hem in zijn geheel."
            ),
        ),
        405: Explained(heading="Dit kan hier niet", text="Deze pagina kan alleen worden bekeken."),
        410: Explained(
            heading="Deze editie is ingetrokken",
            text="De redactie heeft deze editie uit het archief gehaald, met de afbeeldingen en agendabestanden erbij.",
        ),
        408: Explained(
            heading="Het duurde te lang",
            text="Uw verzoek kwam niet op tijd volledig aan en is niet uitgevoerd. Probeer het opnieuw.",
        ),
        413: Explained(
            heading="Dit verzoek is te groot",
            text="Uw verzoek is niet uitgevoerd. Open de link opnieuw vanuit de mail.",
        ),
        500: Explained(
            heading="Er ging iets mis",
            text="Dat ligt aan ons. Uw verzoek is niet uitgevoerd. Probeer het over enkele minuten opnieuw.",
        ),
        503: Explained(
            heading="Uw verzoek is nog niet vastgelegd",
            text="Dat ligt aan ons. Probeer het over een minuut opnieuw, of meld u af met een bericht.",
        ),
    },
)

_EN = Texts(
    skip="Skip to the content",
    other_language="Nederlands",
    quiet="This page sets no cookies and does not record who looks at it.",
    privacy="Privacy statement",
    website="Website",
    unsubscribe="Unsubscribe",
    how_to_unsubscribe="How to unsubscribe",
    my_data="See or erase your data",
    ask_heading="Unsubscribe from {title}",
    ask_heading_unknown="Unsubscribe from this newsletter",
    ask="Do you no longer want to receive {title}? Then choose unsubscribe below. There is nothing else to fill in.",
    ask_unknown=(
        "Do you no longer want to receive the newsletter that this link came from? "
        "Then choose unsubscribe below. There is nothing else to fill in."
    ),
    ask_button="Unsubscribe",
    ask_nothing_yet="Nothing changes until you press the button.",
    erased_after="The data of your subscription will be deleted no later than {period} after you unsubscribe.",
    ended_heading="You have unsubscribed from {title}",
    ended_heading_unknown="You have unsubscribed",
    ended=(
        "This subscription has ended: you will not receive {title} any more. "
        "A mail already on its way may still arrive."
    ),
    ended_unknown=(
        "This subscription has ended: no newsletter will reach you through it any more. "
        "A mail already on its way may still arrive."
    ),
    ended_still_mail="Still receiving mail later? Use the unsubscribe link in the newest mail.",
    ended_still_mail_to="Still receiving mail later? Use the unsubscribe link in the newest mail, or write to",
    help_heading="How to unsubscribe",
    help_link_heading="With the link in the mail",
    help_link=(
        "Open the newest mail that you received from us and choose unsubscribe at its end. That link is yours alone: "
        "there is no account to log in to and no address to fill in."
    ),
    help_mail_heading="With a message",
    help_mail=(
        "Does the link not work for you? Then send a message from the address that receives the newsletter, "
        "with the subject “unsubscribe”. The addresses are:"
    ),
    help_mail_unknown=(
        "Does the link not work for you? Then reply to the newest mail with the word “unsubscribe”, "
        "from the address that receives the newsletter."
    ),
    home_heading="Newsletters",
    home_intro=(
        "Every issue of these newsletters is also here as a web page; the link to it is in the mail. "
        "You can unsubscribe here, too."
    ),
    home_empty="This is where you unsubscribe from our newsletters.",
    archive="Archive",
    archive_heading="Archive of {title}",
    archive_intro="Every issue of {title}, the newest first. Published by {controller}.",
    archive_empty="No issue has appeared yet.",
    archive_all="Archive of our newsletters",
    archive_all_intro="Every issue can be read here. You do not have to sign up for that.",
    archive_of="Every issue of {title}",
    archive_newest="Newest issue",
    archive_feed="Follow in a feed reader (Atom)",
    archive_feed_why="With a feed reader you follow new issues without giving a mail address.",
    subscribe="Sign up for {title}",
    lost=Explained(
        heading="This issue is not available here any more",
        text="It was sent. Whoever received it finds it in their mail.",
    ),
    errors={
        404: Explained(
            heading="This page does not exist",
            text="The link may not have been copied in full. Open it again from the mail, or copy all of it.",
        ),
        405: Explained(heading="That is not possible here", text="This page can only be looked at."),
        410: Explained(
            heading="This issue was withdrawn",
            text="The editors took this issue out of the archive, together with its images and calendar files.",
        ),
        408: Explained(
            heading="That took too long",
            text="Your request did not arrive in time and was not carried out. Please try again.",
        ),
        413: Explained(
            heading="This request is too large",
            text="Your request was not carried out. Open the link again from the mail.",
        ),
        500: Explained(
            heading="Something went wrong",
            text="The fault is ours. Your request was not carried out. Please try again in a few minutes.",
        ),
        503: Explained(
            heading="Your request has not been recorded yet",
            text="The fault is ours. Please try again in a minute, or unsubscribe with a message.",
        ),
    },
)

TEXTS: dict[Language, Texts] = {"nl": _NL, "en": _EN}


def period_in_words(period: Period, language: Language) -> str:
    """`21 dagen`, `1 maand`: a period as a page writes it."""
    if period.days is None:
        return {"nl": "1 maand", "en": "1 month"}[language]
    one, many = {"nl": ("dag", "dagen"), "en": ("day", "days")}[language]
    return f"{period.days} {one if period.days == 1 else many}"
