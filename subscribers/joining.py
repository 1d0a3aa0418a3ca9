"""Adding one person to one list, with evidence; never against the will of someone who left."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from subscribers.address import Address, parse_address
from subscribers.clock import require_aware
from subscribers.consent import ConsentEvent, Evidence
from subscribers.marks import Marker, forget, known
from subscribers.records import SubscriberRecord, SubscriptionRecord, find
from subscribers.subscription import Actor, State, may_move
from subscribers.tables import consent, subscriber, subscription

REF_OCTETS = 16
"""Length of a random id; it appears in tokens, ledger and receipts instead of the person."""


class AddOutcome(StrEnum):
    """What became of a request to add someone."""

    ADDED = "added"
    """A new subscription, active from now on."""
    REVIVED = "revived"
    """An ended or pending subscription is active again, on a fresh consent."""
    ALREADY_ACTIVE = "already-active"
    """Nothing to do."""
    ENDED_BEFORE = "ended-before"
    """Refused: this person left, or never confirmed, and no fresh consent was claimed."""
    SUPPRESSED = "suppressed"
    """Refused: this address is not mailed."""
    ERASED_BEFORE = "erased-before"
    """Refused: its owner was erased, the organisation keeps a mark of that, and no fresh consent was claimed (B10)."""


@dataclass(frozen=True, kw_only=True)
class AddResult:
    """The outcome; `subscription_ref` is None where there is no subscription to this list."""

    outcome: AddOutcome
    subscription_ref: bytes | None = None

    @property
    def is_refused(self) -> bool:
        """Whether the person is not on the list afterwards."""
        return self.outcome in {AddOutcome.ENDED_BEFORE, AddOutcome.SUPPRESSED, AddOutcome.ERASED_BEFORE}


def add(  # noqa: PLR0913 - all of it is evidence, by keyword
    connection: Connection,
    *,
    address: str | Address,
    name: str = "",
    organisation: str = "",
    attributes: Mapping[str, str] | None = None,
    list: str,  # noqa: A002 - the domain's word
    basis: str,
    source: str,
    wording: str = "",
    wording_version: str = "",
    actor: Actor = Actor.OPERATOR,
    now: datetime,
    fresh_consent: bool = False,
    event: ConsentEvent = ConsentEvent.GRANTED,
    marker: Marker | None = None,
) -> AddResult:
    """Put one person on `list` as active, inside the caller's transaction.

    `fresh_consent` says that the person agreed again after leaving; without it an ended subscription stays ended. A
    suppressed address is refused in any case. Raises AddressError. What is known already is not overwritten: empty
    name, organisation and missing attributes are filled in. With `marker`, the mark of an erased address refuses what
    is not a fresh consent, and ends with one (B10).
    """
    parsed = parse_address(address) if isinstance(address, str) else address
    evidence = Evidence(
        event=event,
        at=require_aware(now),
        basis=basis,
        source=source,
        wording=wording,
        wording_version=wording_version,
        actor=actor,
    )
    profile: dict[str, object] = {"name": name, "organisation": organisation, "attributes": dict(attributes or {})}
    if marker and not fresh_consent and known(connection, [parsed.key], marker):
        return AddResult(outcome=AddOutcome.ERASED_BEFORE)
    if marker and fresh_consent:
        forget(connection, parsed.key, marker)
    person = find_or_add(connection, parsed, profile, evidence.at)
    if person.suppressed:
        return AddResult(outcome=AddOutcome.SUPPRESSED, subscription_ref=_ref(person.on(list)))
    current = person.on(list)
    if current is None:
        complete(connection, person, profile)
        return _subscribe(connection, person.id, list, evidence)
    if current.state is State.ACTIVE:
        complete(connection, person, profile)
        return AddResult(outcome=AddOutcome.ALREADY_ACTIVE, subscription_ref=current.ref)
    if not fresh_consent or not may_move(current.state, State.ACTIVE, fresh_consent=True):
        return AddResult(outcome=AddOutcome.ENDED_BEFORE, subscription_ref=current.ref)
    complete(connection, person, profile)
    return _revive(connection, current, evidence)


def find_or_add(
    connection: Connection, address: Address, profile: dict[str, object], now: datetime
) -> SubscriberRecord:
    """The person with this address, locked; inserted with `profile` if new. Two who insert at once get the same row."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    values = {"ref": secrets.token_bytes(REF_OCTETS), "address_key": address.key, "address": address.spelling}
    statement = dialect.insert(subscriber).values(**values, **profile, created_at=now)
    connection.execute(statement.on_conflict_do_nothing(index_elements=["address_key"]))
    connection.execute(select(subscriber.c.id).where(subscriber.c.address_key == address.key).with_for_update())
    person = find(connection, address)
    if person is None:  # pragma: no cover - erased between two statements of one transaction
        msg = "the subscriber vanished while being added"
        raise RuntimeError(msg)
    return person


def complete(connection: Connection, person: SubscriberRecord, profile: dict[str, object]) -> None:
    """Fill in what was not known; keep what was."""
    given = profile["attributes"]
    changes: dict[str, object] = {
        key: profile[key] for key in ("name", "organisation") if profile[key] and not getattr(person, key)
    }
    merged = {**given, **person.attributes} if isinstance(given, dict) else person.attributes
    if merged != person.attributes:
        changes["attributes"] = merged
    if changes:
        connection.execute(update(subscriber).where(subscriber.c.id == person.id).values(**changes))


def _subscribe(connection: Connection, subscriber_id: int, slug: str, evidence: Evidence) -> AddResult:
    ref = secrets.token_bytes(REF_OCTETS)
    values = {
        "ref": ref,
        "subscriber_id": subscriber_id,
        "list": slug,
        "state": State.ACTIVE.value,
        "created_at": evidence.at,
        "actor": evidence.actor.value,
    }
    inserted = connection.execute(insert(subscription).values(**values).returning(subscription.c.id))
    connection.execute(insert(consent).values(evidence.row(inserted.scalar_one())))
    return AddResult(outcome=AddOutcome.ADDED, subscription_ref=ref)


def _revive(connection: Connection, current: SubscriptionRecord, evidence: Evidence) -> AddResult:
    """Same row, same random id: the unsubscribe links of mails sent before keep working."""
    back = {"state": State.ACTIVE.value, "ended_at": None, "ended_reason": None, "erase_at": None, "period": None}
    same = update(subscription).where(subscription.c.id == current.id)
    connection.execute(same.values(**back, actor=evidence.actor.value))
    connection.execute(insert(consent).values(evidence.row(current.id)))
    return AddResult(outcome=AddOutcome.REVIVED, subscription_ref=current.ref)


def _ref(record: SubscriptionRecord | None) -> bytes | None:
    return None if record is None else record.ref
