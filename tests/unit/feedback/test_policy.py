"""The table of classes: hard is said only of three codes, and of words that cannot be meant otherwise (A23, A29)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.feedback.codes import Codes, find_codes
from newsletter.feedback.model import Action, BounceClass
from newsletter.feedback.policy import Failure, classify

WORDS = st.sampled_from(
    ["", "user unknown", "no such user here (in reply to RCPT TO command)", "mailbox full", "spam", "sorry", "loop"]
)


def judged(text: str, status: str | None = None, action: Action | None = Action.FAILED) -> str:
    return classify(Failure(action=action, status=status, codes=find_codes(text), text=text)).value


@pytest.mark.parametrize("status", ["5.1.1", "5.1.6", "5.1.10"])
def test_a_dead_address_is_hard_at_once(status: str) -> None:
    assert judged("550 sorry", status) == "hard"


@pytest.mark.parametrize(
    ("text", "status", "expected"),
    [
        ("552 over quota", "5.2.2", "soft"),
        ("550 disabled", "5.2.1", "soft"),
        ("550 disabled account", "5.7.13", "soft"),
        ("550 host not found", "5.1.2", "soft"),
        ("550 DNS failed", "5.4.4", "soft"),
        ("550 refused", "5.7.1", "policy"),
        ("550 no PTR", "5.7.25", "policy"),
        ("421 not accepted", "4.7.26", "policy"),
        ("501 sender address", "5.1.8", "policy"),
        ("552 too long", "5.3.4", "policy"),
        ("554 content", "5.6.0", "policy"),
        ("421 busy", "4.3.2", "soft"),
        ("550 5.1.1 rejected, listed in bl.example, see spamhaus", "5.1.1", "policy"),
        ("550 5.1.1 mailbox is full", "5.1.1", "soft"),
        ("550 5.1.1 inactive", "5.1.1", "hard"),
        ("556 this domain takes no mail", None, "hard"),
        ("550 no such user (in reply to RCPT TO command)", None, "hard"),
        ("550 no such user (in reply to RCPT TO command)", "5.0.0", "hard"),
        ("550 no such user (in reply to end of DATA command)", None, "soft"),
        ("550 no such user", None, "soft"),
        ("no such user", None, "soft"),
        ("550 no such user (in reply to RCPT TO command)", "5.2.0", "soft"),
        ("450 no such user (in reply to RCPT TO command)", None, "soft"),
        ("550 5.1.1 no such user (in reply to MAIL FROM command)", "5.1.1", "policy"),
        ("550 onze gebruiker bestaat niet [RCPT_TO]", None, "hard"),
        ("550 Benutzer unbekannt [RCPT_TO]", None, "hard"),
        ("550 utilisateur inconnu [RCPT_TO]", None, "hard"),
        ("554 rejected for policy reasons", None, "policy"),
        ("550 DMARC check failed", None, "policy"),
        ("", None, "unknown"),
        ("", "5.0.0", "soft"),
        ("not listed in directory", None, "soft"),
    ],
)
def test_the_table(text: str, status: str | None, expected: str) -> None:
    assert judged(text, status) == expected


@given(
    status=st.sampled_from(["5.2.2", "5.7.1", "5.7.26", "4.2.2", "4.1.1", "4.7.0", "5.2.1", "5.4.4"]),
    reply=st.sampled_from([None, 421, 450, 550, 552, 553, 554]),
    text=WORDS,
    others=st.lists(st.sampled_from(["5.1.1", "5.0.0", "4.4.1"]), max_size=2),
)
def test_no_single_event_of_these_is_hard(status: str, reply: int | None, text: str, others: list[str]) -> None:
    """A23: 5.2.2, 5.7.x and 4.x.x never by one event."""
    codes = Codes(tuple(others), (reply,) if reply else ())
    failure = Failure(action=Action.FAILED, status=status, codes=codes, text=text)
    assert classify(failure) is not BounceClass.HARD


@pytest.mark.parametrize("status", ["5.1.1", "4.1.1", None])
def test_a_delay_is_never_hard(status: str | None) -> None:
    """A19."""
    assert judged("550 no such user (in reply to RCPT TO command)", status, Action.DELAYED) == "soft"


@pytest.mark.parametrize("action", [Action.DELIVERED, Action.RELAYED, Action.EXPANDED, None])
def test_what_is_no_failure_has_no_class(action: Action | None) -> None:
    assert judged("550 5.1.1 unknown", "5.1.1", action) == "unknown"
