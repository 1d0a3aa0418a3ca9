"""Every sentence about signing up and confirming, in Dutch (formal, `u`) and English. Pure.

Words in braces are filled in: `{title}` of the list, `{controller}` (its name), `{period}` after leaving, `{pause}`
in minutes.
"""

from dataclasses import dataclass

from newsletter.web.texts import Language


@dataclass(frozen=True, kw_only=True)
class SignUpTexts:
    """The sentences of one language."""

    heading: str
    lead: str
    email: str
    email_hint: str
    name: str
    organisation: str
    optional: str
    trap: str
    consent: dict[str, str]
    """What pressing the button says, by legal basis; a list's own wording replaces it."""
    button: str
    statement_heading: str

    wrong_title: str
    wrong_heading: str
    wrong_empty: str
    wrong_email: str
    wrong_line: str
    stale: str

    sent_heading: str
    sent: str
    sent_steps: tuple[str, ...]
    sent_none: str

    busy_heading: str
    busy: str
    down_heading: str
    down: str

    ask_heading: str
    ask: str
    ask_button: str
    ask_nothing_yet: str
    ask_not_you: str
    imported_heading: str
    imported: str
    imported_button: str
    imported_not: str
    already_heading: str
    already: str
    confirmed_heading: str
    confirmed: str
    confirmed_leave: str
    confirmed_read: str
    gone_heading: str
    gone: str
    gone_again: str


_NL = SignUpTexts(
    heading="Aanmelden voor {title}",
    lead="Vul uw mailadres in. U krijgt dan een mail om uw aanmelding te bevestigen.",
    email="Mailadres",
    email_hint="Bijvoorbeeld naam@example.org",
    name="Naam",
    organisation="Organisatie",
    optional="niet verplicht",
    trap="Laat dit veld leeg",
    consent={
        "consent": "Ja, ik wil {title} van {controller} per mail ontvangen.",
        "public-task": "Ik wil {title} van {controller} per mail ontvangen.",
        "contract": "Ik wil {title} van {controller} per mail ontvangen.",
    },
    button="Aanmelden",
    statement_heading="Wat er met uw gegevens gebeurt",
    wrong_title="Fout: ",
    wrong_heading="Er klopt nog iets niet",
    wrong_empty="Vul uw mailadres in.",
    wrong_email="Dit is geen volledig mailadres. Het ziet eruit als naam@example.org.",
    wrong_line="Schrijf dit op één regel, zonder webadres en met hooguit 200 tekens.",
    stale=(
        "De tekst bij dit formulier is veranderd sinds u het opende. Er is niets verstuurd. "
        "Lees hieronder de nieuwe tekst en verstuur het formulier opnieuw."
    ),
    sent_heading="Kijk in uw mailbox",
    sent="Er is nog één stap: bevestig uw aanmelding voor {title}.",
    sent_steps=(
        "U krijgt binnen enkele minuten een mail van {controller}.",
        "Open de link in die mail.",
        "Druk op de knop op de pagina die opent. Pas daarna staat u op de lijst.",
    ),
    sent_none=(
        "Geen mail? Kijk bij de ongewenste mail, en of u uw adres goed had ingevuld. Hebt u dit formulier kort geleden "
        "vaker verstuurd? Dan sturen wij niet steeds een nieuwe mail. Probeer het over {pause} minuten opnieuw."
    ),
    busy_heading="Het is even te druk",
    busy="Er kwamen te veel aanmeldingen tegelijk. Uw aanmelding is niet verwerkt. Probeer het over een uur opnieuw.",
    down_heading="Uw aanmelding is niet vastgelegd",
    down="Dat ligt aan ons. Probeer het over enkele minuten opnieuw.",
    ask_heading="Aanmelding voor {title} bevestigen",
    ask="Druk op de knop om {title} te ontvangen, op het adres waarop u onze mail kreeg.",
    ask_button="Ja, meld mij aan",
    ask_nothing_yet="Zolang u niet op de knop drukt, verandert er niets.",
    ask_not_you="Hebt u zich niet aangemeld? Sluit dan deze pagina. De aanmelding vervalt vanzelf.",
    imported_heading="Wilt u {title} ontvangen?",
    imported=(
        "Uw mailadres staat in de bestanden van {controller}. "
        "Druk op de knop om {title} te ontvangen, op het adres waarop u onze mail kreeg."
    ),
    imported_button="Ja, ik wil dit ontvangen",
    imported_not=(
        "Wilt u het niet? Sluit dan deze pagina. U krijgt de nieuwsbrief niet, en wij verwijderen uw gegevens "
        "vanzelf uit het bestand van deze nieuwsbrief."
    ),
    already_heading="U staat al op de lijst",
    already="U ontvangt {title} al. U hoeft niets meer te doen.",
    confirmed_heading="U staat op de lijst",
    confirmed="Vanaf nu ontvangt u {title} op het adres waarop u onze mail kreeg.",
    confirmed_leave="In elke mail staat een link waarmee u zich met één klik weer afmeldt.",
    confirmed_read="Lees alvast de eerdere edities",
    gone_heading="Deze link werkt niet meer",
    gone=(
        "De link is te oud, of u hebt zich daarna afgemeld. "
        "Er is nu niets veranderd, en u staat door deze link niet op een lijst."
    ),
    gone_again="Aanmelden",
)

