"""What a mail log settles: taken, absent, or neither, and why not (I3). Pure.

That a message is absent proves something only if the log covers the time of its attempts on both sides, without a gap
and without dropped lines, on every machine that has a message of the job in it, and names the message nowhere; and if
it does name what is known to be sent around the attempt.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from newsletter.delivery.maillog_coverage import MARGIN
from newsletter.delivery.maillog_reading import MailLog


class Doubt(StrEnum):
    """Why a delivery stays unknown."""

    OTHER_RELAY = "other-relay"
    """No message of the job is in the log."""
    FATE = "fate"
    """The relay received it, or part of it, and the log does not say what became of it."""
    RELAYS = "relays"
    """Another relay of the job may have it."""
    CLOCK = "clock"
    """The relay's clock, or the zone of its lines, is not ours."""
    LOSSES = "losses"
    """Lines were dropped around that time."""
    COVERAGE = "coverage"
    """The log does not reach far enough on both sides, or has a gap."""
    HOLES = "holes"
    """The log lacks messages that were sent around that time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """An unknown delivery: its attempts lie between these moments."""

    delivery: int
    since: datetime
    until: datetime
    witnesses: frozenset[int] = frozenset()
    """Deliveries known to be sent around that time: a log that lacks one of them is not whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a log settles."""

    taken: frozenset[int]
    """The relay had them."""
    absent: frozenset[int]
    """The relay never had them: the log covers their attempts on both sides."""
    undecided: frozenset[int]
    doubts: Mapping[Doubt, int] = field(default_factory=dict)
    """How many of `undecided` for which reason."""
    judged: Mapping[int, datetime] = field(default_factory=dict)
    """When each of `taken` and `absent` became unknown: of an attempt made since, nothing is said."""


def judge(
    log: MailLog, unknown: Iterable[Attempted], *, is_whole: bool = True, skew: timedelta | None = None
) -> Verdict:
    """What `log` settles of the `unknown` deliveries.

    `is_whole`: the logs of all relays of the job are in it. `skew`: how far the relay's clock is ahead, if it is known.
    """
    taken, absent, undecided = set(), set(), set()
    doubts: Counter[Doubt] = Counter()
    judged: dict[int, datetime] = {}
    named = log.undecided
    for item in unknown:
        judged[item.delivery] = item.until
        if item.delivery in log.taken:
            taken.add(item.delivery)
        elif doubt := _doubt(log, item, named, is_whole=is_whole, skew=skew):
            undecided.add(item.delivery)
            doubts[doubt] += 1
        else:
            absent.add(item.delivery)
    return Verdict(
        taken=frozenset(taken), absent=frozenset(absent), undecided=frozenset(undecided), doubts=doubts, judged=judged
    )


def skew_of(seen: Mapping[int, datetime], recorded: Mapping[int, datetime]) -> timedelta | None:
    """How far the relay's clock is ahead of ours, by messages that were sent; None if none of them is in both.

    We record after the relay has read it, at times much later (after a crash), never before: so what counts is the
    quarter that was recorded the soonest.
    """
    ahead = sorted((moment - recorded[delivery] for delivery, moment in seen.items() if delivery in recorded))
    return ahead[len(ahead) * 3 // 4] if ahead else None


def _doubt(
    log: MailLog, item: Attempted, named: Collection[int], *, is_whole: bool, skew: timedelta | None
) -> Doubt | None:
    """Why absence from the log proves nothing here; None if it does prove it."""
    if item.delivery in named:
        return Doubt.FATE
    if log.first is None:
        return Doubt.OTHER_RELAY
    if not is_whole:
        return Doubt.RELAYS
    if log.first < item.since - MARGIN or abs(skew or timedelta()) > MARGIN / 2:
        return Doubt.CLOCK
    return _gap(log, item)


def _gap(log: MailLog, item: Attempted) -> Doubt | None:
    """Why lines of this time may be missing; None if they are all there."""
    if log.coverage.has_losses(item.since, item.until):
        return Doubt.LOSSES
    if not all(log.reaches(machine, item.since, item.until) for machine in log.machines):
        return Doubt.COVERAGE
    return None if item.witnesses <= log.seen else Doubt.HOLES
