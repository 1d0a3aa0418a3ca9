"""Sentences of the farewell, the undo and the preferences, in Dutch and English. Pure."""

from dataclasses import dataclass

from newsletter.web.texts import Language


@dataclass(frozen=True, kw_only=True)
class LeavingTexts:
    """The sentences of one language. `{title}` of the list, `{titles}` of all that are meant, `{days}`, `{minutes}`."""

    undo_heading: str
    undo: str
    undo_button: str
    undo_all: str
    undo_all_button: str
    undo_all_rest: str
    undo_unnamed: str
    undo_unnamed_link: str
    undo_ask_heading: str
    undo_ask: str
    returned_heading: str
    returned_all_heading: str
    returned: str
    returned_all: str
    stands_heading: str
    stands: str
    gone_heading: str
    gone: str
    gone_join: str

    heading: str
    lead: str
    done: str
    too_busy_heading: str
    too_busy: str
    over_heading: str
    over: str
    over_undo: str
    over_button: str
    over_sent_heading: str
    over_sent: str
    over_sent_none: str

    pace_heading: str
    pace: str
    pace_every: str
    pace_fewer: str
    pace_button: str
    pace_saved: str
    pace_wrong: str

    leave_heading: str
    leave: str
    leave_this: str
    leave_all: str
    left_all_heading: str
    left_all: str

    address_heading: str
    address: str
    address_label: str
    address_hint: str
    address_button: str
    address_sent_heading: str
    address_sent: str
    address_sent_next: str
    address_wrong: str
    address_empty: str

    name_heading: str
    name: str
    name_label: str
    organisation_label: str
    name_button: str
    name_saved: str
    name_none: str
    wrong_line: str
    wrong_link: str
    wrong_long: str

    data_heading: str
    data: str
    data_button: str
    data_sent_heading: str
    data_sent: str

    error_title: str
    error_summary: str


