"""What is put in the place of an address or a name leaves nothing of it: the next retention run scrubs (I5, B1)."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from subscribers import proving
from subscribers.address import parse_address
from subscribers.deadlines import anything_overdue
from subscribers.import_cutoff import newest_erasure
from subscribers.ledger_entry import nowhere
from subscribers.merging import Merge
from subscribers.moving import agree, ask_to_move, refuse
from subscribers.overwriting import GRACE
from subscribers.preferences import correct
from subscribers.scrubbing import RetentionRun, run_retention
from subscribers.store import retention_status
from subscribers.transactions import reading, writing
from tests.support.canary import CANARY, traces
from tests.support.people import NOON, POLICIES, joined, person, rows

NEW = "nieuw@example.org"


def run(engine: Engine, **more) -> RetentionRun:
    values = {"policies": POLICIES, "now": NOON + timedelta(hours=1), "record": nowhere, "patience": 0.3}
    return run_retention(engine, **(values | more))


def move(engine: Engine, new: str = NEW, who: str = CANARY.address) -> None:
    with writing(engine) as connection:
        merge = Merge(connection=connection, now=NOON, policies=POLICIES, record=nowhere)
        assert merge.to_address(person(engine, who).id, parse_address(new))


def change(engine: Engine, **values) -> None:
    with writing(engine) as connection:
        assert correct(connection, person(engine, CANARY.address).id, now=NOON, **values)


def test_no_byte_of_the_old_address_is_left_after_the_next_run(engine: Engine, tmp_path: Path) -> None:
    joined(engine, CANARY.address, name=CANARY.name, organisation=CANARY.organisation)
    change(engine, name="Jan", organisation="Gemeente")
    move(engine)
    if engine.dialect.name == "sqlite":
        assert traces(tmp_path), "in no row any more, but in the log"
    receipt = run(engine).receipt
    assert receipt
    assert receipt.counts == {"subscriber.address": 1, "subscriber.name": 1, "subscriber.organisation": 1}
    assert {rule: count["erased"] for rule, count in receipt.rules.items()} == {"corrected": 3}
    assert traces(tmp_path) == []
    assert person(engine, NEW).name == "Jan"


def test_on_postgresql_the_table_is_rewritten(engine: Engine) -> None:
    joined(engine, CANARY.address)
    if engine.dialect.name == "sqlite":
        return  # rewritten whole
    with reading(engine) as connection:
        before = connection.scalar(text("SELECT pg_relation_filenode('subscriber')"))
    move(engine)
    run(engine)
    with reading(engine) as connection:
        assert connection.scalar(text("SELECT pg_relation_filenode('subscriber')")) != before


def test_a_change_of_address_stops_no_job_unless_it_is_not_scrubbed_for_a_day_rule_i4(engine: Engine) -> None:
    joined(engine, CANARY.address)
    move(engine)
    with reading(engine) as connection:
        assert not anything_overdue(connection, now=NOON + GRACE - timedelta(seconds=1))
        assert anything_overdue(connection, now=NOON + GRACE)
    assert not retention_status(engine, policies=POLICIES, now=NOON).is_overdue
    assert retention_status(engine, policies=POLICIES, now=NOON + GRACE).scrub_due_since == NOON
    run(engine)
    assert not retention_status(engine, policies=POLICIES, now=NOON + GRACE).is_overdue


def test_what_stands_already_is_nothing_to_scrub(engine: Engine) -> None:
    joined(engine, CANARY.address, name="Jan", attributes={"taal": "nl"})
    change(engine, name="Jan", attributes={"taal": "nl", "gemeente": "Ede"})
    assert rows(engine, "scrub") == []
    change(engine, attributes={"taal": ""})
    assert rows(engine, "scrub")[0].counts == {"subscriber.attributes": 1}


def test_many_corrections_between_two_runs_are_one_mark(engine: Engine) -> None:
    joined(engine, CANARY.address, name="Jan")
    for name in ("Piet", "Els", "Kim"):
        change(engine, name=name)
    (mark,) = rows(engine, "scrub")
    assert mark.counts == {"subscriber.name": 3}
    assert run(engine).receipt.rules["corrected"]["erased"] == 3
    change(engine, name="Jan")
    assert len(rows(engine, "scrub")) == 2, "what a receipt has proved stays as it was"


def test_a_correction_during_a_scrub_waits_for_the_next_and_holds_up_no_receipt(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined(engine, CANARY.address, name="Jan")
    joined(engine, "els@example.org", name="Els")
    change(engine, name="Piet")
    with writing(engine) as connection:
        person_id = person(engine, "els@example.org").id
        connection.execute(text("UPDATE scrub SET due = 1"))
        assert correct(connection, person_id, now=NOON, name="Kim")
    scrub = proving.leave_no_byte

    def and_meanwhile(*arguments, **more) -> str:
        change(engine, name="Bo")
        return scrub(*arguments, **more)

    monkeypatch.setattr(proving, "leave_no_byte", and_meanwhile)
    done = run(engine)
    assert done.receipt.counts == {"subscriber.name": 1}, "nothing is proved of the mark that grew"
    assert not done.is_overdue
    assert [mark.due for mark in rows(engine, "scrub")] == [0, 2]
    monkeypatch.setattr(proving, "leave_no_byte", scrub)
    assert run(engine).receipt.counts == {"subscriber.name": 2}


def test_imports_reckon_with_a_change_of_address_and_with_no_other_correction(engine: Engine) -> None:
    """An old file may still name the old address (decision 0017)."""
    joined(engine, CANARY.address)
    change(engine, name="Jan")
    run(engine)
    with reading(engine) as connection:
        assert newest_erasure(connection) is None
    move(engine)
    with reading(engine) as connection:
        assert newest_erasure(connection) == NOON


@pytest.mark.parametrize("how", ["refused", "replaced", "agreed"])
def test_an_address_that_was_only_asked_for_is_scrubbed_too(engine: Engine, tmp_path: Path, how: str) -> None:
    """Somebody typed the address of the canary, who is not with us."""
    joined(engine)
    ask(engine, CANARY.address)
    (row,) = rows(engine, "address_change")
    with writing(engine) as connection:
        if how == "refused":
            refuse(connection, bytes(row.old_ref), now=NOON)
        elif how == "agreed":
            for ref in (row.old_ref, row.new_ref):
                agree(connection, bytes(ref), now=NOON, policies=POLICIES, record=nowhere)
    if how == "replaced":
        ask(engine, NEW)
    if how == "agreed":
        move(engine)
    done = run(engine, now=NOON + timedelta(days=9))  # the service mails have gone by then
    assert done.receipt.counts["address_change"] == (2 if how == "replaced" else 1)
    assert traces(tmp_path) == []


def ask(engine: Engine, new: str) -> None:
    with writing(engine) as connection:
        zone = POLICIES["nieuws"].zone
        who, where = person(engine).id, parse_address(new)
        assert ask_to_move(connection, who, where, list_slug="nieuws", now=NOON, zone=zone)
