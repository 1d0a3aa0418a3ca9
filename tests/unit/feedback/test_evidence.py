"""Our own marks in what comes back: found wherever they stand, believed only with our key (A13, A15, A18)."""

import pytest

from newsletter.feedback.model import Kind
from newsletter.feedback.parse import parse_returned_mail
from newsletter.message.ids import DeliveryRef, make_verp_sender, message_ids
from subscribers.tokens import Keyring, Purpose
from tests.support.returned_mails import ORIGINAL, arf, daemon, dsn, group, mail, person

KEYRING = Keyring({1: b"k" * 32}, 1)
FORGED = Keyring({1: b"x" * 32}, 1)
JOB, REF = b"j" * 16, b"r" * 16
VERP = make_verp_sender(KEYRING, 42, "bounces.example")
MESSAGE_ID = message_ids(KEYRING, JOB, "programma.example")(42)
TOKEN = KEYRING.sign(Purpose.UNSUBSCRIBE, REF)
SENT = ORIGINAL.replace("<zomer.1@programma.example>", MESSAGE_ID)

VERP_PLACES = {
    "To": daemon("failed", To=VERP),
    "Delivered-To": daemon("failed", **{"Delivered-To": VERP}),
    "in capitals": daemon("failed", **{"X-Original-To": VERP.upper()}),
    "the sender of what was sent": dsn(group("a@b.example", "5.1.1"), returned=f"Return-Path: <{VERP}>\nFrom: x\n"),
    "a feedback report": arf(f"Feedback-Type: abuse\nUser-Agent: x\nVersion: 1\nOriginal-Mail-From: <{VERP}>\n"),
    "the text": daemon(f"failed after MAIL FROM:<{VERP}>"),
}
ID_PLACES = {
    "a returned message": dsn(group("a@b.example", "5.1.1"), returned=SENT),
    "returned headers": daemon(
        f"--b\nContent-Type: text/plain\n\nfailed\n--b\nContent-Type: text/rfc822-headers\n\n{SENT}\n--b--\n",
        **{"Content-Type": "multipart/mixed; boundary=b"},
    ),
    "a copy in the text": daemon(f"failed: a@b.example\n\n{SENT}\nDag\n"),
    "References": person("Dank!", References=f"<a@b.example> {MESSAGE_ID}"),
    "In-Reply-To": person("Dank!", **{"In-Reply-To": MESSAGE_ID}),
    "quoted-printable text": daemon(
        "failed\n\n> Message-ID: " + MESSAGE_ID[:30] + "=\n" + MESSAGE_ID[30:],
        **{"Content-Transfer-Encoding": "quoted-printable"},
    ),
}


@pytest.mark.parametrize("text", VERP_PLACES.values(), ids=VERP_PLACES.keys())
def test_our_envelope_sender_is_found(text: str) -> None:
    evidence = parse_returned_mail(text.encode(), keyring=KEYRING).evidence
    assert (evidence.envelope, evidence.delivery) == (42, 42)
    assert parse_returned_mail(text.encode(), keyring=FORGED).evidence.envelope is None


@pytest.mark.parametrize("text", ID_PLACES.values(), ids=ID_PLACES.keys())
def test_our_message_id_is_found(text: str) -> None:
    evidence = parse_returned_mail(text.encode(), keyring=KEYRING).evidence
    assert evidence.message == DeliveryRef(42, JOB)
    assert evidence.envelope is None
    assert parse_returned_mail(text.encode(), keyring=FORGED).evidence.message is None


def test_the_envelope_that_the_edge_saw_goes_first() -> None:
    other = make_verp_sender(KEYRING, 7, "bounces.example")
    found = parse_returned_mail(daemon("failed", To=VERP).encode(), keyring=KEYRING, envelope_to=[other])
    assert found.evidence.envelope == 7


