"""From a claimed delivery to the bytes of its message: the job's frozen template, filled for one person (edge).

The compiled issue and the headers come from the store, under the digest that the job froze (I6), not from the file or
the templates of today. Only what readers do not see may have changed since: relay, bounce mailbox, base address.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from newsletter.compose.compiled import CompiledIssue
from newsletter.config import Configuration
from newsletter.delivery.attempt import Letter
from newsletter.delivery.job import SendJob
from newsletter.message import ids
from newsletter.message.headers import format_date
from newsletter.message.recipient import Recipient
from newsletter.message.template import MessageTemplate
from newsletter.store.claims import Claimed
from newsletter.store.jobs import FrozenIssue
from subscribers.clock import Clock
from subscribers.errors import InputError
from subscribers.tokens import Keyring, Purpose

MEDIA = "media"
"""Folder of images, below data_dir."""


def letter_writer(
    configuration: Configuration, keyring: Keyring, job: SendJob, issue: FrozenIssue, clock: Clock
) -> Callable[[Claimed], Letter]:
    """What fills the message of a delivery of `job`; raises InputError for an image that is gone.

    The function it returns raises UnsafeValueError if a value of one person cannot stand in a message (A4).
    """
    mailing_list = configuration.mailing_list(job.list_slug)
    assets = embedded_images(issue.compiled, configuration.data_dir / MEDIA)
    template = MessageTemplate.build(issue.compiled, issue.identity, assets)
    sender_of = ids.envelope_senders(keyring, job.list_slug, mailing_list)

    def recipient(claimed: Claimed) -> Recipient:
        token = keyring.sign(Purpose.UNSUBSCRIBE, claimed.subscription_ref)
        return Recipient(
            address=claimed.address,
            fields={**claimed.attributes, "name": claimed.name, "organisation": claimed.organisation},
            unsubscribe_url=ids.unsubscribe_url(configuration.site.base_url, token),
            unsubscribe_mailto=ids.unsubscribe_mailto(mailing_list.unsubscribe_mailbox.address, token),
            message_id=ids.make_message_id(keyring, claimed.delivery, job.ref, issue.identity.domain),
            envelope_sender=sender_of(claimed.delivery),
        )

    stamp = _Stamp(clock)

    def write(claimed: Claimed) -> Letter:
        person = recipient(claimed)
        return Letter(
            sender=person.envelope_sender,
            recipient=person.address,
            message=template.fill(person, stamp.text()),
            needs_smtputf8=template.needs_smtputf8(person),
        )

    return write


def embedded_images(compiled: CompiledIssue, media: Path) -> Mapping[str, bytes]:
    """The bytes of the images that the mail carries inside it; raises InputError for one that is gone."""
    try:
        return {asset.name: (media / asset.name).read_bytes() for asset in compiled.assets if asset.embedded}
    except OSError as error:
        raise InputError(
            "an image of this issue is missing", where=str(error.filename), remedy="put it back from a backup"
        ) from None


class _Stamp:
    """The date header of this second, formatted once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._second: datetime | None = None
        self._text: bytes | str = b""

    def text(self) -> bytes | str:
        """The value of Date, now."""
        second = self._clock().replace(microsecond=0)
        if second != self._second:
            self._second, self._text = second, format_date(second)
        return self._text
