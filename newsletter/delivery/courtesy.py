"""What a run does to be polite to receivers: pace, sending hours, slowing down, and halting by itself (edge).

Everything here happens on the store's thread, a batch or a group at a time; while nobody is limited or pushes back, a
message costs nothing. Logs and notes name groups and configured domains only (I7).
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from newsletter.delivery.charges import Charges
from newsletter.delivery.kept_lines import KeptLines
from newsletter.delivery.lately import Lately
from newsletter.delivery.line_notes import notes_of, public_name, speed_of
from newsletter.delivery.lines import LOOK_AGAIN, Line
from newsletter.delivery.outcome import Event, Outcome, State
from newsletter.delivery.pacing import SECOND, microseconds, moment
from newsletter.delivery.placing import place
from newsletter.delivery.pushback import Halt, Health, Thresholds, is_too_fast
from newsletter.delivery.receivers import Receivers, domain_of
from newsletter.delivery.slowest import Waiting
from newsletter.delivery.waiting_look import WaitingLook
from newsletter.delivery.windows import Hours, Opening
from newsletter.store import deliveries, pace, so_far
from newsletter.store.claims import Batch, Checked
from newsletter.store.sifting import without
from subscribers.transactions import writing

LOG = logging.getLogger("newsletter.delivery")
SHORTEST_WAIT = 0.25
"""Seconds between two looks for slots that have come."""
LONGEST_WAIT = 60.0
"""Meanwhile jobs stop, limits change, and what was set aside is placed anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """What the configuration asks of a run."""

    receivers: Receivers
    hours: Hours = field(default_factory=lambda: Hours(zone=ZoneInfo("UTC")))
    thresholds: Thresholds = field(default_factory=Thresholds)
    patience: float = 3600
    """Seconds that a run waits for the next slot; a longer wait ends it, and `serve` or another `send` goes on."""


