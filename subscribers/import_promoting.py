"""Who waits since an earlier import and is in a later file with evidence that suffices: on the list from now on.

Only who came by a file: whoever signed up here themselves is the only one who can confirm it (I1).
"""

from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from subscribers.consent import ConsentEvent
from subscribers.import_grounds import CONSENT, Decision, Grounds
from subscribers.import_report import ImportReport
from subscribers.import_rows import Entry
from subscribers.import_statements import ADD_CONSENTS, writer_of
from subscribers.subscription import Actor, State
from subscribers.tables import subscriber, subscription

CHUNK = 500


class Promoting:
    """Those of one chunk who wait no longer; with `dry_run` it only counts."""

    def __init__(self, grounds: Grounds, report: ImportReport, *, dry_run: bool) -> None:
        self.grounds = grounds
        """Renewed when somebody is erased while the import runs."""
        self._report = report
        self._dry_run = dry_run
        self._met: list[tuple[Row[Any], Decision]] = []

    def takes(self, row: Row[Any], entry: Entry, *, is_dated: bool) -> bool:
        """Whether this row ends the waiting of somebody whom an import put there."""
        if row.state != State.PENDING or row.suppressed or row.actor != Actor.OPERATOR:
            return False
        if self.grounds.basis == CONSENT and not (entry.at or self.grounds.consented_at):
            return False  # an undated word does not outweigh that nothing was proved before
        decision = self.grounds.decide(entry, is_dated=is_dated)
        if decision.waits:
            return False
        self._report.promoted += 1
        if not self._dry_run:
            self._met.append((row, decision))
        return True

    def write(self, connection: Connection) -> None:
        """Put them on the list, unless they left or confirmed this very moment: their own word goes first."""
        met, self._met = self._met, []
        for start in range(0, len(met), CHUNK):
            self._write(connection, met[start : start + CHUNK])

    def _write(self, connection: Connection, met: list[tuple[Row[Any], Decision]]) -> None:
        _lock(connection, [row.id for row, _ in met])
        which = select(subscription.c.id).where(subscription.c.id.in_([row.subscription_id for row, _ in met]))
        waiting = set(connection.scalars(which.where(subscription.c.state == State.PENDING.value).with_for_update()))
        still = [(row, decision) for row, decision in met if row.subscription_id in waiting]
        if not still:
            return
        now = self.grounds.now
        back = {"state": State.ACTIVE.value, "created_at": now, "erase_at": None, "period": None}
        mine = update(subscription).where(subscription.c.id == bindparam("b_id"))
        connection.execute(mine.values(**back), [{"b_id": row.subscription_id} for row, _ in still])
        written = writer_of(connection)
        for event in (ConsentEvent.IMPORTED, ConsentEvent.IMPORTED_DATED):
            rows = [(row.subscription_ref, written(said.at)) for row, said in still if said.event is event]
            if rows:
                ADD_CONSENTS.run(connection, rows, self.grounds.evidence(event))


def _lock(connection: Connection, people: list[int]) -> None:
    """People before what hangs on them, as everybody locks them."""
    if connection.dialect.name != "sqlite":  # which has one writer at a time anyway
        query = select(subscriber.c.id).where(subscriber.c.id.in_(people)).order_by(subscriber.c.id)
        connection.execute(query.with_for_update()).all()
