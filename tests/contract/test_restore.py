"""Backup, replay and restore on both databases: what the ledger says happens again, and nothing else (I6, I11, B11)."""

import gc
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, func, insert, select, text, update

from newsletter.delivery.job import JobEvent, JobState, Plan
from newsletter.delivery.outcome import OPEN, State
from newsletter.store import archive, jobs
from newsletter.store.backups import verify
from newsletter.store.deliveries import counts
from newsletter.store.engine import connect
from newsletter.store.feedback import by_delivery
from newsletter.store.identity import Doubt, doubt_of
from newsletter.store.migrate import RESTORING, open_store, require_current, upgrade
from newsletter.store.replay import replay
from newsletter.store.restore_checks import LedgerError
from newsletter.store.tables import delivery
from subscribers.address import parse_address
from subscribers.errors import ConfigurationError, ConflictError, InputError
from subscribers.import_cutoff import newest_erasure
from subscribers.ledger_entry import Entry, Kind, nowhere
from subscribers.merging import Merge
from subscribers.moving import ask_to_move
from subscribers.outbox import NoticeKind, queue_notice
from subscribers.receipts import first_broken
from subscribers.returning import undo_ending
from subscribers.sealing import verify_with
from subscribers.subscription import EndedReason
from subscribers.tables import address_change, consent, notice, receipt, subscription
from subscribers.transactions import reading, writing
from tests.support import sending
from tests.support.backups import LIST, Shop, columns_of, postgres_shop
from tests.support.backups import shop as sqlite_shop
from tests.support.canary import CANARY, traces

JAN, PIET, ANNE = (f"{name}@example.org" for name in ("jan", "piet", "anne"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system("postgresql"))])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    with ExitStack() as stack:
        if request.param == "sqlite":
            found = stack.enter_context(sqlite_shop(tmp_path))
        else:
            empty = stack.enter_context(request.getfixturevalue("postgres").new_database())
            found = stack.enter_context(postgres_shop(tmp_path, empty))
        for address in (JAN, PIET, ANNE):
            found.join(address)
        yield found


def unchanged(engine: Engine) -> list[object]:
    return columns_of(engine)


def test_a_backup_of_now_restores_exactly_what_was_there(shop: Shop) -> None:
    before = unchanged(shop.engine)
    shop.restore(shop.backup().path)
    assert unchanged(shop.engine) == before


def test_who_left_after_the_backup_stays_out_with_the_deadline_of_the_first_day(shop: Shop) -> None:
    made = shop.backup()
    shop.leave(JAN)
    person = shop.person(JAN)
    assert person
    due, left = person.subscriptions[0].erase_at, person.subscriptions[0].ended_at
    shop.tick(days=3)
    done = shop.restore(made.path)
    person = shop.person(JAN)
    assert person
    mine = person.subscriptions[0]
    assert (mine.state, mine.ended_reason) == ("ended", EndedReason.UNSUBSCRIBED)
    assert (mine.erase_at, mine.ended_at) == (due, left)
    assert done.replayed.done == {"ended": 1}
    assert (shop.state(PIET), shop.state(ANNE)) == ("active", "active")


@pytest.mark.parametrize("reason", [EndedReason.HARD_BOUNCE, EndedReason.COMPLAINT, EndedReason.BY_OPERATOR])
def test_the_reason_of_an_ending_survives_so_that_its_own_period_counts(shop: Shop, reason: EndedReason) -> None:
    made = shop.backup()
    shop.leave(JAN, reason=reason)
    shop.restore(made.path)
    person = shop.person(JAN)
    assert person
    assert person.subscriptions[0].ended_reason is reason


def test_who_was_erased_after_the_backup_does_not_return_not_even_as_a_row(shop: Shop) -> None:
    made = shop.backup()
    shop.erase(JAN)
    done = shop.restore(made.path)
    assert shop.state(JAN) == "gone"
    assert done.replayed.done == {"erased": 2}
    assert done.erased.receipt
    assert done.erased.receipt.rules
    assert "again" in done.erased.receipt.rules


