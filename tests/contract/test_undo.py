"""Taking back an ending, and the one mail that a list may send when somebody leaves; on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from subscribers.address import parse_address
from subscribers.consent import AGREEING, ConsentEvent, Shown
from subscribers.farewell import MOST_LINKS, queue_leaving_mails, queue_undo_link
from subscribers.leaving import end_many, suppress
from subscribers.ledger_entry import nowhere
from subscribers.notice import NoticeKind
from subscribers.returning import PRESS_LIFE, UndoOutcome, undo_ending, would_return
from subscribers.scrubbing import run_retention
from subscribers.signup import MailLimit, SignUp, sign_up
from subscribers.subscription import Actor, EndedReason
from subscribers.suppression import SuppressionReason
from subscribers.tables import consent
from subscribers.transactions import reading, writing
from tests.support.people import NOON, POLICIES, Remembering, joined, leave, person, rows

LATER = NOON + timedelta(hours=2)


SAID = Shown(source="undo page", wording="Maak ongedaan", wording_version="4")


def undo(engine: Engine, ref: bytes, *, at=LATER, record=nowhere, said=SAID, lists=None):
    with writing(engine) as connection:
        return undo_ending(connection, ref, now=at, record=record, said=said, lists=lists)


def state_of(engine: Engine, ref: bytes) -> str:
    return next(row.state for row in rows(engine, "subscription") if bytes(row.ref) == ref)


def test_an_undo_makes_the_subscription_active_without_a_deadline(engine: Engine) -> None:
    ref = joined(engine)
    leave(engine, ref)
    assert undo(engine, ref).outcome is UndoOutcome.RETURNED
    (row,) = rows(engine, "subscription")
    assert (row.state, row.ended_at, row.ended_reason, row.erase_at, row.period) == ("active", None, None, None, None)


def test_i11_an_undo_is_evidence_and_stands_in_the_ledger(engine: Engine) -> None:
    ref, ledger = joined(engine, wording="Ja, graag", wording_version="3"), Remembering()
    leave(engine, ref, record=ledger)
    undo(engine, ref, record=ledger)
    assert ledger.said == [("ended", ref), ("returned", ref)]
    with reading(engine) as connection:
        last = connection.execute(select(consent).order_by(consent.c.id.desc()).limit(1)).one()
    assert ConsentEvent(last.event) in AGREEING
    assert (last.event, last.at, last.basis, last.actor) == ("returned", LATER, "consent", "subscriber")


def test_b3_the_evidence_of_an_undo_holds_the_words_at_its_button_and_not_those_of_an_earlier_consent(
    engine: Engine,
) -> None:
    one, two = joined(engine, wording="Ja, graag", wording_version="3"), joined(engine, slug="agenda")
    leave(engine, one, two)
    undo(engine, one)
    *before, first, second = rows(engine, "consent")
    for row in (first, second):
        assert (row.event, row.source, row.wording, row.wording_version) == (
            "returned", "undo page", "Maak ongedaan", "4",
        )  # fmt: skip
    assert "Ja, graag" in {row.wording for row in before}, "what was agreed to before stays as it was"


def test_b3_an_undo_that_a_ledger_tells_of_claims_no_words(engine: Engine) -> None:
    """After a restore only the moment is known."""
    ref = joined(engine, wording="Ja, graag", wording_version="3")
    leave(engine, ref)
    with writing(engine) as connection:
        undo_ending(connection, ref, now=LATER, record=nowhere)
    last = rows(engine, "consent")[-1]
    assert (last.event, last.at, last.wording, last.wording_version) == ("returned", LATER, "", "")


def test_an_undo_again_changes_nothing(engine: Engine) -> None:
    ref, ledger = joined(engine), Remembering()
    leave(engine, ref)
    undo(engine, ref, record=ledger)
    assert undo(engine, ref, record=ledger).outcome is UndoOutcome.STANDS
    assert len(ledger.entries) == 1
    assert [row.event for row in rows(engine, "consent")] == ["granted", "withdrawn", "returned"]


def test_an_undo_takes_back_the_whole_act_and_nothing_else(engine: Engine) -> None:
    one, two, three = (joined(engine, slug=slug) for slug in ("nieuws", "agenda", "derde"))
    leave(engine, three, at=NOON - timedelta(days=1))
    leave(engine, one, two)
    undo(engine, two)
    assert [state_of(engine, ref) for ref in (one, two, three)] == ["active", "active", "ended"]


def test_b3_what_the_page_names_returns_and_nothing_else_and_that_can_be_asked_before(engine: Engine) -> None:
    one, two, three = (joined(engine, slug=slug) for slug in ("nieuws", "agenda", "derde"))
    leave(engine, one, two, three)
    with reading(engine) as connection:
        asked = would_return(connection, two)
    assert (asked.outcome, asked.list, asked.lists) == (UndoOutcome.RETURNED, "agenda", ("nieuws", "agenda", "derde"))
    assert [state_of(engine, ref) for ref in (one, two, three)] == ["ended"] * 3
    done, ledger = undo(engine, two, lists={"nieuws", "agenda"}), Remembering()
    assert (done.lists, [state_of(engine, ref) for ref in (one, two, three)]) == (
        ("nieuws", "agenda"), ["active", "active", "ended"],
    )  # fmt: skip
    assert undo(engine, three, lists={"nieuws"}, record=ledger).outcome is UndoOutcome.GONE
    assert ledger.entries == []


def test_an_undo_works_until_the_erasure_and_no_longer(engine: Engine) -> None:
    ref = joined(engine)
    leave(engine, ref)
    due = rows(engine, "subscription")[0].erase_at
    assert undo(engine, ref, at=due - timedelta(seconds=1)).outcome is UndoOutcome.RETURNED
    leave(engine, ref)
    run_retention(engine, policies=POLICIES, now=due, record=nowhere)
    assert undo(engine, ref, at=due).outcome is UndoOutcome.GONE
    assert person(engine) is None


@pytest.mark.parametrize("reason", [item for item in EndedReason if item is not EndedReason.UNSUBSCRIBED])
def test_what_the_person_did_not_end_cannot_be_taken_back(engine: Engine, reason: EndedReason) -> None:
    ref = joined(engine)
    with writing(engine) as connection:
        how = {"reason": reason, "actor": Actor.SYSTEM, "policies": POLICIES, "record": nowhere}
        end_many(connection, [(ref, NOON)], **how)
    assert undo(engine, ref).outcome is UndoOutcome.GONE
    assert state_of(engine, ref) == "ended"


def test_an_undo_never_brings_back_who_complained_meanwhile(engine: Engine) -> None:
    ref = joined(engine)
    leave(engine, ref)
    with writing(engine) as connection:
        why = {"reason": SuppressionReason.COMPLAINT, "actor": Actor.SYSTEM}
        suppress(connection, person(engine).id, **why, policies=POLICIES, now=NOON, record=nowhere)
    assert undo(engine, ref).outcome is UndoOutcome.GONE


def signed_up(engine: Engine, slug: str) -> bytes:
    """A sign-up on a form that nobody has confirmed."""
    form = SignUp(
        address=parse_address("jan@example.org"),
        list=slug,
        details={},
        basis="consent",
        source="form",
        wording="Ja",
        wording_version="1",
        at=NOON,
    )
    with writing(engine) as connection:
        sign_up(connection, form, POLICIES[slug], MailLimit(pause=timedelta(hours=1), mails=5))
    return next(bytes(row.ref) for row in rows(engine, "subscription") if row.list == slug)


def test_b3_an_undo_never_makes_active_what_was_never_confirmed(engine: Engine) -> None:
    pending = signed_up(engine, "agenda")
    leave(engine, pending)
    assert undo(engine, pending).outcome is UndoOutcome.GONE
    assert state_of(engine, pending) == "ended"


def test_b3_an_undo_of_leaving_everything_leaves_an_unconfirmed_sign_up_ended(engine: Engine) -> None:
    """Or who holds a forwarded mail could sign its owner up elsewhere, leave all lists for them, and undo that."""
    ref = joined(engine)
    pending = signed_up(engine, "agenda")
    leave(engine, ref, pending)
    assert undo(engine, ref).outcome is UndoOutcome.RETURNED
    assert (state_of(engine, ref), state_of(engine, pending)) == ("active", "ended")


def test_an_old_press_does_not_take_back_a_later_leaving(engine: Engine) -> None:
    """The page's way back is for who left by it: not for who holds a forwarded mail and presses after the owner."""
    ref = joined(engine)
    leave(engine, ref, at=NOON)
    for pressed_at in (NOON - timedelta(seconds=1), NOON + PRESS_LIFE + timedelta(seconds=1)):
        with writing(engine) as connection:
            assert undo_ending(connection, ref, now=LATER, record=nowhere, pressed_at=pressed_at).outcome is (
                UndoOutcome.GONE
            )
    with writing(engine) as connection:
        again = NOON + timedelta(minutes=1)  # pressed twice: the second page works as well
        result = undo_ending(connection, ref, now=LATER, record=nowhere, pressed_at=again)
    assert result.outcome is UndoOutcome.RETURNED


