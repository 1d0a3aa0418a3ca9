"""The relay's log as evidence (I3): what it settles, and what it does not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.maillog import Attempted, Doubt, judge, skew_of
from newsletter.delivery.maillog_reading import MOST_BROKEN, SAMPLE, MailLog
from newsletter.delivery.maillog_witnesses import Recorded, witnesses_of

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOW = datetime(2027, 1, 3, 12, tzinfo=UTC)
ATTEMPT = datetime(2027, 1, 2, 9, tzinfo=UTC)

POSTFIX = """\
Jan  2 09:30:00 relay postfix/smtpd[7]: connect from localhost[127.0.0.1]
Jan  2 10:00:00 relay postfix/smtpd[7]: 4XyZ1: client=localhost[127.0.0.1]
Jan  2 10:00:00 relay postfix/cleanup[8]: 4XyZ1: message-id=<1@job>
Jan  2 10:00:00 relay postfix/qmgr[9]: 4XyZ1: from=<b-1-aa@example.org>, size=900, nrcpt=1 (queue active)
Jan  2 10:00:01 relay postfix/smtpd[7]: 4XyZ2: client=localhost[127.0.0.1]
Jan  2 10:00:01 relay postfix/smtpd[7]: lost connection after DATA (40 bytes) from localhost[127.0.0.1]
Jan  2 10:00:01 relay postfix/smtpd[7]: disconnect from localhost[127.0.0.1] ehlo=1 mail=2 rcpt=2 data=1/2 commands=6/7
Jan  2 10:00:01 relay postfix/cleanup[8]: 4XyZ2: message-id=<2@job>
Jan  2 10:00:02 relay postfix/cleanup[8]: 4XyZ3: message-id=<9@elsewhere>
Jan  2 10:00:02 relay postfix/qmgr[9]: 4XyZ3: from=<x@example.org>, size=900, nrcpt=1 (queue active)
Jan  2 11:00:00 relay postfix/anvil[7]: statistics: max cache size 1
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
2027-01-02 10:00:02 1tTAbE-000123-2b H=localhost [127.0.0.1] F=<b@example.org> rejected after DATA: no, id=4@job
2027-01-02 11:00:00 1tTAbC-000123-2b Completed
"""
EXIM_SYSLOG = """\
Jan  2 09:30:00 relay exim[7]: 2027-01-02 09:30:00 exim 4.96 daemon started: pid=7
Jan  2 10:00:00 relay exim[7]: 1tTAbC-000123-2b <= b@example.org H=localhost [127.0.0.1] P=esmtp S=900 id=1@job
Jan  2 11:00:00 relay exim[7]: 1tTAbC-000123-2b Completed
"""


def known(message_id: str) -> int | None:
    name, _, place = message_id.strip("<>").partition("@")
    return int(name) if place == "job" else None


def log_of(*texts: str, is_of_several: bool = False) -> MailLog:
    log = MailLog(known=known, zone=AMSTERDAM, now=NOW, is_of_several=is_of_several)
    for text in texts:
        log.read(text.splitlines(keepends=True))
    return log


def attempted(delivery: int, since: datetime = ATTEMPT, until: datetime = ATTEMPT) -> Attempted:
    return Attempted(delivery=delivery, since=since, until=until)


def with_lines(*lines: str, until: str = "11:00:00", at: str = "10:00:03") -> MailLog:
    """The log of POSTFIX with these lines in the middle; a line that begins with a time keeps it."""
    *before, last = POSTFIX.splitlines()
    middle = [line if line.startswith("Jan") else f"Jan  2 {at} relay {line}" for line in lines]
    return log_of("\n".join([*before, *middle, last.replace("11:00:00", until)]))


def why(log: MailLog, delivery: int = 5, since: datetime = ATTEMPT, until: datetime = ATTEMPT, **said: object) -> str:
    """`taken`, `absent`, or the reason why neither."""
    verdict = judge(log, [attempted(delivery, since, until)], **said)
    return "taken" if verdict.taken else "absent" if verdict.absent else next(iter(verdict.doubts))


@pytest.mark.parametrize("text", [POSTFIX, RFC3339, EXIM, EXIM_SYSLOG])
def test_what_entered_the_queue_was_taken_and_what_is_absent_was_not(text):
    verdict = judge(log_of(text), [attempted(1), attempted(5)])
    assert (verdict.taken, verdict.absent, verdict.undecided) == ({1}, {5}, set())


def test_exim_takes_messages_with_long_ids_and_process_numbers():
    log = log_of(EXIM)
    assert log.taken == {1, 3}
    assert why(log, 4) == "absent"


@pytest.mark.parametrize(
    "line",
    [
        'Jan  2 10:00:03 relay exim[7]: [2\\3] P=esmtp S=900 id=5@job T="Zomer"',
        "Jan  2 10:00:03 relay amavis[5]: (5-1) Passed CLEAN, Message-ID: <5@job>, mail_id: x",
        "Jan  2 10:00:03 relay postfix/cleanup[8]: 4XyZ8: resent-message-id=<5@job>",
        "Jan  2 10:00:03 relay postfix/smtp[8]: 4XyZ8: to=<a@example.org>, status=sent (250 2.6.0 <5@job> queued)",
    ],
)
def test_i3_what_any_other_line_names_is_not_absent(line):
    assert why(with_lines(line)) == Doubt.FATE


def test_what_postfix_received_and_threw_away_was_not_taken():
    assert why(log_of(POSTFIX), 2) == "absent"


RECEIVED = "postfix/cleanup[8]: B1: message-id=<5@job>"
OPENED = "postfix/smtpd[11]: B1: client=localhost[127.0.0.1]"
CONNECTED = "postfix/smtpd[11]: connect from localhost[127.0.0.1]"
CUT = "postfix/smtpd[11]: lost connection after DATA (40 bytes) from localhost[127.0.0.1]"
CLOSED = "postfix/smtpd[11]: disconnect from localhost[127.0.0.1] ehlo=1 mail=1 rcpt=1 data=0/1 commands=3/4"


@pytest.mark.parametrize(
    "lines",
    [
        (CONNECTED, OPENED, CUT, CLOSED, RECEIVED),
        (CONNECTED, OPENED, RECEIVED, CUT, CLOSED),
        (CONNECTED, OPENED, RECEIVED, CUT.replace("lost connection", "timeout"), CLOSED),
        (RECEIVED, "postfix/cleanup[8]: B1: reject: header Subject: x from localhost[127.0.0.1]; from=<b@example.org>"),
        (RECEIVED, "postfix/cleanup[8]: B1: milter-reject: END-OF-MESSAGE from localhost[127.0.0.1]: 5.7.1 no"),
        ("postfix/smtpd[11]: B1: reject: END-OF-MESSAGE from localhost[127.0.0.1]: 554 5.7.1 no", RECEIVED),
    ],
)
def test_a_refusal_or_a_break_amid_the_content_shows_that_it_was_thrown_away(lines):
    assert why(with_lines(*lines)) == "absent"


@pytest.mark.parametrize(
    "lines",
    [
        (RECEIVED,),  # the active queue is full
        (RECEIVED, "postfix/cleanup[8]: B1: hold: header Subject: Zomer from localhost[127.0.0.1]"),
        (RECEIVED, "postfix/smtpd[11]: B1: reject: RCPT from localhost[127.0.0.1]: 450 4.2.0 <q@example.org>: later"),
        (RECEIVED, "postfix/cleanup[8]: B1: milter-reject: RCPT from localhost[127.0.0.1]: 5.7.1 no"),
        (CONNECTED, OPENED, RECEIVED, CUT.replace("DATA (40 bytes)", "END-OF-MESSAGE"), CLOSED),
        (CONNECTED, OPENED, RECEIVED, CUT.replace("DATA (40 bytes)", "DATA"), CLOSED),
        (CONNECTED, OPENED, RECEIVED, CUT, CLOSED.replace("rcpt=1 data=0/1", "rcpt=2 data=1/2")),  # a line is gone
        (
            CONNECTED,
            "postfix/smtpd[11]: B0: client=x",
            OPENED,
            RECEIVED,
            CUT,
            CLOSED.replace("1 data=0/1", "3 data=1/2"),
        ),
        (OPENED, RECEIVED, CUT, CLOSED),
        (CONNECTED, OPENED, RECEIVED, CUT),
        (CONNECTED, OPENED, CUT, CLOSED, RECEIVED.replace("postfix", "postfix-out")),
        (CONNECTED, OPENED, CUT, CLOSED, f"Jan  2 10:09:00 relay {RECEIVED}"),
        (CONNECTED, OPENED, CUT, CLOSED, OPENED, RECEIVED),  # a message with the same queue id
        (RECEIVED, RECEIVED.replace("5@job", "9@elsewhere"), "postfix/qmgr[9]: B1: from=<x@example.org>, size=9"),
        (RECEIVED, OPENED, "postfix/qmgr[9]: B1: from=<x@example.org>, size=9"),
    ],
)
def test_i3_a_message_that_was_received_is_neither_taken_nor_absent_without_a_line_that_says_so(lines):
    assert why(with_lines(*lines)) == Doubt.FATE


@pytest.mark.parametrize(
    "line",
    [
        "postfix/qmgr[9]: B1: from=<b@example.org>, size=9, nrcpt=1 (queue active)",
        "postfix/qmgr[9]: B1: removed",
        "postfix/smtp[9]: B1: to=<a@example.org>, relay=none, delay=9, status=deferred (timeout)",
        "postfix/relay/smtp[9]: B1: to=<a@example.org>, status=sent (250 ok)",
        "postfix/pipe[9]: B1: to=<a@example.org>, status=sent (delivered)",
        "postfix/bounce[9]: B1: sender non-delivery notification: B2",
        "postfix/postsuper[9]: B1: released from hold",
    ],
)
def test_what_only_happens_to_queued_messages_shows_that_it_was_taken(line):
    assert why(with_lines(RECEIVED, line)) == "taken"
    assert why(with_lines(line, RECEIVED, "postfix/cleanup[8]: B1: message-id=<9@elsewhere>")) == Doubt.FATE


def test_a_message_that_was_removed_gives_its_queue_id_free():
    log = with_lines(
        RECEIVED, "postfix/qmgr[9]: B1: removed", RECEIVED.replace("5@", "6@"), CONNECTED, OPENED, CUT, CLOSED
    )
    assert (why(log, 5), why(log, 6)) == ("taken", Doubt.FATE)


def test_a_message_that_came_whole_the_second_time_was_taken():
    again = "postfix/cleanup[8]: B7: message-id=<5@job>"
    log = with_lines(CONNECTED, OPENED, CUT, CLOSED, RECEIVED, again)
    assert why(log) == Doubt.FATE
    assert why(with_lines(CONNECTED, OPENED, CUT, CLOSED, RECEIVED, again, "postfix/qmgr[9]: B7: removed")) == "taken"


@pytest.mark.parametrize("text", [POSTFIX, RFC3339, EXIM, EXIM_SYSLOG])
@pytest.mark.parametrize("minutes", [-60, -21, 51, 120])
def test_i3_an_attempt_that_the_log_does_not_cover_on_both_sides_stays_unknown(text, minutes):
    moment = ATTEMPT + timedelta(minutes=minutes)
    verdict = judge(log_of(text), [attempted(5, min(ATTEMPT, moment), max(ATTEMPT, moment))])
    assert verdict.undecided == {5}


def test_i3_a_log_of_another_relay_settles_nothing():
    other = log_of(POSTFIX.replace("@job", "@other"))
    assert (why(other, 1), why(other, 5)) == (Doubt.OTHER_RELAY, Doubt.OTHER_RELAY)


def test_i3_with_several_relays_absence_says_nothing_without_the_logs_of_all():
    log = log_of(POSTFIX)
    assert (why(log, is_whole=False), why(log, 1, is_whole=False)) == (Doubt.RELAYS, "taken")


def test_i3_a_missing_file_between_two_is_a_gap():
    lines = POSTFIX.splitlines(keepends=True)
    assert why(log_of("".join(lines[:7]), "".join(lines[-1:]))) == Doubt.COVERAGE
    near = lines[-1].replace("11:00:00", "10:00:40") + lines[-1]
    assert why(log_of("".join(lines[:8]), near)) == "absent"


@pytest.mark.parametrize(
    "line",
    [
        "Jan  2 23:59:59 relay kernel: x",
        "2027-01-02T22:59:00+00:00 elsewhere sshd[1]: x",
        "2027-01-02 23:59:00 startup archives unpack",
        "Jan  2 23:59:59 elsewhere postfix/smtpd[1]: connect from x[192.0.2.1]",
    ],
)
def test_i3_lines_of_others_do_not_make_the_log_longer(line):
    assert why(log_of(POSTFIX + line), 5, ATTEMPT, ATTEMPT + timedelta(hours=2)) == Doubt.COVERAGE


@pytest.mark.parametrize(
    "text",
    [
        "systemd-journald[1]: Suppressed 9999 messages from postfix.service",
        "systemd-journald[1]: Forwarding to syslog missed 12 messages.",
        "rsyslogd: imjournal: 4711 messages lost due to rate-limiting (20000 allowed within 600 seconds)",
        "rsyslogd: imuxsock[pid 7]: begin to drop messages due to rate-limiting",
        "rsyslogd: imuxsock lost 17 messages from pid 7 due to rate-limiting",
    ],
)
def test_i3_where_lines_were_dropped_absence_says_nothing(text):
    assert why(with_lines(text)) == Doubt.LOSSES
    assert why(with_lines(f"Jan  2 12:30:00 relay {text}", until="13:00:00")) == Doubt.LOSSES
    assert why(with_lines(f"Jan  2 12:30:00 relay {text}", until="13:00:00"), 1) == "taken"
    later = "Jan  2 12:00:00 relay postfix/anvil[1]: x", f"Jan  2 12:00:01 relay {text}"
    assert why(with_lines(*later, until="13:00:00")) == "absent"


def test_a_remote_server_that_speaks_of_rates_is_no_loss():
    assert why(with_lines("postfix/smtp[9]: B9: to=<a@example.org>, status=deferred (421 rate-limiting)")) == "absent"


def test_i3_a_relay_whose_clock_is_not_ours_settles_no_absence():
    log = log_of(POSTFIX)
    assert why(log, since=ATTEMPT + timedelta(minutes=11), until=ATTEMPT + timedelta(minutes=20)) == Doubt.CLOCK
    assert why(log, skew=timedelta(minutes=6)) == Doubt.CLOCK
    assert why(log, skew=timedelta(minutes=-6)) == Doubt.CLOCK
    assert why(log, skew=timedelta(minutes=1)) == "absent"


def test_the_clocks_are_compared_by_what_was_recorded_soonest():
    seen = dict.fromkeys(range(8), ATTEMPT)
    late = {number: ATTEMPT + timedelta(hours=3) for number in range(5)}
    recorded = late | {5: ATTEMPT - timedelta(minutes=7), 6: ATTEMPT - timedelta(minutes=7)}
    assert skew_of(seen, recorded | {9: ATTEMPT}) == timedelta(minutes=7)
    assert skew_of(seen, {}) is None


def test_lines_without_a_year_are_of_the_last_twelve_months():
    log = log_of("Dec 31 23:59:59 relay postfix/smtpd[1]: connect from x\nJan  3 12:00:00 relay postfix/smtpd[1]: x\n")
    assert log.coverage.whole == (datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), datetime(2027, 1, 3, 11, tzinfo=UTC))


def test_i3_the_hour_that_comes_twice_covers_nothing_by_itself():
    line = "Oct 25 02:30:00 relay postfix/smtpd[1]: connect from x\n"
    assert log_of(line).coverage.whole is None
    assert log_of(line).lines == 1


def test_a_file_whose_time_goes_back_is_two_logs():
    lines = POSTFIX.splitlines(keepends=True)
    log = log_of("".join([*lines[7:], *lines[:7]]))
    assert why(log, 1) == "taken"
    assert why(log, 2) != "taken"


def test_i3_two_relays_of_one_name_are_not_one_log():
    lines = POSTFIX.splitlines(keepends=True)
    files = "".join(lines[:7]), lines[0].replace("09:30", "09:40") + "".join(lines[2:])
    assert why(log_of(*files)) == "absent"
    assert why(log_of(*files, is_of_several=True)) == Doubt.COVERAGE
    exim = EXIM.splitlines(keepends=True)
    assert why(log_of("".join(exim[:4]), "".join(exim[4:]), is_of_several=True)) == Doubt.COVERAGE
    assert why(log_of(EXIM, is_of_several=True)) == "absent"


def test_i3_a_log_that_lacks_a_witness_settles_no_absence():
    """1 is in it, and so is what the relay received and threw away; 7 is not."""
    for witnesses, said in (({1, 2}, "absent"), ({1, 7}, Doubt.HOLES)):
        log = MailLog(known=known, zone=AMSTERDAM, now=NOW, unknown={5, 9}, witnesses=witnesses)
        log.read(POSTFIX.replace("<9@elsewhere>", "<9@job>").splitlines(keepends=True))
        item = Attempted(delivery=5, since=ATTEMPT, until=ATTEMPT, witnesses=frozenset(witnesses))
        verdict = judge(log, [item, replace(item, delivery=9)])
        assert verdict.taken == {9}, "what the log shows needs no witness"
        assert next(iter(verdict.doubts), "absent") == said
        longer = judge(log, [replace(item, until=ATTEMPT + timedelta(hours=9))])
        assert longer.doubts == {Doubt.COVERAGE: 1}, "other files may have them"


def test_witnesses_are_what_was_recorded_next_before_and_after_and_a_dozen_at_most():
    at = [ATTEMPT + timedelta(minutes=minute) for minute in range(30)]
    sent = [Recorded(moment, 10 * number, 10 * number + number % 3) for number, moment in enumerate(at)]
    found = witnesses_of([at[0], at[9], at[9], at[29], at[29] + timedelta(days=1)], sent)
    assert found[at[0]] == {0, 10, 11, 20, 22, 30, 40}
    assert found[at[9]] == {60, 70, 71, 80, 82, 90} | {100, 101, 110, 112, 120, 130}
    assert found[at[29]] == found[at[29] + timedelta(days=1)] == {262, 270, 280, 281, 290, 292}
    assert witnesses_of([at[0]], []) == {at[0]: frozenset()}


def test_memory_does_not_grow_with_the_log():
    unknown = frozenset({5})
    log = MailLog(known=known, zone=AMSTERDAM, now=NOW, unknown=unknown)

    def lines():
        for number in range(20_000):
            minute, second = divmod(number // 10, 60)
            start = f"Jan  2 {9 + minute // 60:02}:{minute % 60:02}:{second:02} relay postfix"
            yield f"{start}/smtpd[{number}]: connect from x[192.0.2.1]\n"
            yield f"{start}/cleanup[8]: C{number}: message-id=<{number + 10}@job>\n"
            yield f"{start}/cleanup[8]: D{number}: reject: header X from x[192.0.2.1]\n"

    log.read(lines())
    assert not log.taken | log.doubtful
    assert not log._receipts
    assert len(log._broken) <= MOST_BROKEN
    assert len(log.early) == len(log.late) == SAMPLE


@given(st.text(max_size=300))
def test_no_line_is_too_strange(text):
    log = log_of(text)
    assert not log.taken


@given(st.sampled_from(POSTFIX.splitlines() + EXIM.splitlines()), st.integers(0, 120), st.characters())
def test_a_damaged_line_raises_nothing(line, place, character):
    log_of(line[:place] + character + line[place + 1 :])
