"""What refusals say about how we send: too fast for these receivers, or not wanted at all (A29). Pure.

Slower is for one group of receivers: 421 and 4.7.x. Not wanted is for the whole job: reputation and authentication do
not get better by going on. Those codes stop the mailing, never the subscriber.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from newsletter.delivery.outcome import Event, Outcome
from newsletter.delivery.reply import Reply
from newsletter.delivery.retry import END_OF_SESSION, Reason

_POLICY = 7
_TOO_FAST = re.compile(
    r"rate.?limit|too (?:many|fast|much)|throttl|unusual rate|temporarily deferred"
    r"|exceeded .{0,30}(?:limit|quota|rate)",
    re.IGNORECASE,
)
_GREYLIST = re.compile(r"gr[ea]y.?list", re.IGNORECASE)
_ABOUT_US = frozenset(
    {
        *range(20, 34),  # SPF, DKIM, reverse DNS, unauthenticated mail (RFC 7372, Google 5.7.24 to 5.7.32)
        40,  # DMARC (Google)
        *(509, 511, 512, 515, 708, 750),  # Microsoft: DMARC, banned sender, From, bulk senders, reputation
        *range(601, 650),  # Microsoft: the address of the relay is on a list
    }
)
"""Third number of 5.7.x: nobody says these of a recipient (A29)."""
_NEVER_US = frozenset({13, 17, 18, *range(120, 140)})
"""Third number of 5.7.x: about the recipient; 5.7.12x and 5.7.13x: a mailbox that takes mail of its own house only."""


def is_too_fast(outcome: Outcome) -> bool:
    """Whether the receivers ask for less: 421, 4.7.x, or words to that effect in another 4yz."""
    if outcome.event not in {Event.DEFER, Event.EXPIRE} or outcome.code is None:
        return False
    if _GREYLIST.search(outcome.reply):  # about this one message, and cured by coming back
        return False
    enhanced = Reply(outcome.code, outcome.reply).enhanced
    if outcome.code == END_OF_SESSION or (enhanced and enhanced[1] == _POLICY):
        return True
    return bool(_TOO_FAST.search(outcome.reply))


class Blame(StrEnum):
    """What a refusal is about."""

    US = "us"
    """Certainly us: authentication, reputation, a blocklist."""
    PERHAPS_US = "perhaps-us"
    """Policy without saying whose: also the rules of one organisation."""
    THEM = "them"
    """The recipient, or something else."""


def blame(outcome: Outcome) -> Blame:
    """Whom a refusal is about; THEM for everything that is no refusal."""
    if outcome.event is not Event.REFUSE or outcome.reason not in {Reason.POLICY, Reason.SENDER}:
        return Blame.THEM
    enhanced = Reply(outcome.code or 0, outcome.reply).enhanced
    if enhanced and enhanced[1] == _POLICY:
        if enhanced[2] in _NEVER_US:
            return Blame.THEM
        if enhanced[2] in _ABOUT_US:
            return Blame.US
    return Blame.PERHAPS_US


def is_grave(outcome: Outcome) -> bool:
    """Whether more of it would be worse: refused for what may be about us, or asked for less."""
    return blame(outcome) is not Blame.THEM or is_too_fast(outcome)


class Halting(StrEnum):
    """Why a job stops by itself, in one word."""

    POLICY = "policy"
    """Refused for what is about us."""
    ERRORS = "errors"
    """So many are refused that something is wrong: an old list, a broken relay."""
    BOUNCES = "bounces"
    """The relay took them, and so many came back by mail for what is about us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """When a job halts."""

    about_us: int = 5
    """Refusals that are certainly about us."""
    perhaps_us: int = 20
    """Refusals of policy of whatever kind, if they are also a twentieth of all that was tried."""
    error_percent: float = 25
    """Permanent refusals among all that was tried."""
    error_sample: int = 100
    """Tried at least, before a rate means something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """The job must stop: why, and what to do. Names nobody (I7)."""

    why: Halting
    what: str

    def __str__(self) -> str:
        """As the job keeps it."""
        return f"{self.why}: {self.what}"

    @property
    def remedy(self) -> str:
        """What the operator does now."""
        return remedy(self.why)


def remedy(why: str) -> str:
    """What to do about a job that halted, by the word that is stored."""
    if why == Halting.POLICY:
        return (
            "`newsletter doctor` looks at SPF, DKIM and DMARC, and 530 is a relay that wants a username and password; "
            "when that is mended: `newsletter jobs resume JOB --retry refused --class policy`"
        )
    if why == Halting.BOUNCES:
        return (
            "`newsletter doctor` looks at SPF, DKIM and DMARC; when that is mended: `newsletter jobs resume JOB`; "
            "what came back is not sent again"
        )
    return "`newsletter jobs show JOB --state refused` says who and why; `newsletter jobs resume JOB` goes on"


PERHAPS_SHARE = 20
"""One in so many of all that was tried."""


@dataclass(slots=True, kw_only=True)
class Health:
    """What became of all that was tried, as far as it says something about us."""

    thresholds: Thresholds
    tried: int = 0
    refused: int = 0
    us: Counter[str] = field(default_factory=Counter)
    """Refusals that are certainly about us, by code and status."""
    perhaps: Counter[str] = field(default_factory=Counter)

    @classmethod
    def going_on(cls, thresholds: Thresholds, state: Mapping[str, Any]) -> "Health":
        """Count on from the `state` that another one had; from nothing if that is empty."""
        us, perhaps = Counter(state.get("us", {})), Counter(state.get("perhaps", {}))
        tried, refused = state.get("tried", 0), state.get("refused", 0)
        return cls(thresholds=thresholds, tried=tried, refused=refused, us=us, perhaps=perhaps)

    @property
    def state(self) -> dict[str, Any]:
        """For the store: numbers, and codes of replies. Names nobody."""
        return {"tried": self.tried, "refused": self.refused, "us": dict(self.us), "perhaps": dict(self.perhaps)}

    def count(self, outcomes: Iterable[Outcome]) -> None:
        """Count outcomes."""
        for outcome in outcomes:
            self.tried += 1
            if outcome.event is not Event.REFUSE:
                continue
            self.refused += outcome.reason != Reason.UNWRITABLE
            whose = blame(outcome)
            if whose is not Blame.THEM:
                (self.us if whose is Blame.US else self.perhaps)[_code(outcome)] += 1

    def halt(self) -> Halt | None:
        """Why to stop now, if there is a reason."""
        us, policy = self.us.total(), self.us.total() + self.perhaps.total()
        limits = self.thresholds
        if us >= limits.about_us or (policy >= limits.perhaps_us and policy * PERHAPS_SHARE >= self.tried):
            said = ", ".join(code for code, _ in (self.us + self.perhaps).most_common(3))
            return Halt(why=Halting.POLICY, what=f"{policy} of {self.tried} refused for what is about us ({said})")
        if self.tried >= limits.error_sample and self.refused * 100 >= limits.error_percent * self.tried:
            return Halt(why=Halting.ERRORS, what=f"{self.refused} of {self.tried} refused for good")
        return None


def _code(outcome: Outcome) -> str:
    enhanced = Reply(outcome.code or 0, outcome.reply).enhanced
    status = f" {'.'.join(map(str, enhanced))}" if enhanced else ""
    return f"{outcome.code}{status}"
