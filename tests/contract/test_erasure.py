"""Erasure on both databases: who goes, who stays, what is counted, and when a receipt may be written (I4, I5, I7)."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, create_engine, select, text, update

from newsletter.store.leftovers import Exports, sweepers
from subscribers import leases, receipts, scrub_lease, sealing
from subscribers.deleting import Deletion
from subscribers.errors import ServiceError
from subscribers.ledger_entry import Kind, nowhere
from subscribers.scrubbing import Erased, RetentionRun, erase_subscriber, run_retention, scrub_due
from subscribers.store import retention_status, suppress
from subscribers.subscription import Actor
from subscribers.suppression import SuppressionReason
from subscribers.tables import receipt
from subscribers.tokens import Keyring
from subscribers.transactions import reading, writing
from tests.support.people import NOON, POLICIES, Remembering, how_many, joined, leave, person, rows, sent_to

KEYRING = Keyring({1: b"1" * 32}, 1)
ROTATED = Keyring({1: b"1" * 32, 2: b"2" * 32}, 2)
OTHER = Keyring({1: b"x" * 32}, 1)
LATER = NOON + timedelta(days=30)


def sweeping(data_dir: Path):
    return sweepers([Exports(path=data_dir / "exports", days=7, zone=ZoneInfo("UTC"))])


def run(engine: Engine, now: datetime = LATER, **more) -> RetentionRun:
    return run_retention(engine, **({"policies": POLICIES, "now": now, "record": nowhere, "patience": 0.3} | more))


def erase(engine: Engine, who: str | int = "jan@example.org", **more) -> Erased:
    values = {"policies": POLICIES, "now": LATER, "record": nowhere, "patience": 0.3}
    return erase_subscriber(engine, who, **(values | more))


@contextmanager
def open_reader(engine: Engine) -> Iterator[None]:
    """Another process in the middle of reading: a snapshot that still sees what will be deleted."""
    snapshot = (
        engine.execution_options(isolation_level="REPEATABLE READ") if "postgresql" in str(engine.url) else engine
    )
    with snapshot.connect() as connection, connection.begin():
        connection.execute(text("SELECT count(*) FROM receipt")).all()
        yield


def test_who_is_past_the_deadline_goes_with_everything_and_others_stay(engine: Engine) -> None:
    gone = [joined(engine, f"gone{number}@example.org") for number in range(3)]
    stays = joined(engine, "stays@example.org")
    later = joined(engine, "later@example.org")
    sent_to(engine, *gone, stays, states=[3, 3, 4, 3])
    leave(engine, *gone)
    leave(engine, later, at=LATER - timedelta(days=1))
    done = run(engine)
    assert done.counts == {"consent": 6, "delivery": 3, "subscriber": 3, "subscription": 3}
    assert {row.address for row in rows(engine, "subscriber")} == {"stays@example.org", "later@example.org"}
    assert (how_many(engine, "subscription"), how_many(engine, "delivery")) == (2, 1)
    assert done.receipt
    assert not done.is_overdue


def test_nobody_goes_a_second_before_the_deadline(engine: Engine) -> None:
    (result,) = leave(engine, joined(engine))
    assert run(engine, result.erase_at - timedelta(seconds=1)).receipt is None
    assert run(engine, result.erase_at).counts["subscription"] == 1


def test_the_subscriber_stays_until_the_last_subscription_is_gone(engine: Engine) -> None:
    left = joined(engine)
    joined(engine, slug="agenda")
    leave(engine, left)
    assert "subscriber" not in run(engine).counts
    assert [item.list for item in person(engine).subscriptions] == ["agenda"]


def test_erased_deliveries_stay_in_the_counters_of_their_job_rule_i7(engine: Engine) -> None:
    first = [joined(engine, f"a{number}@example.org") for number in range(4)]
    job = sent_to(engine, *first, states=[3, 3, 4, 8])
    leave(engine, *first[:2])
    run(engine)
    leave(engine, *first[2:], at=LATER)
    run(engine, LATER + timedelta(days=30))
    tally = {(row.job_id, row.state): row.count for row in rows(engine, "job_tally")}
    assert tally == {(job, 3): 2, (job, 4): 1, (job, 8): 1}


def test_counters_grow_when_a_job_is_erased_in_several_pages(engine: Engine) -> None:
    refs = [joined(engine, f"a{number}@example.org") for number in range(7)]
    job = sent_to(engine, *refs, states=[3] * 7)
    leave(engine, *refs)
    seen: list[tuple[int, int]] = []
    done = run(engine, page=2, on_progress=lambda *numbers: seen.append(numbers))
    assert [(row.job_id, row.state, row.count) for row in rows(engine, "job_tally")] == [(job, 3, 7)]
    assert seen == [(2, 7), (4, 7), (6, 7), (7, 7)]
    assert (done.counts["delivery"], done.receipt.counts) == (7, done.counts)


def test_a_run_with_nothing_due_writes_no_receipt(engine: Engine) -> None:
    joined(engine)
    assert run(engine) == RetentionRun(at=LATER)
    assert how_many(engine, "receipt") == 0


def test_the_ledger_names_whom_before_the_transaction_commits_rule_i11(engine: Engine) -> None:
    ref = joined(engine)
    leave(engine, ref)
    known, ledger = person(engine), Remembering()
    run(engine, record=ledger)
    assert ledger.said[:-1] == [("erased", ref), ("erased", known.ref)]
    assert ledger.said[-1][0] == "receipt"


def test_nothing_is_erased_when_the_ledger_cannot_be_written_rule_i11(engine: Engine) -> None:
    leave(engine, joined(engine))

    def full_disk(_entries: object) -> None:
        raise ServiceError("the ledger cannot be written")

    with pytest.raises(ServiceError):
        run(engine, record=full_disk)
    assert (how_many(engine, "subscriber"), how_many(engine, "scrub")) == (1, 0)


def test_a_suppressed_person_goes_with_the_suppression_rule_b10(engine: Engine) -> None:
    joined(engine)
    with writing(engine) as connection:
        why = {"reason": SuppressionReason.COMPLAINT, "actor": Actor.SYSTEM, "policies": POLICIES}
        suppress(connection, 1, now=NOON, record=nowhere, **why)
    assert run(engine).counts == {"consent": 2, "subscriber": 1, "subscription": 1, "suppression": 1}


def test_the_list_that_vanished_from_the_configuration_is_erased_too(engine: Engine) -> None:
    leave(engine, joined(engine, slug="oud"))
    assert run(engine, policies={}).counts["subscription"] == 1


def test_a_subscriber_without_any_subscription_goes_rule_i4(engine: Engine) -> None:
    joined(engine)
    with writing(engine) as connection:
        connection.execute(text("DELETE FROM consent"))
        connection.execute(text("DELETE FROM subscription"))
    assert run(engine).counts == {"subscriber": 1}


def test_a_period_made_shorter_is_kept_by_the_next_run(engine: Engine) -> None:
    leave(engine, joined(engine))
    week_later = NOON + timedelta(days=8)
    assert run(engine, week_later).shortened == 0
    done = run(engine, week_later, policies={"nieuws": POLICIES["agenda"]})
    assert (done.shortened, done.counts["subscription"]) == (1, 1)


def test_an_open_reader_keeps_the_scrub_due_without_a_receipt_rule_i5(engine: Engine) -> None:
    leave(engine, joined(engine))
    with open_reader(engine):
        done = run(engine)
        assert (done.receipt, done.is_overdue, bool(done.still_due)) == (None, True, True)
        assert retention_status(engine, policies=POLICIES, now=LATER).scrub_due_since == LATER
    again = run(engine)
    assert (again.counts, again.is_overdue) == ({}, False)
    assert again.receipt.counts == {"consent": 2, "subscriber": 1, "subscription": 1}


def test_an_open_writer_keeps_the_scrub_due_without_a_receipt_rule_i5(engine: Engine) -> None:
    leave(engine, joined(engine))
    with open_reader(engine):
        run(engine)
    with writing(engine) as other:
        other.execute(text("UPDATE subscriber SET name = 'x'"))
        other.execute(text("DELETE FROM lease"))
        other.execute(text("UPDATE subscription SET list = 'x'"))
        if engine.dialect.name == "sqlite":
            from subscribers.vacuum import leave_no_byte

            assert leave_no_byte(engine, ["subscriber"], patience=0.2)
        else:
            assert run(engine).still_due
    assert run(engine).receipt


def test_a_file_that_cannot_be_removed_keeps_the_scrub_due(engine: Engine) -> None:
    leave(engine, joined(engine))

    def refuse(_now: datetime) -> dict[str, int]:
        raise PermissionError(13, "Permission denied")

    assert run(engine, sweepers=[refuse]).still_due == "a file could not be removed: Permission denied"
    assert run(engine).receipt


def test_exports_made_before_an_erasure_are_removed_and_counted(engine: Engine, tmp_path) -> None:
    folder = tmp_path / "exports" / "nieuws"
    folder.mkdir(parents=True)
    (folder / "all.csv").write_text("jan@example.org")
    assert run(engine, sweepers=sweeping(tmp_path)).receipt is None
    assert (folder / "all.csv").exists()
    leave(engine, joined(engine))
    assert run(engine, sweepers=sweeping(tmp_path)).receipt.counts["exports"] == 1
    assert not (folder / "all.csv").exists()


def test_another_scrub_that_runs_is_waited_for_and_then_left_alone(engine: Engine) -> None:
    leave(engine, joined(engine))
    other = {"holder": "elsewhere|1|x", "now": LATER}
    with writing(engine) as connection:
        assert leases.acquire(connection, leases.SCRUB, seconds=60, **other)
    assert run(engine).still_due == "another process is scrubbing"
    with writing(engine) as connection:
        leases.release(connection, leases.SCRUB, holder="elsewhere|1|x")
    assert run(engine).receipt
    with reading(engine) as connection:
        assert leases.holder_of(connection, leases.SCRUB, now=LATER) is None


def test_the_lease_of_a_scrub_that_takes_long_is_renewed(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrub_lease, "LEASE_SECONDS", 0.4)
    leave(engine, joined(engine))
    held = []

    def slow(_now: datetime) -> dict[str, int]:
        time.sleep(1.5)
        with reading(engine) as connection:
            held.append(leases.holder_of(connection, leases.SCRUB, now=LATER + timedelta(seconds=1.5)))
        return {}

    assert run(engine, sweepers=[slow]).receipt
    assert held != [None]


def test_the_scrub_of_a_large_file_has_a_lease_that_outlasts_its_rewriting(tmp_path) -> None:
    """SQLite lets nobody write while it rewrites, so nothing can be renewed then."""
    file = tmp_path / "n.sqlite3"
    with file.open("wb") as made:
        made.truncate(4_000_000_000)
    seconds = scrub_lease._lease_seconds(create_engine(f"sqlite:///{file}"))
    assert seconds >= 600 + 2000


def test_the_scrub_waits_for_those_who_send(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The receipt says that nobody mails them any more (B9)."""
    waited: list[float] = []
    monkeypatch.setattr(scrub_lease.time, "sleep", waited.append)
    leave(engine, joined(engine))
    with writing(engine) as connection:
        assert leases.acquire(connection, "job:1", holder="elsewhere|1|x", now=LATER, seconds=60)
    assert run(engine).receipt
    assert waited == [scrub_lease.YIELD_SECONDS]


