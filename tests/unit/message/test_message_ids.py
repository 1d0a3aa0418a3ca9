"""Message-IDs, envelope senders and the ways out: A8, A10, A18."""

import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config_lists import MailingList
from newsletter.message import ids
from subscribers.address import parse_address
from subscribers.errors import ConfigurationError
from subscribers.tokens import Keyring

RING = Keyring({1: b"a" * 32}, 1)
ROTATED = Keyring({1: b"a" * 32, 2: b"b" * 32}, 2)
OTHER = Keyring({1: b"c" * 32}, 1)
JOB = bytes(range(16))
NUMBERS = st.integers(1, 2**63 - 1)


def mailing_list(**changes: str) -> MailingList:
    values = {
        "title": "Nieuwsbrief Voorbeeld",
        "from": "Programma Voorbeeld <nieuwsbrief@example.org>",
        "unsubscribe_mailbox": "afmelden@example.org",
        "basis": "consent",
        "controller": "Organisatie Voorbeeld",
        "privacy_url": "https://example.org/privacy",
    }
    return MailingList.model_validate(values | changes)


@given(NUMBERS, st.binary(min_size=16, max_size=16))
def test_message_ids_read_back_and_are_stable(delivery, job):
    made = ids.message_ids(RING, job, "example.org")(delivery)
    assert made == ids.message_ids(RING, job, "example.org")(delivery)
    assert re.fullmatch(r"<\d+\.[0-9a-f]{32}\.[0-9a-f]{8}@example\.org>", made)
    expected = ids.DeliveryRef(delivery, job)
    assert ids.parse_message_id(RING, made) == expected
    assert ids.parse_message_id(RING, f" {made[1:-1].upper()} ") == expected


def test_a_changed_message_id_is_not_ours():
    made = ids.message_ids(RING, JOB, "example.org")(17)
    signed = made.partition("@")[0]
    for index in range(1, len(signed)):
        for other in "0123456789abcdef.x":
            if other != made[index]:
                assert ids.parse_message_id(RING, made[:index] + other + made[index + 1 :]) is None
    assert ids.parse_message_id(OTHER, made) is None


def test_ids_made_before_a_rotation_are_still_ours():
    assert ids.parse_message_id(ROTATED, ids.message_ids(RING, JOB, "example.org")(17))
    assert ids.parse_verp_sender(ROTATED, ids.make_verp_sender(RING, 17, "example.org")) == 17
    assert ids.parse_verp_sender(RING, ids.make_verp_sender(ROTATED, 17, "example.org")) is None


@given(NUMBERS)
def test_verp_senders_read_back_in_any_case_and_are_short_a8_a18(delivery):
    made = ids.make_verp_sender(RING, delivery, "bounces.example.org")
    assert len(made.partition("@")[0]) <= 64
    assert parse_address(made).spelling == made
    assert ids.parse_verp_sender(RING, made.upper()) == delivery
    assert ids.parse_verp_sender(RING, f"<{made}>") == delivery


def test_a_forged_verp_sender_names_nobody_a18():
    made = ids.make_verp_sender(RING, 17, "example.org")
    local = made.partition("@")[0]
    for index in range(len(local)):
        for other in "0123456789abcdef-x":
            if other != made[index]:
                assert ids.parse_verp_sender(RING, made[:index] + other + made[index + 1 :]) is None
    assert ids.parse_verp_sender(OTHER, made) is None
    assert ids.parse_verp_sender(RING, "b-17@example.org") is None


@pytest.mark.parametrize("text", ["", "<>", "x", "<1.2.3@example.org>", "<" * 10_000, "1" * 10_000])
def test_other_texts_are_nobodys(text):
    assert ids.parse_message_id(RING, text) is None
    assert ids.parse_verp_sender(RING, text) is None


def test_numbers_and_refs_out_of_range_are_refused():
    for number in (0, -1, 2**63):
        with pytest.raises(ValueError, match="number of a delivery"):
            ids.make_verp_sender(RING, number, "example.org")
    with pytest.raises(ValueError, match="16 bytes"):
        ids.message_ids(RING, b"x", "example.org")(1)


def test_a_fixed_envelope_sender_is_the_bounce_mailbox_or_the_sender():
    assert ids.envelope_senders(RING, "n", mailing_list())(1) == "nieuwsbrief@example.org"
    bounces = mailing_list(bounce_mailbox="terug@example.org")
    assert ids.envelope_senders(RING, "n", bounces)(1) == "terug@example.org"


def test_a_verp_envelope_sender_is_one_per_delivery_in_the_bounce_domain_a18():
    configured = mailing_list(envelope="verp", bounce_mailbox="terug@bounces.example.org")
    sender_of = ids.envelope_senders(RING, "n", configured)
    assert sender_of(1) != sender_of(2)
    assert sender_of(1).endswith("@bounces.example.org")
    assert ids.parse_verp_sender(RING, sender_of(2)) == 2


def test_a_bounce_domain_too_long_for_verp_is_a_configuration_error_a8():
    domain = ".".join(["d" * 60] * 3 + ["e" * 40, "example"])
    with pytest.raises(ConfigurationError, match="bounce domain"):
        ids.envelope_senders(RING, "n", mailing_list(envelope="verp", bounce_mailbox=f"t@{domain}"))


def test_the_longest_verp_sender_still_fits_a8():
    domain = ".".join(["d" * 60] * 3 + ["e" * 19, "example"])
    configured = mailing_list(envelope="verp", bounce_mailbox=f"t@{domain}")
    longest = ids.envelope_senders(RING, "n", configured)(2**63 - 1)
    assert 250 <= len(longest) <= 254


def test_the_unsubscribe_page_has_the_token_in_its_path_a10():
    assert ids.unsubscribe_url("https://nieuws.example.org", "AQEB") == "https://nieuws.example.org/u/AQEB"


@pytest.mark.parametrize(
    "mailbox", ["afmelden@example.org", "a+b@example.org", "a?b&c%d#e,@example.org", "zoë@example.org"]
)
def test_the_unsubscribe_mail_reads_back_as_meant_a15(mailbox):
    uri = ids.unsubscribe_mailto(mailbox, "AQEB_-")
    parts = urlsplit(uri)
    assert unquote(parts.path) == mailbox
    assert parse_qs(parts.query) == {"subject": ["unsubscribe AQEB_-"]}
    assert re.fullmatch(r"[!-;=?-~]+", uri)
    assert "," not in uri
