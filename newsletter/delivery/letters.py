"""From a claimed delivery to the bytes of its message: the job's frozen template, filled for one person (edge).

The compiled issue and the headers come from the store, under the digest that the job froze (I6), not from the file or
the templates of today. Only what readers do not see may have changed since: relay, bounce mailbox, base address.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from newsletter.compose.compiled import CompiledIssue
from newsletter.config import Configuration
from newsletter.delivery.attempt import LONGEST_ENVID, Letter
from newsletter.delivery.job import SendJob
from newsletter.message import ids
from newsletter.message.encoding import quoted_printable
from newsletter.message.headers import format_date, uris
from newsletter.message.patterns import pattern
from newsletter.message.recipient import Recipient
from newsletter.message.template import MessageTemplate
from newsletter.store.claims import Claimed
from newsletter.store.jobs import FrozenIssue
from subscribers.clock import Clock
from subscribers.errors import InputError
from subscribers.tokens import LENGTH, Keyring, Purpose

MEDIA = "media"
"""Folder of images, below data_dir."""
Sign: TypeAlias = Callable[[bytes], bytes]
"""From a finished message to the header lines that go before it, CRLF after each: its signatures (A21)."""


def letter_writer(
    configuration: Configuration,
    keyring: Keyring,
    job: SendJob,
    issue: FrozenIssue,
    clock: Clock,
    sign: Sign | None = None,
) -> Callable[[Claimed], Letter]:
    """What fills the message of a delivery of `job`; raises InputError for an image that is gone.

    The function it returns raises UnsafeValueError if a value of one person cannot stand in a message (A4).
    """
    assets = embedded_images(issue.compiled, configuration.data_dir / MEDIA)
    template = MessageTemplate.build(issue.compiled, issue.identity, assets)
    recipient = _recipient_maker(configuration, keyring, job, issue.identity.domain)
    stamp = _Stamp(clock)
    mailing_list = configuration.mailing_list(job.list_slug)
    wants_dsn, require_tls = mailing_list.dsn, mailing_list.require_tls

    def write(claimed: Claimed) -> Letter:
        person = recipient(claimed)
        needs_smtputf8 = template.needs_smtputf8(person)
        message = template.fill(person, stamp.text())
        if sign:
            message = sign(message) + message
        envid = person.message_id[1:-1][:LONGEST_ENVID] if wants_dsn else ""
        return Letter(
            person.envelope_sender,
            person.address,
            message,
            needs_smtputf8,
            not needs_smtputf8,
            envid,
            require_tls,
        )

    return write


def _recipient_maker(
    configuration: Configuration, keyring: Keyring, job: SendJob, domain: str
) -> Callable[[Claimed], Recipient]:
    """What makes the recipient of a delivery: tokens, Message-ID and envelope sender, the keys set up once."""
    mailing_list = configuration.mailing_list(job.list_slug)
    base_url = configuration.site.base_url
    leave, manage = keyring.signer(Purpose.UNSUBSCRIBE), keyring.signer(Purpose.MANAGE)
    mailto = ids.unsubscribe_mailtos(mailing_list.unsubscribe_mailbox.address)
    leave_in_qp = pattern(lambda token: quoted_printable(ids.unsubscribe_url(base_url, token)), LENGTH)
    manage_in_qp = pattern(lambda token: quoted_printable(ids.preferences_url(base_url, token)), LENGTH)
    header = pattern(
        lambda token: uris("List-Unsubscribe", ids.unsubscribe_url(base_url, token), mailto(token)), LENGTH
    )
    message_id = ids.message_ids(keyring, job.ref, domain)
    sender_of = ids.envelope_senders(keyring, job.list_slug, mailing_list)

    leave_at, manage_at = ids.unsubscribe_url(base_url, ""), ids.preferences_url(base_url, "")

    def recipient(claimed: Claimed) -> Recipient:
        token, other = leave(claimed.subscription_ref), manage(claimed.subscription_ref)
        url, preferences = leave_at + token, manage_at + other
        return Recipient(
            address=claimed.address,
            fields={**claimed.attributes, "name": claimed.name, "organisation": claimed.organisation},
            unsubscribe_url=url,
            preferences_url=preferences,
            unsubscribe_mailto=mailto(token),
            message_id=message_id(claimed.delivery),
            envelope_sender=sender_of(claimed.delivery),
            list_unsubscribe=header(token),
            encoded={url: leave_in_qp(token), preferences: manage_in_qp(other)},
        )

    return recipient


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
        self._begin = self._end = datetime.min.replace(tzinfo=UTC)
        self._text = b""

    def text(self) -> bytes:
        """The value of Date, now."""
        now = self._clock()
        if not self._begin <= now < self._end:
            self._begin = now.replace(microsecond=0)
            self._end, self._text = self._begin + timedelta(seconds=1), format_date(self._begin)
        return self._text
