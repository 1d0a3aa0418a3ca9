"""Retention rule by rule on both databases: own deadlines, deliveries, shortening, marks, files (B2, B10, I4, I7)."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, insert, update

from newsletter.store.leftovers import Exports
from newsletter.store.tables import bounce, send_job
from subscribers.deadlines import anything_overdue, apply_policies, retention_status
from subscribers.joining import AddOutcome
from subscribers.ledger_entry import nowhere
from subscribers.marks import Marking, forget, known, marker_of
from subscribers.retention import Period, RetentionPolicy, Rule, deadline, deadline_after
from subscribers.rule_counts import RuleCounts
from subscribers.schema import declared, metadata
from subscribers.scrubbing import RetentionRun, erase_subscriber, run_retention
from subscribers.store import end_many
from subscribers.subscription import Actor, EndedReason, State
from subscribers.sweeping import Waiting
from subscribers.tables import address_mark, subscription
from subscribers.tokens import Keyring
from subscribers.transactions import reading, writing
from tests.support.people import NOON, how_many, join, joined, person, rows, sent_to

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
POLICY = RetentionPolicy(
    period=Period(21), unconfirmed=Period(7), hard_bounced=Period(10), complained=Period(3), deliveries=90
)
POLICIES = {"nieuws": POLICY}
FULL = {"policies": POLICIES, "record": nowhere, "patience": 0.3}
MARKER = marker_of(Keyring({1: b"1" * 32}, 1))
ROTATED = marker_of(Keyring({1: b"1" * 32, 2: b"2" * 32}, 2))


def run(engine: Engine, now: datetime, **more) -> RetentionRun:
    return run_retention(engine, now=now, **(FULL | more))


def end(engine: Engine, ref: bytes, reason: EndedReason, at: datetime = NOON) -> datetime:
    with writing(engine) as connection:
        why = {"reason": reason, "actor": Actor.SYSTEM, "policies": POLICIES, "record": nowhere}
        (result,) = end_many(connection, [(ref, at)], **why)
    return result.erase_at


def pend(engine: Engine, ref: bytes, at: datetime = NOON) -> datetime:
    """An unconfirmed sign-up, as the sign-up makes it."""
    due = deadline(at, POLICY.unconfirmed, POLICY.zone)
    values = {"state": State.PENDING.value, "erase_at": due, "period": str(POLICY.unconfirmed)}
    with writing(engine) as connection:
        connection.execute(update(subscription).where(subscription.c.ref == ref).values(**values))
    return due


def finish(engine: Engine, job: int, at: datetime | None = NOON) -> None:
    with writing(engine) as connection:
        connection.execute(update(send_job).where(send_job.c.id == job).values(finished_at=at, state="finished"))


def is_overdue(engine: Engine, now: datetime) -> bool:
    with reading(engine) as connection:
        return anything_overdue(connection, now=now)


# ---------------------------------------------------------------- a period per state (B2)


@pytest.mark.parametrize(
    ("reason", "days"),
    [
        (EndedReason.UNSUBSCRIBED, 21),
        (EndedReason.BY_OPERATOR, 21),
        (EndedReason.SUPPRESSED, 21),
        (EndedReason.HARD_BOUNCE, 10),
        (EndedReason.COMPLAINT, 3),
        (EndedReason.UNCONFIRMED, 7),
    ],
)
def test_each_reason_of_ending_has_its_own_period_rule_b2(engine: Engine, reason: EndedReason, days: int) -> None:
    due = end(engine, joined(engine), reason)
    assert due == deadline(NOON, Period(days), AMSTERDAM)
    assert run(engine, due - timedelta(seconds=1)).receipt is None
    assert run(engine, due).counts["subscription"] == 1


def test_a_receipt_counts_by_rule_with_the_deadline_that_waited_longest(engine: Engine) -> None:
    first = end(engine, joined(engine, "a@example.org"), EndedReason.UNSUBSCRIBED)
    end(engine, joined(engine, "b@example.org"), EndedReason.BY_OPERATOR, NOON + timedelta(days=1))
    end(engine, joined(engine, "c@example.org"), EndedReason.HARD_BOUNCE)
    waiting = pend(engine, joined(engine, "d@example.org"))
    done = run(engine, NOON + timedelta(days=40))
    counts = dict(RuleCounts.read(done.receipt.rules))
    assert {rule: count.erased for rule, count in counts.items()} == {
        "hard-bounced": 1,
        "unconfirmed": 1,
        "unsubscribed": 2,
    }
    assert (counts["unsubscribed"].oldest, counts["unconfirmed"].oldest) == (first, waiting)
    assert done.rules == done.receipt.rules


def test_an_erasure_on_request_is_counted_as_such(engine: Engine) -> None:
    joined(engine)
    done = erase_subscriber(engine, "jan@example.org", now=NOON, **FULL)
    assert done.receipt.rules == {"on-request": {"erased": 1, "oldest": None}}


def test_a_receipt_names_the_period_of_every_rule(engine: Engine) -> None:
    end(engine, joined(engine), EndedReason.COMPLAINT)
    receipt = run(engine, NOON + timedelta(days=40), further={"exports": "7 days"}).receipt
    assert receipt.policy == {
        "exports": "7 days",
        "nieuws/complained": "3 days",
        "nieuws/deliveries": "90 days",
        "nieuws/hard-bounced": "10 days",
        "nieuws/unconfirmed": "7 days",
        "nieuws/unsubscribed": "21 days",
    }


def test_status_names_every_rule_of_every_list_and_what_stays_rule_i4(engine: Engine) -> None:
    joined(engine, "stays@example.org")
    due = end(engine, joined(engine), EndedReason.HARD_BOUNCE)
    found = {rule.rule: rule for rule in retention_status(engine, policies=POLICIES, now=due).rules}
    assert set(found) == {
        "active",
        "complained",
        "deliveries",
        "hard-bounced",
        "receipts",
        "unconfirmed",
        "unsubscribed",
    }
    bounced = found["hard-bounced"]
    assert (bounced.waiting, bounced.nearest, bounced.overdue, bounced.period) == (1, due, 1, "10 days")
    assert (found["active"].waiting, found["active"].stays, found["receipts"].stays) == (1, True, True)


def test_two_reasons_of_one_rule_are_one_line_of_the_status(engine: Engine) -> None:
    first = end(engine, joined(engine, "a@example.org"), EndedReason.BY_OPERATOR)
    end(engine, joined(engine, "b@example.org"), EndedReason.UNSUBSCRIBED, NOON + timedelta(days=2))
    (rule,) = (
        rule for rule in retention_status(engine, policies=POLICIES, now=NOON).rules if rule.rule == "unsubscribed"
    )
    assert (rule.waiting, rule.nearest, rule.overdue) == (2, first, 0)


def test_two_tables_of_one_rule_are_counted_together(engine: Engine) -> None:
    refs = [joined(engine, f"a{number}@example.org") for number in range(3)]
    job = sent_to(engine, *refs, states=[3, 3, 3])
    finish(engine, job)
    one = rows(engine, "subscription")[0].id
    with writing(engine) as connection:
        connection.execute(insert(bounce).values(subscription_id=one, job_id=job, at=NOON, kind="soft"))
    run(engine, NOON)
    found = retention_status(engine, policies=POLICIES, now=NOON).rules
    assert {rule.rule: rule.waiting for rule in found if rule.waiting} == {"active": 3, "deliveries": 4}


# ---------------------------------------------------------------- shortening


def test_each_rule_is_shortened_by_its_own_period(engine: Engine) -> None:
    left = joined(engine, "a@example.org")
    bounced = joined(engine, "b@example.org")
    waiting = joined(engine, "c@example.org")
    end(engine, left, EndedReason.UNSUBSCRIBED)
    end(engine, bounced, EndedReason.HARD_BOUNCE)
    pend(engine, waiting)
    shorter = replace(POLICY, hard_bounced=Period(2), unconfirmed=Period(1))
    assert apply_policies(engine, policies={"nieuws": shorter}) == 2
    due = {row.ref: row.erase_at for row in rows(engine, "subscription")}
    assert due == {
        left: deadline(NOON, Period(21), AMSTERDAM),
        bounced: deadline(NOON, Period(2), AMSTERDAM),
        waiting: deadline(NOON, Period(1), AMSTERDAM),
    }
    assert apply_policies(engine, policies={"nieuws": shorter}) == 0


def test_a_longer_period_moves_no_deadline_rule_i4(engine: Engine) -> None:
    due = end(engine, joined(engine), EndedReason.COMPLAINT)
    pend(engine, joined(engine, "b@example.org"))
    before = [row.erase_at for row in rows(engine, "subscription")]
    longer = replace(POLICY, complained=Period(27), unconfirmed=Period(27))
    assert apply_policies(engine, policies={"nieuws": longer}) == 0
    assert [row.erase_at for row in rows(engine, "subscription")] == before
    assert due in before


# ---------------------------------------------------------------- deliveries (I7)


def test_deliveries_of_who_stays_go_after_their_period_and_the_sums_stay_true_rule_i7(engine: Engine) -> None:
    refs = [joined(engine, f"a{number}@example.org") for number in range(5)]
    job = sent_to(engine, *refs, states=[3, 3, 4, 8, 3])
    finish(engine, job)
    due = deadline_after(NOON, 90, AMSTERDAM)
    assert run(engine, due - timedelta(seconds=1)).receipt is None
    assert how_many(engine, "delivery") == 5
    assert is_overdue(engine, due)
    done = run(engine, due, page=2)
    assert done.counts == {"delivery": 5}
    assert done.receipt.rules == {"deliveries": {"erased": 5, "oldest": due.isoformat()}}
    assert {(row.job_id, row.state): row.count for row in rows(engine, "job_tally")} == {
        (job, 3): 3,
        (job, 4): 1,
        (job, 8): 1,
    }
    assert (how_many(engine, "subscriber"), is_overdue(engine, due)) == (5, False)
    assert run(engine, due).receipt is None


def test_deliveries_of_a_mailing_that_is_not_finished_stay_with_that_reason_rule_i4(engine: Engine) -> None:
    job = sent_to(engine, joined(engine), states=[0])
    far = NOON + timedelta(days=400)
    assert run(engine, far).receipt is None
    (still,) = (
        rule for rule in retention_status(engine, policies=POLICIES, now=far).rules if rule.rule == "deliveries-open"
    )
    assert (still.waiting, still.stays, still.overdue) == (1, True, 0)
    finish(engine, job, far)
    for run_first in (False, True):  # true at once, not from the next run on
        if run_first:
            run(engine, far)
        found = {rule.rule: rule for rule in retention_status(engine, policies=POLICIES, now=far).rules}
        assert (found["deliveries"].waiting, found["deliveries"].nearest) == (1, deadline_after(far, 90, AMSTERDAM))
        assert "deliveries-open" not in found
    finish(engine, job, None)
    found = {rule.rule: rule for rule in retention_status(engine, policies=POLICIES, now=far).rules}
    assert (found["deliveries-open"].waiting, found["deliveries"].waiting) == (1, 0), "taken up again"


def test_a_job_that_is_taken_up_again_has_no_deadline_until_it_is_finished(engine: Engine) -> None:
    job = sent_to(engine, joined(engine), states=[3])
    finish(engine, job)
    run(engine, NOON)
    assert rows(engine, "send_job")[0].deliveries_until
    finish(engine, job, None)
    assert run(engine, NOON + timedelta(days=200)).receipt is None
    assert rows(engine, "send_job")[0].deliveries_until is None


def test_a_shorter_period_of_deliveries_brings_them_forward_and_a_longer_one_does_not(engine: Engine) -> None:
    finish(engine, sent_to(engine, joined(engine), states=[3]))
    apply_policies(engine, policies=POLICIES)
    for days, expected, changed in ((180, 90, 0), (30, 30, 1)):
        assert apply_policies(engine, policies={"nieuws": replace(POLICY, deliveries=days)}) == changed
        assert rows(engine, "send_job")[0].deliveries_until == deadline_after(NOON, expected, AMSTERDAM)


# ---------------------------------------------------------------- files


class Shelf:
    """A kind of files in memory."""

    name, period = "letters", "7 days"

    def __init__(self, due: datetime, *, stuck: bool = False) -> None:
        self.due, self.stuck, self.there = due, stuck, 3

    def waiting(self, now: datetime) -> Waiting:
        late = self.there if self.due <= now else 0
        return Waiting(count=self.there, nearest=self.due if self.there else None, overdue=late)

    def expire(self, now: datetime) -> Waiting:
        if self.due > now:
            return Waiting()
        if self.stuck:
            raise PermissionError(13, "Permission denied")
        gone, self.there = self.there, 0
        return Waiting(count=gone, nearest=self.due)

    def empty(self, _now: datetime) -> int:
        return 0


def test_files_grow_old_by_their_own_rule_with_a_receipt_and_no_rewriting(engine: Engine, monkeypatch) -> None:
    def never(*_arguments, **_more):
        raise AssertionError

    monkeypatch.setattr("subscribers.proving.leave_no_byte", never)
    shelf = Shelf(NOON)
    assert run(engine, NOON - timedelta(seconds=1), folders=[shelf]).receipt is None
    done = run(engine, NOON, folders=[shelf])
    assert (done.receipt.counts, done.receipt.rules["letters"]["erased"]) == ({"letters": 3}, 3)
    (rule,) = (
        item
        for item in retention_status(engine, policies={}, now=NOON, folders=[shelf]).rules
        if item.list == "" and item.rule == "letters"
    )
    assert (rule.waiting, rule.overdue) == (0, 0)


def test_a_file_that_cannot_be_removed_keeps_the_run_overdue(engine: Engine) -> None:
    done = run(engine, NOON, folders=[Shelf(NOON, stuck=True)])
    assert (done.is_overdue, done.receipt) == (True, None)
    assert done.still_due == "a file of letters could not be removed: Permission denied"


def test_exports_grow_old_without_an_erasure(engine: Engine, tmp_path: Path) -> None:
    import os

    written = tmp_path / "exports" / "nieuws.csv"
    written.parent.mkdir()
    written.write_text("jan@example.org")
    os.utime(written, (NOON.timestamp(),) * 2)
    folder = Exports(path=written.parent, days=7, zone=ZoneInfo("UTC"))
    due = deadline_after(NOON, 7, ZoneInfo("UTC"))
    assert folder.waiting(due) == Waiting(count=1, nearest=due, overdue=1)
    assert run(engine, due - timedelta(seconds=1), folders=[folder]).receipt is None
    assert run(engine, due, folders=[folder]).receipt.counts == {"exports": 1}
    assert not written.exists()


# ---------------------------------------------------------------- marks (B10)


def test_no_mark_of_an_erased_address_stays_by_default_rule_b10(engine: Engine) -> None:
    end(engine, joined(engine), EndedReason.UNSUBSCRIBED)
    run(engine, NOON + timedelta(days=30), marking=Marking(marker=MARKER))
    assert how_many(engine, "address_mark") == 0
    assert join(engine, marker=MARKER).outcome is AddOutcome.ADDED


def test_a_mark_refuses_who_adds_without_fresh_consent_and_holds_no_address_rule_b10(engine: Engine) -> None:
    end(engine, joined(engine, "Jan@Example.org"), EndedReason.UNSUBSCRIBED)
    done = run(engine, NOON + timedelta(days=30), marking=Marking(marker=MARKER, days=365))
    (row,) = rows(engine, "address_mark")
    assert (len(row.mark), row.at.hour, row.erase_at - row.at) == (32, 0, timedelta(days=365))
    assert "address_mark" not in done.receipt.counts, "nothing of it was erased"
    refused = join(engine, "jan@EXAMPLE.org", marker=MARKER)
    assert (refused.outcome, refused.is_refused, refused.subscription_ref) == (AddOutcome.ERASED_BEFORE, True, None)
    assert how_many(engine, "subscriber") == 0
    assert join(engine, "other@example.org", marker=MARKER).outcome is AddOutcome.ADDED


def test_a_fresh_consent_is_not_refused_and_ends_the_mark_rule_b10(engine: Engine) -> None:
    joined(engine)
    erase_subscriber(engine, "jan@example.org", now=NOON, marking=Marking(marker=MARKER, days=365), **FULL)
    assert join(engine, fresh_consent=True, marker=MARKER).outcome is AddOutcome.ADDED
    assert how_many(engine, "address_mark") == 0


def test_a_sign_up_of_the_person_knows_nothing_of_marks_rule_b10(engine: Engine) -> None:
    joined(engine)
    erase_subscriber(engine, "jan@example.org", now=NOON, marking=Marking(marker=MARKER, days=365), **FULL)
    assert join(engine).outcome is AddOutcome.ADDED
    with writing(engine) as connection:
        forget(connection, person(engine).address.casefold(), MARKER)
    assert how_many(engine, "address_mark") == 0


def test_who_never_confirmed_leaves_no_mark(engine: Engine) -> None:
    pend(engine, joined(engine))
    run(engine, NOON + timedelta(days=30), marking=Marking(marker=MARKER, days=365))
    assert (how_many(engine, "subscriber"), how_many(engine, "address_mark")) == (0, 0)


def test_a_mark_is_found_after_the_key_was_rotated_and_not_under_another(engine: Engine) -> None:
    joined(engine)
    erase_subscriber(engine, "jan@example.org", now=NOON, marking=Marking(marker=MARKER, days=365), **FULL)
    with reading(engine) as connection:
        keys = ["jan@example.org", "piet@example.org"]
        assert known(connection, keys, ROTATED) == {"jan@example.org"}
        assert known(connection, keys, marker_of(Keyring({1: b"x" * 32}, 1))) == set()


def test_a_mark_goes_at_its_own_end_by_its_own_rule(engine: Engine) -> None:
    joined(engine)
    marking = Marking(marker=MARKER, days=365)
    erase_subscriber(engine, "jan@example.org", now=NOON, marking=marking, **FULL)
    until = rows(engine, "address_mark")[0].erase_at
    assert run(engine, until - timedelta(seconds=1), marking=marking).receipt is None
    done = run(engine, until, marking=marking)
    assert (done.counts, list(done.receipt.rules)) == ({"address_mark": 1}, ["address-marks"])


@pytest.mark.parametrize(("days", "left"), [(None, 0), (10, 0), (100, 1), (1000, 1)])
def test_marks_end_when_the_organisation_chooses_so(engine: Engine, days: int | None, left: int) -> None:
    joined(engine)
    erase_subscriber(engine, "jan@example.org", now=NOON, marking=Marking(marker=MARKER, days=365), **FULL)
    done = run(engine, NOON + timedelta(days=50), marking=Marking(marker=MARKER, days=days))
    assert how_many(engine, "address_mark") == left
    assert bool(done.receipt) is not left


def test_a_mark_that_is_left_again_lives_from_then_on(engine: Engine) -> None:
    marking = Marking(marker=MARKER, days=30)
    for day in (0, 20):
        joined(engine)
        erase_subscriber(engine, "jan@example.org", now=NOON + timedelta(days=day), marking=marking, **FULL)
    (row,) = rows(engine, "address_mark")
    assert row.erase_at.date() == (NOON + timedelta(days=50)).date()


# ---------------------------------------------------------------- rows with a deadline of their own


def test_a_row_with_its_own_deadline_goes_while_its_person_stays(engine: Engine) -> None:
    joined(engine)
    with writing(engine) as connection:
        values = {"mark": b"m" * 32, "at": NOON, "erase_at": NOON + timedelta(days=3)}
        connection.execute(insert(address_mark).values(**values))
    marking = Marking(marker=MARKER, days=100)
    assert not is_overdue(engine, NOON)
    assert is_overdue(engine, NOON + timedelta(days=3))
    assert run(engine, NOON + timedelta(days=3), marking=marking).counts == {"address_mark": 1}
    assert how_many(engine, "subscriber") == 1


def test_the_rules_are_all_named() -> None:
    at_once = {Rule.ON_REQUEST, Rule.LEFT_OVER, Rule.CORRECTED, Rule.AGAIN}
    assert {Rule(rule) for rule in POLICY.in_words()} == set(Rule) - at_once


def test_mere_housekeeping_is_tidied_without_a_receipt_and_is_never_overdue(engine: Engine) -> None:
    joined(engine)
    session = metadata.tables["data_session"]
    assert not any(declared(column).personal for column in session.columns)
    with writing(engine) as connection:
        row = {"secret_hash": b"h" * 32, "subscriber_id": 1, "begun_at": NOON, "erase_at": NOON}
        connection.execute(insert(session).values(**row))
    assert not is_overdue(engine, NOON)
    done = run(engine, NOON)
    assert (done.counts, done.receipt, how_many(engine, "data_session")) == ({}, None, 0)


def test_two_runs_at_once_count_every_delivery_once_rule_i7(engine: Engine) -> None:
    refs = [joined(engine, f"a{number}@example.org") for number in range(40)]
    job = sent_to(engine, *refs, states=[3] * 40)
    finish(engine, job)
    for ref in refs[:20]:
        end(engine, ref, EndedReason.UNSUBSCRIBED)
    late = NOON + timedelta(days=100)
    threads = [threading.Thread(target=run, args=(engine, late), kwargs={"page": 3, "patience": 20}) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not run(engine, late).is_overdue
    assert [(row.job_id, row.state, row.count) for row in rows(engine, "job_tally")] == [(job, 3, 40)]
    assert sum(row.counts.get("delivery", 0) for row in rows(engine, "receipt")) == 40