@pytest.mark.parametrize("how", ["on request", "by deadline"])
def test_a_restore_erases_again_what_others_said_of_who_was_erased_rule_i5(
    shop: Shop, tmp_path: Path, how: str
) -> None:
    """Jan asked for the mailbox of the canary as his own: a request and a mail in the rows of Jan."""
    shop.join(CANARY.address)
    with writing(shop.engine) as connection:
        jan, where, zone = shop.person(JAN), parse_address(CANARY.address), shop.configuration.zone
        assert jan
        assert ask_to_move(connection, jan.id, where, list_slug=LIST, now=shop.tick(), zone=zone)
    made = shop.backup()
    if how == "on request":
        shop.erase(CANARY.address)
    else:
        shop.leave(CANARY.address)
        with writing(shop.engine) as connection:
            connection.execute(update(subscription).values(erase_at=shop.now).where(subscription.c.state == "ended"))
        shop.retain()
    shop.restore(made.path)
    made.path.unlink()
    with reading(shop.engine) as connection:
        assert connection.execute(select(address_change)).all() == []
        assert connection.scalars(select(notice.c.to_address)).all() == [None]
    shop.engine.dispose()
    assert traces(tmp_path) == []
    assert shop.state(JAN) == "active"


def test_who_joined_and_was_erased_after_the_backup_is_not_brought_back_by_an_old_file(shop: Shop) -> None:
    made = shop.backup()
    shop.join("els@example.org")
    shop.erase("els@example.org")
    erased_at = shop.now
    shop.restore(made.path)
    with reading(shop.engine) as connection:
        cutoff = newest_erasure(connection)
    assert cutoff
    assert cutoff >= erased_at


def test_who_was_suppressed_after_the_backup_is_not_mailed(shop: Shop) -> None:
    made = shop.backup()
    shop.suppress(JAN)
    shop.restore(made.path)
    person = shop.person(JAN)
    assert person
    assert person.suppressed == "complaint"
    assert shop.state(JAN) == "ended"


def test_who_came_back_before_the_backup_is_not_ended_by_an_older_entry(shop: Shop) -> None:
    shop.leave(JAN, PIET)
    shop.join(JAN)
    with writing(shop.engine) as connection:
        undo_ending(connection, shop.ref(PIET), now=shop.tick(), record=shop.ledger.append)
    made = shop.backup()
    done = shop.restore(made.path)
    assert (shop.state(JAN), shop.state(PIET)) == ("active", "active")
    assert done.replayed.done == {}


def test_who_took_their_leaving_back_after_the_backup_is_active(shop: Shop) -> None:
    shop.leave(PIET)
    made = shop.backup()
    shop.leave(JAN)
    for address in (JAN, PIET):
        with writing(shop.engine) as connection:
            undo_ending(connection, shop.ref(address), now=shop.tick(), record=shop.ledger.append)
    shop.restore(made.path)
    assert (shop.state(JAN), shop.state(PIET)) == ("active", "active")


def test_who_came_back_and_left_again_is_out(shop: Shop) -> None:
    made = shop.backup()
    shop.leave(JAN)
    with writing(shop.engine) as connection:
        undo_ending(connection, shop.ref(JAN), now=shop.tick(), record=shop.ledger.append)
    shop.leave(JAN)
    shop.restore(made.path)
    assert shop.state(JAN) == "ended"


def test_who_came_back_and_left_again_keeps_the_later_deadline_also_if_the_backup_had_the_first(shop: Shop) -> None:
    shop.leave(JAN)
    made = shop.backup()
    person = shop.person(JAN)
    assert person
    shop.tick(hours=1)
    with writing(shop.engine) as connection:
        undo_ending(connection, person.subscriptions[0].ref, now=shop.now, record=shop.ledger.append)
    shop.tick(days=24)
    shop.leave(JAN)
    before = shop.person(JAN)
    shop.restore(made.path)
    after = shop.person(JAN)
    assert before
    assert after, "erased by the deadline of the ending that was taken back"
    assert after.subscriptions[0].erase_at == before.subscriptions[0].erase_at
    assert after.subscriptions[0].ended_at == before.subscriptions[0].ended_at


