"""`kill -9` of a retention run at 50 points on both databases: repeatable, nothing half erased, no early receipt (I5).

The run is another process that kills itself at its n-th point (tests/support/kill_points.py). After it the store is
looked at as it was left: whoever is there is there whole, who is gone is gone everywhere and known to the ledger, the
sums of the mailing are true, and there is a receipt only if not a byte is left. Then it is run again.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, func, insert, select, text

from newsletter.store.ledger import Ledger
from newsletter.store.leftovers import Exports
from newsletter.store.tables import compiled_issue, delivery, job_tally, send_job
from subscribers.deadlines import anything_overdue
from subscribers.ledger_entry import Kind
from subscribers.receipts import first_broken
from subscribers.retention import RetentionPolicy
from subscribers.rule_counts import RuleCounts
from subscribers.schema import metadata
from subscribers.sealing import bare
from subscribers.tables import address_mark, consent, lease, receipt, scrub, subscriber, subscription
from subscribers.transactions import reading, writing
from tests.support.crowd import NOW, found
from tests.support.kill_points import run

ROOT = Path(__file__).parents[2]
PEOPLE, GONE = 14, 8
LEFT = NOW - timedelta(days=25)
LONG_AGO = NOW - timedelta(days=120)
POINTS = 50
SAMPLE = 6


@dataclass
class Scene:
    """A store with people who are due and people who are not, a finished mailing and an old export."""

    engine: Engine
    folder: Path

    def set_up(self) -> None:
        self._empty()
        with writing(self.engine) as connection:
            names = [f"{'Weg' if number <= GONE else 'Blijf'}{number:07}q" for number in range(1, PEOPLE + 1)]
            people = [
                {"ref": os.urandom(16), "address_key": f"{name}@a.example".casefold(), "address": f"{name}@a.example"}
                | {"name": name, "created_at": LEFT}
                for name in names
            ]
            ids = connection.scalars(
                insert(subscriber).returning(subscriber.c.id, sort_by_parameter_order=True), people
            ).all()
            values = [self._subscription(number, place < GONE) for place, number in enumerate(ids)]
            subscriptions = connection.scalars(
                insert(subscription).returning(subscription.c.id, sort_by_parameter_order=True), values
            ).all()
            words = {"basis": "consent", "source": "form", "wording": "Ja", "wording_version": "1", "actor": "operator"}
            connection.execute(
                insert(consent),
                [{"subscription_id": one, "at": LEFT, "event": "granted"} | words for one in subscriptions],
            )
            for slug, finished in (("oud", LONG_AGO), ("zomer", LEFT)):
                self._mail(connection, slug, finished, subscriptions)
            mark = {"mark": b"o" * 32, "at": LONG_AGO, "erase_at": LEFT}
            connection.execute(insert(address_mark).values(**mark))
        self._export()

    def _empty(self) -> None:
        with writing(self.engine) as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(delete(table))
        if self.engine.dialect.name == "sqlite":
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.connection.driver_connection.execute("VACUUM")
                connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for path in self.folder.glob("*/*"):
            path.unlink()

    def _subscription(self, number: int, is_due: bool) -> dict[str, object]:  # noqa: FBT001 - a pair, passed on
        known = {
            "ref": os.urandom(16),
            "subscriber_id": number,
            "list": "nieuws",
            "created_at": LEFT,
            "actor": "operator",
        }
        if not is_due:
            none = {"ended_reason": None, "ended_at": None, "erase_at": None, "period": None}
            return known | none | {"state": "active"}
        ended = {"state": "ended", "ended_reason": "unsubscribed", "ended_at": LEFT, "period": "21 days"}
        return known | ended | {"erase_at": NOW - timedelta(hours=1)}

    def _mail(self, connection, slug: str, finished, subscriptions) -> None:
        issue = {"digest": slug.ljust(64), "list": "nieuws", "slug": slug, "created_at": finished}
        connection.execute(insert(compiled_issue).values(**issue, content=b"{}", identity=b"{}"))
        job = {
            "ref": os.urandom(16),
            "state": "finished",
            "audience": PEOPLE,
            "finished_at": finished,
            "actor": "operator",
        }
        number = connection.execute(insert(send_job).values(**issue, **job)).inserted_primary_key[0]
        rows = [{"job_id": number, "subscription_id": one, "state": 3} for one in subscriptions]
        connection.execute(insert(delivery), rows)

    def _export(self) -> None:
        for name, written in (("old.csv", LONG_AGO), ("new.csv", NOW)):
            path = self.folder / "exports" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text("weg0000001q")
            os.utime(path, (written.timestamp(),) * 2)

    def killed_at(self, point: int) -> int:
        url = self.engine.url.render_as_string(hide_password=False)
        command = [sys.executable, "-m", "tests.support.kill_points", url, str(self.folder), str(point)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
        if point == 0:
            assert done.returncode == 0, done.stderr
            return int(done.stdout)
        assert done.returncode == -9, done.stderr
        return point

    def count(self, table, *where) -> int:
        with reading(self.engine) as connection:
            return connection.scalar(select(func.count()).select_from(table).where(*where)) or 0

    def is_overdue(self) -> bool:
        with reading(self.engine) as connection:
            return anything_overdue(connection, now=NOW)

    def check_whole(self) -> None:
        """Nothing is half erased, whatever the moment."""
        people = self.count(subscriber)
        assert self.count(subscription) == self.count(consent) == people
        assert people >= PEOPLE - GONE
        assert self.count(subscription, subscription.c.state == "active") == PEOPLE - GONE
        for slug in ("oud", "zomer"):
            with reading(self.engine) as connection:
                job = connection.scalar(select(send_job.c.id).where(send_job.c.slug == slug))
                tallied = connection.scalar(
                    select(func.coalesce(func.sum(job_tally.c.count), 0)).where(job_tally.c.job_id == job)
                )
            assert self.count(delivery, delivery.c.job_id == job) + tallied == PEOPLE, slug
        erased = sum(entry.kind is Kind.ERASED for entry in Ledger(self.folder / "ledger").read())
        assert erased >= 2 * (PEOPLE - people), "the ledger knows of everyone who is gone, or who is about to go"
        # The receipt and the end of the mark are one transaction; before it everything that was deleted is due.
        due = self.count(scrub, scrub.c.due == 1)
        if people < PEOPLE:
            assert due or self.count(receipt)
        if self.count(receipt) and not due:
            assert people == PEOPLE - GONE
            assert not self.bytes_left()

    def bytes_left(self) -> dict[str, int]:
        return found(self.folder) if self.engine.dialect.name == "sqlite" else found(self.folder / "exports")

    def check_done(self) -> None:
        """All is gone, proved, and counted once, over however many runs."""
        assert self.count(subscriber) == PEOPLE - GONE
        assert not self.is_overdue()
        assert self.bytes_left() == {}
        assert not list((self.folder / "exports").glob("*"))
        with reading(self.engine) as connection:
            receipts = connection.execute(select(receipt.c.counts, receipt.c.rules)).all()
            assert first_broken(connection, lambda said, digest: digest == bare(said)) is None
        rules = RuleCounts()
        for row in receipts:
            rules.merge(RuleCounts.read(row.rules))
        counted = {rule: count.erased for rule, count in rules}
        assert counted.pop("exports", 1) == 1
        assert counted == {"unsubscribed": GONE, "deliveries": PEOPLE - GONE, "address-marks": 1}
        assert sum(row.counts.get("subscriber", 0) for row in receipts) == GONE
        assert sum(row.counts.get("delivery", 0) for row in receipts) == 2 * GONE + (PEOPLE - GONE)
        assert self.count(address_mark) == GONE
        assert self.count(lease) == 0


@pytest.fixture
def scene(engine: Engine, tmp_path: Path) -> Iterator[Scene]:
    (tmp_path / "exports").mkdir()
    yield Scene(engine, tmp_path)
    with writing(engine) as connection:
        connection.execute(text("DELETE FROM lease"))


def chosen(points: int, *, is_full: bool) -> list[int]:
    """Spread evenly over all points; the last one is the very last act of the run."""
    number = min(POINTS if is_full else SAMPLE, points)
    return sorted({round(1 + index * (points - 1) / (number - 1)) for index in range(number)})


def test_killed_at_any_point_it_can_be_run_again_and_nothing_is_half_erased_rule_i5(
    scene: Scene, is_full, request
) -> None:
    request.node.add_marker(pytest.mark.timeout(1200))
    assert RetentionPolicy().period.days == 21
    scene.set_up()
    points = scene.killed_at(0)
    scene.check_done()
    assert points > POINTS
    for point in chosen(points, is_full=is_full):
        scene.set_up()
        scene.killed_at(point)
        scene.check_whole()
        run(scene.engine, scene.folder)
        scene.check_done()


def test_the_store_is_usable_after_a_kill_without_another_run(scene: Scene) -> None:
    scene.set_up()
    scene.killed_at(40)
    with writing(scene.engine) as connection:
        connection.execute(text("UPDATE subscriber SET organisation = 'Voorbeeld'"))
    assert scene.is_overdue()
    assert Exports(path=scene.folder / "exports", days=7, zone=RetentionPolicy().zone).waiting(NOW).count
