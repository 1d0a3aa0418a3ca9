"""Sentences of the farewell, the undo, the preferences and a change of address, in Dutch and English. Pure."""

from dataclasses import dataclass

from newsletter.web.texts import Language


@dataclass(frozen=True, kw_only=True)
class LeavingTexts:
    """The sentences of one language. `{title}` of the list, `{days}`, `{minutes}`."""

    undo_heading: str
    undo: str
    undo_button: str
    undo_ask_heading: str
    undo_ask: str
    undo_ask_unknown: str
    returned_heading: str
    returned: str
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

    pace_heading: str
    pace: str
    pace_every: str
    pace_fewer: str
    pace_button: str
    pace_saved: str

    leave_heading: str
    leave: str
    leave_this: str
    leave_all: str

    address_heading: str
    address: str
    address_label: str
    address_hint: str
    address_button: str
    address_sent_heading: str
    address_sent: str
    address_sent_next: str
    address_wrong: str

    name_heading: str
    name: str
    name_label: str
    organisation_label: str
    name_button: str
    name_saved: str
    name_none: str
    name_wrong: str

    data_heading: str
    data: str
    data_button: str
    data_sent_heading: str
    data_sent: str

    move_heading_old: str
    move_old: str
    move_new_address: str
    move_heading_new: str
    move_new: str
    move_agree_old: str
    move_agree_new: str
    move_refuse: str
    move_nothing_yet: str
    move_waiting_heading: str
    move_waiting: str
    move_done_heading: str
    move_done: str
    move_refused_heading: str
    move_refused: str
    move_gone_heading: str
    move_gone: str

    error_title: str
    error_summary: str


_NL = LeavingTexts(
    undo_heading="Per ongeluk afgemeld?",
    undo="U kunt dit ongedaan maken zolang uw gegevens niet zijn verwijderd.",
    undo_button="Maak de afmelding ongedaan",
    undo_ask_heading="Wilt u {title} toch blijven ontvangen?",
    undo_ask="U bent afgemeld voor {title}. Met de knop hieronder maakt u dat ongedaan.",
    undo_ask_unknown="Met de knop hieronder maakt u uw afmelding ongedaan, als dat nog kan.",
    returned_heading="U ontvangt {title} weer",
    returned="De afmelding is ongedaan gemaakt. Alles is weer zoals het was.",
    gone_heading="Dit kan niet meer ongedaan worden gemaakt",
    gone="De inschrijving is er niet meer, u was al eerder afgemeld, of zij is om een andere reden beëindigd.",
    gone_join="Wilt u de nieuwsbrief weer ontvangen? Dan kunt u zich opnieuw aanmelden.",
    heading="Uw voorkeuren voor {title}",
    lead="Hier kiest u hoe u {title} ontvangt. Er verandert niets totdat u op een knop drukt.",
    done="Uw keuze is vastgelegd.",
    too_busy_heading="Even geduld",
    too_busy="Er zijn te veel verzoeken tegelijk. Er is niets veranderd. Probeer het over een kwartier opnieuw.",
    over_heading="Deze inschrijving is beëindigd",
    over="Er valt hier niets meer in te stellen: deze inschrijving is er niet meer.",
    pace_heading="Hoe vaak",
    pace="Kies hoe vaak u mail van ons krijgt.",
    pace_every="Elke editie",
    pace_fewer="Minder vaak: hooguit één editie per {days} dagen",
    pace_button="Keuze opslaan",
    pace_saved="Uw keuze is opgeslagen. Zij geldt vanaf de volgende editie.",
    leave_heading="Afmelden",
    leave="Afmelden gaat meteen in. Daarna kunt u het nog ongedaan maken.",
    leave_this="Alleen voor {title} afmelden",
    leave_all="Voor al onze nieuwsbrieven afmelden",
    address_heading="Een ander mailadres",
    address="Wij sturen een mail naar uw oude en naar uw nieuwe adres. Pas als beide akkoord gaan, verandert er iets.",
    address_label="Nieuw mailadres",
    address_hint="Bijvoorbeeld naam@example.org",
    address_button="Adres wijzigen",
    address_sent_heading="Kijk in uw beide postvakken",
    address_sent="Als het adres gewijzigd kan worden, krijgt u op het oude en op het nieuwe adres een mail.",
    address_sent_next="Open beide mails en druk op de knop. Tot die tijd blijft uw mail op het oude adres komen.",
    address_wrong="Vul een volledig mailadres in, zoals naam@example.org.",
    name_heading="Naam en organisatie verbeteren",
    name="Wat u leeg laat, blijft zoals het is. Deze link kan doorgestuurd zijn: wat wij bewaren staat hier niet.",
    name_label="Uw naam",
    organisation_label="Uw organisatie",
    name_button="Verbeteren",
    name_saved="Uw gegevens zijn verbeterd.",
    name_none="U hebt niets ingevuld. Er is niets veranderd.",
    name_wrong="Schrijf dit op één regel, zonder webadres of bijzondere tekens, met hooguit 200 letters.",
    data_heading="Alles wat wij van u bewaren",
    data="Wij sturen een link naar uw eigen mailadres. Daarmee kunt u uw gegevens inzien, downloaden en wissen.",
    data_button="Stuur mij die link",
    data_sent_heading="Kijk in uw mail",
    data_sent="De link is onderweg naar het adres waarop u de nieuwsbrief ontvangt.",
    move_heading_old="Moet uw mail naar een ander adres?",
    move_old="Er is gevraagd om uw nieuwsbrieven voortaan naar dit adres te sturen:",
    move_new_address="Nieuw adres",
    move_heading_new="Wilt u de nieuwsbrief op dit adres?",
    move_new="Bevestig dat de nieuwsbrief voortaan naar het mailadres moet waarop u deze link kreeg.",
    move_agree_old="Ja, wijzig mijn adres",
    move_agree_new="Ja, dit is mijn adres",
    move_refuse="Nee, weigeren",
    move_nothing_yet="Zolang niet beide adressen akkoord zijn, verandert er niets.",
    move_waiting_heading="Nog één stap",
    move_waiting="Uw akkoord is vastgelegd. Zodra het andere adres ook akkoord is, gaat de wijziging in.",
    move_done_heading="Uw adres is gewijzigd",
    move_done="Beide adressen zijn akkoord. De volgende mail gaat naar het nieuwe adres.",
    move_refused_heading="De wijziging gaat niet door",
    move_refused="Er is niets veranderd. De mail blijft naar het oude adres gaan.",
    move_gone_heading="Deze link is niet meer geldig",
    move_gone="De wijziging is al uitgevoerd, geweigerd of verlopen. Er is nu niets veranderd.",
    error_title="Let op",
    error_summary="Dit kon niet worden verwerkt. Er is niets veranderd.",
)

