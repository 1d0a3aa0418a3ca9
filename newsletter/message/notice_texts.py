"""The notices there are: kind by kind, the words and the link. Pure.

Kinds of other departments of the program stand in modules of their own and are put together here.
"""

from newsletter.message.notice_kinds import NoticeSpec, NoticeText
from newsletter.message.notice_leaving import ADDRESS_NEW, ADDRESS_OLD, FAREWELL, LEFT, MY_DATA, UNDO
from subscribers.notice import NoticeKind
from subscribers.tokens import Purpose

_CONFIRM = NoticeSpec(
    purpose=Purpose.CONFIRM,
    path="/bevestig/",
    texts={
        "nl": NoticeText(
            subject="Bevestig uw aanmelding voor {title}",
            heading="Bevestig uw aanmelding",
            paragraphs=(
                "Met dit mailadres is een aanmelding gedaan voor {title} van {controller}.",
                "Klopt dat? Open dan de pagina hieronder en druk daar op de knop. Pas daarna staat u op de lijst.",
            ),
            button="Aanmelding bevestigen",
            after=(
                "Deze link werkt tot en met {until}. Daarna verwijderen wij de aanmelding.",
                (
                    "Hebt u zich niet aangemeld? Dan hoeft u niets te doen: u krijgt de nieuwsbrief niet, "
                    "en deze aanmelding wordt na {until} verwijderd."
                ),
            ),
            why="Dit is een dienstbericht: het is verstuurd omdat met dit mailadres een aanmelding is gedaan.",
        ),
        "en": NoticeText(
            subject="Confirm your subscription to {title}",
            heading="Confirm your subscription",
            paragraphs=(
                "This address was signed up for {title}, published by {controller}.",
                (
                    "Is that right? Then open the page below and press the button there. "
                    "Only after that you are on the list."
                ),
            ),
            button="Confirm the subscription",
            after=(
                "This link works until the end of {until}. After that we delete the sign-up.",
                (
                    "Was it not you? Then there is nothing to do: you will not get the newsletter, "
                    "and this sign-up is deleted after {until}."
                ),
            ),
            why="This is a service message: it was sent because this mail address was signed up.",
        ),
    },
)

_CONFIRM_IMPORTED = NoticeSpec(
    purpose=Purpose.CONFIRM,
    path="/bevestig/",
    texts={
        "nl": NoticeText(
            subject="Wilt u {title} ontvangen?",
            heading="Wilt u {title} ontvangen?",
            paragraphs=(
                "Dit mailadres staat in de bestanden van {controller}. Herkomst: {source}.",
                (
                    "Kreeg u {title} tot nu toe al? Wij versturen voortaan vanuit een ander systeem, "
                    "en daarin staat niet of u {title} wilde ontvangen. Daarom vragen wij het u."
                ),
                (
                    "Wilt u {title} ontvangen? Open dan de pagina hieronder en druk daar op de knop. "
                    "Pas daarna staat u op de lijst."
                ),
            ),
            button="Ja, ik wil dit ontvangen",
            after=(
                "Deze link werkt tot en met {until}.",
                (
                    "Wilt u het niet? Dan hoeft u niets te doen: u krijgt de nieuwsbrief niet, "
                    "en na {until} verwijderen wij uw gegevens uit het bestand van deze nieuwsbrief."
                ),
            ),
            why="Dit is een dienstbericht: het is verstuurd om te vragen of u de nieuwsbrief wilt ontvangen.",
        ),
        "en": NoticeText(
            subject="Would you like to receive {title}?",
            heading="Would you like to receive {title}?",
            paragraphs=(
                "This address is in the files of {controller}. Where it comes from: {source}.",
                (
                    "Did you already get {title} until now? We send from another system from now on, and it does not "
                    "say whether you wanted to receive {title}. That is why we ask."
                ),
                (
                    "Would you like to receive {title}? Open the page below and press the button there. "
                    "Only after that you are on the list."
                ),
            ),
            button="Yes, I want to receive it",
            after=(
                "This link works until the end of {until}.",
                (
                    "Would you rather not? Then there is nothing to do: you will not get the newsletter, "
                    "and after {until} we delete your data from the file of this newsletter."
                ),
            ),
            why="This is a service message: it was sent to ask whether you want to receive the newsletter.",
        ),
    },
)

_ALREADY = NoticeSpec(
    texts={
        "nl": NoticeText(
            subject="U ontvangt {title} al",
            heading="U staat al op de lijst",
            paragraphs=(
                "Met dit mailadres is een aanmelding gedaan voor {title} van {controller}.",
                "U staat al op de lijst. Er is niets veranderd en u hoeft niets te doen.",
            ),
            after=(
                (
                    "Komen de mails niet aan? Kijk dan in de map met ongewenste mail, "
                    "of vraag uw systeembeheerder of zij worden tegengehouden."
                ),
                "Hebt u dit niet zelf gedaan? Dan kunt u deze mail weggooien.",
            ),
            why="Dit is een dienstbericht: het is verstuurd omdat met dit mailadres een aanmelding is gedaan.",
        ),
        "en": NoticeText(
            subject="You already receive {title}",
            heading="You are already on the list",
            paragraphs=(
                "This address was signed up for {title}, published by {controller}.",
                "You are already on the list. Nothing has changed and there is nothing to do.",
            ),
            after=(
                (
                    "Do the mails not arrive? Look in the folder for unwanted mail, "
                    "or ask your system administrator whether they are held back."
                ),
                "Was it not you? Then you can throw this mail away.",
            ),
            why="This is a service message: it was sent because this mail address was signed up.",
        ),
    },
)

NOTICES: dict[NoticeKind, NoticeSpec] = {
    NoticeKind.CONFIRM: _CONFIRM,
    NoticeKind.CONFIRM_IMPORTED: _CONFIRM_IMPORTED,
    NoticeKind.ALREADY: _ALREADY,
    NoticeKind.MY_DATA: MY_DATA,
    NoticeKind.ADDRESS_OLD: ADDRESS_OLD,
    NoticeKind.ADDRESS_NEW: ADDRESS_NEW,
    NoticeKind.FAREWELL: FAREWELL,
    NoticeKind.LEFT: LEFT,
    NoticeKind.UNDO: UNDO,
}
"""Every kind that can be sent; a test holds that each NoticeKind has one."""
