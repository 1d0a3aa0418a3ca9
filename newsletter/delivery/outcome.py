"""The outcome table: what can become of one delivery, and by which events (I3). Pure.

This file alone says which moves exist; the journal, the store and the worker ask it. "Sent" means that the relay
answered the final dot with 250. Whoever wrote the dot and heard no answer, for any cause, does not know: UNKNOWN.
"""

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple


class State(IntEnum):
    """State of a delivery; the numbers stand in the database and never change."""

    QUEUED = 0
    """Planned; nobody has taken it."""
    CLAIMED = 1
    """A worker holds it and may be talking to the relay about it."""
    DEFERRED = 2
    """The relay said "not now"; tried again when due."""
    SENT = 3
    """The relay answered 250 to the final dot."""
    REFUSED = 4
    """The relay, or the address itself, said "never"."""
    EXPIRED = 5
    """Given up after waiting too long: news gets old."""
    SKIPPED = 6
    """Not tried, with a reason: unsubscribed or suppressed before its batch was claimed (I2)."""
    CANCELLED = 7
    """Not tried: the operator cancelled the job."""
    UNKNOWN = 8
    """The dot was written and no reply was heard: the relay may or may not have it (A24)."""


class Event(StrEnum):
    """What happens to a delivery."""

    CLAIM = "claim"
    """A worker takes it, after checking that it may still be mailed."""
    RELEASE = "release"
    """The worker gives it back; no dot was written."""
    ACCEPT = "accept"
    """250 to the final dot."""
    DEFER = "defer"
    """A temporary refusal, or a connection lost twice before the dot."""
    REFUSE = "refuse"
    """A permanent refusal."""
    EXPIRE = "expire"
    """The next attempt would come too late."""
    SKIP = "skip"
    """No active subscription, or suppressed."""
    CANCEL = "cancel"
    """The operator cancelled the job."""
    LOSE = "lose"
    """The dot was written; no reply was heard, or the process died before writing it down."""
    SETTLE_SENT = "settle-sent"
    """The operator, or the relay's log, says that the relay had it."""
    SETTLE_UNSENT = "settle-unsent"
    """The operator, or the relay's log, says that the relay never had it: to be sent."""
    REQUEUE = "requeue"
    """The operator wants another try of what was refused or expired."""
    RESTORE = "restore"
    """The database came out of a backup: what happened since is not known (I11)."""


TRANSITIONS: dict[State, dict[Event, State]] = {
    State.QUEUED: {
        Event.CLAIM: State.CLAIMED,
        Event.SKIP: State.SKIPPED,
        Event.EXPIRE: State.EXPIRED,
        Event.CANCEL: State.CANCELLED,
        Event.RESTORE: State.UNKNOWN,
    },
    State.CLAIMED: {
        Event.RELEASE: State.QUEUED,
        Event.ACCEPT: State.SENT,
        Event.DEFER: State.DEFERRED,
        Event.REFUSE: State.REFUSED,
        Event.EXPIRE: State.EXPIRED,
        Event.LOSE: State.UNKNOWN,
        Event.RESTORE: State.UNKNOWN,
    },
    State.DEFERRED: {
        Event.CLAIM: State.CLAIMED,
        Event.SKIP: State.SKIPPED,
        Event.EXPIRE: State.EXPIRED,
        Event.CANCEL: State.CANCELLED,
        Event.RESTORE: State.UNKNOWN,
    },
    State.SENT: {},
    State.REFUSED: {Event.REQUEUE: State.QUEUED},
    State.EXPIRED: {Event.REQUEUE: State.QUEUED},
    State.SKIPPED: {},
    State.CANCELLED: {},
    State.UNKNOWN: {Event.SETTLE_SENT: State.SENT, Event.SETTLE_UNSENT: State.QUEUED},
}
"""Every move that exists. A released retry waits no longer than a new one: it goes back to QUEUED."""

OPEN = frozenset({State.QUEUED, State.CLAIMED, State.DEFERRED})
"""A job with a delivery in one of these is not finished."""


class InvalidMoveError(ValueError):
    """A delivery was to be moved along a way that the table does not have: an error of the program."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"a delivery that is {state.name.lower()} cannot {event.value}")
        self.state = state
        self.event = event


def move(state: State, event: Event) -> State:
    """The state after `event`; raises InvalidMoveError if the table has no such move."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise InvalidMoveError(state, event) from None


def sources(event: Event) -> frozenset[State]:
    """The states in which `event` may happen: the WHERE clause of a bulk update."""
    return frozenset(state for state, moves in TRANSITIONS.items() if event in moves)


def when_erased(state: State) -> State:
    """How a delivery that was erased (I7) is counted: an open one will never move again."""
    if state is State.CLAIMED:
        return State.UNKNOWN
    return State.SKIPPED if state in OPEN else state


class Outcome(NamedTuple):
    """What became of one claimed delivery, as journal and store keep it; holds no personal data (I7).

    Made once per message, so a tuple: a frozen dataclass takes five times as long.
    """

    delivery: int
    event: Event
    reason: str = ""
    """One word of newsletter/delivery/retry.py."""
    code: int | None = None
    """Reply code of the relay: 250, 451, 550 ..."""
    reply: str = ""
    """Reply text, addresses scrubbed."""
    due_at: datetime | None = None
    """When a deferred delivery is tried again; aware."""
    is_hard: bool = False
    """The address does not exist: suppress it at once (A23)."""

    @property
    def state(self) -> State:
        """The state that a claimed delivery moves to."""
        return move(State.CLAIMED, self.event)