def test_an_unknown_reference_is_gone(engine: Engine) -> None:
    assert undo(engine, b"x" * 16).outcome is UndoOutcome.GONE


def test_leaving_and_undoing_in_parallel_ends_in_one_of_both(engine: Engine) -> None:
    ref = joined(engine)
    with ThreadPoolExecutor(8) as pool:
        work = [pool.submit(leave, engine, ref) if n % 2 else pool.submit(undo, engine, ref) for n in range(24)]
        for item in work:
            item.result()
    (row,) = rows(engine, "subscription")
    assert (row.state == "active") is (row.erase_at is None)


# ---------------------------------------------------------------- the mail to who left


def leave_with_mail(engine: Engine, *refs: bytes, at=NOON, kind: NoticeKind = NoticeKind.LEFT) -> int:
    with writing(engine) as connection:
        how = {"reason": EndedReason.UNSUBSCRIBED, "actor": Actor.SUBSCRIBER, "policies": POLICIES, "record": nowhere}
        ended = end_many(connection, [(ref, at) for ref in refs], **how)
        return queue_leaving_mails(connection, ended, {"nieuws": kind, "agenda": kind}, policies=POLICIES, now=at)


def test_a_list_that_wants_it_mails_the_owner_once(engine: Engine) -> None:
    ref = joined(engine)
    assert leave_with_mail(engine, ref) == 1
    assert leave_with_mail(engine, ref) == 0
    (notice,) = rows(engine, "notice")
    assert (notice.kind, notice.list, notice.state, notice.to_address) == ("left", "nieuws", "queued", None)


