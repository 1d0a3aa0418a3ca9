"""What a failure says about the address: the table of A23 and A29, and nothing else. Pure.

Read from the top; the first line that fits decides.

1. Words about us in the server's answer (reputation, authentication, content) → policy, whatever the code (A29).
2. A precise enhanced status (RFC 3463) → the table STATUS; every x.7.y that is not in it → policy.
3. A refusal of the sender or of the message itself (after MAIL FROM, after the data) never says that it is dead.
4. Words about a full mailbox → soft; words about one that sleeps, or about later → soft, unless the status is hard.
5. Without a precise status: the reply code → the table REPLY; words that nobody is there → hard, if a reply code
   refuses for good and the report says that it answered RCPT TO. Words alone never do.
6. Anything else that failed → soft: it ends an address only when it goes on for days.

Hard is said only of what cannot be meant otherwise: the few dead addresses that are called soft get a few more
mails; a living one that is called hard loses its reader.
"""

from dataclasses import dataclass

from newsletter.feedback.answers import ABOUT_US, AFTER_MESSAGE, AFTER_RECIPIENT, AFTER_SENDER, ASLEEP, FULL, NOBODY
from newsletter.feedback.codes import Codes, precision
from newsletter.feedback.model import Action, BounceClass

HARD, SOFT, POLICY, UNKNOWN = BounceClass.HARD, BounceClass.SOFT, BounceClass.POLICY, BounceClass.UNKNOWN

STATUS: dict[str, BounceClass] = {
    "5.1.1": HARD,  # no such mailbox
    "5.1.6": HARD,  # the mailbox has moved, and nobody says where to
    "5.1.10": HARD,  # the domain takes no mail at all (null MX, RFC 7505)
    "5.1.7": POLICY,  # bad syntax of our sender address
    "5.1.8": POLICY,  # our sender's domain is not taken
    "5.2.3": POLICY,  # the message is longer than this mailbox takes
    "5.3.4": POLICY,  # the message is longer than the server takes
    "5.6.7": SOFT,  # the address is outside ASCII and a server on the way cannot take it (A7)
    "5.7.13": SOFT,  # the account is disabled (RFC 7293's neighbours are about the recipient, not about us)
    "5.7.17": SOFT,  # the mailbox has another owner than it had (RFC 7293)
    "5.7.18": SOFT,  # the domain has another owner than it had (RFC 7293)
}
"""By precise status. One event of 5.2.2, 5.7.x or 4.x.x never ends an address (A23)."""

SUBJECT: dict[str, BounceClass] = {
    "7": POLICY,  # security or policy
    "6": POLICY,  # content or media of our message
}
"""By the second number, for statuses that STATUS does not name; all others are soft."""

REPLY: dict[int, BounceClass] = {
    556: HARD,  # the domain takes no mail at all (RFC 7504), the reply code of 5.1.10
    541: POLICY,  # refused as spam, in the usage of several vendors
}
"""By reply code, where no precise status was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What a report says about one recipient."""

    action: Action | None
    status: str | None
    """The status that the report gives, after looking at the server's answer."""
    codes: Codes
    """All codes in the answer."""
    text: str
    """The answer itself, and what the report says about this recipient."""


def classify(failure: Failure) -> BounceClass:
    """The class of what happened to one recipient; of a delay too, though it is never a failure (A19)."""
    if failure.action in {Action.DELIVERED, Action.RELAYED, Action.EXPANDED, None}:
        return UNKNOWN
    found = _by_answer(failure)
    is_final = failure.action is Action.FAILED
    return SOFT if found is HARD and not is_final else found


def _by_answer(failure: Failure) -> BounceClass:
    statuses = [status for status in (failure.status, *failure.codes.enhanced) if status]
    precise = {_by_status(status) for status in statuses if precision(status) == 3}  # noqa: PLR2004 - 5.1.1
    if POLICY in precise or ABOUT_US.search(failure.text):
        return POLICY
    if AFTER_SENDER.search(failure.text):
        return POLICY
    if SOFT in precise or any(status[0] == "4" for status in statuses) or FULL.search(failure.text):
        return SOFT
    if POLICY in {SUBJECT.get(status.split(".")[1]) for status in statuses}:
        return POLICY
    if HARD in precise:
        return HARD
    return SOFT if ASLEEP.search(failure.text) else _by_words(failure, statuses)


def _by_words(failure: Failure, statuses: list[str]) -> BounceClass:
    reply = failure.codes.reply
    if reply in REPLY:
        return REPLY[reply]
    if not statuses and not reply and not failure.text.strip():
        return UNKNOWN
    if any(status.split(".")[1] in _OF_OTHER_THINGS for status in statuses):
        return SOFT
    is_refused = reply in _FINAL and AFTER_RECIPIENT.search(failure.text) and not AFTER_MESSAGE.search(failure.text)
    return HARD if is_refused and NOBODY.search(failure.text) else SOFT


_OF_OTHER_THINGS = frozenset({"2", "3", "4"})
"""Second numbers of statuses about a mailbox that exists, a mail system or the network."""
_FINAL = frozenset({550, 551, 553})
"""Reply codes that refuse a recipient for good (RFC 5321 section 4.2.3)."""


def _by_status(status: str) -> BounceClass:
    if status in STATUS:
        return STATUS[status]
    return SUBJECT.get(status.split(".")[1], SOFT)