_NL = LeavingTexts(
    undo_heading="Per ongeluk afgemeld?",
    undo="U kunt dit ongedaan maken zolang uw gegevens niet zijn verwijderd. U ontvangt {titles} dan weer.",
    undo_button="Maak de afmelding voor {titles} ongedaan",
    undo_all=(
        "U kunt dit ongedaan maken zolang uw gegevens niet zijn verwijderd. Van deze nieuwsbrieven ontvangt u dan weer "
        "wat u met deze afmelding hebt beëindigd: {titles}."
    ),
    undo_all_button="Maak de afmelding voor deze nieuwsbrieven ongedaan",
    undo_all_rest="Een nieuwsbrief die hier niet staat, krijgt u terug met de voorkeurenlink onder aan een mail ervan.",
    undo_unnamed="Op de volgende pagina ziet u of uw afmelding nog ongedaan kan worden gemaakt.",
    undo_unnamed_link="Bekijk of dat kan",
    undo_ask_heading="Wilt u {titles} toch blijven ontvangen?",
    undo_ask="U bent afgemeld voor {titles}. Met de knop hieronder maakt u dat ongedaan.",
    returned_heading="U ontvangt {titles} weer",
    returned_all_heading="Uw afmelding is ongedaan gemaakt",
    returned="De afmelding is ongedaan gemaakt. U staat weer op de lijst: {titles}.",
    returned_all=(
        "Van de nieuwsbrieven die bij de knop stonden, ontvangt u weer wat u met deze afmelding had beëindigd. Een "
        "andere krijgt u terug met de voorkeurenlink onder aan een mail ervan."
    ),
    stands_heading="U bent niet meer afgemeld voor {titles}",
    stands="De afmelding is al eerder ongedaan gemaakt, of u hebt zich opnieuw aangemeld. U hoeft niets meer te doen.",
    gone_heading="Dit kan niet meer ongedaan worden gemaakt",
    gone="De inschrijving is er niet meer, u was al eerder afgemeld, of zij is om een andere reden beëindigd.",
    gone_join="Wilt u de nieuwsbrief weer ontvangen? Dan kunt u zich opnieuw aanmelden.",
    heading="Uw voorkeuren voor {title}",
    lead="Hier kiest u hoe u {title} ontvangt. Er verandert niets totdat u op een knop drukt.",
    done="Uw keuze is vastgelegd.",
    too_busy_heading="Even geduld",
    too_busy="Er zijn te veel verzoeken tegelijk. Er is niets veranderd. Probeer het over een kwartier opnieuw.",
    over_heading="Deze inschrijving is beëindigd",
    over="Er valt hier niets meer in te stellen: u ontvangt door deze inschrijving niets meer.",
    over_undo=(
        "Was dat niet de bedoeling? Dan sturen wij een link waarmee u het ongedaan maakt, zolang uw gegevens niet zijn "
        "verwijderd. De link gaat naar het mailadres van de inschrijving, omdat deze pagina ook in een doorgestuurde "
        "mail kan staan."
    ),
    over_button="Stuur mij die link",
    over_sent_heading="Kijk in uw mail",
    over_sent="Kan het nog ongedaan worden gemaakt, dan is een link onderweg naar het mailadres van de inschrijving.",
    over_sent_none="Komt er binnen een kwartier niets? Dan kan het niet meer, of u kreeg de link al.",
    pace_heading="Hoe vaak",
    pace="Kies hoe vaak u mail van ons krijgt.",
    pace_every="Elke editie",
    pace_fewer="Minder vaak: hooguit één editie per {days} dagen",
    pace_button="Keuze opslaan",
    pace_saved="Uw keuze is opgeslagen. Zij geldt vanaf de volgende editie.",
    pace_wrong="Deze nieuwsbrief kan niet minder vaak worden gestuurd. U ontvangt elke editie.",
    leave_heading="Afmelden",
    leave="Afmelden gaat meteen in. Daarna kunt u het nog ongedaan maken.",
    leave_this="Alleen voor {title} afmelden",
    leave_all="Voor al onze nieuwsbrieven afmelden",
    left_all_heading="U bent afgemeld voor al onze nieuwsbrieven",
    left_all="Al uw inschrijvingen zijn beëindigd. Een mail die al onderweg is, kan nog aankomen.",
    address_heading="Een ander mailadres",
    address="Wij sturen een mail naar uw oude en naar uw nieuwe adres. Pas als beide akkoord gaan, verandert er iets.",
    address_label="Nieuw mailadres",
    address_hint="Bijvoorbeeld naam@example.org",
    address_button="Adres wijzigen",
    address_sent_heading="Kijk in uw beide postvakken",
    address_sent="Als het adres gewijzigd kan worden, krijgt u op het oude en op het nieuwe adres een mail.",
    address_sent_next="Open beide mails en druk op de knop. Tot die tijd blijft uw mail op het oude adres komen.",
    address_wrong="Vul een volledig mailadres in, zoals naam@example.org.",
    address_empty="Vul het nieuwe mailadres in.",
    name_heading="Naam en organisatie verbeteren",
    name="Wat u leeg laat, blijft zoals het is. Deze link kan doorgestuurd zijn: wat wij bewaren staat hier niet.",
    name_label="Uw naam",
    organisation_label="Uw organisatie",
    name_button="Verbeteren",
    name_saved="Uw gegevens zijn verbeterd.",
    name_none="U hebt niets ingevuld. Er is niets veranderd.",
    wrong_line="Schrijf dit op één regel, als gewone tekst zonder bijzondere tekens.",
    wrong_link="Laat het webadres weg.",
    wrong_long="Gebruik hooguit {limit} tekens.",
    data_heading="Alles wat wij van u bewaren",
    data="Wij sturen een link naar uw eigen mailadres. Daarmee kunt u uw gegevens inzien, downloaden en wissen.",
    data_button="Stuur mij die link",
    data_sent_heading="Kijk in uw mail",
    data_sent="De link is onderweg naar het adres waarop u de nieuwsbrief ontvangt.",
    error_title="Let op",
    error_summary="Dit kon niet worden verwerkt. Er is niets veranderd.",
)

