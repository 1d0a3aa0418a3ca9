from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.outcome import Event
from newsletter.delivery.reply import Reply
from newsletter.delivery.retry import (
    FIRST_WAIT,
    LONGEST_WAIT,
    Circumstances,
    Reason,
    Stage,
    decide,
    is_last,
    put_off,
    wait,
)

NOW = datetime(2027, 6, 14, 9, tzinfo=UTC)


def circumstances(attempts=0, hours=72.0, jitter=0.0, **more):
    return Circumstances(now=NOW, expires_at=NOW + timedelta(hours=hours), attempts=attempts, jitter=jitter, **more)


@given(st.integers(0, 200), st.floats(0, 1))
def test_a_wait_is_at_least_thirty_minutes_and_never_shrinks(attempts, jitter):
    assert timedelta(minutes=30) <= wait(attempts, jitter) <= LONGEST_WAIT * 1.25
    assert wait(attempts, 0) <= wait(attempts + 1, 0)


def test_waits_double_until_eight_hours():
    assert [wait(n, 0) / FIRST_WAIT for n in range(6)] == [1, 2, 4, 8, 16, 16]


@pytest.mark.parametrize("code", [421, 450, 451, 452, 454])
def test_4yz_is_deferred(code):
    decision = decide(Reply(code, "later"), Stage.RCPT, circumstances())
    assert decision.event is Event.DEFER
    assert decision.due_at == NOW + FIRST_WAIT
    assert decision.ends_session is (code == 421)


@pytest.mark.parametrize("code", [500, 550, 551, 552, 553, 554, 571])
def test_5yz_is_refused_and_never_tried_again(code):
    decision = decide(Reply(code, "no"), Stage.RCPT, circumstances())
    assert (decision.event, decision.due_at) == (Event.REFUSE, None)


@pytest.mark.parametrize("text", ["5.5.3 Too many recipients", "too many recipients", "5.5.3 no"])
def test_552_too_many_recipients_means_452(text):
    assert decide(Reply(552, text), Stage.RCPT, circumstances()).event is Event.DEFER


def test_552_of_another_kind_is_refused():
    assert decide(Reply(552, "5.2.2 mailbox full"), Stage.RCPT, circumstances()).event is Event.REFUSE


@pytest.mark.parametrize("status", ["5.1.1", "5.1.6", "5.1.10"])
@pytest.mark.parametrize("stage", [Stage.RCPT, Stage.DOT])
def test_a_dead_address_is_hard_at_once(status, stage):
    decision = decide(Reply(550, f"{status} unknown"), stage, circumstances())
    assert decision.is_hard
    assert decision.reason is Reason.NO_SUCH_ADDRESS


@pytest.mark.parametrize(
    ("code", "text", "stage"),
    [
        (550, "5.1.1 unknown", Stage.MAIL),
        (550, "5.2.2 full", Stage.RCPT),
        (550, "5.7.1 blocked", Stage.RCPT),
        (550, "5.1.2 bad domain", Stage.RCPT),
        (450, "4.1.1 greylisted", Stage.RCPT),
        (550, "user unknown", Stage.RCPT),
        (550, "4.1.1 odd", Stage.RCPT),
    ],
)
def test_nothing_else_is_hard_by_one_event(code, text, stage):
    assert not decide(Reply(code, text), stage, circumstances()).is_hard


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (550, "5.7.26 unauthenticated"),
        (550, "5.7.515 access denied"),
        (421, "4.7.28 rate"),
        (554, "listed in a blocklist"),
        (550, "message looks like spam"),
        (451, "SPF lookup failed"),
    ],
)
def test_what_is_about_us_is_policy(code, text):
    assert decide(Reply(code, text), Stage.DOT, circumstances()).reason is Reason.POLICY


@pytest.mark.parametrize(
    ("reply", "stage", "reason"),
    [
        (Reply(550, "no"), Stage.MAIL, Reason.SENDER),
        (Reply(552, "5.2.2 full"), Stage.RCPT, Reason.MAILBOX_FULL),
        (Reply(452, "4.2.2 full"), Stage.RCPT, Reason.MAILBOX_FULL),
        (Reply(552, "5.3.4 large"), Stage.DOT, Reason.TOO_LARGE),
        (Reply(553, "5.6.7 no SMTPUTF8"), Stage.RCPT, Reason.NO_SMTPUTF8),
        (Reply(451, "try later"), Stage.DOT, Reason.BUSY),
        (Reply(554, "transaction failed"), Stage.DOT, Reason.REFUSED),
    ],
)
def test_the_reason_comes_from_status_code_and_text(reply, stage, reason):
    assert decide(reply, stage, circumstances()).reason is reason


def test_what_would_come_too_late_expires():
    assert decide(Reply(451), Stage.RCPT, circumstances(hours=0.5)).event is Event.DEFER
    assert decide(Reply(451), Stage.RCPT, circumstances(hours=0.49)).event is Event.EXPIRE
    assert put_off(Reason.CONNECTION, circumstances(hours=0)).event is Event.EXPIRE


@pytest.mark.parametrize(("hours", "attempts"), [(1, 2), (2, 3), (8, 5), (24, 7), (72, 13), (14 * 24, 46)])
def test_a_delivery_is_tried_for_so_many_hours_of_the_schedule(hours, attempts):
    lasts = [is_last(before, timedelta(hours=hours)) for before in range(attempts + 3)]
    assert lasts == [False] * (attempts - 1) + [True] * 4
    waited = sum((wait(before, 0) for before in range(attempts - 1)), timedelta(0))
    assert waited <= timedelta(hours=hours) < waited + wait(attempts - 1, 0)


def test_nothing_comes_after_the_last_attempt_whatever_the_date():
    last = Circumstances(now=NOW, attempts=3, jitter=0, is_last=True)
    assert decide(Reply(451), Stage.RCPT, last).event is Event.EXPIRE
    assert put_off(Reason.CONNECTION, last).event is Event.EXPIRE
    assert decide(Reply(451), Stage.RCPT, Circumstances(now=NOW, attempts=3, jitter=1)).event is Event.DEFER


@given(st.integers(400, 599), st.text(max_size=30), st.sampled_from(Stage), st.integers(0, 20), st.floats(-10, 100))
def test_every_refusal_has_one_of_three_outcomes_and_a_deferred_one_a_date(code, text, stage, attempts, hours):
    decision = decide(Reply(code, text), stage, circumstances(attempts, hours))
    assert decision.event in {Event.DEFER, Event.REFUSE, Event.EXPIRE}
    assert (decision.due_at is not None) == (decision.event is Event.DEFER)
    assert decision.due_at is None or NOW + FIRST_WAIT <= decision.due_at <= NOW + timedelta(hours=hours)


def test_naive_times_are_refused():
    with pytest.raises(ValueError, match="naive"):
        Circumstances(now=NOW.replace(tzinfo=None), expires_at=NOW, attempts=0, jitter=0)
