"""What to do with a refusal: again later, never, or given up. A decision, not an act (A23, A29). Pure.

The class of a refusal comes from the enhanced status (RFC 3463), then from the reply code, then from known words in
the text. Only 5.1.1, 5.1.6 and 5.1.10 about a recipient say that an address is dead; everything that is about us
(reputation, authentication, content) is marked `policy` and never counts against the subscriber.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from newsletter.delivery.outcome import Event
from newsletter.delivery.reply import Reply
from subscribers.clock import require_aware

FIRST_WAIT = timedelta(minutes=30)
"""RFC 5321 section 4.5.4.1 asks for at least this."""
LONGEST_WAIT = timedelta(hours=8)
JITTER = 0.25
"""A wait is lengthened by up to this part, so that retries do not come in a herd."""
END_OF_SESSION = 421


class Stage(StrEnum):
    """The command that a reply answers."""

    MAIL = "mail"
    """The envelope sender: a refusal is about us."""
    RCPT = "rcpt"
    """The recipient."""
    DATA = "data"
    """The announcement of the message."""
    DOT = "dot"
    """The message itself."""


class Reason(StrEnum):
    """Why a delivery did not reach "sent", in one word."""

    NO_SUCH_ADDRESS = "no-such-address"
    """The address does not exist: suppressed at once."""
    MAILBOX_FULL = "mailbox-full"
    """The mailbox takes no more at the moment."""
    TOO_LARGE = "too-large"
    """The message is larger than the server takes."""
    NO_SMTPUTF8 = "no-smtputf8"
    """The address is outside ASCII and the server cannot take it (A7)."""
    SENDER = "sender"
    """Our envelope sender was refused."""
    POLICY = "policy"
    """About us: reputation, authentication, content, rate. Never about the subscriber."""
    BUSY = "busy"
    """The server asks to come back later."""
    PACE = "pace"
    """Set aside by ourselves: no room for these receivers before it is due. No attempt was made."""
    CONNECTION = "connection"
    """The connection was lost twice before the dot."""
    REFUSED = "refused"
    """Another refusal; code and text say more."""
    LESS_OFTEN = "less-often"
    """They chose fewer mails, and were sent one not long ago."""
    UNWRITABLE = "unwritable"
    """No message can be made for this person: a value does not fit its place. Nothing was sent."""
    NO_ANSWER = "no-answer"
    """The dot was written and no reply came."""
    CRASHED = "crashed"
    """Our process died after the dot, before it wrote the reply down."""
    NO_JOURNAL = "no-journal"
    """A worker is gone and its journal is not here: nobody can say whether it wrote the dot."""
    RESTORED = "restored"
    """The database came out of a backup: what became of it since, nobody can say."""
    SETTLED = "settled-by-operator"
    """Unknown until the operator said what became of it: the relay had it, or it goes out again."""
    UNSUBSCRIBED = "unsubscribed"
    """Left before their batch was claimed (I2)."""
    SUPPRESSED = "suppressed"
    """Suppressed before their batch was claimed (I2)."""


HARD = frozenset({(5, 1, 1), (5, 1, 6), (5, 1, 10)})
"""The address is dead: one event is enough (A23)."""

_REASONS: dict[tuple[int, int], Reason] = {
    (1, 1): Reason.NO_SUCH_ADDRESS,
    (1, 6): Reason.NO_SUCH_ADDRESS,
    (1, 10): Reason.NO_SUCH_ADDRESS,
    (1, 7): Reason.SENDER,
    (1, 8): Reason.SENDER,
    (2, 2): Reason.MAILBOX_FULL,
    (2, 3): Reason.TOO_LARGE,
    (3, 4): Reason.TOO_LARGE,
    (6, 7): Reason.NO_SMTPUTF8,
}
"""Second and third number of the enhanced status; every x.7.y is policy."""

_POLICY_WORDS = re.compile(
    r"spam|reputation|black ?list|block ?list|blocked|\brbl\b|dnsbl|\bspf\b|dkim|dmarc|policy|rate limit|unsolicited",
    re.IGNORECASE,
)
_TOO_MANY_RECIPIENTS = re.compile(r"too many recipients", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryDecision:
    """What becomes of the delivery (DEFER, REFUSE or EXPIRE), of the subscriber, and of the session."""

    event: Event
    reason: Reason
    due_at: datetime | None = None
    is_hard: bool = False
    """Suppress the subscriber."""
    ends_session: bool = False
    """421: this connection is over; nothing more is asked of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known of a delivery when a reply refuses it."""

    now: datetime
    attempts: int
    """Attempts that were counted before this one."""
    jitter: float
    """A random number from 0 to 1, handed in so that tests are exact."""
    is_last: bool = False
    """The schedule is used up: nothing is tried after this attempt."""
    expires_at: datetime | None = None
    """After this instant nothing is tried again; None: only the schedule counts."""

    def __post_init__(self) -> None:
        require_aware(self.now)
        if self.expires_at:
            require_aware(self.expires_at)


def decide(reply: Reply, stage: Stage, circumstances: Circumstances) -> RetryDecision:
    """What a refusing `reply` at `stage` means."""
    reason = classify(reply, stage)
    if is_temporary(reply):
        return put_off(reason, circumstances, ends_session=reply.code == END_OF_SESSION)
    is_hard = stage in {Stage.RCPT, Stage.DOT} and reply.enhanced in HARD
    return RetryDecision(event=Event.REFUSE, reason=reason, is_hard=is_hard)


def put_off(reason: Reason, circumstances: Circumstances, *, ends_session: bool = False) -> RetryDecision:
    """DEFER to the next attempt, or EXPIRE if that would come too late."""
    due_at = circumstances.now + wait(circumstances.attempts, circumstances.jitter)
    ends_before = circumstances.expires_at is not None and due_at > circumstances.expires_at
    if circumstances.is_last or ends_before:
        return RetryDecision(event=Event.EXPIRE, reason=reason, ends_session=ends_session)
    return RetryDecision(event=Event.DEFER, reason=reason, due_at=due_at, ends_session=ends_session)


def wait(attempts: int, jitter: float) -> timedelta:
    """How long to wait after `attempts` earlier ones: 30 minutes and more, doubling, at most 8 hours, plus jitter."""
    grown: timedelta = FIRST_WAIT * 2 ** min(attempts, 16)
    return min(grown, LONGEST_WAIT) * (1 + JITTER * jitter)


def is_last(attempts: int, expire_after: timedelta) -> bool:
    """Whether nothing is tried after the attempt that follows `attempts` earlier ones.

    The waits of the schedule are summed up, without jitter, from the first attempt to the next one. So each delivery is
    tried for `expire_after`, however late its job got to it, and however long nobody was allowed to send in between.
    """
    return sum((wait(before, 0) for before in range(attempts + 1)), timedelta(0)) > expire_after


def is_temporary(reply: Reply) -> bool:
    """4yz, and "552 too many recipients", which means 452 (RFC 5321 section 4.5.3.1.10)."""
    if reply.code == 552:  # noqa: PLR2004 - the one exception of the RFC
        return reply.enhanced == (5, 5, 3) or bool(_TOO_MANY_RECIPIENTS.search(reply.text))
    return reply.is_temporary


def classify(reply: Reply, stage: Stage) -> Reason:
    """The reason in one word, from enhanced status, code and text, in this order."""
    if reply.enhanced and reply.enhanced[1] == 7:  # noqa: PLR2004 - RFC 3463: security or policy status
        return Reason.POLICY
    known = _REASONS.get(reply.enhanced[1:]) if reply.enhanced else None
    if known is Reason.NO_SUCH_ADDRESS and stage is Stage.MAIL:
        return Reason.SENDER
    if known:
        return known
    if _POLICY_WORDS.search(reply.text):
        return Reason.POLICY
    if stage is Stage.MAIL and reply.is_permanent:
        return Reason.SENDER
    return Reason.BUSY if is_temporary(reply) else Reason.REFUSED
