"""What a mail that came back means for the person it is about: decisions, not acts (A18-A20, A23, A29). Pure.

A bounce is believed when it came to the signed address of that one mail (VERP), or when it holds our signed Message-ID
and names the address that the mail went to. That another address failed (the mailbox forwards) counts, never at once.
A complaint is believed on the same grounds; the To of our own mail, which it quotes, names nobody.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from newsletter.delivery.reply import scrub
from newsletter.feedback.addresses import read_xtext
from newsletter.feedback.mailboxes import key_of
from newsletter.feedback.model import BounceClass, Recipient, ReturnedMail, Source

COUNTED = frozenset({BounceClass.SOFT, BounceClass.UNKNOWN})
"""Failures that count only when they happen on several days."""
_WEIGHT = (BounceClass.HARD, BounceClass.POLICY, BounceClass.SOFT, BounceClass.UNKNOWN)
"""Which of several failures of one address counts."""


_REDACTED = re.compile(
    r"redact|remov|hidden|undisclosed|anonym|^\W*@|^[^@]*[*=\[\]][^@]*(@|$)|^x{3,}(@|$)|^[^@]*$", re.IGNORECASE
)
"""An address that was blacked out: before its @ stand a word that says so, crosses, stars, or a digest (RFC 6590)."""


class Belief(StrEnum):
    """Whether a report may change anything."""

    PROVEN = "proven"
    """It is about the mail to this person."""
    NO_FAILURE = "no-failure"
    """It is, and nothing failed: a delay, a relay, a delivery (A19)."""
    NOT_THIS_PERSON = "not-this-person"
    """It holds a Message-ID of ours, and names another address than the one that mail went to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failed delivery, as it is counted."""

    kind: BounceClass
    status: str | None
    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to make of a bounce; `failure` is there only if it is proven."""

    belief: Belief
    failure: Failure | None = None


def judge(mail: ReturnedMail, address_key: str) -> Verdict:
    """What the bounce `mail` says about the person with this address, whose delivery it names."""
    is_signed = mail.evidence.envelope is not None  # not for a notice: its bounce must name the address itself
    mine = [item for item in mail.recipients if address_key in _keys(item)]
    about = mine or (list(mail.recipients) if is_signed else [])
    if not about:
        return _without_recipients(mail) if is_signed else Verdict(belief=Belief.NOT_THIS_PERSON)
    failed = [item for item in about if item.is_failure]
    if not failed:
        return Verdict(belief=Belief.NO_FAILURE)
    worst = min(failed, key=lambda item: _WEIGHT.index(item.bounce_class))
    kind = worst.bounce_class if mine or worst.bounce_class is not BounceClass.HARD else BounceClass.SOFT
    return Verdict(
        belief=Belief.PROVEN, failure=Failure(kind=kind, status=worst.status, reply=_reply(worst, address_key))
    )


class Complaint(StrEnum):
    """How much a feedback report may end (A20)."""

    PROVEN = "proven"
    """It is this person's: everything ends."""
    PLAUSIBLE = "plausible"
    """It holds our Message-ID, and the provider blacked out whose it is: the subscription that was mailed ends."""
    ANOTHER = "another"
    """The provider names somebody else in full, who was forwarded the mail."""


def judge_complaint(mail: ReturnedMail, address_key: str) -> Complaint:
    """What the feedback report `mail` is to the person with this address, whose delivery it names.

    Our Message-ID alone ends no more than the link in the same mail does: everyone has both whom it was forwarded to,
    and what they call spam must not silence its owner on every list (decision 0016).
    """
    if mail.evidence.envelope is not None:
        return Complaint.PROVEN
    named = [item for item in mail.recipients if item.source is Source.STANDARD]
    if any(address_key in _keys(item) for item in named):
        return Complaint.PROVEN
    others = {key for item in named for key in _keys(item) if key and not _REDACTED.search(key)}
    return Complaint.ANOTHER if others else Complaint.PLAUSIBLE


def _without_recipients(mail: ReturnedMail) -> Verdict:
    """A report to the signed address that names nobody: the address says who, and nothing says how bad it is."""
    if not mail.problem:
        return Verdict(belief=Belief.NO_FAILURE)
    return Verdict(belief=Belief.PROVEN, failure=Failure(kind=BounceClass.UNKNOWN, status=None, reply=""))


def _keys(item: Recipient) -> Iterable[str]:
    found = (item.address, item.original, read_xtext(item.original or ""))
    return {key_of(address) for address in found if address}


def _reply(item: Recipient, address_key: str) -> str:
    """The words of the server, once more without the person's name for their mailbox (I7)."""
    code, said = str(item.reply_code or ""), item.diagnostic
    return scrub(said if said.startswith(code) else f"{code} {said}".strip(), address_key)
