"""The words of notices about leaving, a change of address and one's own data. Pure."""

from newsletter.message.notice_kinds import NoticeSpec, NoticeText
from subscribers.tokens import Purpose

MY_DATA = NoticeSpec(
    purpose=Purpose.MY_DATA,
    path="/mijn/",
    texts={
        "nl": NoticeText(
            subject="Uw gegevens bij {controller}",
            heading="Bekijk uw gegevens",
            paragraphs=(
                "U vroeg om een link naar alles wat wij van u bewaren.",
                (
                    "Open de pagina hieronder en druk daar op de knop. U kunt uw gegevens dan inzien, verbeteren, "
                    "downloaden en wissen."
                ),
            ),
            button="Naar uw gegevens",
            after=(
                "De link werkt één keer, tot en met {until}.",
                "Hebt u hier niet om gevraagd? Dan hoeft u niets te doen. Stuur deze mail niet door.",
            ),
            why="Dit is een dienstbericht: het is verstuurd omdat om een link naar deze gegevens is gevraagd.",
        ),
        "en": NoticeText(
            subject="Your data at {controller}",
            heading="See your data",
            paragraphs=(
                "You asked for a link to everything that we keep about you.",
                (
                    "Open the page below and press the button there. You can then see, correct, download and erase "
                    "your data."
                ),
            ),
            button="To your data",
            after=(
                "The link works once, until the end of {until}.",
                "Was it not you? Then there is nothing to do. Do not forward this mail.",
            ),
            why="This is a service message: it was sent because a link to these data was asked for.",
        ),
    },
)

ADDRESS_OLD = NoticeSpec(
    purpose=Purpose.ADDRESS,
    path="/voorkeuren/adres/",
    texts={
        "nl": NoticeText(
            subject="Moet uw mail naar een ander adres?",
            heading="Wijziging van uw mailadres",
            paragraphs=(
                "Er is gevraagd om uw nieuwsbrieven van {controller} naar een ander mailadres te sturen.",
                "Op de pagina hieronder ziet u welk adres dat is. U kunt daar akkoord gaan of weigeren.",
                "Er verandert niets zolang niet beide adressen akkoord zijn.",
            ),
            button="Bekijk de wijziging",
            after=(
                "Deze link werkt tot en met {until}. Doet u niets, dan blijft alles zoals het is.",
                "Was u dit niet? Kies op de pagina voor weigeren. Uw mail blijft dan op dit adres komen.",
            ),
            why="Dit is een dienstbericht: het is verstuurd omdat om een ander mailadres is gevraagd.",
        ),
        "en": NoticeText(
            subject="Should your mail go to another address?",
            heading="Change of your address",
            paragraphs=(
                "Somebody asked that your newsletters from {controller} go to another mail address.",
                "The page below shows which address that is. There you can agree or refuse.",
                "Nothing changes unless both addresses agree.",
            ),
            button="See the change",
            after=(
                "This link works until the end of {until}. If you do nothing, everything stays as it is.",
                "Was it not you? Choose refuse on that page. Your mail will keep coming to this address.",
            ),
            why="This is a service message: it was sent because a change of mail address was asked for.",
        ),
    },
)

ADDRESS_NEW = NoticeSpec(
    purpose=Purpose.ADDRESS,
    path="/voorkeuren/adres/",
    texts={
        "nl": NoticeText(
            subject="Bevestig uw nieuwe mailadres voor {title}",
            heading="Bevestig uw nieuwe mailadres",
            paragraphs=(
                "Een lezer van {title}, van {controller}, wil mail van ons voortaan op dit adres ontvangen.",
                "Bent u dat? Open dan de pagina hieronder en druk daar op de knop.",
            ),
            button="Dit adres bevestigen",
            after=(
                "Deze link werkt tot en met {until}. Ook het oude adres moet akkoord gaan.",
                "Was u dit niet? Dan hoeft u niets te doen: u ontvangt niets, en wij verwijderen uw adres na {until}.",
            ),
            why="Dit is een dienstbericht: het is verstuurd omdat dit mailadres is opgegeven als nieuw adres.",
        ),
        "en": NoticeText(
            subject="Confirm your new mail address for {title}",
            heading="Confirm your new mail address",
            paragraphs=(
                "A reader of {title}, from {controller}, wants our mail to come to this address from now on.",
                "Is that you? Then open the page below and press the button there.",
            ),
            button="Confirm this address",
            after=(
                "This link works until the end of {until}. The old address has to agree as well.",
                "Was it not you? Then do nothing: you get nothing, and we delete your address after {until}.",
            ),
            why="This is a service message: it was sent because this mail address was given as a new one.",
        ),
    },
)