def test_an_old_address_is_not_mailed_after_it_was_changed(shop: Shop) -> None:
    made = shop.backup()
    person = shop.person(JAN)
    assert person
    with writing(shop.engine) as connection:
        change = Merge(
            connection=connection, now=shop.tick(), policies=shop.configuration.policies, record=shop.ledger.append
        )
        assert change.to_address(person.id, parse_address("nieuw@example.org"))
    assert shop.state("nieuw@example.org") == "active"
    shop.tick(hours=1)
    later = shop.backup()
    shop.restore(later.path)
    assert shop.state("nieuw@example.org") == "active", "that backup knows the new address"
    shop.restore(made.path)
    assert shop.state(JAN) == "ended"
    assert shop.state(PIET) == "active"


def test_an_issue_planned_after_the_backup_is_finished_and_never_planned_again_rule_i6(shop: Shop) -> None:
    made = shop.backup()
    job = shop.plan("zomer")
    shop.restore(made.path)
    found = jobs.find_job(shop.engine, LIST, "zomer")
    assert found
    assert (found.ref, found.state, found.audience) == (job.ref, JobState.FINISHED, 0)
    for title in ("Zomer", "Andere tekst"):
        plan, again = jobs.plan_job(shop.engine, nowhere, sending.issue("zomer", title), now=shop.now)
        assert (plan, again.id) == (Plan.FINISHED, found.id)
    with pytest.raises(ConflictError):
        jobs.change_job(shop.engine, found.id, JobEvent.START, shop.now)
    assert [item.slug for item in archive.editions(shop.engine) if item.is_listed] == []
    assert [item.is_lost for item in archive.editions(shop.engine)] == [True]
    with pytest.raises(InputError, match="no backup had the text"):
        archive.withdraw(shop.engine, LIST, "zomer", None, record=nowhere)
    assert archive.load_compiled(shop.engine, found.digest).slug == "zomer"


def test_what_was_being_sent_is_unknown_and_settled_by_the_operator_alone_rule_i3(shop: Shop) -> None:
    job = shop.plan("zomer")
    jobs.change_job(shop.engine, job.id, JobEvent.START, shop.tick())
    made = shop.backup()
    done = shop.restore(made.path)
    assert done.replayed.done == {"unknown": 3}
    assert set(shop.deliveries(job)) == {State.UNKNOWN}
    found = jobs.get_job(shop.engine, job.id)
    assert found.state is JobState.RUNNING
    assert not OPEN & set(map(State, shop.deliveries(job)))


def test_a_person_erased_again_counts_as_unknown_in_the_job_that_was_being_sent(shop: Shop) -> None:
    job = shop.plan("zomer")
    made = shop.backup()
    shop.erase(JAN)
    shop.restore(made.path)
    assert counts(shop.engine, job.id)[State.UNKNOWN] == 3


def test_a_withdrawn_issue_stays_withdrawn_and_one_shown_again_is_shown(shop: Shop) -> None:
    for slug in ("lente", "zomer"):
        jobs.change_job(shop.engine, shop.plan(slug).id, JobEvent.START, shop.tick())
    archive.withdraw(shop.engine, LIST, "lente", shop.tick(), record=shop.ledger.append)
    made = shop.backup()
    archive.withdraw(shop.engine, LIST, "zomer", shop.tick(), record=shop.ledger.append)
    archive.withdraw(shop.engine, LIST, "lente", None, record=shop.ledger.append)
    done = shop.restore(made.path)
    assert {item.slug: bool(item.withdrawn_at) for item in archive.editions(shop.engine)} == {
        "lente": False,
        "zomer": True,
    }
    assert done.replayed.done["withdrawn"] >= 1