def test_leaving_and_returning_again_and_again_mails_once_a_day(engine: Engine) -> None:
    ref = joined(engine)
    for minute in range(10):
        leave_with_mail(engine, ref, at=NOON + timedelta(minutes=minute))
        undo(engine, ref, at=NOON + timedelta(minutes=minute, seconds=30))
    assert len(rows(engine, "notice")) == 1
    leave_with_mail(engine, ref, at=NOON + timedelta(days=2))
    assert len(rows(engine, "notice")) == 2


def test_leaving_with_a_mail_and_returning_in_parallel_do_not_wait_for_each_other(engine: Engine) -> None:
    """Both lock the person before the subscription: a whole group of endings must not fail for one double click."""
    refs = [joined(engine, f"p{number}@example.org") for number in range(4)]

    def flip(number: int) -> None:
        ref = refs[number % len(refs)]
        if number % 8 < len(refs):
            leave_with_mail(engine, ref, at=NOON + timedelta(days=number))
        else:
            undo(engine, ref)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(flip, range(160)))


def test_leaving_every_list_at_once_is_one_mail(engine: Engine) -> None:
    one, two = joined(engine), joined(engine, slug="agenda")
    assert leave_with_mail(engine, one, two) == 1


def test_leaving_another_list_on_the_same_day_is_not_silent(engine: Engine) -> None:
    """Each act is told of: its mail takes back that one and no other."""
    one, two = joined(engine), joined(engine, slug="agenda")
    assert leave_with_mail(engine, one) == 1
    assert leave_with_mail(engine, two, at=NOON + timedelta(hours=1)) == 1
    assert [row.list for row in rows(engine, "notice")] == ["nieuws", "agenda"]


def test_one_act_that_is_written_in_two_groups_is_one_mail(engine: Engine) -> None:
    one, two = joined(engine), joined(engine, slug="agenda")
    assert (leave_with_mail(engine, one), leave_with_mail(engine, two)) == (1, 0)


def test_a_list_without_the_wish_mails_nothing(engine: Engine) -> None:
    assert leave_with_mail(engine, joined(engine, slug="derde")) == 0
    assert rows(engine, "notice") == []


def test_i4_the_mail_goes_with_the_subscription_that_it_is_about(engine: Engine) -> None:
    leave_with_mail(engine, joined(engine))
    due = rows(engine, "subscription")[0].erase_at
    run_retention(engine, policies=POLICIES, now=due, record=nowhere)
    assert rows(engine, "notice") == []


def test_whoever_holds_a_forwarded_mail_can_have_two_links_mailed_about_one_ending(engine: Engine) -> None:
    ref = joined(engine)
    for again in (0, 10):
        leave(engine, ref, at=NOON + timedelta(days=again))
        sent = []
        for days in range(6):
            with writing(engine) as connection:
                now = NOON + timedelta(days=again + days, hours=1)
                sent.append(queue_undo_link(connection, ref, policies=POLICIES, now=now))
        assert sent == [True] * MOST_LINKS + [False] * (6 - MOST_LINKS)
        with writing(engine) as connection:
            undo_ending(connection, ref, now=NOON + timedelta(days=again + 7), record=nowhere)
