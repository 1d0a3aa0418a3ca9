"""How a person stood in the system that a file comes from: whom an import may put on a list, and who left. Pure.

Words of other systems enter by this table; a word that is not in it is refused, and never taken for "active".
"""

from enum import StrEnum

from subscribers.cell_text import RowRefusedError, RowSkippedError
from subscribers.headings import plain_heading
from subscribers.subscription import EndedReason
from subscribers.suppression import SuppressionReason


class Standing(StrEnum):
    """How a person stands, as a file says it."""

    ACTIVE = "active"
    """On the list there; here, too, if the grounds for it suffice."""
    PENDING = "pending"
    """Never confirmed there; has to confirm here."""
    UNSUBSCRIBED = "unsubscribed"
    """Left."""
    BY_OPERATOR = "by-operator"
    """Taken off by an operator."""
    HARD_BOUNCE = "hard-bounce"
    """The mailbox does not exist."""
    SOFT_BOUNCE = "soft-bounce"
    """Mail came back; the file does not say that the mailbox is gone."""
    COMPLAINT = "complaint"
    """Called a mail spam."""
    BLOCKED = "by-hand"
    """Not to be mailed at all: an operator decided so."""

    @property
    def has_left(self) -> bool:
        """Whether the person must not be on the list."""
        return self in ENDS


ENDS: dict[Standing, tuple[EndedReason, SuppressionReason | None]] = {
    Standing.UNSUBSCRIBED: (EndedReason.UNSUBSCRIBED, None),
    Standing.BY_OPERATOR: (EndedReason.BY_OPERATOR, None),
    Standing.HARD_BOUNCE: (EndedReason.HARD_BOUNCE, SuppressionReason.HARD_BOUNCE),
    Standing.SOFT_BOUNCE: (EndedReason.SOFT_BOUNCE, SuppressionReason.SOFT_BOUNCE),
    Standing.COMPLAINT: (EndedReason.COMPLAINT, SuppressionReason.COMPLAINT),
    Standing.BLOCKED: (EndedReason.SUPPRESSED, SuppressionReason.BY_HAND),
}
"""With which reason such a person's subscription ends here, and whether the address is held back everywhere."""

_WORDS = {
    Standing.ACTIVE: (
        "active actief subscribed subscriber enabled confirmed aangemeld ingeschreven bevestigd geabonneerd abonnee"
        " lid member optin optedin yes ja true waar 1 on aan"
    ),
    Standing.PENDING: "pending unconfirmed onbevestigd nietbevestigd wachtend inafwachting awaitingconfirmation",
    Standing.UNSUBSCRIBED: (
        "ended unsubscribed unsubscribe afgemeld uitgeschreven optout optedout left opgezegd beeindigd no nee false"
        " onwaar 0 off uit"
    ),
    Standing.BY_OPERATOR: "disabled inactive inactief deleted verwijderd erased gewist archived gearchiveerd removed",
    Standing.HARD_BOUNCE: "cleaned opgeschoond hardbounce hardbounced",
    Standing.SOFT_BOUNCE: "softbounce softbounced bounced bounce gebounced onbestelbaar",
    Standing.COMPLAINT: "complained complaint complainer spam abuse spamklacht klacht",
    Standing.BLOCKED: "suppressed blocklisted blacklisted blocked geblokkeerd byhand",
}
_STANDINGS = {word: standing for standing, words in _WORDS.items() for word in words.split()}
_NEVER_ASKED = frozenset({"nonsubscribed", "transactional", "nietingeschreven", "nietaangemeld"})
_BY_REASON = frozenset({Standing.UNSUBSCRIBED, Standing.BLOCKED})
"""What our own export calls ended or suppressed; its reason says more."""


def standing_of(state: str, reason: str = "") -> Standing:
    """How a person stands by the cell of the state, an empty one being active, and of the reason where there is one.

    Raises RowSkippedError for who never asked for mail, and RowRefusedError for a word that is not understood.
    """
    word = plain_heading(state)
    if not word:
        return Standing.ACTIVE
    if word in _NEVER_ASKED:
        raise RowSkippedError("the file says that this person never asked for it", "none is needed")
    standing = _STANDINGS.get(word)
    if standing is None:
        raise RowRefusedError(
            "the state is not understood: was this person on the list?",
            "write active or unsubscribed; a column that means something else is left out by --map 'Heading=skip'",
        )
    if standing in _BY_REASON and reason:
        said = _STANDINGS.get(plain_heading(reason), standing)
        return said if said.has_left else standing
    return standing
