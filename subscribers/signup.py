"""Signing up by a form: somebody asks that mail goes to an address, and its owner is asked whether that is right.

What a stranger types about somebody else changes nothing about them: an active subscription stays as it is, an ended
one stays ended with its deadline (I4), and names are stored only when the owner of the mailbox confirms
(subscribers/confirming.py). What the visitor is told must not depend on the outcome (no oracle): these words are for
counts and tests.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, update

from subscribers.address import Address
from subscribers.clock import require_aware
from subscribers.consent import ConsentEvent, Evidence
from subscribers.joining import REF_OCTETS, find_or_add
from subscribers.notice import ASKING, NoticeKind
from subscribers.outbox import count_since, queue_notice
from subscribers.records import SubscriberRecord, SubscriptionRecord
from subscribers.retention import DEFAULT_DAYS, RetentionPolicy, deadline
from subscribers.subscription import Actor, State
from subscribers.suppression import SuppressionReason
from subscribers.tables import consent, subscription

MAILBOX_MAY_BE_BACK = frozenset({SuppressionReason.HARD_BOUNCE.value, SuppressionReason.SOFT_BOUNCE.value})
"""Suppressions that a confirmation lifts: the mailbox works, and its owner asks for the mail (decision 0011)."""
KINDS = ASKING | {NoticeKind.ALREADY}
"""What a sign-up can make us send, and the question to who came in a file: both fill one mailbox."""


class SignUpOutcome(StrEnum):
    """What became of a sign-up."""

    REQUESTED = "requested"
    """A mail asks the owner of the address to confirm."""
    ALREADY = "already"
    """The address is on the list: a mail says so, and nothing else has changed."""
    ENOUGH = "enough"
    """Mail went to this address shortly before, or often: nothing is sent now."""
    SUPPRESSED = "suppressed"
    """The owner called our mail spam, or an operator decided: nothing is ever sent for a form."""


@dataclass(frozen=True, kw_only=True)
class MailLimit:
    """How much mail strangers can make us send to one address."""

    pause: timedelta
    """Between two mails about one list."""
    mails: int
    """Over all lists, while an unconfirmed sign-up is kept."""


@dataclass(frozen=True, kw_only=True)
class SignUp:
    """One form, filled in: what was typed, and the words that stood there."""

    address: Address
    list: str
    details: Mapping[str, str]
    """`name` and `organisation`, where given."""
    basis: str
    source: str
    """Which form, and its version."""
    wording: str
    wording_version: str
    at: datetime

    def __post_init__(self) -> None:
        """Refuse a naive moment (I10)."""
        require_aware(self.at)


def sign_up(connection: Connection, form: SignUp, policy: RetentionPolicy, limit: MailLimit) -> SignUpOutcome:
    """Take one form in the caller's transaction: at most one mail is queued, and a pending subscription begun."""
    person = find_or_add(connection, form.address, {"name": "", "organisation": "", "attributes": {}}, form.at)
    if person.suppressed and person.suppressed not in MAILBOX_MAY_BE_BACK:
        return SignUpOutcome.SUPPRESSED
    if _had_enough(connection, person, form, policy, limit):
        return SignUpOutcome.ENOUGH
    current = person.on(form.list)
    if current and current.state is State.ACTIVE:
        _queue(connection, NoticeKind.ALREADY, current.id, person, form, policy)
        return SignUpOutcome.ALREADY
    pending = _pending(connection, person, current, form, policy)
    connection.execute(insert(consent).values(_evidence(form).row(pending)))
    _queue(connection, NoticeKind.CONFIRM, pending, person, form, policy)
    return SignUpOutcome.REQUESTED


def _had_enough(
    connection: Connection, person: SubscriberRecord, form: SignUp, policy: RetentionPolicy, limit: MailLimit
) -> bool:
    """Whether this address was mailed about this list within the pause, or too often over all lists."""
    kept = timedelta(days=policy.unconfirmed.days or DEFAULT_DAYS)
    lately = count_since(connection, person.id, KINDS, form.at - limit.pause, form.list)
    return bool(lately) or count_since(connection, person.id, KINDS, form.at - kept) >= limit.mails


def _pending(
    connection: Connection,
    person: SubscriberRecord,
    current: SubscriptionRecord | None,
    form: SignUp,
    policy: RetentionPolicy,
) -> int:
    """The subscription that will be confirmed, its clock begun anew; an ended one stays ended, with its deadline."""
    if current and current.state is State.ENDED:
        return current.id
    values: dict[str, Any] = {
        "state": State.PENDING.value,
        "created_at": form.at,
        "erase_at": deadline(form.at, policy.unconfirmed, policy.zone),
        "period": str(policy.unconfirmed),
        "actor": Actor.SUBSCRIBER.value,
    }
    if current:
        connection.execute(update(subscription).where(subscription.c.id == current.id).values(**values))
        return current.id
    values |= {"ref": secrets.token_bytes(REF_OCTETS), "subscriber_id": person.id, "list": form.list}
    inserted = connection.execute(insert(subscription).values(**values).returning(subscription.c.id))
    return int(inserted.scalar_one())


def _evidence(form: SignUp) -> Evidence:
    return Evidence(
        event=ConsentEvent.REQUESTED,
        at=form.at,
        basis=form.basis,
        source=form.source,
        wording=form.wording,
        wording_version=form.wording_version,
        actor=Actor.SUBSCRIBER,
    )


def _queue(
    connection: Connection,
    kind: NoticeKind,
    subscription_id: int,
    person: SubscriberRecord,
    form: SignUp,
    policy: RetentionPolicy,
) -> None:
    queue_notice(
        connection,
        kind=kind,
        subscriber_id=person.id,
        list_slug=form.list,
        now=form.at,
        keep_days=policy.unconfirmed.days or DEFAULT_DAYS,
        subscription_id=subscription_id,
        details=form.details if kind is NoticeKind.CONFIRM else None,
        zone=policy.zone,
    )