_EN = LeavingTexts(
    undo_heading="Unsubscribed by accident?",
    undo="You can undo this as long as your data have not been deleted. You will then receive {titles} again.",
    undo_button="Undo unsubscribing from {titles}",
    undo_all=(
        "You can undo this as long as your data have not been deleted. Of these newsletters you will then receive "
        "again what this unsubscribing has ended: {titles}."
    ),
    undo_all_button="Undo unsubscribing from these newsletters",
    undo_all_rest="A newsletter that is not named here comes back with the preferences link at the end of its mails.",
    undo_unnamed="The next page shows whether your unsubscribing can still be undone.",
    undo_unnamed_link="See whether it can",
    undo_ask_heading="Do you want to keep receiving {titles}?",
    undo_ask="You have unsubscribed from {titles}. The button below takes that back.",
    returned_heading="You receive {titles} again",
    returned_all_heading="Your unsubscribing was undone",
    returned="Your unsubscribing was undone. You are on the list again: {titles}.",
    returned_all=(
        "Of the newsletters named at the button you receive again what this unsubscribing had ended. Another one comes "
        "back with the preferences link at the end of its mails."
    ),
    stands_heading="You are not unsubscribed from {titles} any more",
    stands="The unsubscribing was undone before, or you signed up again. There is nothing left to do.",
    gone_heading="This cannot be undone any more",
    gone="The subscription does not exist any more, had ended before, or was ended for another reason.",
    gone_join="Would you like to receive the newsletter again? Then you can sign up anew.",
    heading="Your preferences for {title}",
    lead="Here you choose how you receive {title}. Nothing changes until you press a button.",
    done="Your choice was recorded.",
    too_busy_heading="One moment please",
    too_busy="There are too many requests at once. Nothing has changed. Try again in a quarter of an hour.",
    over_heading="This subscription has ended",
    over="There is nothing left to choose here: you get nothing more through this subscription.",
    over_undo=(
        "Was that not what you wanted? We can send a link with which you undo it, as long as your data were not "
        "deleted. The link goes to the mail address of the subscription, because this page may have come in a "
        "forwarded mail."
    ),
    over_button="Send me that link",
    over_sent_heading="Look in your mail",
    over_sent="If it can still be undone, a link is on its way to the mail address of the subscription.",
    over_sent_none="Nothing within a quarter of an hour? Then it is too late, or you were sent the link before.",
    pace_heading="How often",
    pace="Choose how often you get mail from us.",
    pace_every="Every issue",
    pace_fewer="Less often: at most one issue in {days} days",
    pace_button="Save this choice",
    pace_saved="Your choice was saved. It counts from the next issue on.",
    pace_wrong="This newsletter cannot be sent less often. You receive every issue.",
    leave_heading="Unsubscribe",
    leave="This takes effect at once. You can still undo it afterwards.",
    leave_this="Unsubscribe from {title} only",
    leave_all="Unsubscribe from all our newsletters",
    left_all_heading="You have unsubscribed from all our newsletters",
    left_all="All your subscriptions have ended. A mail already on its way may still arrive.",
    address_heading="Another mail address",
    address="We send a mail to your old and to your new address. Only if both agree, something changes.",
    address_label="New mail address",
    address_hint="For example name@example.org",
    address_button="Change the address",
    address_sent_heading="Look in both of your mailboxes",
    address_sent="If the address can be changed, a mail arrives at your old and at your new address.",
    address_sent_next="Open both mails and press the button. Until then your mail keeps coming to the old address.",
    address_wrong="Fill in a complete mail address, such as name@example.org.",
    address_empty="Fill in the new mail address.",
    name_heading="Correct name and organisation",
    name="What you leave empty stays as it is. As this link may have been forwarded, it does not show what we keep.",
    name_label="Your name",
    organisation_label="Your organisation",
    name_button="Correct",
    name_saved="Your data were corrected.",
    name_none="You filled in nothing. Nothing has changed.",
    wrong_line="Write this on one line, as plain text without special characters.",
    wrong_link="Leave out the web address.",
    wrong_long="Use at most {limit} characters.",
    data_heading="Everything that we keep about you",
    data="We send a link to your own mail address. With it you can see, download and erase your data.",
    data_button="Send me that link",
    data_sent_heading="Look in your mail",
    data_sent="The link is on its way to the address that receives the newsletter.",
    error_title="Please note",
    error_summary="This could not be processed. Nothing has changed.",
)

LEAVING: dict[Language, LeavingTexts] = {"nl": _NL, "en": _EN}