def test_two_runs_at_once_erase_everybody_once(engine: Engine) -> None:
    refs = [joined(engine, f"a{number}@example.org") for number in range(40)]
    job = sent_to(engine, *refs, states=[3] * 40)
    leave(engine, *refs)
    done: list[RetentionRun] = []
    threads = [threading.Thread(target=lambda: done.append(run(engine, page=5, patience=20))) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(item.counts.get("subscription", 0) for item in done) == 40
    assert [(row.job_id, row.state, row.count) for row in rows(engine, "job_tally")] == [(job, 3, 40)]
    assert not run(engine).is_overdue
    assert sum(row.counts["subscription"] for row in rows(engine, "receipt")) == 40


def test_a_scrub_by_another_process_in_the_middle_of_a_run_counts_nobody_twice(engine: Engine) -> None:
    leave(engine, *(joined(engine, f"a{number}@example.org") for number in range(7)))
    scrubs = {"policies": POLICIES, "now": LATER, "patience": 0.3, "record": nowhere}
    run(engine, page=2, on_progress=lambda _done, _total: scrub_due(engine, **scrubs))
    assert [row.counts["subscription"] for row in rows(engine, "receipt")] == [2, 2, 2, 1]


def test_what_is_deleted_during_a_scrub_is_not_covered_by_its_receipt_rule_i5(engine: Engine) -> None:
    leave(engine, *(joined(engine, f"a{number}@example.org") for number in range(4)))
    other = Deletion(now=LATER, record=nowhere)

    def delete_two(_now: datetime) -> dict[str, int]:
        with writing(engine) as connection:
            other.page_of_due(connection, 2)
        return {}

    delete_two(LATER)
    scrubs = {"policies": POLICIES, "now": LATER, "patience": 0.3, "record": nowhere}
    assert scrub_due(engine, sweepers=[delete_two], **scrubs).still_due == "another process went on deleting"
    assert how_many(engine, "receipt") == 0
    assert scrub_due(engine, **scrubs).receipt.counts["subscription"] == 4


def test_one_person_is_erased_at_once_whatever_the_deadlines_say_rule_b9(engine: Engine) -> None:
    refs = [joined(engine), joined(engine, slug="agenda")]
    job = sent_to(engine, refs[0], joined(engine, "other@example.org"), states=[0, 0])
    known, ledger = person(engine), Remembering()
    done = erase(engine, "JAN@example.org", record=ledger)
    assert done.was_known
    assert done.receipt.counts == {"consent": 2, "delivery": 1, "subscriber": 1, "subscription": 2}
    assert sorted(ledger.said[:-1]) == sorted(("erased", ref) for ref in (*refs, known.ref))
    assert [(row.job_id, row.state) for row in rows(engine, "job_tally")] == [(job, 0)]
    assert [row.address for row in rows(engine, "subscriber")] == ["other@example.org"]


def test_erasing_again_finds_nobody_and_writes_no_second_receipt(engine: Engine) -> None:
    joined(engine)
    assert erase(engine, person(engine).id).was_known
    assert erase(engine) == Erased(was_known=False)
    assert erase(engine, 1) == Erased(was_known=False)
    assert how_many(engine, "receipt") == 1


def test_erasing_again_finishes_a_scrub_that_was_due(engine: Engine) -> None:
    joined(engine)
    with open_reader(engine):
        assert erase(engine).receipt is None
    done = erase(engine)
    assert (done.was_known, done.receipt.counts["subscriber"]) == (False, 1)


def test_receipts_form_a_chain_that_shows_what_was_changed(engine: Engine) -> None:
    for number in range(3):
        leave(engine, joined(engine, f"a{number}@example.org"))
        run(engine)
    with reading(engine) as connection:
        assert receipts.first_broken(connection, sealing.verify_with(KEYRING)) is None
        assert receipts.latest(connection).id == 3
    with writing(engine) as connection:
        connection.execute(update(receipt).where(receipt.c.id == 2).values(counts={"subscriber": 99}))
    with reading(engine) as connection:
        assert receipts.first_broken(connection, sealing.verify_with(KEYRING)) == 2


def test_a_removed_receipt_breaks_the_chain(engine: Engine) -> None:
    for number in range(3):
        leave(engine, joined(engine, f"a{number}@example.org"))
        run(engine)
    with writing(engine) as connection:
        connection.execute(receipt.delete().where(receipt.c.id == 2))
    with reading(engine) as connection:
        assert receipts.first_broken(connection, sealing.verify_with(KEYRING)) == 3


def sealed_by(engine: Engine, *keyrings: Keyring | None, record=nowhere) -> None:
    """One receipt per keyring; None: as they were before seals."""
    for number, keyring in enumerate(keyrings):
        leave(engine, joined(engine, f"b{number}@example.org"))
        run(engine, record=record, **({"seal": sealing.seal_with(keyring)} if keyring else {}))


def broken(engine: Engine, keyring: Keyring) -> int | None:
    with reading(engine) as connection:
        return receipts.first_broken(connection, sealing.verify_with(keyring))


def test_sealed_receipts_verify_after_rotation_and_after_unsealed_ones(engine: Engine) -> None:
    sealed_by(engine, None, KEYRING, ROTATED)
    assert broken(engine, ROTATED) is None
    assert broken(engine, OTHER) == 2


def test_a_chain_cannot_be_made_again_without_the_key(engine: Engine) -> None:
    sealed_by(engine, KEYRING, KEYRING)
    with writing(engine) as connection:
        row = connection.execute(select(receipt).where(receipt.c.id == 2)).one()
        counts = {"subscriber": 99}
        digest = receipts.digest_of(row.previous_digest, row.at, counts, row.policy)
        connection.execute(update(receipt).where(receipt.c.id == 2).values(counts=counts, digest=digest))
    assert broken(engine, KEYRING) == 2


def test_the_ledger_names_every_receipt_and_misses_one_that_is_removed(engine: Engine) -> None:
    ledger = Remembering()
    sealed_by(engine, None, KEYRING, KEYRING, record=ledger)
    named = [entry.ref for entry in ledger.entries if entry.kind is Kind.RECEIPT]
    assert len(named) == 3
    with reading(engine) as connection:
        assert receipts.missing(connection, named) == []
    with writing(engine) as connection:
        connection.execute(receipt.delete().where(receipt.c.id == 3))
    assert broken(engine, KEYRING) is None
    with reading(engine) as connection:
        assert receipts.missing(connection, named) == named[2:]


def test_receipt_and_marks_hold_nothing_of_a_person_rule_i7(engine: Engine) -> None:
    leave(engine, joined(engine, "kanarie@example.org", name="Kanarie"))
    run(engine)
    written = repr([rows(engine, name) for name in ("receipt", "scrub", "lease")])
    assert "anarie" not in written
    policy = rows(engine, "receipt")[0].policy
    assert (policy["agenda/unsubscribed"], policy["nieuws/unsubscribed"]) == ("7 days", "21 days")


def test_whoever_was_erased_can_join_again_as_somebody_new(engine: Engine) -> None:
    before = joined(engine)
    erase(engine)
    assert joined(engine) != before
    assert person(engine).on("nieuws").id == 2
