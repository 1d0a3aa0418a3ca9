"""The relay's log as evidence (I3): what it settles, and what it does not."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.maillog import Attempted, MailLog, judge

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOW = datetime(2027, 1, 3, 12, tzinfo=UTC)
ATTEMPT = datetime(2027, 1, 2, 9, tzinfo=UTC)

POSTFIX = """\
Jan  2 09:30:00 relay postfix/smtpd[7]: connect from localhost[127.0.0.1]
Jan  2 10:00:00 relay postfix/cleanup[8]: 4XyZ1: message-id=<1@job>
Jan  2 10:00:00 relay postfix/qmgr[9]: 4XyZ1: from=<b-1-aa@example.org>, size=900, nrcpt=1 (queue active)
Jan  2 10:00:01 relay postfix/cleanup[8]: 4XyZ2: message-id=<2@job>
Jan  2 10:00:01 relay postfix/smtpd[7]: lost connection after DATA from localhost[127.0.0.1]
Jan  2 10:00:02 relay postfix/cleanup[8]: 4XyZ3: message-id=<9@elsewhere>
Jan  2 10:00:02 relay postfix/qmgr[9]: 4XyZ3: from=<x@example.org>, size=900, nrcpt=1 (queue active)
Jan  2 11:00:00 relay postfix/smtpd[7]: disconnect from localhost[127.0.0.1]
"""
RFC3339 = """\
2027-01-02T09:30:00.123456+01:00 relay postfix-out/submission/smtpd[7]: connect from localhost[127.0.0.1]
2027-01-02T10:00:00.123456+01:00 relay postfix-out/cleanup[8]: 3F1A: message-id=<1@job>
2027-01-02T10:00:00.200000+01:00 relay postfix-out/qmgr[9]: 3F1A: from=<b-1-aa@example.org>, size=900, nrcpt=1
2027-01-02T11:00:00.000000+01:00 relay postfix-out/qmgr[9]: 3F1A: removed
"""
EXIM = """\
2027-01-02 09:30:00 exim 4.96 daemon started: pid=7
2027-01-02 10:00:00 1tTAbC-000123-2b <= b-1-aa@example.org H=localhost [127.0.0.1] P=esmtp S=900 id=1@job
2027-01-02 10:00:00 1tTAbC-000123-2b => noor@example.com R=dnslookup T=remote_smtp
2027-01-02 10:00:01 [77] 1tTAbD-0000000012Q-3Lc5 <= <> H=localhost [127.0.0.1] P=esmtp S=9 id=3@job
2027-01-02 11:00:00 1tTAbC-000123-2b Completed
"""


def known(message_id: str) -> int | None:
    name, _, place = message_id.strip("<>").partition("@")
    return int(name) if place == "job" else None


def log_of(text: str) -> MailLog:
    log = MailLog(known=known, zone=AMSTERDAM, now=NOW)
    log.read(text.splitlines(keepends=True))
    return log


def attempted(delivery: int, since: datetime = ATTEMPT, until: datetime = ATTEMPT) -> Attempted:
    return Attempted(delivery=delivery, since=since, until=until)


@pytest.mark.parametrize("text", [POSTFIX, RFC3339, EXIM])
def test_what_entered_the_queue_was_taken_and_what_is_absent_was_not(text):
    verdict = judge(log_of(text), [attempted(1), attempted(5)])
    assert (verdict.taken, verdict.absent, verdict.undecided) == ({1}, {5}, set())


def test_exim_takes_messages_with_long_ids_and_process_numbers():
    assert log_of(EXIM).taken == {1, 3}


def test_what_postfix_received_and_threw_away_was_not_taken():
    assert judge(log_of(POSTFIX), [attempted(2)]).absent == {2}


@pytest.mark.parametrize("text", [POSTFIX, RFC3339, EXIM])
@pytest.mark.parametrize("shift", [timedelta(hours=-1), timedelta(hours=2), timedelta(minutes=-30)])
def test_i3_an_attempt_that_the_log_does_not_cover_on_both_sides_stays_unknown(text, shift):
    verdict = judge(log_of(text), [attempted(5, ATTEMPT + shift, ATTEMPT + shift)])
    assert verdict.undecided == {5}


def test_i3_a_log_of_another_relay_settles_nothing():
    other = POSTFIX.replace("@job", "@other")
    verdict = judge(log_of(other), [attempted(1), attempted(5)])
    assert verdict.undecided == {1, 5}


def test_lines_without_a_year_are_of_the_last_twelve_months():
    log = log_of("Dec 31 23:59:59 relay postfix/smtpd[1]: connect from x\nJan  3 12:00:00 relay postfix/smtpd[1]: x\n")
    assert log.begins == datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC)
    assert log.ends == datetime(2027, 1, 3, 11, tzinfo=UTC)


def test_rotated_files_may_be_read_in_any_order():
    lines = POSTFIX.splitlines(keepends=True)
    log = MailLog(known=known, zone=AMSTERDAM, now=NOW)
    for part in (lines[4:], lines[:4]):
        log.read(part)
    assert judge(log, [attempted(1), attempted(5)]).taken == {1}
    assert log.begins == datetime(2027, 1, 2, 8, 30, tzinfo=UTC)


@given(st.text(max_size=300))
def test_no_line_is_too_strange(text):
    log = log_of(text)
    assert not log.taken


@given(st.sampled_from(POSTFIX.splitlines() + EXIM.splitlines()), st.integers(0, 120), st.characters())
def test_a_damaged_line_raises_nothing(line, place, character):
    log_of(line[:place] + character + line[place + 1 :])
