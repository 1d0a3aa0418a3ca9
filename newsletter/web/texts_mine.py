"""Sentences of `/mijn/`, where people see, correct, download and erase what is stored about them. Pure."""

from dataclasses import dataclass

from newsletter.web.texts import Language


@dataclass(frozen=True, kw_only=True)
class MineTexts:
    """The sentences of one language."""

    name: str
    heading: str
    lead: str
    label: str
    hint: str
    button: str
    wrong: str
    sent_heading: str
    sent: str
    sent_next: str

    open_heading: str
    open: str
    open_button: str
    open_nothing_yet: str
    used_heading: str
    used: str
    again: str

    out_heading: str
    out: str
    bye_heading: str
    bye: str

    data_heading: str
    data: str
    log_out: str
    on_this_page: str
    stored_heading: str
    stored: str
    download_heading: str
    download: str
    download_csv: str
    download_json: str
    correct_heading: str
    correct: str
    correct_button: str
    corrected: str
    lists_heading: str
    lists: str
    lists_none: str
    leave: str
    leave_all: str
    left: str
    preferences: str
    address_heading: str
    address: str
    address_asked: str
    erase_heading: str
    erase: str
    erase_link: str

    sure_heading: str
    sure: str
    sure_what: str
    sure_button: str
    sure_back: str
    erased_heading: str
    erased: str
    erased_soon: str
    erased_backups: str
    erased_mark: str

    cookie: str


_NL = MineTexts(
    name="Uw gegevens",
    heading="Bekijk uw gegevens",
    lead="Vul uw mailadres in. Bewaren wij iets van u, dan mailen wij een link waarmee u het kunt inzien en wissen.",
    label="Uw mailadres",
    hint="Het adres waarop u onze mail ontvangt.",
    button="Stuur mij een link",
    wrong="Vul een volledig mailadres in, zoals naam@example.org.",
    sent_heading="Kijk in uw mail",
    sent="Bewaren wij gegevens bij dit adres, dan is een link onderweg. Hij werkt één keer, tot het einde van morgen.",
    sent_next="Komt er binnen een kwartier niets? Dan bewaren wij niets bij dit adres, of u vroeg er net ook al om.",
    open_heading="Uw gegevens openen",
    open="Met de knop hieronder ziet u een half uur lang alles wat wij van u bewaren.",
    open_button="Open mijn gegevens",
    open_nothing_yet="Zolang u niet op de knop drukt, blijft de link geldig.",
    used_heading="Deze link is gebruikt of verlopen",
    used="Een link werkt één keer, en niet langer dan tot het einde van de volgende dag.",
    again="Vraag een nieuwe link",
    out_heading="U bent niet meer ingelogd",
    out="Uw sessie is voorbij. Er is niets veranderd.",
    bye_heading="U bent uitgelogd",
    bye="Op dit apparaat is niets van uw gegevens achtergebleven.",
    data_heading="Uw gegevens",
    data="Dit is alles wat wij van u bewaren. Deze pagina sluit na een half uur vanzelf.",
    log_out="Uitloggen",
    on_this_page="Op deze pagina",
    stored_heading="Wat wij bewaren",
    stored="Elke regel hieronder staat zo in onze database.",
    download_heading="Downloaden",
    download="Bewaar een kopie, of neem uw gegevens mee naar een ander.",
    download_csv="Download voor een spreadsheet (CSV)",
    download_json="Download voor een ander programma (JSON)",
    correct_heading="Verbeteren",
    correct="Klopt er iets niet? Pas het hier aan.",
    correct_button="Opslaan",
    corrected="Uw gegevens zijn verbeterd.",
    lists_heading="Afmelden",
    lists="Afmelden gaat meteen in.",
    lists_none="U ontvangt geen nieuwsbrieven van ons.",
    leave="Afmelden voor {title}",
    leave_all="Voor alles afmelden",
    left="U bent afgemeld.",
    preferences="Voorkeuren voor {title}",
    address_heading="Een ander mailadres",
    address="Wij sturen een mail naar het nieuwe adres. Pas als u daar op de knop drukt, verandert er iets.",
    address_asked="Kijk in het postvak van het nieuwe adres. Kan het gewijzigd worden, dan ligt daar een mail van ons.",
    erase_heading="Alles wissen",
    erase="Wij verwijderen alles wat wij van u hebben, meteen en voorgoed. U ontvangt dan ook geen mail meer.",
    erase_link="Verder naar alles wissen",
    sure_heading="Weet u het zeker?",
    sure="Hiermee verwijdert u alles wat wij van u bewaren. Dat kan niet ongedaan worden gemaakt.",
    sure_what="U wordt afgemeld voor: {titles}.",
    sure_button="Ja, wis alles nu",
    sure_back="Nee, terug naar mijn gegevens",
    erased_heading="Uw gegevens zijn gewist",
    erased="Wat wij van u bewaarden, is verwijderd. Een mail die al onderweg is, kan nog aankomen.",
    erased_soon="De laatste resten in onze bestanden verdwijnen binnen enkele uren.",
    erased_backups="Staat u nog in een reservekopie, dan is ook die binnen {period} weg.",
    erased_mark=(
        "Alleen een versleuteld kenmerk van uw adres blijft nog {period} over, zodat een oud bestand u niet opnieuw op "
        "een lijst zet. Uw adres is daaruit niet te lezen."
    ),
    cookie="Deze pagina gebruikt één cookie, om u te herkennen tot u uitlogt of een half uur voorbij is.",
)

