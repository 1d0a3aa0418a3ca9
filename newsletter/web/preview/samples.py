"""Recipients who do not exist, to fill a mail for: everything known, nothing known, everything long. Pure."""

from collections.abc import Mapping

from newsletter.config_lists import MailingList
from newsletter.message.identity import MailIdentity
from newsletter.message.recipient import Recipient
from newsletter.message.template import sample_recipient
from newsletter.web.preview.choice import Sample
from subscribers.segments import LANGUAGE

ADDRESS = "noor.de.vries@example.org"
LONG_ADDRESS = "wilhelmina.van.den.heuvel-van.oosterhout@samenwerkingsverband-voorbeeldstad.example.org"
_FULL = {"name": "Noor de Vries", "organisation": "Gemeente Voorbeeldstad"}
_LONG = {
    "name": "Wilhelmina Johanna Christina van den Heuvel-van Oosterhout tot Voorbeeldstad",
    "organisation": (
        "Intergemeentelijk Samenwerkingsverband Maatschappelijke Ondersteuning Voorbeeldstad en Omstreken"
    ),
}
_LONG_VALUE = "een-waarde-zonder-spaties-die-nergens-kan-worden-afgebroken"


def values_of(sample: Sample, mailing_list: MailingList) -> Mapping[str, str]:
    """The fields of a sample: name, organisation and the list's own attributes, with made-up values."""
    if sample is Sample.EMPTY:
        return {}
    names = [name for name in mailing_list.attributes if name != LANGUAGE]
    if sample is Sample.LONG:
        return {**dict.fromkeys(names, _LONG_VALUE), **_LONG}
    language = {LANGUAGE: sample.value} if sample in {Sample.DUTCH, Sample.ENGLISH} else {}
    return {**{name: f"voorbeeld van {name}" for name in names}, **language, **_FULL}


def recipient_of(sample: Sample, mailing_list: MailingList, identity: MailIdentity, base_url: str) -> Recipient:
    """Somebody to fill a message for; the links to leave by lead to the help page."""
    return sample_recipient(
        base_url=base_url,
        mailbox=mailing_list.unsubscribe_mailbox.address,
        domain=identity.domain,
        address=LONG_ADDRESS if sample is Sample.LONG else ADDRESS,
        fields=values_of(sample, mailing_list),
    )
