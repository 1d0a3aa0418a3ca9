"""Signing up and confirming on both databases: what a stranger can do, and which evidence is kept (B3, I1)."""

import threading
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Engine, select

from subscribers.address import parse_address
from subscribers.confirming import Confirmation, Confirmed, ConfirmOutcome, Question, confirm, question
from subscribers.ledger_entry import nowhere
from subscribers.retention import Period, RetentionPolicy, deadline
from subscribers.scrubbing import run_retention
from subscribers.signup import MailLimit, SignUp, SignUpOutcome, sign_up
from subscribers.store import suppress
from subscribers.subscription import Actor
from subscribers.suppression import SuppressionReason
from subscribers.tables import notice
from subscribers.transactions import reading, writing
from tests.support.people import NOON, Remembering, how_many, joined, leave, person, rows

POLICY = RetentionPolicy(unconfirmed=Period(5))
POLICIES = {"nieuws": POLICY, "agenda": POLICY}
LIMIT = MailLimit(pause=timedelta(hours=1), mails=3)
SAID = Confirmation(source="confirmation page", wording="Ja, meld mij aan", wording_version="1", basis="consent")
JAN = "jan@example.org"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def signed_up(
    engine: Engine, address: str = JAN, slug: str = "nieuws", at: datetime = NOON, **details: str
) -> SignUpOutcome:
    form = SignUp(
        address=parse_address(address),
        list=slug,
        details=details,
        basis="consent",
        source="sign-up page, form 1",
        wording="Ja, ik wil Nieuws ontvangen.",
        wording_version="a1",
        at=at,
    )
    with writing(engine) as connection:
        return sign_up(connection, form, POLICY, LIMIT)


def refs(engine: Engine, kind: str = "confirm") -> list[bytes]:
    with reading(engine) as connection:
        return list(connection.scalars(select(notice.c.ref).where(notice.c.kind == kind).order_by(notice.c.id)))


def pressed(engine: Engine, ref: bytes, at: datetime = NOON + HOUR, record: Any = nowhere) -> Confirmed:
    with writing(engine) as connection:
        return confirm(connection, ref, SAID, now=at, record=record)


def outcome(engine: Engine, ref: bytes, at: datetime = NOON + HOUR) -> ConfirmOutcome:
    return pressed(engine, ref, at).outcome


def state(engine: Engine, address: str = JAN, slug: str = "nieuws") -> str | None:
    found = person(engine, address)
    subscription = found.on(slug) if found else None
    return subscription.state.value if subscription else None


def test_a_sign_up_is_pending_until_it_is_confirmed_and_one_mail_asks_for_it(engine: Engine) -> None:
    assert signed_up(engine, name="Jan", organisation="Gemeente Voorbeeld") is SignUpOutcome.REQUESTED
    assert state(engine) == "pending"
    (queued,) = rows(engine, "notice")
    assert (queued.kind, queued.state, queued.list, queued.to_address) == ("confirm", "queued", "nieuws", None)
    (subscription,) = rows(engine, "subscription")
    assert subscription.erase_at == queued.erase_at == deadline(NOON, Period(5), POLICY.zone)
    assert person(engine).name == "", "names are stored with the person only once the owner of the mailbox agrees"


def test_confirming_puts_the_person_on_the_list_with_what_was_filled_in(engine: Engine) -> None:
    signed_up(engine, name="Jan", organisation="Gemeente Voorbeeld")
    (ref,) = refs(engine)
    assert pressed(engine, ref) == Confirmed(outcome=ConfirmOutcome.CONFIRMED, list="nieuws")
    assert state(engine) == "active"
    (subscription,) = rows(engine, "subscription")
    assert (subscription.erase_at, subscription.period, subscription.actor) == (None, None, "subscriber")
    assert (person(engine).name, person(engine).organisation) == ("Jan", "Gemeente Voorbeeld")
    (queued,) = rows(engine, "notice")
    assert (queued.used_at, queued.details) == (NOON + HOUR, {})


def test_the_evidence_says_when_where_to_which_words_and_how_it_was_confirmed_rule_b3(engine: Engine) -> None:
    signed_up(engine)
    pressed(engine, refs(engine)[0])
    asked, confirmed = rows(engine, "consent")
    assert (asked.event, asked.at, asked.source) == ("requested", NOON, "sign-up page, form 1")
    assert (asked.wording, asked.wording_version, asked.basis) == ("Ja, ik wil Nieuws ontvangen.", "a1", "consent")
    assert (confirmed.event, confirmed.at, confirmed.source) == ("confirmed", NOON + HOUR, "confirmation page")
    assert (confirmed.wording, confirmed.actor) == ("Ja, meld mij aan", "subscriber")


