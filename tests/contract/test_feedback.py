"""What mail that came back does to the store, on both databases (A15, A18, A19, A20, A23, A29, B9)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, update

from newsletter.feedback.model import Outcome
from newsletter.message.ids import make_notice_sender, message_ids
from newsletter.store import feedback as store
from newsletter.store.tables import delivery, send_job
from subscribers.consent import ConsentEvent
from subscribers.ledger_entry import Kind
from subscribers.notice import NoticeKind
from subscribers.outbox import queue_notice
from subscribers.store import erase_subscriber
from subscribers.transactions import reading, writing
from tests.support.feedback import KEYRING, MAILBOX, NOW, Desk, bounce, complaint, mail, request, token, verp
from tests.support.people import POLICIES, how_many, joined, rows

JAN = "jan@gemeente.example"
PASS = "Authentication-Results: mx.example.org; dkim=pass header.d=gemeente.example"
TRUSTED = {"trusted_authserv": ["mx.example.org"]}


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> Desk:
    return Desk(engine, tmp_path)


def set_sent(desk: Desk, number: int, at: Any) -> None:
    with writing(desk.engine) as connection:
        connection.execute(update(delivery).where(delivery.c.id == number).values(updated_at=at))


# ---------------------------------------------------------------- bounces


def test_a_dead_address_is_suppressed_at_once_and_leaves_every_list_rule_a23(desk: Desk) -> None:
    news, agenda = desk.reader(), desk.reader(slug="agenda")
    (number,) = desk.sent(news)
    assert desk.read(bounce(verp(number))).outcome is Outcome.APPLIED
    assert desk.state(news) == desk.state(agenda) == "ended hard-bounce"
    assert desk.suppressed() == "hard-bounce"
    kinds = [entry.kind for entry in desk.ledger.entries]
    assert kinds.count(Kind.SUPPRESSED) == 1
    assert kinds.count(Kind.ENDED) == 2
    (row,) = rows(desk.engine, "subscription")[:1]
    assert row.erase_at > NOW


def test_a_bounce_leaves_the_delivery_sent_and_is_a_row_of_its_own(desk: Desk) -> None:
    (number,) = desk.sent(desk.reader())
    desk.read(bounce(verp(number), diagnostic=f"550 {JAN} jan unknown here"))
    assert rows(desk.engine, "delivery")[0].state == 3
    (row,) = rows(desk.engine, "bounce")
    assert (row.kind, row.status, row.at) == ("hard", "5.1.1", NOW)
    assert "jan" not in row.reply.lower()


def test_the_signed_address_may_be_in_any_case_of_letters_rule_a18(desk: Desk) -> None:
    ref = desk.reader()
    (number,) = desk.sent(ref)
    assert desk.read(bounce(verp(number).upper())).outcome is Outcome.APPLIED
    assert desk.state(ref) == "ended hard-bounce"


def test_a_forged_envelope_sender_changes_nobody_rule_a18(desk: Desk) -> None:
    (number,) = desk.sent(desk.reader())
    before = desk.everything()
    good = verp(number)
    for forged in (good.replace("b-", "b-9", 1), good[:-25] + "0" * 5 + good[-20:], f"b-{number}-{'0' * 20}@x.example"):
        assert desk.read(bounce(forged)).outcome in {Outcome.UNMATCHED, Outcome.HUMAN}
    assert desk.everything() == before


def test_the_same_mail_again_changes_nothing(desk: Desk) -> None:
    (number,) = desk.sent(desk.reader())
    raw = bounce(verp(number), status="4.2.2")
    assert desk.read(raw).outcome is Outcome.APPLIED
    before = desk.everything()
    for again in (raw, raw.replace(b"\r\n", b"\n"), raw + b"\r\n"):
        assert desk.read(again, at=NOW + timedelta(days=3)).outcome is Outcome.UNCHANGED
    assert desk.everything() == before


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_what_did_not_fail_is_no_failure_rule_a19(desk: Desk, action: str) -> None:
    ref = desk.reader()
    (number,) = desk.sent(ref)
    for day in range(9):
        raw = bounce(verp(number), status="4.4.1", action=action, number=day)
        assert desk.read(raw, at=NOW + timedelta(days=day)).outcome is not Outcome.APPLIED
    assert desk.state(ref) == "active"


def test_soft_ones_count_only_on_different_days_rule_a23(desk: Desk) -> None:
    ref = desk.reader()
    (number,) = desk.sent(ref)
    for hour in range(5):
        desk.read(bounce(verp(number), status="4.2.2", number=hour), at=NOW + timedelta(hours=hour))
    assert desk.state(ref) == "active"
    desk.read(bounce(verp(number), status="5.2.2", number=10), at=NOW + timedelta(days=1))
    assert desk.state(ref) == "active"
    desk.read(bounce(verp(number), status="5.2.2", number=11), at=NOW + timedelta(days=2))
    assert desk.state(ref) == "ended soft-bounce"
    assert desk.suppressed() == "soft-bounce"


def test_a_mail_that_arrived_in_between_starts_the_count_anew_rule_a23(desk: Desk) -> None:
    ref = desk.reader()
    numbers = [desk.sent(ref, slug=f"nummer-{index}")[0] for index in range(4)]
    for index, number in enumerate(numbers):
        set_sent(desk, number, NOW + timedelta(days=7 * index))
    for index in (0, 1):
        raw = bounce(verp(numbers[index]), status="4.2.2", number=index)
        desk.read(raw, at=NOW + timedelta(days=7 * index + 1))
    late = bounce(verp(numbers[3]), status="4.2.2", number=9)
    desk.read(late, at=NOW + timedelta(days=22))
    assert desk.state(ref) == "active", "the third issue arrived"


def test_soft_ones_long_ago_are_forgotten(desk: Desk) -> None:
    ref = desk.reader()
    (number,) = desk.sent(ref)
    for index, day in enumerate((0, 1, 200)):
        desk.read(bounce(verp(number), status="4.2.2", number=index), at=NOW + timedelta(days=day))
    assert desk.state(ref) == "active"


def test_when_the_mailbox_forwards_the_failure_of_the_other_address_is_never_hard_at_once(desk: Desk) -> None:
    ref = desk.reader()
    (number,) = desk.sent(ref)
    desk.read(bounce(verp(number), "jan@elders.example"))
    assert desk.state(ref) == "active"
    desk.read(bounce(verp(number), "jan@elders.example", original=JAN, number=2))
    assert desk.state(ref) == "ended hard-bounce"


def test_a_refusal_about_us_never_counts_against_the_subscriber_rule_a29(desk: Desk) -> None:
    ref = desk.reader()
    (number,) = desk.sent(ref)
    for day in range(9):
        raw = bounce(verp(number), status="5.7.26", diagnostic="550 5.7.26 no DMARC", number=day)
        assert desk.read(raw, at=NOW + timedelta(days=day)).outcome is Outcome.UNCHANGED
    assert desk.state(ref) == "active"
    with reading(desk.engine) as connection:
        assert store.policy_refusals(connection, 1) == 9


def test_enough_refusals_about_us_pause_the_job_and_again_after_as_many_more_rule_a29(desk: Desk) -> None:
    desk.rules = {"policy_limit": 3}
    numbers = desk.sent(*[desk.reader(f"p{index}@gemeente.example") for index in range(6)])

    def refuse(index: int) -> int | None:
        raw = bounce(verp(numbers[index]), f"p{index}@gemeente.example", status="5.7.1", number=index)
        return desk.read(raw).paused_job

    def state() -> str | None:
        with reading(desk.engine) as connection:
            return connection.scalar(select(send_job.c.state))

    assert [refuse(index) for index in range(3)] == [None, None, 1]
    assert state() == "paused"
    with reading(desk.engine) as connection:
        assert connection.scalar(select(send_job.c.halted)) == "bounces: 3 mails came back for what is about us"
    with writing(desk.engine) as connection:
        connection.execute(update(send_job).values(state="running"))
    assert [refuse(index) for index in (3, 4)] == [None, None]
    assert state() == "running"
    assert refuse(5) == 1
    assert state() == "paused"


def test_counts_of_bounces_outlive_an_erasure_rule_i7(desk: Desk) -> None:
    numbers = desk.sent(desk.reader(), desk.reader("els@gemeente.example"))
    for index, number in enumerate(numbers):
        desk.read(bounce(verp(number), status="5.7.1", number=index))
    erase_subscriber(desk.engine, JAN, policies=POLICIES, now=NOW, record=desk.ledger)
    with reading(desk.engine) as connection:
        assert store.bounce_counts(connection, 1) == {"policy": 2}
    assert how_many(desk.engine, "bounce") == 1


@pytest.mark.parametrize("make", [bounce, complaint])
def test_a_message_id_of_another_job_says_that_the_number_of_the_envelope_means_somebody_else_now(
    desk: Desk, make: Callable[..., bytes]
) -> None:
    """As after a restore by hand that gave the number once more: the mail is of a job that this store lost."""
    (number,) = desk.sent(desk.reader())
    lost = message_ids(KEYRING, b"lost".ljust(16), "example.org")(number)
    before = desk.everything()
    assert desk.read(make(verp(number), message_id=lost)).outcome is Outcome.UNMATCHED
    assert desk.everything() == before


def test_a_message_id_that_overrules_the_envelope_is_proof_of_its_own_kind_only_rule_a18(desk: Desk) -> None:
    jan, els = desk.reader(), desk.reader("els@gemeente.example")
    (of_jan,), (of_els,) = desk.sent(jan), desk.sent(els, slug="herfst")
    to, about_els = verp(of_jan), desk.message_id(of_els)
    assert desk.read(bounce(to, "piet@elders.example", message_id=about_els)).outcome is Outcome.HUMAN
    assert desk.read(bounce(to, message_id=about_els)).outcome is Outcome.HUMAN
    assert (desk.state(jan), desk.state(els)) == ("active", "active")
    assert desk.read(bounce(to, "els@gemeente.example", message_id=about_els)).outcome is Outcome.APPLIED
    assert (desk.state(jan), desk.state(els)) == ("active", "ended hard-bounce")


# ---------------------------------------------------------------- a fixed mailbox


def test_in_a_fixed_mailbox_a_bounce_counts_by_our_message_id_and_the_original_recipient(desk: Desk) -> None:
    ref = desk.reader()
    (number,) = desk.sent(ref)
    found = desk.read(bounce("bounces@example.org", message_id=desk.message_id(number)))
    assert found.outcome is Outcome.APPLIED
    assert desk.state(ref) == "ended hard-bounce"


def test_a_message_id_with_another_recipient_changes_nobody_and_goes_to_a_person(desk: Desk) -> None:
    (number,) = desk.sent(desk.reader())
    before = desk.everything()
    raw = bounce("bounces@example.org", "els@elders.example", message_id=desk.message_id(number))
    assert desk.read(raw).outcome is Outcome.HUMAN
    assert desk.everything() == before


def test_a_bounce_without_anything_signed_changes_nobody_even_if_it_names_a_subscriber(desk: Desk) -> None:
    desk.sent(desk.reader())
    before = desk.everything()
    assert desk.read(bounce("bounces@example.org")).outcome is Outcome.HUMAN
    assert desk.read(bounce("bounces@example.org", "els@elders.example")).outcome is Outcome.UNMATCHED
    assert desk.everything() == before


# ---------------------------------------------------------------- erased people


@pytest.mark.parametrize("kind", ["bounce", "complaint", "request"])
def test_mail_about_someone_erased_recreates_nothing_rule_b9(desk: Desk, kind: str) -> None:
    ref = desk.reader()
    (number,) = desk.sent(ref)
    message_id = desk.message_id(number)
    erase_subscriber(desk.engine, JAN, policies=POLICIES, now=NOW, record=desk.ledger)
    before = desk.everything()
    raw = {
        "bounce": bounce(verp(number), message_id=message_id),
        "complaint": complaint(verp(number), recipient=JAN),
        "request": request(subject=f"unsubscribe {token(ref)}"),
    }[kind]
    assert desk.read(raw).outcome is Outcome.UNMATCHED
    assert desk.everything() == before


def test_a_mail_about_someone_who_left_changes_nothing_but_the_suppression(desk: Desk) -> None:
    ref = desk.reader()
    (number,) = desk.sent(ref)
    desk.read(request(subject=f"unsubscribe {token(ref)}"))
    (before,) = rows(desk.engine, "subscription")
    desk.read(bounce(verp(number)), at=NOW + timedelta(days=5))
    (after,) = rows(desk.engine, "subscription")
    assert (after.ended_reason, after.erase_at) == ("unsubscribed", before.erase_at), "the clock goes on"


# ---------------------------------------------------------------- complaints


@pytest.mark.parametrize("kind", ["abuse", "opt-out"])
def test_a_complaint_ends_every_subscription_at_once_rule_a20(desk: Desk, kind: str) -> None:
    news, agenda = desk.reader(), desk.reader(slug="agenda")
    (number,) = desk.sent(news)
    assert desk.read(complaint(verp(number), kind=kind)).outcome is Outcome.APPLIED
    assert desk.state(news) == desk.state(agenda) == "ended complaint"
    assert desk.suppressed() == "complaint"


def test_a_complaint_is_matched_by_our_message_id_and_the_recipient_that_the_provider_names_rule_a20(
    desk: Desk,
) -> None:
    ref = desk.reader()
    (number,) = desk.sent(ref)
    raw = complaint("bounces@example.org", recipient="Jan@Gemeente.example", message_id=desk.message_id(number))
    assert desk.read(raw).outcome is Outcome.APPLIED
    assert desk.state(ref) == "ended complaint"


@pytest.mark.parametrize(
    ("recipient", "to"),
    [
        ("", "undisclosed"), ("", JAN), ("redacted", "undisclosed"), ("[redacted]@gemeente.example", "undisclosed"),
        ("HgTdSd7a8Kw=@gemeente.example", "undisclosed"), ("xxx@xxx.example", "undisclosed"), ("<>", "undisclosed"),
    ],
)  # fmt: skip
def test_a_complaint_with_our_message_id_and_a_redacted_recipient_ends_what_was_mailed_rule_a20(
    desk: Desk, recipient: str, to: str
) -> None:
    """Whoever was forwarded a mail has its Message-ID, its To and its link: the report ends no more than the link."""
    news, agenda = desk.reader(), desk.reader(slug="agenda")
    (number,) = desk.sent(news)
    raw = complaint("bounces@example.org", recipient=recipient, message_id=desk.message_id(number), addressed=to)
    assert desk.read(raw).outcome is Outcome.APPLIED
    assert (desk.state(news), desk.state(agenda), desk.suppressed()) == ("ended unsubscribed", "active", None)


def test_a_complaint_about_our_mail_by_somebody_else_is_for_a_person(desk: Desk) -> None:
    ref = desk.reader()
    (number,) = desk.sent(ref)
    before = desk.everything()
    raw = complaint("bounces@example.org", recipient="els@elders.example", message_id=desk.message_id(number))
    assert desk.read(raw).outcome is Outcome.HUMAN
    assert desk.read(raw).is_ours
    assert (desk.everything(), desk.state(ref)) == (before, "active")


def test_a_complaint_with_a_token_alone_does_what_the_token_does(desk: Desk) -> None:
    """Every mail holds it, and mails are forwarded: it ends one subscription, which can be undone, and no more."""
    news, agenda = desk.reader(), desk.reader(slug="agenda")
    assert desk.read(complaint(f"afmelden+{token(news)}@example.org")).outcome is Outcome.APPLIED
    assert (desk.state(news), desk.state(agenda), desk.suppressed()) == ("ended unsubscribed", "active", None)


@pytest.mark.parametrize("kind", ["fraud", "virus", "other", "not-spam"])
def test_other_reports_are_for_a_person_rule_a20(desk: Desk, kind: str) -> None:
    ref = desk.reader()
    (number,) = desk.sent(ref)
    assert desk.read(complaint(verp(number), kind=kind)).outcome is Outcome.HUMAN
    assert desk.state(ref) == "active"


def test_a_complaint_without_anything_signed_is_for_a_person(desk: Desk) -> None:
    ref = desk.reader()
    desk.sent(ref)
    assert desk.read(complaint("bounces@example.org", recipient=JAN)).outcome is Outcome.HUMAN
    assert desk.state(ref) == "active"


# ---------------------------------------------------------------- leaving by mail


def test_the_token_in_the_subject_ends_one_subscription_whoever_writes_rule_a15(desk: Desk) -> None:
    news, agenda = desk.reader(), desk.reader(slug="agenda")
    found = desk.read(request("els@elders.example", subject=f"unsubscribe {token(news)}"))
    assert found.outcome is Outcome.APPLIED
    assert (desk.state(news), desk.state(agenda)) == ("ended unsubscribed", "active")
    evidence = rows(desk.engine, "consent")[-1]
    assert (evidence.event, evidence.actor) == ("withdrawn", "subscriber")
    assert "mail" in evidence.source


def test_the_token_in_the_recipient_ends_it_too_rule_a15(desk: Desk) -> None:
    ref = desk.reader()
    found = desk.read(request(subject="dag"), to=[f"afmelden+{token(ref)}@example.org"])
    assert found.outcome is Outcome.APPLIED
    assert desk.state(ref) == "ended unsubscribed"


def test_a_token_of_another_key_changes_nobody(desk: Desk) -> None:
    ref = desk.reader()
    before = desk.everything()
    text = token(ref)
    for index in range(0, 48, 5):
        other = text[:index] + ("A" if text[index] != "A" else "B") + text[index + 1 :]
        assert desk.read(request(subject=f"unsubscribe {other}")).outcome is Outcome.HUMAN
    assert desk.everything() == before


def test_without_a_token_and_without_proof_of_the_sender_it_goes_to_a_person_rule_a15(desk: Desk) -> None:
    desk.rules = TRUSTED
    ref = desk.reader()
    forged = (
        (),
        ("Authentication-Results: mx.elders.example; dkim=pass header.d=gemeente.example",),
        ("Authentication-Results: mx.example.org; dkim=pass header.d=elders.example",),
        ("Authentication-Results: mx.example.org; dkim=fail header.d=gemeente.example; spf=none",),
        ("Authentication-Results: mx.example.org; dkim=fail header.d=gemeente.example", PASS),
    )
    for headers in forged:
        assert desk.read(request("Jan <jan@gemeente.example>", MAILBOX, "afmelden", *headers)).outcome is Outcome.HUMAN
    assert desk.state(ref) == "active"


def test_without_a_token_the_proven_sender_leaves_the_list_of_that_mailbox_rule_a15(desk: Desk) -> None:
    desk.rules = TRUSTED
    news, agenda = desk.reader(), desk.reader(slug="agenda")
    found = desk.read(request("Jan <Jan@Gemeente.example>", MAILBOX, "afmelden", PASS))
    assert found.outcome is Outcome.APPLIED
    assert (desk.state(news), desk.state(agenda)) == ("ended unsubscribed", "active")


def test_two_senders_in_from_prove_nothing(desk: Desk) -> None:
    desk.rules = TRUSTED
    ref = desk.reader()
    both = "Els <els@gemeente.example>, Jan <jan@gemeente.example>"
    assert desk.read(request(both, MAILBOX, "afmelden", PASS)).outcome is Outcome.HUMAN
    twice = request("jan@gemeente.example", MAILBOX, "afmelden", PASS, "From: els@gemeente.example")
    assert desk.read(twice).outcome is Outcome.HUMAN
    assert desk.state(ref) == "active"


def test_a_proven_stranger_goes_to_a_person(desk: Desk) -> None:
    desk.rules = TRUSTED
    ref = desk.reader()
    assert desk.read(request("els@gemeente.example", MAILBOX, "afmelden", PASS)).outcome is Outcome.HUMAN
    assert desk.state(ref) == "active"


def test_a_reply_that_says_afmelden_to_a_mail_of_ours_counts_for_its_owner_only(desk: Desk) -> None:
    ref = desk.reader()
    (number,) = desk.sent(ref)
    answers = f"In-Reply-To: {desk.message_id(number)}"
    stranger = request("els@elders.example", "redactie@example.org", "Re: Zomereditie", answers, body="Afmelden")
    assert desk.read(stranger).outcome is Outcome.HUMAN
    assert desk.state(ref) == "active"
    owner = request("jan@gemeente.example", "redactie@example.org", "Re: Zomereditie", answers, body="Afmelden graag")
    assert desk.read(owner).outcome is Outcome.APPLIED
    assert desk.state(ref) == "ended unsubscribed"


def test_the_same_request_again_does_not_end_what_was_begun_anew(desk: Desk) -> None:
    ref = desk.reader()
    raw = request(subject=f"unsubscribe {token(ref)}")
    assert desk.read(raw).outcome is Outcome.APPLIED
    with writing(desk.engine) as connection:
        connection.exec_driver_sql("UPDATE subscription SET state = 'active', ended_reason = NULL, erase_at = NULL")
    assert desk.read(raw, at=NOW + timedelta(days=1)).outcome is Outcome.UNCHANGED
    assert desk.state(ref) == "active"


def test_the_clock_starts_when_the_request_arrived_not_when_it_was_read_rule_i4(desk: Desk) -> None:
    ref = desk.reader()
    raw = request(subject=f"unsubscribe {token(ref)}")
    desk.applier.read(raw, now=NOW, arrived_at=NOW - timedelta(days=10))
    (row,) = rows(desk.engine, "subscription")
    assert row.ended_at == NOW - timedelta(days=10)
    assert row.erase_at < NOW + timedelta(days=12)


def test_a_request_older_than_the_yes_of_the_same_person_goes_to_a_person(desk: Desk) -> None:
    """A mailbox that is read for the first time holds what was asked long ago."""
    ref = joined(desk.engine, JAN, now=NOW, fresh_consent=True, event=ConsentEvent.GRANTED)
    raw = request(subject=f"unsubscribe {token(ref)}")
    assert desk.applier.read(raw, now=NOW, arrived_at=NOW - timedelta(days=400)).outcome is Outcome.HUMAN
    assert desk.state(ref) == "active"
    assert desk.applier.read(raw, now=NOW, arrived_at=NOW + timedelta(days=1)).outcome is Outcome.APPLIED


def test_out_of_office_is_dropped_also_with_a_token_rule_a15(desk: Desk) -> None:
    ref = desk.reader()
    raw = mail(
        "From: jan@gemeente.example",
        f"To: {MAILBOX}",
        f"Subject: Afwezig: unsubscribe {token(ref)}",
        "Auto-Submitted: auto-replied",
    )
    assert desk.read(raw).outcome is Outcome.DROPPED
    assert desk.state(ref) == "active"


def test_a_letter_goes_to_a_person_who_is_told_whom_it_names(desk: Desk) -> None:
    desk.reader()
    found = desk.read(mail("From: els@elders.example", f"To: {MAILBOX}", "Subject: Vraag", body=f"Kent u {JAN}?"))
    assert found.outcome is Outcome.HUMAN
    assert len(found.people) == 1
    assert not found.is_ours


# ---------------------------------------------------------------- service mails


def queued(desk: Desk, ref: bytes, **more: Any) -> int:
    (row,) = [row for row in rows(desk.engine, "subscription") if row.ref == ref]
    with writing(desk.engine) as connection:
        queue_notice(
            connection, kind=NoticeKind.CONFIRM, subscriber_id=row.subscriber_id, list_slug="nieuws", now=NOW,
            keep_days=7, **more,
        )  # fmt: skip
    return rows(desk.engine, "notice")[-1].id


def test_a_confirmation_that_bounces_hard_ends_the_sign_up(desk: Desk) -> None:
    ref = desk.reader()
    number = queued(desk, ref)
    sender = make_notice_sender(KEYRING, number, desk.applier.configuration.lists["nieuws"])
    assert desk.applier.mailboxes.takes(sender)
    assert desk.read(bounce(sender, status="4.2.2")).outcome is Outcome.UNCHANGED
    assert desk.read(bounce(sender, "els@elders.example", number=2)).outcome is Outcome.UNCHANGED
    assert desk.state(ref) == "active"
    assert desk.read(bounce(sender, number=3)).outcome is Outcome.APPLIED
    assert desk.state(ref) == "ended hard-bounce"


def test_a_service_mail_to_another_address_that_bounces_ends_nothing(desk: Desk) -> None:
    ref = desk.reader()
    number = queued(desk, ref, to_address="nieuw@gemeente.example")
    sender = make_notice_sender(KEYRING, number, desk.applier.configuration.lists["nieuws"])
    assert desk.read(bounce(sender, "nieuw@gemeente.example")).outcome is not Outcome.APPLIED
    assert desk.state(ref) == "active"


@pytest.mark.parametrize("leaving_mail", ["none", "farewell", "owner"])
def test_who_leaves_by_mail_gets_at_most_the_one_mail_that_the_list_wants(desk: Desk, leaving_mail: str) -> None:
    ref = desk.reader()
    applier = desk.applier
    lists = applier.configuration.lists
    changed = {**lists, "nieuws": lists["nieuws"].model_copy(update={"leaving_mail": leaving_mail})}
    applier = replace(applier, configuration=applier.configuration.model_copy(update={"lists": changed}))
    for number in range(3):
        raw = request("els@elders.example", MAILBOX, f"unsubscribe {token(ref)}", f"Message-ID: <{number}@x.example>")
        applier.read(raw, now=NOW)
    assert [row.kind for row in rows(desk.engine, "notice")] == {"none": [], "farewell": ["farewell"]}.get(
        leaving_mail, ["left"]
    )
    assert all(row.to_address is None for row in rows(desk.engine, "notice")), "to the subscriber, not to who wrote"


# ---------------------------------------------------------------- whatever comes in


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_no_mail_without_our_signature_changes_anybody_however_it_is_written_rule_a18(desk: Desk, data: Any) -> None:
    if not how_many(desk.engine, "subscriber"):
        ref = desk.reader()
        desk.sent(ref)
    else:
        ref = rows(desk.engine, "subscription")[0].ref
    number = rows(desk.engine, "delivery")[0].id
    texts = (verp(number), token(ref), desk.message_id(number))
    raw = data.draw(
        st.one_of(
            st.binary(max_size=400),
            st.sampled_from([bounce(*texts[:1]), complaint(*texts[:1]), request(subject=f"afmelden {token(ref)}")]),
            st.sampled_from([bounce("x@example.org", message_id=texts[2])]),
        )
    )
    for text in texts:  # one character of everything that is signed is another one
        end = len(text.partition("@")[0])
        place = data.draw(st.sampled_from([index for index in range(end) if text[index] not in "-.<"]))
        other = "0" if text[place].lower() != "0" else "1"
        for spelling in (text, text.lower()):
            raw = raw.replace(spelling.encode(), (spelling[:place] + other + spelling[place + 1 :]).encode())
    before = desk.everything()
    assert desk.read(raw).outcome is not Outcome.APPLIED
    assert desk.everything() == before


@pytest.mark.parametrize(
    "sender", ["j\x00an@gemeente.example", "jan\udcff@x.example", "ë" * 300 + "@x.example", "@", "<>"]
)
def test_senders_that_no_database_takes_harm_nothing(desk: Desk, sender: str) -> None:
    raw = request(subject="afmelden").replace(b"Jan <jan@gemeente.example>", sender.encode("utf-8", "surrogateescape"))
    assert desk.read(raw).outcome is Outcome.HUMAN


def test_a_mail_that_our_own_code_stumbles_over_goes_to_a_person_and_stops_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumbles(_case: object) -> None:
        raise RecursionError

    desk.reader()
    monkeypatch.setattr("newsletter.feedback.applying._by_kind", stumbles)
    handled = desk.read(request(sender=JAN))
    assert handled.outcome is Outcome.HUMAN
    assert len(handled.people) == 1
