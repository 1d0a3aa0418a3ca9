"""The kinds of service mail (notices) and the states of one. Pure."""

from enum import StrEnum


class NoticeKind(StrEnum):
    """What a notice is for."""

    CONFIRM = "confirm"
    """Somebody signed this address up: press the button to confirm (double opt-in)."""
    CONFIRM_IMPORTED = "confirm-imported"
    """This address came in a file, and waits: press the button if you want the list."""
    ALREADY = "already"
    """Somebody signed this address up, and it is on the list already: nothing to do."""
    MY_DATA = "my-data"
    """The single-use link to everything that is stored."""
    ADDRESS_OLD = "address-old"
    """To the old address: the address of this subscription is being changed."""
    ADDRESS_NEW = "address-new"
    """To the new address: confirm that mail is to go there from now on."""
    FAREWELL = "farewell"
    """You have left, at the person's own request."""
    LEFT = "left"
    """Somebody ended this subscription by a link; if it was not you, undo it."""
    UNDO = "undo"
    """The link with which an ending can be taken back, asked for on the page of a subscription that has ended."""


ASKING = frozenset({NoticeKind.CONFIRM, NoticeKind.CONFIRM_IMPORTED})
"""Those whose link puts somebody on a list."""
UNDOING = frozenset({NoticeKind.FAREWELL, NoticeKind.LEFT, NoticeKind.UNDO})
"""Those whose link takes an ending back: their words name every list that returns."""


class NoticeState(StrEnum):
    """Where a notice stands; the rules are those of deliveries (I3)."""

    QUEUED = "queued"
    """Waiting until `due_at`: new, or refused for now."""
    CLAIMED = "claimed"
    """A sender holds it; `begun_at` says whether the relay may already have it."""
    SENT = "sent"
    """The relay answered 250 to the final dot."""
    REFUSED = "refused"
    """The relay said "never", or it came too late to be of use."""
    UNKNOWN = "unknown"
    """The dot was written and no answer was heard: never sent again by itself (A24)."""