def test_the_link_may_be_used_again_and_changes_nothing_more(engine: Engine) -> None:
    signed_up(engine)
    (ref,) = refs(engine)
    pressed(engine, ref)
    before = {table: rows(engine, table) for table in ("subscriber", "subscription", "consent", "notice")}
    assert outcome(engine, ref, NOON + DAY) is ConfirmOutcome.STANDS
    assert {table: rows(engine, table) for table in before} == before
    with reading(engine) as connection:
        assert question(connection, ref, NOON + DAY) == Question(list="nieuws", is_answered=True)
    leave(engine, rows(engine, "subscription")[0].ref, at=NOON + 2 * DAY)
    with reading(engine) as connection:
        assert question(connection, ref, NOON + 2 * DAY) == Question(), "who left later is not told that they are on it"


def test_looking_at_the_link_changes_nothing_and_names_the_list_rule_i1(engine: Engine) -> None:
    signed_up(engine)
    (ref,) = refs(engine)
    before = rows(engine, "notice")
    with reading(engine) as connection:
        assert question(connection, ref, NOON) == Question(list="nieuws")
        assert question(connection, b"0" * 16, NOON) == Question()
        assert question(connection, ref, NOON + 10 * DAY) == Question()
    assert (rows(engine, "notice"), state(engine)) == (before, "pending")


@pytest.mark.parametrize("days", [6, 30])
def test_a_link_that_is_too_old_confirms_nothing(engine: Engine, days: int) -> None:
    signed_up(engine)
    assert outcome(engine, refs(engine)[0], NOON + days * DAY) is ConfirmOutcome.GONE
    assert state(engine) == "pending"
    assert outcome(engine, b"0" * 16) is ConfirmOutcome.GONE


def test_who_never_confirms_is_erased_whole_within_days_rule_b2(engine: Engine) -> None:
    signed_up(engine, name="Jan")
    due = deadline(NOON, Period(5), POLICY.zone)
    run_retention(engine, policies=POLICIES, now=due - timedelta(seconds=1), record=nowhere)
    assert how_many(engine, "subscriber") == 1
    run_retention(engine, policies=POLICIES, now=due, record=nowhere)
    assert [how_many(engine, table) for table in ("subscriber", "subscription", "consent", "notice")] == [0, 0, 0, 0]


def test_signing_up_again_soon_sends_nothing_and_later_at_most_so_many_mails(engine: Engine) -> None:
    outcomes = [signed_up(engine, at=NOON + minutes * timedelta(minutes=1)) for minutes in range(0, 60 * 24, 10)]
    assert outcomes.count(SignUpOutcome.REQUESTED) == LIMIT.mails
    assert set(outcomes) == {SignUpOutcome.REQUESTED, SignUpOutcome.ENOUGH}
    assert (how_many(engine, "notice"), how_many(engine, "consent"), how_many(engine, "subscription")) == (3, 3, 1)
    sent = [row.created_at for row in rows(engine, "notice")]
    assert all(later - earlier >= LIMIT.pause for earlier, later in pairwise(sent))


def test_other_lists_share_the_limit_of_an_address(engine: Engine) -> None:
    lists = [f"lijst-{number}" for number in range(10)]
    outcomes = [signed_up(engine, slug=slug) for slug in lists]
    assert outcomes.count(SignUpOutcome.REQUESTED) == LIMIT.mails


def test_signing_up_again_begins_the_days_anew_and_the_older_link_still_works(engine: Engine) -> None:
    signed_up(engine)
    signed_up(engine, at=NOON + 3 * DAY)
    assert rows(engine, "subscription")[0].erase_at == deadline(NOON + 3 * DAY, Period(5), POLICY.zone)
    assert outcome(engine, refs(engine)[0], NOON + 4 * DAY) is ConfirmOutcome.CONFIRMED
    assert outcome(engine, refs(engine)[1], NOON + 4 * DAY) is ConfirmOutcome.STANDS


def test_a_stranger_changes_nothing_about_who_is_on_the_list(engine: Engine) -> None:
    joined(engine, name="Jan de Vries", organisation="")
    before = {table: rows(engine, table) for table in ("subscriber", "subscription", "consent")}
    assert signed_up(engine, name="Malle Jan", organisation="Nergens") is SignUpOutcome.ALREADY
    assert {table: rows(engine, table) for table in before} == before
    (queued,) = rows(engine, "notice")
    assert (queued.kind, queued.details) == ("already", {})
    assert signed_up(engine, at=NOON + timedelta(minutes=5)) is SignUpOutcome.ENOUGH