def test_service_mails_that_waited_in_the_backup_are_not_sent(shop: Shop) -> None:
    person = shop.person(JAN)
    assert person
    with writing(shop.engine) as connection:
        how = {"subscriber_id": person.id, "list_slug": LIST, "now": shop.now, "keep_days": 7}
        queue_notice(connection, kind=NoticeKind.MY_DATA, **how)
    shop.restore(shop.backup().path)
    with reading(shop.engine) as connection:
        assert connection.scalars(select(notice.c.state)).all() == ["unknown"]


def test_who_was_due_meanwhile_is_erased_before_the_store_opens(shop: Shop) -> None:
    shop.leave(JAN)
    made = shop.backup()
    shop.tick(days=5)
    shop.leave(PIET)
    shop.now += timedelta(days=20)
    done = shop.restore(made.path)
    assert (shop.state(JAN), shop.state(PIET)) == ("gone", "ended")
    assert done.erased.counts["subscriber"] == 1
    known = [entry.kind for entry in shop.ledger.read()]
    assert known.count(Kind.ERASED) == 2, "a later restore knows, too"


def test_every_restore_ends_with_a_receipt_and_the_chain_holds(shop: Shop) -> None:
    shop.erase(JAN)
    made = shop.backup()
    shop.erase(PIET)
    shop.restore(made.path)
    shop.restore(made.path)
    named = [entry.ref.hex() for entry in shop.ledger.read() if entry.kind is Kind.RECEIPT]
    with reading(shop.engine) as connection:
        digests = connection.scalars(select(receipt.c.digest).order_by(receipt.c.id)).all()
        assert first_broken(connection, verify_with(shop.keyring)) is None
    assert digests[-1].endswith(named[-1])
    assert len(named) == 4


def test_nothing_is_sent_from_a_restored_store_before_it_is_accepted(shop: Shop) -> None:
    shop.check()
    shop.restore(shop.backup().path)
    assert doubt_of(shop.engine, shop.data_dir) is Doubt.RESTORED
    with pytest.raises(ConfigurationError, match="nobody has accepted it yet"):
        shop.check()
    shop.accept()
    shop.check()
    shop.check()


def test_a_restore_again_asks_again(shop: Shop) -> None:
    made = shop.backup()
    shop.restore(made.path)
    shop.accept()
    shop.restore(made.path)
    with pytest.raises(ConfigurationError):
        shop.check()


def test_without_the_ledger_nothing_is_restored_unless_the_operator_takes_the_risk(shop: Shop) -> None:
    made = shop.backup()
    shop.leave(JAN)
    before = unchanged(shop.engine)
    shop.ledger.path.rename(shop.ledger.path.with_name("away"))
    with pytest.raises(LedgerError, match="no ledger") as caught:
        shop.restore(made.path)
    assert "--without-ledger" in caught.value.remedy
    assert unchanged(shop.engine) == before
    shop.restore(made.path, is_without_ledger=True)
    assert shop.state(JAN) == "active", "that is the risk"
    with pytest.raises(ConfigurationError):
        shop.check()


def test_an_older_copy_of_the_ledger_or_another_one_is_refused(shop: Shop) -> None:
    shop.leave(PIET)
    old = shop.ledger.path.read_bytes()
    made = shop.backup()
    shop.leave(JAN)
    shop.ledger.path.write_bytes(old)
    with pytest.raises(LedgerError, match="older than the backup"):
        shop.restore(made.path)
    shop.ledger.path.unlink()
    shop.ledger.append([Entry(kind=Kind.ENDED, at=shop.now, ref=bytes(16))])
    with pytest.raises(LedgerError, match="another ledger"):
        shop.restore(made.path)