_EN = SignUpTexts(
    heading="Sign up for {title}",
    lead="Fill in your mail address. You will then get a mail to confirm your subscription.",
    email="Mail address",
    email_hint="For example name@example.org",
    name="Name",
    organisation="Organisation",
    optional="optional",
    trap="Leave this field empty",
    consent={
        "consent": "Yes, I want to receive {title} from {controller} by mail.",
        "public-task": "I want to receive {title} from {controller} by mail.",
        "contract": "I want to receive {title} from {controller} by mail.",
    },
    button="Sign up",
    statement_heading="What happens with your data",
    wrong_title="Error: ",
    wrong_heading="Something is not right yet",
    wrong_empty="Fill in your mail address.",
    wrong_email="This is not a complete mail address. It looks like name@example.org.",
    wrong_line="Write this on one line, without a web address and with at most 200 characters.",
    stale=(
        "The text beside this form has changed since you opened it. Nothing was sent. "
        "Read the new text below and send the form again."
    ),
    sent_heading="Look in your mailbox",
    sent="There is one more step: confirm your subscription to {title}.",
    sent_steps=(
        "Within a few minutes you get a mail from {controller}.",
        "Open the link in that mail.",
        "Press the button on the page that opens. Only after that you are on the list.",
    ),
    sent_none=(
        "No mail? Look in the folder for unwanted mail, and check whether you wrote your address correctly. Did you "
        "send this form more often just now? Then we do not send a new mail each time. Try again in {pause} minutes."
    ),
    busy_heading="It is too busy at the moment",
    busy="Too many people signed up at once. Your sign-up was not processed. Please try again in an hour.",
    down_heading="Your sign-up was not recorded",
    down="The fault is ours. Please try again in a few minutes.",
    ask_heading="Confirm your subscription to {title}",
    ask="Press the button to receive {title}, at the address that our mail was sent to.",
    ask_button="Yes, sign me up",
    ask_nothing_yet="Nothing changes until you press the button.",
    ask_not_you="Was it not you who signed up? Then close this page. The sign-up expires by itself.",
    imported_heading="Would you like to receive {title}?",
    imported=(
        "Your mail address is in the files of {controller}. "
        "Press the button to receive {title}, at the address that our mail was sent to."
    ),
    imported_button="Yes, I want to receive it",
    imported_not=(
        "Would you rather not? Then close this page. You will not get the newsletter, and we delete your data "
        "from the file of this newsletter without further ado."
    ),
    already_heading="You are on the list already",
    already="You receive {title} already. There is nothing left to do.",
    confirmed_heading="You are on the list",
    confirmed="From now on you receive {title} at the address that our mail was sent to.",
    confirmed_leave="Every mail has a link with which you unsubscribe with one click.",
    confirmed_read="Read the earlier issues",
    gone_heading="This link does not work any more",
    gone=(
        "The link is too old, or you unsubscribed after it was sent. "
        "Nothing has changed now, and this link has not put you on any list."
    ),
    gone_again="Sign up",
)

SIGN_UP: dict[Language, SignUpTexts] = {"nl": _NL, "en": _EN}
