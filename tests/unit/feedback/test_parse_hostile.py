"""No mail makes the parser fail or slow: broken, cut, nested, huge, or made to hurt. Times are of the processor."""

import random
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.feedback.model import Kind
from newsletter.feedback.parse import parse_returned_mail
from subscribers.tokens import Keyring
from tests.support.returned_mails import SAMPLES

KEYRING = Keyring({1: b"k" * 32}, 1)
OCTETS = 1_000_000
SECONDS = 4.0
"""For a million octets: five times what the slowest takes here; a quadratic reading would take minutes."""
HEAD = b"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: a@b.example\nSubject: Delivery failed\n"
raws = st.sampled_from([sample.raw for sample in SAMPLES])


def many(piece: bytes) -> bytes:
    return piece * (OCTETS // len(piece))


HOSTILE = {
    "at signs": HEAD + b"\n" + many(b"a@"),
    "addresses": HEAD + b"\n" + many(b"<a@b.example>: 550 5.1.1 unknown\n"),
    "angle brackets": HEAD + b"Content-Type: text/html\n\n" + many(b"<a "),
    "styles that never end": HEAD + b"Content-Type: text/html\n\n" + many(b"<style>"),
    "empty lines": HEAD + b"\n" + many(b"\n"),
    "carriage returns": HEAD + b"\n" + many(b"\r"),
    "one long line": HEAD + b"\n" + many(b"word "),
    "one long number": HEAD + b"\n" + many(b"5"),
    "dashes": HEAD + b"\n" + many(b"-"),
    "a header without an end": b"X: " + many(b"a"),
    "headers without an end": many(b"X: a\n"),
    "folded for ever": b"Subject: x\n" + many(b" y\n"),
    "encoded-words": b"Subject: " + many(b"=?utf-8?q?a?= "),
    "parameters": b"Content-Type: " + many(b";a=") + b"\n\nx",
    "boundaries": b"Content-Type: multipart/mixed; boundary=b\n\n" + many(b"--b\n"),
    "almost boundaries": b"Content-Type: multipart/mixed; boundary=b\n\n" + many(b"--bx\n"),
    "nested": b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(20_000)),
    "nested in one boundary": many(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n"),
    "groups": HEAD + b"Content-Type: message/delivery-status\n\n" + many(b"Final-Recipient: rfc822; a@b.example\n\n"),
    "groups of nothing": HEAD + b"Content-Type: message/delivery-status\n\n" + many(b"zz\n\n"),
    "header-like lines": HEAD + b"\n" + many(b"From: x\nTo: y\n\n"),
    "quoted-printable": HEAD + b"Content-Transfer-Encoding: quoted-printable\n\n" + many(b"=\n"),
    "nested JSON": HEAD + b'\n{"notificationType":"Bounce","bounce":' + many(b"["),
    "a slow character set": HEAD + b"Content-Type: text/plain; charset=punycode\n\n" + many(b"a"),
    "escapes": HEAD + b"Content-Type: text/plain; charset=iso-2022-jp\n\n" + many(b"\x1b$B"),
    "forged envelope senders": HEAD + b"\n" + many(b"b-1-aaaaaaaaaaaaaaaaaaaa@x.example "),
    "forged Message-IDs": HEAD + b"\n" + many(b"1." + b"a" * 32 + b".aaaaaaaa@x.example "),
    "noise": random.Random(1).randbytes(OCTETS),
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_time_is_bounded(raw: bytes) -> None:
    begun = time.process_time()
    parse_returned_mail(raw, keyring=KEYRING)
    assert time.process_time() - begun < SECONDS


def test_what_lies_beyond_the_limit_is_not_read() -> None:
    raw = SAMPLES[0].raw + b"x" * 30_000_000
    begun = time.process_time()
    assert parse_returned_mail(raw, keyring=KEYRING).kind is Kind.BOUNCE
    assert time.process_time() - begun < SECONDS


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(raw=raws, places=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=20))
def test_any_octets_may_be_wrong(raw: bytes, places: list[tuple[int, int]]) -> None:
    broken = bytearray(raw or b"x")
    for place, octet in places:
        broken[place % len(broken)] = octet
    assert parse_returned_mail(bytes(broken), keyring=KEYRING).kind in Kind


@settings(max_examples=100, deadline=None)
@given(raw=raws, begin=st.integers(0, 3000), length=st.integers(0, 3000))
def test_any_piece_may_be_all_there_is(raw: bytes, begin: int, length: int) -> None:
    assert parse_returned_mail(raw[begin : begin + length], keyring=KEYRING).kind in Kind


@settings(max_examples=100, deadline=None)
@given(one=raws, other=raws, place=st.integers(0, 3000))
def test_mails_may_be_mixed_up(one: bytes, other: bytes, place: int) -> None:
    assert parse_returned_mail(one[:place] + other[place:], keyring=KEYRING).kind in Kind


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=500))
def test_anything_is_a_mail(raw: bytes) -> None:
    assert parse_returned_mail(raw, keyring=KEYRING).kind in Kind


@settings(max_examples=60, deadline=None)
@given(raw=raws, charset=st.text(max_size=30) | st.sampled_from(["utf-16", "idna", "rot13", "zlib", "gb18030", "x"]))
def test_any_character_set_may_be_claimed(raw: bytes, charset: str) -> None:
    claimed = f"Content-Type: text/plain; charset={charset}\n".encode("utf-8", "replace") + raw
    assert parse_returned_mail(claimed, keyring=KEYRING).kind in Kind


def test_nothing_is_printed_or_logged_whatever_breaks(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """I7: flufl.bounce logs a traceback, with words of the mail, when a mail breaks one of its detectors."""
    parse_returned_mail(b"From: \xe9\nX-Mailer: \xe9\nSubject: failure notice\nReturn-Path: <>\n\nfailed to deliver\n")
    assert (*capfd.readouterr(), caplog.text) == ("", "", "")


@pytest.mark.full
@settings(max_examples=5000, deadline=None)
@given(raw=raws, places=st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=8)), min_size=1, max_size=40))
def test_any_octets_may_be_wrong_at_length(raw: bytes, places: list[tuple[int, bytes]]) -> None:
    broken = raw or b"x"
    for place, octets in places:
        at = place % (len(broken) or 1)
        broken = broken[:at] + octets + broken[at + 1 :]
    assert parse_returned_mail(broken, keyring=KEYRING).kind in Kind