def test_a_backup_that_is_older_than_what_the_ledger_remembers_is_refused(shop: Shop) -> None:
    made = shop.backup()
    shop.leave(JAN)
    safe = made.path.rename(shop.folder / made.path.name)
    for _ in range(3):
        shop.tick(days=20)
        shop.leave(*(address for address in (PIET, ANNE) if shop.state(address) == "active"))
        shop.retain()
        shop.ledger.mark()
    shop.retain()
    with pytest.raises(LedgerError, match="too old"):
        shop.restore(safe)


def given_numbers(shop: Shop, slug: str) -> set[int]:
    """The numbers that the deliveries of a new job and a new service mail carry in their senders and Message-IDs."""
    job, person = shop.plan(slug), shop.person(ANNE)
    assert person
    with writing(shop.engine) as connection:
        how = {"subscriber_id": person.id, "list_slug": LIST, "now": shop.now, "keep_days": 7}
        queue_notice(connection, kind=NoticeKind.MY_DATA, **how)
        newest = connection.scalar(select(func.max(notice.c.id)))
        mine = connection.scalars(select(delivery.c.id).where(delivery.c.job_id == job.id))
        return {newest, *mine}


def test_a_number_that_went_out_after_the_backup_never_means_somebody_else_rule_a18(shop: Shop) -> None:
    """A late bounce of a lost job is proof by its number alone."""
    made = shop.backup()
    seen = given_numbers(shop, "verloren-0")
    for turn in (1, 2):
        shop.restore(made.path)
        with reading(shop.engine) as connection:
            assert [number for number in seen if by_delivery(connection, number)] == []
        found = given_numbers(shop, f"verloren-{turn}")
        assert not found & seen
        assert 10**9 < min(found) <= max(found) < 2**53, "no JSON reader rounds them"
        seen |= found


def test_numbers_move_on_also_when_the_ledger_is_replayed_in_place_and_when_the_operator_accepts(shop: Shop) -> None:
    acts = {"replayed": shop.replay, "accepted": shop.accept, "moved": lambda: shop.accept(is_moved=True)}
    for word, act in acts.items():
        before = max(given_numbers(shop, f"voor-{word}"))
        act()
        assert min(given_numbers(shop, f"na-{word}")) > before + 1000, word


def test_replaying_in_place_does_the_same_for_who_restores_by_other_means(shop: Shop) -> None:
    shop.check()
    seen = shop.now
    shop.leave(JAN)
    with writing(shop.engine) as connection:  # as if an older state had been put back
        ended = text("UPDATE subscription SET state = 'active', ended_reason = NULL, erase_at = NULL, ended_at = NULL")
        connection.execute(ended)
        connection.execute(delete(consent).where(consent.c.event == "withdrawn"))
    assert shop.state(JAN) == "active"
    done = shop.replay()
    assert done.replayed.done == {"ended": 1}
    assert shop.state(JAN) == "ended"
    assert done.backup_at
    assert done.backup_at > seen - timedelta(days=1000)
    assert doubt_of(shop.engine, shop.data_dir) is Doubt.RESTORED


def test_replaying_twice_changes_nothing_more(shop: Shop) -> None:
    made = shop.backup()
    shop.leave(JAN)
    shop.erase(PIET)
    shop.plan("zomer")
    shop.restore(made.path)
    before = unchanged(shop.engine)
    done = shop.replay()
    assert done.replayed.done == {}
    assert unchanged(shop.engine) == before


def test_a_restore_of_an_older_schema_is_migrated_before_it_opens(shop: Shop) -> None:
    made = shop.backup()
    shop.restore(made.path)
    require_current(shop.engine)
    assert upgrade(shop.engine)[0] == upgrade(shop.engine)[1]


def test_a_store_whose_replay_was_cut_short_does_not_open(shop: Shop) -> None:
    with writing(shop.engine) as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{RESTORING}' || version_num"))
    for call in (require_current, upgrade):
        with pytest.raises(ConfigurationError, match="not replayed yet") as caught:
            call(shop.engine)
        assert "newsletter database replay" in caught.value.remedy
    shop.leave(JAN)
    shop.replay()
    require_current(shop.engine)
    assert shop.state(JAN) == "ended"


