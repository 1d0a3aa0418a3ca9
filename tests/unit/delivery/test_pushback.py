import json

import pytest

from newsletter.delivery.outcome import Event, Outcome
from newsletter.delivery.pushback import Blame, Halting, Health, Thresholds, blame, is_too_fast, remedy
from newsletter.delivery.reply import Reply
from newsletter.delivery.retry import Reason, Stage, classify


def deferred(code, text):
    return Outcome(1, Event.DEFER, Reason.BUSY, code, text)


def refused(code, text, reason=None):
    return Outcome(1, Event.REFUSE, reason or classify(Reply(code, text), Stage.DOT), code, text)


SENT = Outcome(1, Event.ACCEPT, "", 250, "2.0.0 ok")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (421, "4.7.28 unusual rate of mail"),
        (421, "closing"),
        (450, "4.7.1 slow down"),
        (451, "4.3.2 too many messages, try later"),
        (452, "rate limit exceeded"),
        (451, "temporarily deferred due to unexpected volume"),
    ],
)
def test_421_and_4_7_x_and_words_of_that_kind_are_pushback(code, text):
    assert is_too_fast(deferred(code, text))


@pytest.mark.parametrize(("code", "text"), [(451, "4.2.0 greylisted"), (452, "4.2.2 mailbox full"), (450, "4.1.1 no")])
def test_other_deferrals_are_no_pushback(code, text):
    assert not is_too_fast(deferred(code, text))


def test_what_was_sent_or_refused_for_good_is_no_pushback():
    assert not is_too_fast(SENT)
    assert not is_too_fast(refused(550, "5.7.1 rate limit"))
    assert not is_too_fast(Outcome(1, Event.DEFER, Reason.CONNECTION))


@pytest.mark.parametrize(
    "text",
    [
        "5.7.25 no PTR record",
        "5.7.26 unauthenticated",
        "5.7.515 does not meet the required authentication level",
        "5.7.606 access denied, banned sending IP",
        "5.7.509 DMARC",
    ],
)
def test_codes_of_the_large_receivers_are_about_us(text):
    assert blame(refused(550, text)) is Blame.US


@pytest.mark.parametrize("text", ["5.7.1 blocked by policy", "listed in a blocklist", "5.7.0 message looks like spam"])
def test_policy_in_general_is_perhaps_about_us(text):
    assert blame(refused(554, text)) is Blame.PERHAPS_US


@pytest.mark.parametrize(
    "text", ["5.1.1 unknown", "5.2.2 full", "5.7.13 account disabled", "5.7.124 not in the allowed"]
)
def test_what_is_about_the_recipient_is_not_about_us(text):
    assert blame(refused(550, text)) is Blame.THEM


def health(**more):
    return Health(thresholds=Thresholds(**more))


def test_five_refusals_that_are_about_us_halt_the_job():
    some = health()
    some.count([SENT] * 10_000 + [refused(550, "5.7.26 unauthenticated")] * 4)
    assert some.halt() is None
    some.count([refused(550, "5.7.26 unauthenticated")])
    halt = some.halt()
    assert halt.why is Halting.POLICY
    assert "550 5.7.26" in halt.what
    assert "--retry refused --class policy" in halt.remedy


def test_policy_of_some_organisations_does_not_halt_a_large_job():
    some = health()
    some.count([SENT] * 1000 + [refused(550, "5.7.1 not allowed here")] * 30)
    assert some.halt() is None
    some.count([refused(550, "5.7.1 not allowed here")] * 30)
    assert some.halt().why is Halting.POLICY


def test_a_rate_of_errors_halts_once_enough_was_tried():
    some = health()
    some.count([refused(550, "5.1.1 unknown")] * 99)
    assert some.halt() is None
    some.count([refused(550, "5.1.1 unknown")])
    assert some.halt().why is Halting.ERRORS
    assert "resume" in remedy("errors")


def test_values_that_fit_no_mail_are_no_refusals():
    some = health(error_sample=10)
    some.count([Outcome(1, Event.REFUSE, Reason.UNWRITABLE)] * 50)
    assert some.halt() is None


def test_what_earlier_runs_counted_counts_with_what_this_one_counts():
    before = Health(thresholds=Thresholds())
    before.count([SENT] * 3 + [refused(550, "5.7.26 unauthenticated")] * 4 + [refused(554, "spam")])
    health = Health.going_on(Thresholds(), json.loads(json.dumps(before.state)))
    assert health == before
    health.count([refused(550, "5.7.26 unauthenticated")])
    halt = health.halt()
    assert halt
    assert halt.what == "6 of 9 refused for what is about us (550 5.7.26, 554)"


def test_without_earlier_runs_counting_begins_at_nothing():
    assert Health.going_on(Thresholds(), {}) == Health(thresholds=Thresholds())