FAREWELL = NoticeSpec(
    purpose=Purpose.UNDO,
    path="/u/undo/",
    binds="subscription",
    texts={
        "nl": NoticeText(
            subject="U bent afgemeld voor {titles}",
            heading="U bent afgemeld",
            paragraphs=(
                "U ontvangt {titles} niet meer. Bedankt voor het lezen.",
                "De gegevens van uw inschrijving worden uiterlijk {period} na uw afmelding verwijderd.",
            ),
            button="Afmelding ongedaan maken",
            after=("Tot en met {until} kunt u zich met deze link bedenken.",),
            why="Dit is een dienstbericht: het is verstuurd omdat de inschrijving van dit mailadres is beëindigd.",
        ),
        "en": NoticeText(
            subject="You have unsubscribed from {titles}",
            heading="You have unsubscribed",
            paragraphs=(
                "You will not receive {titles} any more. Thank you for reading.",
                "The data of your subscription will be deleted no later than {period} after you unsubscribed.",
            ),
            button="Undo unsubscribing",
            after=("Until the end of {until} this link lets you change your mind.",),
            why="This is a service message: it was sent because the subscription of this mail address has ended.",
        ),
    },
)

LEFT = NoticeSpec(
    purpose=Purpose.UNDO,
    path="/u/undo/",
    binds="subscription",
    texts={
        "nl": NoticeText(
            subject="U bent afgemeld voor {titles}. Was u dat?",
            heading="Hebt u zich afgemeld?",
            paragraphs=(
                "Dit mailadres is afgemeld voor {titles}: met de link in een van onze mails, of met een mail aan ons.",
                "Was u dat zelf? Dan hoeft u niets te doen en ontvangt u niets meer.",
                "Was u dat niet, bijvoorbeeld omdat u de mail had doorgestuurd? Maak de afmelding dan ongedaan.",
            ),
            button="Afmelding ongedaan maken",
            after=(
                "Dat kan tot en met {until}.",
                "De gegevens van uw inschrijving worden uiterlijk {period} na de afmelding verwijderd.",
            ),
            why="Dit is een dienstbericht: het is verstuurd omdat de inschrijving van dit mailadres is beëindigd.",
        ),
        "en": NoticeText(
            subject="You were unsubscribed from {titles}. Was it you?",
            heading="Did you unsubscribe?",
            paragraphs=(
                "This address was unsubscribed from {titles}: with the link in one of our mails, or by a mail to us.",
                "Was it you? Then there is nothing to do, and you will not receive anything more.",
                "Was it not you, for instance because you had forwarded the mail? Then undo it.",
            ),
            button="Undo unsubscribing",
            after=(
                "You can until the end of {until}.",
                "The data of your subscription will be deleted no later than {period} after it was ended.",
            ),
            why="This is a service message: it was sent because the subscription of this mail address has ended.",
        ),
    },
)

UNDO = NoticeSpec(
    purpose=Purpose.UNDO,
    path="/u/undo/",
    binds="subscription",
    texts={
        "nl": NoticeText(
            subject="Wilt u {titles} toch blijven ontvangen?",
            heading="Uw afmelding ongedaan maken",
            paragraphs=(
                "Dit mailadres is afgemeld voor {titles}. Er is gevraagd om een link om dat ongedaan te maken.",
                "Open daarvoor de pagina hieronder en druk daar op de knop.",
            ),
            button="Afmelding ongedaan maken",
            after=(
                "Dat kan tot en met {until}.",
                "Hebt u hier niet om gevraagd? Dan hoeft u niets te doen: u blijft afgemeld.",
            ),
            why="Dit is een dienstbericht: het is verstuurd omdat om deze link is gevraagd.",
        ),
        "en": NoticeText(
            subject="Would you like to keep receiving {titles}?",
            heading="Undo your unsubscribing",
            paragraphs=(
                "This address was unsubscribed from {titles}. A link to undo that was asked for.",
                "To do so, open the page below and press the button there.",
            ),
            button="Undo unsubscribing",
            after=(
                "You can until the end of {until}.",
                "Was it not you? Then there is nothing to do: you stay unsubscribed.",
            ),
            why="This is a service message: it was sent because this link was asked for.",
        ),
    },
)
