"""Giving a person another address; where somebody has it already, their subscriptions are put together there."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from subscribers.address import Address
from subscribers.leaving import end_many
from subscribers.ledger_entry import Entry, Kind, Record
from subscribers.notice import NoticeKind, NoticeState
from subscribers.records import SubscriberRecord, SubscriptionRecord, find, find_by_id
from subscribers.retention import Policies
from subscribers.returning import agreed_again
from subscribers.subscription import Actor, EndedReason, State
from subscribers.tables import consent, notice, subscriber, subscription

SOURCE = "change of address"


@dataclass(frozen=True, kw_only=True)
class Merge:
    """One change of address, inside the caller's transaction."""

    connection: Connection
    now: datetime
    policies: Policies
    record: Record

    def to_address(self, subscriber_id: int, new: Address) -> bool:
        """Mail goes to `new` from now on; False if the person is gone, or mail to `new` was suppressed meanwhile."""
        person, other = self._locked(subscriber_id, new)
        if person is None or person.suppressed or (other and other.suppressed):
            return False
        if other is None or other.id == person.id:
            self._rename(person.id, new)
        else:
            self._join(person, other)
        self._close_links(person.id)
        # A store restored from before this must not go on mailing the old address (I11).
        self.record([Entry(kind=Kind.MOVED, at=self.now, ref=person.ref)])
        return True

    def _close_links(self, subscriber_id: int) -> None:
        """Links that lie in the old mailbox open nothing more of who is at the new one, and confirm nothing there."""
        mine = (notice.c.subscriber_id == subscriber_id) & notice.c.kind.in_([NoticeKind.MY_DATA, NoticeKind.CONFIRM])
        mailed = mine & (notice.c.state != NoticeState.QUEUED) & notice.c.used_at.is_(None)
        self.connection.execute(update(notice).where(mailed).values(used_at=self.now))

    def _locked(self, subscriber_id: int, new: Address) -> tuple[SubscriberRecord | None, SubscriberRecord | None]:
        """Both people, locked in the order of their ids: two changes at once cannot wait for each other."""
        which = (subscriber.c.id == subscriber_id) | (subscriber.c.address_key == new.key)
        query = select(subscriber.c.id).where(which).order_by(subscriber.c.id).with_for_update()
        self.connection.execute(query).all()
        return find_by_id(self.connection, subscriber_id), find(self.connection, new)

    def _rename(self, subscriber_id: int, new: Address) -> None:
        mine = update(subscriber).where(subscriber.c.id == subscriber_id)
        self.connection.execute(mine.values(address=new.spelling, address_key=new.key))

    def _join(self, person: SubscriberRecord, other: SubscriberRecord) -> None:
        """Every active subscription goes on at `other`; what ended stays behind, for its deadline."""
        for item in person.subscriptions:
            if item.state is State.ACTIVE:
                self._hand_over(item, other)
        empty = {
            key: value
            for key in ("name", "organisation")
            if (value := getattr(person, key)) and not getattr(other, key)
        }
        if empty:
            self.connection.execute(update(subscriber).where(subscriber.c.id == other.id).values(**empty))

    def _hand_over(self, item: SubscriptionRecord, other: SubscriberRecord) -> None:
        """The row itself moves if `other` has none on that list, so that its links go on working."""
        theirs = other.on(item.list)
        if theirs is None:
            moved = update(subscription).where(subscription.c.id == item.id)
            self.connection.execute(moved.values(subscriber_id=other.id, actor=Actor.SUBSCRIBER.value))
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
