"""Which addresses are ours, and whose list they belong to (A15, A18)."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from newsletter.feedback.mailboxes import Mailboxes
from tests.support.feedback import KEYRING, configuration, verp

MAILBOXES = Mailboxes.of(configuration(Path()), KEYRING)


def test_mail_is_taken_for_the_mailboxes_of_robots_and_for_signed_addresses() -> None:
    for address in ("afmelden@example.org", "Afmelden@EXAMPLE.org", "afmelden+token@example.org"):
        assert MAILBOXES.takes(address)
    assert MAILBOXES.takes("bounces@bounce.example.org")
    assert MAILBOXES.takes(verp(7))
    assert MAILBOXES.takes(verp(7).upper())


def test_mail_for_people_and_strangers_and_forged_addresses_is_not_taken_rule_a18() -> None:
    wrong = verp(7).replace("b-7-", "b-8-")
    for address in (
        "redactie@example.org",
        "iemand@bounce.example.org",
        wrong,
        "",
        "@",
        "afmelden",
        "afmelden@x.example",
    ):
        assert not MAILBOXES.takes(address)
    assert not MAILBOXES.takes(verp(7).replace("bounce.example.org", "elders.example"))


def test_a_mailbox_belongs_to_the_lists_that_name_it() -> None:
    assert MAILBOXES.lists_at(["agenda-af@example.org"]) == {"agenda"}
    assert MAILBOXES.lists_at(["Redactie@example.org"]) == {"nieuws", "agenda"}
    assert MAILBOXES.lists_at(["iemand@example.org"]) == frozenset()


@given(st.text(max_size=100))
def test_any_text_is_an_address_that_is_ours_or_not(text: str) -> None:
    assert MAILBOXES.takes(text) in {True, False}
