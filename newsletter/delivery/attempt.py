"""What one SMTP transaction came to, and what that makes of the delivery. Pure."""

from enum import StrEnum
from typing import NamedTuple

from newsletter.delivery.outcome import Event, Outcome
from newsletter.delivery.reply import Reply, scrub
from newsletter.delivery.retry import Circumstances, Reason, RetryDecision, Stage, decide, put_off

LONGEST_ENVID = 100
"""Characters (RFC 3461 section 4.4); what is cut off a longer Message-ID is the end of its domain."""


class Result(StrEnum):
    """How a transaction ended."""

    ACCEPTED = "accepted"
    """2yz to the final dot."""
    REFUSED = "refused"
    """A reply of 4yz or 5yz, which the attempt carries."""
    NOT_SENT = "not-sent"
    """The session ended before the dot was written: the relay cannot have the message."""
    LOST = "lost"
    """The session ended after the dot was written: nobody here knows."""


class Letter(NamedTuple):
    """The message of one recipient and its envelope."""

    sender: str
    recipient: str
    message: bytes
    """Lines end with CRLF."""
    needs_smtputf8: bool = False
    """Its headers are outside ASCII (A7)."""
    is_plain: bool = False
    """Its maker vouches for it: 7-bit, ends with CRLF, no line begins with a dot. Nobody looks through it again."""
    envid: str = ""
    """Ask for a report if it fails, headers only, under this name (RFC 3461; A18): xtext, at most 100 characters."""
    require_tls: bool = False
    """No server on the way may hand it on without verified TLS (RFC 8689; A27)."""


class Attempt(NamedTuple):
    """One transaction for one recipient (A25)."""

    result: Result
    stage: Stage
    """How far it came."""
    reply: Reply | None = None
    is_unasked: bool = False
    """The refusal is ours: by what this relay offers it cannot take the message, and another one may."""


def judge(attempt: Attempt, delivery: int, recipient: str, circumstances: Circumstances) -> Outcome | None:
    """What becomes of `delivery`; None if nothing was sent and nothing was said about the recipient."""
    reply = attempt.reply
    match attempt.result:
        case Result.ACCEPTED:
            return accepted(delivery, reply, recipient)
        case Result.LOST:
            return _outcome(delivery, Event.LOSE, None, recipient, reason=Reason.NO_ANSWER)
        case Result.NOT_SENT:
            return None
        case Result.REFUSED:
            if reply is None:
                msg = "a refusal without a reply"
                raise ValueError(msg)
            return _refused(decide(reply, attempt.stage, circumstances), delivery, reply, recipient)


def accepted(delivery: int, reply: Reply | None, recipient: str) -> Outcome:
    """The outcome of a delivery whose final dot was answered with 2yz."""
    if reply is None:
        return Outcome(delivery, Event.ACCEPT)
    return Outcome(delivery, Event.ACCEPT, "", reply.code, scrub(reply.text, recipient))


def give_up_connecting(delivery: int, circumstances: Circumstances) -> Outcome:
    """The outcome of a delivery that twice met a session ending before its dot: tried again much later."""
    return _refused(put_off(Reason.CONNECTION, circumstances), delivery, None, "")


def _refused(decision: RetryDecision, delivery: int, reply: Reply | None, recipient: str) -> Outcome:
    return Outcome(
        delivery=delivery,
        event=decision.event,
        reason=decision.reason,
        code=reply.code if reply else None,
        reply=scrub(reply.text, recipient) if reply else "",
        due_at=decision.due_at,
        is_hard=decision.is_hard,
    )


def _outcome(delivery: int, event: Event, reply: Reply | None, recipient: str, *, reason: str = "") -> Outcome:
    return Outcome(
        delivery=delivery,
        event=event,
        reason=reason,
        code=reply.code if reply else None,
        reply=scrub(reply.text, recipient) if reply else "",
    )