@pytest.mark.parametrize(
    "text",
    [
        person("", subject=f"unsubscribe {TOKEN}"),
        person("", subject=f"Re: {TOKEN}"),
        person("", subject="x", To=f"afmelden+{TOKEN}@programma.example"),
        person("", subject="x", **{"X-Original-To": f"{TOKEN}@programma.example"}),
        person("", subject=f"=?utf-8?q?unsubscribe_{TOKEN.replace('_', '=5F').replace('-', '=2D')}?="),
    ],
)
def test_a_mailed_token_unsubscribes(text: str) -> None:
    """A15: by recipient or subject."""
    found = parse_returned_mail(text.encode(), keyring=KEYRING)
    assert (found.kind, found.evidence.token) == (Kind.UNSUBSCRIBE, REF)


def test_a_token_in_the_text_is_nothing() -> None:
    """A15: an answer that quotes our mail quotes its links."""
    found = parse_returned_mail(person(f"Mooi!\n> https://x.example/u/{TOKEN}").encode(), keyring=KEYRING)
    assert (found.kind, found.evidence.token) == (Kind.OTHER, None)


def test_a_token_of_another_key_or_for_another_purpose_is_nothing() -> None:
    for forged in (FORGED.sign(Purpose.UNSUBSCRIBE, REF), KEYRING.sign(Purpose.MANAGE, REF)):
        found = parse_returned_mail(person("", subject=f"over {forged}").encode(), keyring=KEYRING)
        assert (found.kind, found.evidence.token) == (Kind.OTHER, None)


@pytest.mark.parametrize(
    "text",
    [
        person("Terug op 1 juli.", subject=f"Automatisch antwoord: unsubscribe {TOKEN}"),
        person("Ik ben afwezig.", subject=f"unsubscribe {TOKEN}", **{"Auto-Submitted": "auto-replied"}),
        person("", subject=f"unsubscribe {TOKEN}", **{"X-Autoreply": "yes"}),
        person("Dank voor uw bericht.", subject=f"Re: unsubscribe {TOKEN}", **{"Auto-Submitted": "auto-replied"}),
    ],
)
def test_an_automatic_answer_to_a_token_is_an_automatic_answer(text: str) -> None:
    """A15: ignore out-of-office."""
    assert parse_returned_mail(text.encode(), keyring=KEYRING).kind is Kind.AUTO_REPLY


def test_a_mail_program_may_call_its_button_an_automatic_reply() -> None:
    """Apple Mail does; the token in the subject is what counts (A15)."""
    text = person("Sent for you.", subject=f"unsubscribe {TOKEN}", **{"Auto-Submitted": "auto-replied"})
    found = parse_returned_mail(text.encode(), keyring=KEYRING)
    assert (found.kind, found.evidence.token) == (Kind.UNSUBSCRIBE, REF)


def test_what_the_edge_needs_is_there() -> None:
    text = person("Dank!", **{"Authentication-Results": "mx.programma.example; dkim=pass header.d=gemeente.example"})
    found = parse_returned_mail(text.encode())
    assert found.sender == "j.jansen@gemeente.example"
    assert found.authentication == ("mx.programma.example; dkim=pass header.d=gemeente.example",)
    assert not found.is_automatic


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-generated"},
        {"Precedence": "bulk"},
        {"List-Id": "<x.example>"},
        {"Return-Path": "<>"},
        {"X-Auto-Response-Suppress": "All"},
    ],
)
def test_nothing_may_answer_a_robot(headers: dict[str, str]) -> None:
    """A16."""
    assert parse_returned_mail(mail("x", From="a@b.example", **headers).encode()).is_automatic


@pytest.mark.parametrize(
    ("kind", "ends"), [("abuse", True), ("opt-out", True), ("fraud", False), ("not-spam", False), ("virus", False)]
)
def test_which_complaints_end_a_subscription_at_once(kind: str, *, ends: bool) -> None:
    """A20."""
    found = parse_returned_mail(arf(f"Feedback-Type: {kind}\nUser-Agent: x\nVersion: 1\n").encode())
    assert (found.kind, found.feedback_type, found.ends_at_once) == (Kind.COMPLAINT, kind, ends)


def test_the_original_recipient_is_told_apart() -> None:
    text = dsn(group("p@intern.example", "5.1.1", extra="Original-Recipient: rfc822; a@b.example\n"))
    (item,) = parse_returned_mail(text.encode()).recipients
    assert (item.address, item.original) == ("p@intern.example", "a@b.example")