_EN = MineTexts(
    name="Your data",
    heading="See your data",
    lead="Fill in your mail address. If we keep anything about you, we mail a link to see it and to erase it.",
    label="Your mail address",
    hint="The address that receives our mail.",
    button="Send me a link",
    wrong="Fill in a complete mail address, such as name@example.org.",
    sent_heading="Look in your mail",
    sent="If we keep data for this address, a link is on its way. It works once, until the end of tomorrow.",
    sent_next="Nothing within a quarter of an hour? Then we keep nothing for this address, or you asked just before.",
    open_heading="Open your data",
    open="The button below shows you, for half an hour, everything that we keep about you.",
    open_button="Open my data",
    open_nothing_yet="As long as you do not press the button, the link stays valid.",
    used_heading="This link was used or is too old",
    used="A link works once, and no longer than until the end of the next day.",
    again="Ask for a new link",
    out_heading="You are not logged in any more",
    out="Your session is over. Nothing has changed.",
    bye_heading="You have logged out",
    bye="Nothing of your data stayed behind on this device.",
    data_heading="Your data",
    data="This is everything that we keep about you. This page closes by itself after half an hour.",
    log_out="Log out",
    on_this_page="On this page",
    stored_heading="What we keep",
    stored="Each line below stands like this in our database.",
    download_heading="Download",
    download="Keep a copy, or take your data elsewhere.",
    download_csv="Download for a spreadsheet (CSV)",
    download_json="Download for another program (JSON)",
    correct_heading="Correct",
    correct="Is something wrong? Change it here.",
    correct_button="Save",
    corrected="Your data were corrected.",
    lists_heading="Unsubscribe",
    lists="This takes effect at once.",
    lists_none="You receive no newsletters from us.",
    leave="Unsubscribe from {title}",
    leave_all="Unsubscribe from everything",
    left="You have unsubscribed.",
    preferences="Preferences for {title}",
    address_heading="Another mail address",
    address="We send a mail to the new address. Only when you press the button there, something changes.",
    address_asked="Look in the mailbox of the new address. If it can be changed, a mail from us is there.",
    erase_heading="Erase everything",
    erase="We delete everything that we have about you, at once and for good. You will get no more mail either.",
    erase_link="Go on to erase everything",
    sure_heading="Are you sure?",
    sure="This deletes everything that we keep about you. It cannot be undone.",
    sure_what="You will be unsubscribed from: {titles}.",
    sure_button="Yes, erase everything now",
    sure_back="No, back to my data",
    erased_heading="Your data were erased",
    erased="What we kept about you was deleted. A mail already on its way may still arrive.",
    erased_soon="The last remains in our files disappear within a few hours.",
    erased_backups="If you are still in a backup, that is gone within {period} as well.",
    erased_mark=(
        "Only an encrypted mark of your address stays for {period}, so that an old file does not put you on a list "
        "again. Your address cannot be read from it."
    ),
    cookie="This page uses one cookie, to recognise you until you log out or half an hour has passed.",
)

MINE: dict[Language, MineTexts] = {"nl": _NL, "en": _EN}
