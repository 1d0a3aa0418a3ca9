"""Sentences of both ends of a change of address, in Dutch and English. Pure."""

from dataclasses import dataclass

from newsletter.web.texts import Language


@dataclass(frozen=True, kw_only=True)
class MovingTexts:
    """The sentences of one language."""

    heading_old: str
    old: str
    heading_new: str
    new: str
    agree_old: str
    agree_new: str
    refuse: str
    nothing_yet: str
    waiting_heading: str
    waiting: str
    done_heading: str
    done: str
    refused_heading: str
    refused: str
    gone_heading: str
    gone: str


_NL = MovingTexts(
    heading_old="Moet uw mail naar een ander adres?",
    old="Er is gevraagd om uw nieuwsbrieven voortaan naar dit adres te sturen:",
    heading_new="Wilt u de nieuwsbrief op dit adres?",
    new="Bevestig dat de nieuwsbrief voortaan naar het mailadres moet waarop u deze link kreeg.",
    agree_old="Ja, wijzig mijn adres",
    agree_new="Ja, dit is mijn adres",
    refuse="Nee, weigeren",
    nothing_yet="Zolang niet beide adressen akkoord zijn, verandert er niets.",
    waiting_heading="Nog één stap",
    waiting="Uw akkoord is vastgelegd. Zodra het andere adres ook akkoord is, gaat de wijziging in.",
    done_heading="Uw adres is gewijzigd",
    done="Beide adressen zijn akkoord. De volgende mail gaat naar het nieuwe adres.",
    refused_heading="De wijziging gaat niet door",
    refused="Er is niets veranderd. De mail blijft naar het oude adres gaan.",
    gone_heading="Deze link is niet meer geldig",
    gone="De wijziging is al uitgevoerd, geweigerd of verlopen. Er is nu niets veranderd.",
)

_EN = MovingTexts(
    heading_old="Should your mail go to another address?",
    old="Somebody asked that your newsletters go to this address from now on:",
    heading_new="Do you want the newsletter at this address?",
    new="Confirm that the newsletter is to go to the mail address that this link was sent to.",
    agree_old="Yes, change my address",
    agree_new="Yes, this is my address",
    refuse="No, refuse",
    nothing_yet="Nothing changes unless both addresses agree.",
    waiting_heading="One more step",
    waiting="Your agreement was recorded. As soon as the other address agrees too, the change is made.",
    done_heading="Your address was changed",
    done="Both addresses agreed. The next mail goes to the new address.",
    refused_heading="The address is not changed",
    refused="Nothing has changed. Mail keeps going to the old address.",
    gone_heading="This link is not valid any more",
    gone="The change was made already, refused, or took too long. Nothing has changed now.",
)

MOVING: dict[Language, MovingTexts] = {"nl": _NL, "en": _EN}
