"""Signatures over finished messages (A14, A21): what they cover, and that dkimpy agrees."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.message.dkim import OVERSIGNED, MessageShapeError, Signer, body_hash, relaxed
from tests.support.dkim import dkimpy_verifies, ed25519_key, records_of, rsa_key

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
"""In the past: verifiers refuse signatures of the future."""
MESSAGE = (
    b'From: "Programma  Voorbeeld"\r\n <nieuws@example.org>\r\nTo: noor@example.com\r\nSubject: Zomer\r\n'
    b"Date: Mon, 14 Jun 2027 12:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n"
    b"List-Unsubscribe: <https://example.org/u/x>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nGoedemiddag,\r\n\r\ntot ziens.\r\n"
)
RSA = Signer((rsa_key(),))
RECORDS = records_of(rsa_key())


def tags(lines: bytes) -> dict[str, str]:
    text = re.sub(r"\s+", " ", lines.decode()).partition(":")[2]
    return {name.strip(): value.strip() for name, _, value in (tag.partition("=") for tag in text.split(";"))}


def test_a21_dkimpy_verifies_what_we_signed():
    assert dkimpy_verifies(RSA.signed(MESSAGE, NOON), RECORDS)


def test_a14_a21_both_unsubscribe_headers_are_signed_and_from_twice():
    found = tags(RSA.signatures(MESSAGE, NOON))
    names = [name.strip() for name in found["h"].split(":")]
    assert {"list-unsubscribe", "list-unsubscribe-post", "to", "subject", "date", "message-id"} <= set(names)
    assert [names.count(name) for name in OVERSIGNED] == [2] * len(OVERSIGNED)
    assert "l" not in found
    assert (found["a"], found["c"], found["d"], found["s"]) == (
        "rsa-sha256",
        "relaxed/simple",
        "example.org",
        "rsa2027",
    )


@pytest.mark.parametrize("name", ["From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "MIME-Version"])
def test_a21_a_change_in_a_signed_header_breaks_the_signature(name):
    signed = RSA.signed(MESSAGE, NOON)
    changed = re.sub(rf"(?m)^({name}: ?)".encode(), rb"\1x", signed, count=1)
    assert changed != signed
    assert not dkimpy_verifies(changed, RECORDS)


@pytest.mark.parametrize("name", OVERSIGNED)
def test_a21_a_second_header_put_in_on_the_way_breaks_the_signature(name):
    assert not dkimpy_verifies(f"{name}: x@example.com\r\n".encode() + RSA.signed(MESSAGE, NOON), RECORDS)


def test_a_changed_body_breaks_the_signature_and_refolded_headers_do_not():
    signed = RSA.signed(MESSAGE, NOON)
    assert not dkimpy_verifies(signed.replace(b"tot ziens", b"tot nooit"), RECORDS)
    assert not dkimpy_verifies(signed + b"meer\r\n", RECORDS)
    refolded = signed.replace(b'Voorbeeld"\r\n <', b'Voorbeeld" <').replace(b"Subject: Zomer", b"Subject:\r\n\tZomer ")
    assert dkimpy_verifies(refolded, RECORDS)


def test_lines_fit_a_header_and_begin_with_no_dot():
    lines = Signer((rsa_key(), ed25519_key())).signatures(MESSAGE, NOON).split(b"\r\n")
    assert max(map(len, lines)) <= 78
    assert lines[-1] == b""
    assert sum(line.startswith(b"DKIM-Signature:") for line in lines) == 2
    assert not any(line.startswith(b".") for line in lines)


def test_what_is_no_message_is_refused():
    for text in (b"From: a@example.org\r\n", b"To: a@example.org\r\n\r\nx"):
        with pytest.raises(MessageShapeError):
            RSA.signed(text, NOON)


def test_keys_times_and_headers_may_change_from_one_message_to_the_next():
    both = Signer((rsa_key(), ed25519_key()))
    records = RECORDS | records_of(ed25519_key())
    without = MESSAGE.replace(b"MIME-Version: 1.0\r\n", b"")
    twice = b"Reply-To: a@example.org\r\nReply-To: b@example.org\r\n" + MESSAGE
    for at in (NOON, datetime(1999, 6, 15, 12, tzinfo=UTC), NOON):
        for message in (MESSAGE, without, twice, MESSAGE):
            for signer in (RSA, both):
                signed = signer.signed(message, at)
                assert dkimpy_verifies(signed, records)
                assert tags(signed.partition(b"\r\nDKIM-")[0])["t"] == str(int(at.timestamp()))


@settings(deadline=None, max_examples=60)
@given(
    body=st.lists(st.text(alphabet=" \tabc.=", max_size=40), max_size=8),
    subject=st.text(alphabet="ab  \t", min_size=1, max_size=30).filter(str.strip),
)
def test_any_body_and_any_white_space_verify(body, subject):
    text = "".join(line + "\r\n" for line in body)
    message = f"From: a@example.org\r\nSubject: {subject}\r\n\r\n{text}".encode()
    assert dkimpy_verifies(RSA.signed(message, NOON), RECORDS)


@pytest.mark.parametrize("end", [b"", b"\r\n", b"\r\n\r\n", b"\r\n\r\n\r\n"])
def test_empty_lines_at_the_end_do_not_count(end):
    assert body_hash(b"x" + end, 0) == body_hash(b"x\r\n", 0)


def test_relaxed_headers_are_those_of_rfc_6376_section_3_4_5():
    assert relaxed(b"A: X") == b"a:X"
    assert relaxed(b"B : Y\t\r\n\tZ  ") == b"b:Y Z"