class Courtesy:
    """The manners of one run of one job."""

    def __init__(self, manners: Manners, engine: Engine, job: int, clock: Callable[[], datetime]) -> None:
        self._receivers, self._hours = manners.receivers, manners.hours
        self._patience = manners.patience
        self._engine, self._job, self._clock = engine, job, clock
        before = so_far.load(engine, job).get("health", {})
        self._whole = Health.going_on(manners.thresholds, before)  # since an operator last decided
        self._run = Health(thresholds=manners.thresholds)  # what goes wrong now, after much that went well
        self._opening = Opening(manners.hours)
        self._lately = Lately(since=self._at)
        self.goes_on_at: datetime | None = None
        """When the run ended because the next slot is far away."""
        self.halt: Halt | None = None
        self.notes: tuple[str, ...] = ()
        """What is waited for, for whoever watches."""
        self.begun: set[int] = set()
        """Deliveries whose dot was written and that have no outcome; the journal of the run fills it."""
        self._charges = Charges(receivers=self._receivers, begun=self.begun)
        self._kept = KeptLines(self._receivers, engine, job, self._at)
        self._waiting = WaitingLook(engine, job, self._receivers)

    def slowest(self) -> tuple[Waiting, ...]:
        """Whose mail waits the most; asked only while some of it does."""
        return self._waiting.look()

    # ---------------------------------------------------------------- before sending

    @property
    def is_open(self) -> bool:
        """Whether this is an hour to send in."""
        return self._opening.is_open(self._clock())

    @property
    def _at(self) -> int:
        return microseconds(self._clock())

    @property
    def has_queue(self) -> bool:
        """Whether some are set aside whose turn comes before others', or did not long ago."""
        lately = self._at - LOOK_AGAIN
        return any(line.tail > lately for line in self._receivers.every())

    def admit(self, worker: str, batch: Batch) -> Batch:
        """The batch with those who may begin now or within a second; the others are set aside in the store."""
        now = self._clock()
        at = microseconds(now)
        self._kept.look(at)
        if batch.claimed:
            self._lately.begin(at)
        if not batch.claimed or self._receivers.is_idle:
            return batch
        with writing(self._engine) as connection:
            self._kept.load(connection, at)
            self._rise(at)
            places = place(self._receivers, [domain_of(item.address) for item in batch.claimed], at, due=batch.due)
            pairs = list(zip(batch.claimed, places, strict=True))
            slots = [(item.delivery, moment(to.at)) for item, to in pairs if to.is_aside]
            pace.set_aside(connection, worker, slots, now)
            if slots:
                self._kept.stand(connection)
            self._kept.save(connection)
        for item, to in pairs:
            if not to.is_aside:
                self._charges.give(item.delivery, domain_of(item.address), to.at, at)
        self._tell(now)
        return replace(
            batch,
            claimed=tuple(item for item, to in pairs if not to.is_aside and to.at <= at),
            later=tuple(((to.at - at) / SECOND, item) for item, to in pairs if not to.is_aside and to.at > at),
            aside=len(slots),
            aside_for=max((to.at - at for to in places if to.is_aside), default=0) / SECOND,
        )

    def sift(self, worker: str, checked: Checked, asked: Sequence[int] = ()) -> Checked:
        """Of deliveries that were looked at again, those that may begin; the others are set aside.

        The hours may be over, a group closed, or their instant long past. `asked`: the most urgent ones first.
        """
        now = self._clock()
        at = microseconds(now)
        self._kept.look(at)
        self._lately.begin(at)
        if not self.is_open and (opens := self._hours.opens(now)):
            with writing(self._engine) as connection:
                return without(connection, worker, checked, {item.delivery: opens for item in checked.claimed}, now)
        if self._receivers.is_idle:
            return checked
        domains = {item.delivery: domain_of(item.address) for item in checked.claimed}
        order = [number for number in asked if number in domains] if asked else list(domains)
        if late := self._charges.late([(number, domains[number]) for number in order], at):
            with writing(self._engine) as connection:
                self._kept.load(connection, at)
                slots = self._charges.place_anew(late, domains.keys(), at)
                aside = {number: moment(slot) for number, slot in slots.items()}
                checked = without(connection, worker, checked, aside, now)
                if aside:
                    self._kept.stand(connection)
                self._kept.save(connection)
        self._charges.see([item.delivery for item in checked.claimed], self._at)
        return checked

    def next_slot(self) -> float | None:
        """Seconds until it is worth claiming again; None if this run need not wait for anything."""
        now = self._clock()
        self._kept.look(microseconds(now))
        at = self._next(now)
        if at is None:
            return None
        if max(SHORTEST_WAIT, (at - now).total_seconds()) > self._patience:
            self.goes_on_at = at
            return None
        if self.is_open and (due := deliveries.next_due(self._engine, self._job)):
            at = min(at, due)  # a retry does not wait for the slot of others
        return min(LONGEST_WAIT, max(SHORTEST_WAIT, (at - now).total_seconds()))

    def _next(self, now: datetime) -> datetime | None:
        if self.is_open:
            return pace.next_slot(self._engine, self._job)
        is_queued = deliveries.counts(self._engine, self._job)[State.QUEUED]
        due = now if is_queued else deliveries.next_due(self._engine, self._job)
        if due is None:
            return None
        self.notes = ("outside the hours for sending",)
        return self._hours.opens(max(now, due))

    def goes_on(self, due: datetime | None) -> datetime | None:
        """When a run that ended because of `goes_on_at` is to be followed: a retry, `due` then, is not kept waiting."""
        if due is None or self.goes_on_at is None:
            return self.goes_on_at
        return self._hours.opens(max(self._clock(), min(due, self.goes_on_at))) or self.goes_on_at

    @property
    def health(self) -> dict[str, Any]:
        """How the job went, for the next run."""
        return self._whole.state

    # ---------------------------------------------------------------- after sending

    def heard(self, outcomes: Sequence[Outcome]) -> None:
        """Learn from what the receivers said; `halt` is set if the job must stop."""
        self._charges.forget(outcome.delivery for outcome in outcomes)
        self.begun.difference_update(outcome.delivery for outcome in outcomes)
        bad = [outcome for outcome in outcomes if outcome.event is not Event.ACCEPT]
        for health in (self._whole, self._run):
            health.count(bad)
            health.tried += len(outcomes) - len(bad)
        deferred = [outcome for outcome in bad if outcome.event in {Event.DEFER, Event.EXPIRE} and outcome.code]
        self._lately.count(len(outcomes) - len(deferred), len(deferred), self._at)
        if deferred:
            self._slow_down(deferred)
        elif self._lately.is_much:
            self._lately.forget(self._at)
        if self.halt is None and (halt := self._whole.halt() or self._run.halt()):
            LOG.error("job %d halts: %s", self._job, halt)
            self.halt = halt

    def _slow_down(self, deferred: Sequence[Outcome]) -> None:
        at = self._at
        too_fast = {outcome.delivery for outcome in deferred if is_too_fast(outcome)}
        with writing(self._engine) as connection:
            keys = pace.addresses_of(connection, [outcome.delivery for outcome in deferred])
            names = {identity: self._receivers.name_of(domain_of(key)) for identity, key in keys.items()}
            self._lately.groups.update(names.values())
            slowed = [self._receivers.made(name) for name in sorted({names[i] for i in too_fast if i in names})]
            self._kept.load(connection, at)
            for line in slowed:
                self._push_back(line, at)
            self._slow_relay(at)
            self._kept.save(connection)
        self._tell(self._clock())

    def _slow_relay(self, at: int) -> None:
        """Many deferrals of many groups are about the relay, or about us: all goes slower."""
        lately, relay = self._lately, self._receivers.relay
        if not lately.is_much:
            return
        if relay and lately.is_about_the_relay:
            if relay.speed is None:  # else it was slowed before, and what it got then is its ceiling
                relay.ceiling = lately.speed(at)
            self._push_back(relay, at)
        lately.forget(at)

    def _push_back(self, line: Line, at: int) -> None:
        if line.push_back(at):
            LOG.warning("pace: %s pushes back; now %s", public_name(line), speed_of(line))

    def _rise(self, at: int) -> None:
        for line in self._receivers.every():
            if line.rise(at):
                LOG.info("pace: %s takes mail again; now %s", public_name(line), speed_of(line))

    def _tell(self, now: datetime) -> None:
        self.notes = notes_of(self._receivers, microseconds(now))
