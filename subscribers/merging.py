"""Giving a person another address; where somebody has it already, their subscriptions are put together there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from subscribers.address import Address
from subscribers.leaving import end_many
from subscribers.ledger_entry import Entry, Kind, Record
from subscribers.notice import ASKING, NoticeKind, NoticeState
from subscribers.overwriting import scrub_soon
from subscribers.records import SubscriberRecord, SubscriptionRecord, find, find_by_id
from subscribers.retention import Policies
from subscribers.returning import agreed_again
from subscribers.subscription import Actor, EndedReason, State
from subscribers.tables import consent, notice, subscriber, subscription

SOURCE = "change of address"
_FILLED = ("name", "organisation")
"""What the person who stays takes over where it has nothing, beside every attribute."""


@dataclass(frozen=True, kw_only=True)
class Differing:
    """A value that is not the same at both addresses."""

    name: str
    kept: str
    """That at the new address."""
    lost: str
    """That at the old one."""


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """What putting a person together with the one at a new address would do, list by list."""

    goes_over: tuple[str, ...]
    """Lists that only the person is on: the subscription goes to the new address."""
    on_both: tuple[str, ...]
    """Lists that both are on: one subscription stays."""
    begins_again: tuple[str, ...]
    """Lists that the one at the new address is on no more, or not yet: active there from now on."""
    stays_behind: tuple[str, ...]
    """Lists that the person is not active on: they wait at the old address for their deadline."""
    fills: tuple[str, ...]
    """What is empty at the new address and comes along."""
    differs: tuple[Differing, ...]
    """Where both have a value, and not the same."""

    @property
    def puts_together(self) -> bool:
        """Whether any subscription goes on at the new address."""
        return bool(self.goes_over or self.on_both or self.begins_again)


def foreseen(person: SubscriberRecord, other: SubscriberRecord) -> Foreseen:
    """What `Merge` would do with these two. Pure."""
    active = [item.list for item in person.subscriptions if item.state is State.ACTIVE]
    theirs = {item.list: item.state is State.ACTIVE for item in other.subscriptions}
    return Foreseen(
        goes_over=tuple(name for name in active if name not in theirs),
        on_both=tuple(name for name in active if theirs.get(name) is True),
        begins_again=tuple(name for name in active if theirs.get(name) is False),
        stays_behind=tuple(item.list for item in person.subscriptions if item.state is not State.ACTIVE),
        fills=(*_empty_columns(person, other), *_empty_attributes(person, other)),
        differs=tuple(_differing(_values(person), _values(other))),
    )


def _empty_columns(person: SubscriberRecord, other: SubscriberRecord) -> dict[str, str]:
    return {key: value for key in _FILLED if (value := getattr(person, key)) and not getattr(other, key)}


def _empty_attributes(person: SubscriberRecord, other: SubscriberRecord) -> dict[str, str]:
    return {key: value for key, value in person.attributes.items() if value and not other.attributes.get(key)}


def _values(person: SubscriberRecord) -> dict[str, str]:
    return {**{key: getattr(person, key) for key in _FILLED}, **person.attributes}


def _differing(mine: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[Differing]:
    for name, lost in mine.items():
        kept = theirs.get(name)
        if lost and kept and lost != kept:
            yield Differing(name=name, kept=kept, lost=lost)


def lock_both(connection: Connection, subscriber_id: int, new: Address) -> None:
    """Lock a person and whoever has the address `new`, in the order of their ids, before anything that hangs on them.

    So two changes at once, or a change and an erasure, never wait for each other. Call it before either is locked.
    """
    which = (subscriber.c.id == subscriber_id) | (subscriber.c.address_key == new.key)
    connection.execute(select(subscriber.c.id).where(which).order_by(subscriber.c.id).with_for_update()).all()


@dataclass(frozen=True, kw_only=True)
class Merge:
    """One change of address, inside the caller's transaction."""

    connection: Connection
    now: datetime
    policies: Policies
    record: Record

    def to_address(self, subscriber_id: int, new: Address) -> bool:
        """Mail goes to `new` from now on; False if the person is gone, or mail to `new` was suppressed meanwhile."""
        lock_both(self.connection, subscriber_id, new)
        person, other = find_by_id(self.connection, subscriber_id), find(self.connection, new)
        if person is None or person.suppressed or (other and other.suppressed):
            return False
        if other and other.id != person.id:
            self._join(person, other)
        elif not self._rename(person.id, new):
            return self.to_address(subscriber_id, new)
        self._close_links(person.id)
        # A store restored from before this must not go on mailing the old address (I11).
        self.record([Entry(kind=Kind.MOVED, at=self.now, ref=person.ref)])
        return True

    def _close_links(self, subscriber_id: int) -> None:
        """Links that lie in the old mailbox open nothing more of who is at the new one, and confirm nothing there."""
        mine = (notice.c.subscriber_id == subscriber_id) & notice.c.kind.in_([NoticeKind.MY_DATA, *ASKING])
        mailed = mine & (notice.c.state != NoticeState.QUEUED) & notice.c.used_at.is_(None)
        self.connection.execute(update(notice).where(mailed).values(used_at=self.now))

    def _rename(self, subscriber_id: int, new: Address) -> bool:
        """False if somebody took the address at this very moment: then they are put together like any two."""
        mine = update(subscriber).where(subscriber.c.id == subscriber_id)
        try:
            with self.connection.begin_nested():
                self.connection.execute(mine.values(address=new.spelling, address_key=new.key))
        except IntegrityError:
            return False
        scrub_soon(self.connection, {"subscriber.address": 1}, self.now)
        return True

    def _join(self, person: SubscriberRecord, other: SubscriberRecord) -> None:
        """Every active subscription goes on at `other`; what ended stays behind, for its deadline."""
        for item in person.subscriptions:
            if item.state is State.ACTIVE:
                self._hand_over(item, other)
        taken: dict[str, object] = {**_empty_columns(person, other)}
        if attributes := _empty_attributes(person, other):
            taken["attributes"] = {**other.attributes, **attributes}
        if taken:
            self.connection.execute(update(subscriber).where(subscriber.c.id == other.id).values(**taken))

    def _hand_over(self, item: SubscriptionRecord, other: SubscriberRecord) -> None:
        """The row itself moves if `other` has none on that list, so that its links go on working."""
        theirs = other.on(item.list)
        if theirs is None:
            moved = update(subscription).where(subscription.c.id == item.id)
            self.connection.execute(moved.values(subscriber_id=other.id, actor=Actor.SUBSCRIBER.value))
            # Nothing says any more that the old address was on this list: an import has to be told that it changed.
            scrub_soon(self.connection, {"subscriber.address": 1}, self.now)
            return
        if theirs.state is not State.ACTIVE:
            self._revive(theirs, item)
        end_many(
            self.connection,
            [(item.ref, self.now)],
            reason=EndedReason.MOVED,
            actor=Actor.SUBSCRIBER,
            policies=self.policies,
            record=self.record,
            source=SOURCE,
        )

    def _revive(self, theirs: SubscriptionRecord, mine: SubscriptionRecord) -> None:
        """They had left at the other address: who agrees from both mailboxes wants the newsletter there."""
        back = {"state": State.ACTIVE.value, "ended_at": None, "ended_reason": None, "erase_at": None, "period": None}
        same = update(subscription).where(subscription.c.id == theirs.id)
        self.connection.execute(same.values(**back, actor=Actor.SUBSCRIBER.value))
        evidence = agreed_again(self.connection, mine.id, self.now, SOURCE)
        self.connection.execute(insert(consent).values(evidence.row(theirs.id)))
        self.record([Entry(kind=Kind.RETURNED, at=self.now, ref=theirs.ref)])
