"""What a server offers decides what we say to it: SIZE, 8BITMIME, SMTPUTF8, DSN, REQUIRETLS (A7, A18, A27)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.attempt import Letter
from newsletter.delivery.offers import Offers, xtext
from newsletter.delivery.retry import Reason, classify

LETTER = Letter("bounces@example.org", "jan+nieuws@example.org", b"Subject: x\r\n\r\nx\r\n")
ENVID = "4711.00112233445566778899aabbccddeeff.0a1b2c3d@example.org"


def offers(*names: str, **valued: str) -> Offers:
    return Offers.of(dict.fromkeys(names, "") | valued)


def test_without_any_extension_nothing_is_added():
    asked = LETTER._replace(envid=ENVID)
    plain = offers()
    assert plain.group(asked) == (b"MAIL FROM:<bounces@example.org>\r\nRCPT TO:<jan+nieuws@example.org>\r\nDATA\r\n")
    assert plain.refuse(asked) is None


def test_a18_a_report_is_asked_for_failures_only_and_by_our_name_where_dsn_is_offered():
    asked = LETTER._replace(envid=ENVID)
    assert offers("dsn").mail(asked) == f"MAIL FROM:<bounces@example.org> RET=HDRS ENVID={ENVID}\r\n".encode()
    assert offers("dsn").rcpt(asked) == (
        b"RCPT TO:<jan+nieuws@example.org> NOTIFY=FAILURE ORCPT=rfc822;jan+2Bnieuws@example.org\r\n"
    )


def test_a18_who_does_not_want_dsn_asks_for_nothing():
    assert offers("dsn").group(LETTER) == offers().group(LETTER)


def test_a_recipient_outside_ascii_is_not_written_as_rfc822():
    asked = LETTER._replace(recipient="jörg@example.org", envid=ENVID)
    assert offers("dsn", "smtputf8").rcpt(asked) == "RCPT TO:<jörg@example.org> NOTIFY=FAILURE\r\n".encode()


def test_all_parameters_stand_in_one_command():
    asked = LETTER._replace(envid=ENVID, message="Subject: é\r\n\r\n".encode(), needs_smtputf8=True, require_tls=True)
    found = offers("dsn", "smtputf8", "8bitmime", "requiretls", size="1000").mail(asked)
    assert (
        found
        == (
            f"MAIL FROM:<bounces@example.org> SIZE=15 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID={ENVID} REQUIRETLS\r\n"
        ).encode()
    )


def test_8bitmime_is_declared_only_for_a_message_that_needs_it():
    assert b"8BITMIME" not in offers("8bitmime").mail(LETTER)
    assert b"BODY=8BITMIME" in offers("8bitmime").mail(LETTER._replace(message=b"\xc3\xab\r\n"))


def test_a_message_larger_than_the_server_takes_is_refused_without_being_sent():
    refused = offers(size="10").refuse(LETTER)
    assert refused.reply.code == 552
    assert classify(refused.reply, refused.stage) is Reason.TOO_LARGE
    for limit in ("0", "", "100", "more"):  # 0: none is known (RFC 1870)
        assert offers(size=limit).refuse(LETTER) is None


def test_a7_an_address_outside_ascii_is_refused_where_smtputf8_is_not_offered():
    refused = offers().refuse(LETTER._replace(recipient="ë@example.org"))
    assert refused.reply.enhanced == (5, 6, 7)
    assert classify(refused.reply, refused.stage) is Reason.NO_SMTPUTF8


def test_a27_requiretls_is_never_said_unless_asked_and_its_absence_is_no_refusal_for_ever():
    assert b"REQUIRETLS" not in offers("requiretls").mail(LETTER)
    refused = offers().refuse(LETTER._replace(require_tls=True))
    assert refused.reply.is_temporary
    assert refused.reply.enhanced == (4, 7, 30)


@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=60))
def test_xtext_is_read_back_as_it_was(text):
    written = xtext(text)
    assert re.fullmatch(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*", written)
    assert re.sub(r"\+([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), written) == text


@pytest.mark.parametrize("size", ["²", "9" * 4400, "-1", "many", "\uff11\uff10", ""])
def test_a_size_that_is_no_number_limits_nothing(size: str) -> None:
    assert offers(size=size).largest == 0
