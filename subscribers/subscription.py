"""The states of a subscription, the reasons it ends, and which moves are allowed. Pure."""

from enum import StrEnum


class Actor(StrEnum):
    """Who caused a change; recorded with every one of them."""

    SUBSCRIBER = "subscriber"
    """The person, by a link, a form or a mail."""
    OPERATOR = "operator"
    """Whoever runs a command or uses the desk."""
    SYSTEM = "system"
    """The software itself: a deadline, a bounce."""


class State(StrEnum):
    """Where a subscription stands."""

    PENDING = "pending"
    """Asked for, not confirmed; has a deadline and is never mailed an issue."""
    ACTIVE = "active"
    """Wants the newsletter: the one state that may stay without a deadline."""
    ENDED = "ended"
    """Left, with a reason and a deadline; never mailed again."""


class EndedReason(StrEnum):
    """Why a subscription ended."""

    UNSUBSCRIBED = "unsubscribed"
    """The person left: one click, the page, or a mail."""
    BY_OPERATOR = "by-operator"
    """An operator ended it, mostly because the person asked in another way."""
    HARD_BOUNCE = "hard-bounce"
    """The mailbox does not exist."""
    SOFT_BOUNCE = "soft-bounce"
    """Nothing arrived in the mailbox on several days, without it being said to be gone."""
    COMPLAINT = "complaint"
    """The person called a mail spam."""
    SUPPRESSED = "suppressed"
    """An operator decided that this address is not mailed."""
    UNCONFIRMED = "unconfirmed"
    """The sign-up was never confirmed."""
    MOVED = "moved"
    """The person goes on at another address of theirs, where they were subscribed already."""


MOVES: frozenset[tuple[State, State]] = frozenset(
    {
        (State.PENDING, State.ACTIVE),  # confirmed
        (State.PENDING, State.ENDED),  # withdrawn, or never confirmed
        (State.ACTIVE, State.ENDED),
        (State.ENDED, State.ACTIVE),  # fresh consent only
        (State.ENDED, State.PENDING),  # signed up again, to be confirmed
    }
)
"""Every move there is; anything else is a mistake in the program."""

WITH_FRESH_CONSENT: frozenset[tuple[State, State]] = frozenset(
    {(State.ENDED, State.ACTIVE), (State.ENDED, State.PENDING)}
)
"""Moves that need a consent given after the subscription ended: an old file never revives who left."""


def may_move(before: State, after: State, *, fresh_consent: bool = False) -> bool:
    """Whether a subscription may go from `before` to `after`."""
    move = (before, after)
    return move in MOVES and (fresh_consent or move not in WITH_FRESH_CONSENT)