def test_who_left_stays_out_with_the_same_deadline_until_they_confirm(engine: Engine) -> None:
    (left,) = leave(engine, joined(engine), at=NOON)
    assert signed_up(engine, at=NOON + HOUR) is SignUpOutcome.REQUESTED
    (subscription,) = rows(engine, "subscription")
    assert (subscription.state, subscription.erase_at) == ("ended", left.erase_at)
    ledger = Remembering()
    assert pressed(engine, refs(engine)[0], NOON + 2 * HOUR, ledger).outcome is ConfirmOutcome.CONFIRMED
    (back,) = rows(engine, "subscription")
    assert (back.state, back.ref, back.ended_at, back.ended_reason, back.erase_at) == (
        ("active", subscription.ref, None, None, None)
    )
    assert ledger.said == [("returned", subscription.ref)]
    assert [row.event for row in rows(engine, "consent")] == ["granted", "withdrawn", "requested", "confirmed"]


def test_a_link_from_before_somebody_left_does_not_bring_them_back(engine: Engine) -> None:
    signed_up(engine)
    signed_up(engine, at=NOON + 2 * HOUR)
    first, second = refs(engine)
    pressed(engine, first, NOON + 3 * HOUR)
    leave(engine, rows(engine, "subscription")[0].ref, at=NOON + 4 * HOUR)
    assert [outcome(engine, ref, NOON + 5 * HOUR) for ref in (first, second)] == [ConfirmOutcome.GONE] * 2
    assert state(engine) == "ended"


@pytest.mark.parametrize("reason", [SuppressionReason.COMPLAINT, SuppressionReason.BY_HAND])
def test_who_called_it_spam_or_was_shut_out_gets_no_mail_for_a_form(engine: Engine, reason: SuppressionReason) -> None:
    _suppressed(engine, reason)
    assert signed_up(engine, at=NOON + HOUR) is SignUpOutcome.SUPPRESSED
    assert how_many(engine, "notice") == 0
    assert state(engine) == "ended"


def test_a_mailbox_that_was_gone_is_back_when_its_owner_confirms(engine: Engine) -> None:
    _suppressed(engine, SuppressionReason.HARD_BOUNCE)
    assert signed_up(engine, at=NOON + HOUR) is SignUpOutcome.REQUESTED
    assert person(engine).suppressed
    assert outcome(engine, refs(engine)[0], NOON + 2 * HOUR) is ConfirmOutcome.CONFIRMED
    assert (person(engine).suppressed, state(engine)) == (None, "active")


def test_who_is_shut_out_after_signing_up_is_not_let_in_by_the_link(engine: Engine) -> None:
    signed_up(engine)
    _suppress(engine, rows(engine, "subscriber")[0].id, SuppressionReason.BY_HAND, NOON)
    assert outcome(engine, refs(engine)[0]) is ConfirmOutcome.GONE


def test_a_name_on_another_list_is_kept_and_only_what_lacked_is_filled_in(engine: Engine) -> None:
    joined(engine, slug="agenda", name="Jan de Vries")
    signed_up(engine, name="J. de Vries", organisation="Gemeente Voorbeeld")
    pressed(engine, refs(engine)[0])
    assert (person(engine).name, person(engine).organisation) == ("Jan de Vries", "Gemeente Voorbeeld")


def test_twenty_forms_at_once_make_one_person_one_subscription_and_one_mail(engine: Engine) -> None:
    outcomes: list[SignUpOutcome] = []
    threads = [threading.Thread(target=lambda: outcomes.append(signed_up(engine))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == [SignUpOutcome.ENOUGH] * 19 + [SignUpOutcome.REQUESTED]
    assert [how_many(engine, table) for table in ("subscriber", "subscription", "notice")] == [1, 1, 1]


def test_twenty_presses_at_once_confirm_once(engine: Engine) -> None:
    signed_up(engine)
    (ref,) = refs(engine)
    outcomes: list[ConfirmOutcome] = []
    threads = [threading.Thread(target=lambda: outcomes.append(outcome(engine, ref))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == [ConfirmOutcome.CONFIRMED] + [ConfirmOutcome.STANDS] * 19
    assert [row.event for row in rows(engine, "consent")] == ["requested", "confirmed"]


def test_a_naive_moment_is_refused_rule_i10(engine: Engine) -> None:
    with pytest.raises(ValueError, match="naive"):
        signed_up(engine, at=NOON.replace(tzinfo=None))
    assert how_many(engine, "subscriber") == 0


def _suppressed(engine: Engine, reason: SuppressionReason) -> None:
    joined(engine)
    _suppress(engine, person(engine).id, reason, NOON)


def _suppress(engine: Engine, who: int, reason: SuppressionReason, at: datetime) -> None:
    with writing(engine) as connection:
        values = {"reason": reason, "actor": Actor.SYSTEM, "policies": POLICIES, "now": at, "record": nowhere}
        assert suppress(connection, who, **values)