_EN = LeavingTexts(
    undo_heading="Unsubscribed by accident?",
    undo="You can undo this as long as your data have not been deleted.",
    undo_button="Undo unsubscribing",
    undo_ask_heading="Do you want to keep receiving {title}?",
    undo_ask="You have unsubscribed from {title}. The button below takes that back.",
    undo_ask_unknown="The button below takes your unsubscribing back, if that is still possible.",
    returned_heading="You receive {title} again",
    returned="Your unsubscribing was undone. Everything is as it was.",
    gone_heading="This cannot be undone any more",
    gone="The subscription does not exist any more, had ended before, or was ended for another reason.",
    gone_join="Would you like to receive the newsletter again? Then you can sign up anew.",
    heading="Your preferences for {title}",
    lead="Here you choose how you receive {title}. Nothing changes until you press a button.",
    done="Your choice was recorded.",
    too_busy_heading="One moment please",
    too_busy="There are too many requests at once. Nothing has changed. Try again in a quarter of an hour.",
    over_heading="This subscription has ended",
    over="There is nothing left to choose here: this subscription does not exist any more.",
    pace_heading="How often",
    pace="Choose how often you get mail from us.",
    pace_every="Every issue",
    pace_fewer="Less often: at most one issue in {days} days",
    pace_button="Save this choice",
    pace_saved="Your choice was saved. It counts from the next issue on.",
    leave_heading="Unsubscribe",
    leave="This takes effect at once. You can still undo it afterwards.",
    leave_this="Unsubscribe from {title} only",
    leave_all="Unsubscribe from all our newsletters",
    address_heading="Another mail address",
    address="We send a mail to your old and to your new address. Only if both agree, something changes.",
    address_label="New mail address",
    address_hint="For example name@example.org",
    address_button="Change the address",
    address_sent_heading="Look in both of your mailboxes",
    address_sent="If the address can be changed, a mail arrives at your old and at your new address.",
    address_sent_next="Open both mails and press the button. Until then your mail keeps coming to the old address.",
    address_wrong="Fill in a complete mail address, such as name@example.org.",
    name_heading="Correct name and organisation",
    name="What you leave empty stays as it is. As this link may have been forwarded, it does not show what we keep.",
    name_label="Your name",
    organisation_label="Your organisation",
    name_button="Correct",
    name_saved="Your data were corrected.",
    name_none="You filled in nothing. Nothing has changed.",
    name_wrong="Write this on one line, without a web address or special characters, with at most 200 letters.",
    data_heading="Everything that we keep about you",
    data="We send a link to your own mail address. With it you can see, download and erase your data.",
    data_button="Send me that link",
    data_sent_heading="Look in your mail",
    data_sent="The link is on its way to the address that receives the newsletter.",
    move_heading_old="Should your mail go to another address?",
    move_old="Somebody asked that your newsletters go to this address from now on:",
    move_new_address="New address",
    move_heading_new="Do you want the newsletter at this address?",
    move_new="Confirm that the newsletter is to go to the mail address that this link was sent to.",
    move_agree_old="Yes, change my address",
    move_agree_new="Yes, this is my address",
    move_refuse="No, refuse",
    move_nothing_yet="Nothing changes unless both addresses agree.",
    move_waiting_heading="One more step",
    move_waiting="Your agreement was recorded. As soon as the other address agrees too, the change is made.",
    move_done_heading="Your address was changed",
    move_done="Both addresses agreed. The next mail goes to the new address.",
    move_refused_heading="The address is not changed",
    move_refused="Nothing has changed. Mail keeps going to the old address.",
    move_gone_heading="This link is not valid any more",
    move_gone="The change was made already, refused, or took too long. Nothing has changed now.",
    error_title="Please note",
    error_summary="This could not be processed. Nothing has changed.",
)

LEAVING: dict[Language, LeavingTexts] = {"nl": _NL, "en": _EN}
