"""Recipients who do not exist, to fill a mail for: everything known, nothing known, everything long. Pure."""

from collections.abc import Mapping

from newsletter.config import MailingList
from newsletter.message.identity import MailIdentity
from newsletter.message.recipient import Recipient
from newsletter.message.template import sample_recipient
from newsletter.web.preview.choice import Sample

ADDRESSES = {
    Sample.FULL: "noor.de.vries@example.org",
    Sample.EMPTY: "info@example.org",
    Sample.LONG: "wilhelmina.van.den.heuvel-van.oosterhout@samenwerkingsverband-voorbeeldstad.example.org",
}
_NAMES = {
    Sample.FULL: "Noor de Vries",
    Sample.LONG: "Wilhelmina Johanna Christina van den Heuvel-van Oosterhout tot Voorbeeldstad",
}
_ORGANISATIONS = {
    Sample.FULL: "Gemeente Voorbeeldstad",
    Sample.LONG: "Intergemeentelijk Samenwerkingsverband Maatschappelijke Ondersteuning Voorbeeldstad en Omstreken",
}
_LONG_VALUE = "een-waarde-zonder-spaties-die-nergens-kan-worden-afgebroken"


def values_of(sample: Sample, mailing_list: MailingList) -> Mapping[str, str]:
    """The fields of a sample: name, organisation and the list's own attributes, with made-up values."""
    if sample is Sample.EMPTY:
        return {}
    is_long = sample is Sample.LONG
    attributes = {name: _LONG_VALUE if is_long else f"voorbeeld van {name}" for name in mailing_list.attributes}
    return {**attributes, "name": _NAMES[sample], "organisation": _ORGANISATIONS[sample]}


def recipient_of(sample: Sample, mailing_list: MailingList, identity: MailIdentity, base_url: str) -> Recipient:
    """Somebody to fill a message for; the links to leave by lead to the help page."""
    return sample_recipient(
        base_url=base_url,
        mailbox=mailing_list.unsubscribe_mailbox.address,
        domain=identity.domain,
        address=ADDRESSES[sample],
        fields=values_of(sample, mailing_list),
    )