def test_a_backup_verifies_and_a_damaged_one_is_refused_and_changes_nothing(shop: Shop) -> None:
    made = shop.backup()
    assert verify(made.path, None) > 1000
    before = unchanged(shop.engine)
    raw = bytearray(made.path.read_bytes())
    raw[len(raw) // 2] ^= 255
    made.path.write_bytes(raw)
    with pytest.raises(InputError):
        verify(made.path, None)
    with pytest.raises(InputError, match="cannot be used"):
        shop.restore(made.path)
    assert unchanged(shop.engine) == before
    require_current(shop.engine)


def test_while_another_process_works_on_the_store_nothing_is_restored(shop: Shop) -> None:
    made = shop.backup()
    engine = open_store(shop.configuration)
    with pytest.raises(ConflictError, match="in use"):
        shop.restore(made.path)
    engine.dispose()
    del engine
    gc.collect()
    shop.restore(made.path)


def test_entries_about_strangers_and_unknown_reasons_are_passed_over(shop: Shop) -> None:
    strange = [
        Entry(kind=kind, at=shop.now, ref=bytes([number]) * 16, why="as-yet-unknown")
        for number, kind in enumerate((Kind.ENDED, Kind.RETURNED, Kind.SUPPRESSED, Kind.ERASED, Kind.MOVED))
    ]
    known = [Entry(kind=Kind.ENDED, at=shop.tick(), ref=shop.ref(JAN), why="as-yet-unknown")]
    done = replay(shop.engine, [*strange, *known], policies=shop.configuration.policies, now=shop.now, store_is_of=None)
    assert done.entries == 6
    assert done.done == {"ended": 1}
    assert shop.state(JAN) == "ended"


def test_an_import_of_an_old_file_is_no_consent_that_stops_a_replay(shop: Shop) -> None:
    made = shop.backup()
    shop.leave(JAN)
    shop.restore(made.path)
    assert shop.state(JAN) == "ended"
    shop.join(JAN, fresh=False)
    assert shop.state(JAN) == "ended"


@pytest.mark.parametrize("state", ["unsubscribed", "complained"])
def test_who_was_taken_off_by_an_import_stays_out_though_an_earlier_one_brought_them(shop: Shop, state: str) -> None:
    """The file names a day before they came here; an import is no sign that they came back since."""
    left = shop.now - timedelta(days=3)
    shop.take_in("email\nels@example.org\n")
    made = shop.backup()
    done = shop.take_in(f"email,status,left_at\nels@example.org,{state},{left.date()}\n")
    assert done.taken_off + done.suppressed == 1
    before = shop.person("els@example.org")
    assert before
    shop.restore(made.path)
    after = shop.person("els@example.org")
    assert after
    assert (after.suppressed, after.subscriptions[0].state) == (before.suppressed, "ended")
    assert after.subscriptions[0].erase_at == before.subscriptions[0].erase_at


def test_a_dump_holds_our_tables_and_leaves_those_of_others_alone(shop: Shop) -> None:
    if shop.engine.dialect.name == "sqlite":
        return
    with writing(shop.engine) as connection:
        connection.execute(text("CREATE TABLE of_others (word text)"))
        connection.execute(text("INSERT INTO of_others VALUES ('stays')"))
    shop.restore(shop.backup().path)
    with reading(shop.engine) as connection:
        assert connection.scalar(text("SELECT word FROM of_others")) == "stays"
    shop.join("nieuw@example.org")
    with writing(shop.engine) as connection:
        values = {"at": shop.now, "counts": {}, "policy": {}, "previous_digest": "x", "digest": "y"}
        connection.execute(insert(receipt).values(**values))
    assert connect(shop.configuration.database_url)
