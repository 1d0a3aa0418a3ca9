"""The calculation before sending against a run: real claims, limits and hours, a clock that jumps, and no relay."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from newsletter.delivery.courtesy import Courtesy, Manners
from newsletter.delivery.forecast import OTHERS, Plan, forecast
from newsletter.delivery.kept_lines import look_up
from newsletter.delivery.lines import Line
from newsletter.delivery.outcome import Event, Outcome, State
from newsletter.delivery.pacing import Limit, Ramp, Rate, microseconds
from newsletter.delivery.receivers import Receivers, domain_of, grouped
from newsletter.delivery.retry import Reason
from newsletter.delivery.stock import STOCK_SECONDS
from newsletter.delivery.windows import Hours, Window
from newsletter.store import deliveries, pace
from newsletter.store.claims import Claim, claim_batch
from newsletter.store.tables import delivery
from subscribers.tables import subscriber, subscription
from subscribers.transactions import reading, writing
from tests.support.sending import LIST, fresh_store, people, planned

GROUPS = grouped({"gmail": ["gmail.com", "googlemail.com"], "kpn": ["kpnmail.nl"]})
DOMAINS = ["gmail.com", "googlemail.com", "kpnmail.nl", "example.org", "a.example"]
START = datetime(2027, 6, 14, 7, tzinfo=UTC)
MIDNIGHT = microseconds(START - timedelta(hours=7))
PERIOD = timedelta(hours=25.2)
"""A day and a twentieth."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is sent under what."""

    mix: dict[str, int]
    limits: dict[str, list[Limit]] = field(default_factory=dict)
    speed: float = 20.0
    warm_up: tuple[int, ...] = ()
    windows: tuple[str, ...] = ()
    per_domain: tuple[Rate, ...] = ()
    before: dict[str, int] = field(default_factory=dict)
    """An earlier job, which was begun."""
    pause: int = 0
    """Seconds between the two."""
    is_pushed_back: bool = False
    """gmail says 421 before."""

    def manners(self):
        relay = Line(name="relay main", limits=[Ramp(start=MIDNIGHT, counts=self.warm_up)] if self.warm_up else ())
        return Manners(
            receivers=Receivers(groups=GROUPS, limits=self.limits, per_domain=self.per_domain, relay=relay),
            hours=Hours(zone=ZoneInfo("Europe/Amsterdam"), windows=tuple(map(Window.parse, self.windows))),
            patience=1e12,
        )

    def is_near(self, said: timedelta, was: timedelta) -> bool:
        """What docs/operators.md promises: a twentieth and ten seconds, and where several share a limit one period.

        Where that ends outside of the hours it is the next day.
        """
        near = timedelta(seconds=10) + max(said, was) / 20
        by_day = any(limit.seconds > 3600 for limits in self.limits.values() for limit in limits)
        shared = self.warm_up or (self.before and by_day)
        return abs(said - was) <= near + (PERIOD + timedelta(days=bool(self.windows)) if shared else timedelta())


class Run:
    """One job that is under way, as `newsletter/delivery/run.py` does it."""

    def __init__(self, scene, job, manners):
        self._engine, self._clock, self._receivers = scene.engine, scene.clock, manners.receivers
        self.job, self.name = job, f"w{job.id}"
        self.courtesy = Courtesy(manners, scene.engine, job.id, scene.clock)
        self.last: dict[str, datetime] = {}

    def claim(self, size):
        """The instants and the deliveries that may begin, and whether anything was there."""
        if not self.courtesy.is_open:
            return [], False
        now, is_due_first = self._clock(), self.courtesy.has_queue
        claim = Claim(worker=self.name, now=now, lease=timedelta(minutes=5), due_first=is_due_first)
        batch = self.courtesy.admit(self.name, claim_batch(self._engine, self.job.id, claim, size))
        later = [(now + timedelta(seconds=seconds), item) for seconds, item in batch.later]
        return [(now, item) for item in batch.claimed] + later, not batch.is_empty

    def send(self, begun):
        outcomes = [Outcome(item.delivery, Event.ACCEPT, "", 250, "2.0.0 Ok") for _, item in begun]
        with writing(self._engine) as connection:
            deliveries.record(connection, self.name, outcomes, self._clock(), job=self.job.id)
        self.courtesy.heard(outcomes)
        for at, item in begun:
            name = self._receivers.name_of(domain_of(item.address))
            self.last[name] = max(at, self.last.get(name, at))


class Scene:
    """A store, and a clock that jumps."""

    def __init__(self, engine, speed):
        self.engine, self._speed, self.now, self._free, self._people = engine, speed, START, START, 0

    def clock(self):
        return self.now

    def job(self, mix, slug):
        """A job for so many readers of each domain, mixed."""
        domains = [domain for domain, count in mix.items() for _ in range(count)]
        random.Random(7).shuffle(domains)
        with writing(self.engine) as connection:
            connection.execute(update(subscription).values(list="another"))
        people(self.engine, len(domains), self._people)
        with writing(self.engine) as connection:
            for number, domain in enumerate(domains, self._people):
                address = f"p{number}@{domain}"
                of_this = subscriber.c.address == f"p{number}@example.org"
                connection.execute(update(subscriber).where(of_this).values(address=address, address_key=address))
        self._people += len(domains)
        job = planned(self.engine, slug=slug, now=self.now)
        with writing(self.engine) as connection:
            connection.execute(update(subscription).values(list=LIST))
        return job

    def push_back(self, run):
        people = delivery.join(subscription, subscription.c.id == delivery.c.subscription_id).join(
            subscriber, subscriber.c.id == subscription.c.subscriber_id
        )
        where = delivery.c.job_id == run.job.id, subscriber.c.address_key.like("%@gmail.com")
        with reading(self.engine) as connection:
            some = connection.scalars(select(delivery.c.id).select_from(people).where(*where)).first()
        run.courtesy.heard([Outcome(some, Event.DEFER, Reason.POLICY, 421, "4.7.28 unusual rate")])
        self.now += timedelta(seconds=5)

    def begin(self, run):
        """Claim all of a job once: what finds no room is set aside."""
        self.now = run.courtesy._hours.opens(self.now)
        while deliveries.counts(self.engine, run.job.id)[State.QUEUED]:
            self._step([run])

    def finish(self, runs):
        """Send until the last one of them has nothing to send."""
        while True:
            if self._step(runs):
                continue
            if (wait := runs[-1].courtesy.next_slot()) is None:
                return
            waits = [wait, *(run.courtesy.next_slot() for run in runs[:-1])]
            self.now += timedelta(seconds=min(seconds for seconds in waits if seconds is not None))

    def _step(self, runs):
        """Each claims a batch; the clock goes on by what the relay needs for that."""
        is_any = False
        for run in runs:
            found, is_there = run.claim(max(1, int(STOCK_SECONDS * self._speed)))
            is_any = is_any or is_there
            run.send([(self._begins(at), item) for at, item in found])
        self.now = max(self.now, self._free)
        return is_any

    def _begins(self, at):
        if at > self.now:  # it comes into stock then, and holds nobody until then
            return at
        begins = max(self._free, at)
        self._free = begins + timedelta(seconds=1 / self._speed)
        return begins


def said_and_was(folder, case):
    """Group → how long it takes, as calculated and as it went; "all" is the whole job."""
    with fresh_store(folder) as engine:
        scene, runs = Scene(engine, case.speed), []
        if case.before:
            runs = [Run(scene, scene.job(case.before, "lente"), case.manners())]
            scene.begin(runs[0])
            scene.now += timedelta(seconds=case.pause)
        job = scene.job(case.mix, "zomer")
        if case.is_pushed_back:
            scene.push_back(Run(scene, job, case.manners()))
        manners, start = case.manners(), scene.now
        look_up(manners.receivers, engine, microseconds(start))
        ahead = pace.aside_by_domain(engine).get(LIST, {})
        plan = Plan(
            mix=case.mix, receivers=manners.receivers, hours=manners.hours, speed=case.speed, start=start, ahead=ahead
        )
        found = forecast(plan)
        runs.append(Run(scene, job, case.manners()))
        scene.finish(runs)
    said = {share.name: share.ends - start for share in found.shares}
    was: dict[str, timedelta] = {}
    for name, at in runs[-1].last.items():
        group = name if name in said else OTHERS
        was[group] = max(was.get(group, timedelta()), at - start)
    assert said.keys() == was.keys()
    return {name: (said[name], was[name]) for name in said} | {"all": (max(said.values()), max(was.values()))}


def by_chance(seed):
    """Any mix under any limits."""
    chance = random.Random(seed)

    def rate():
        most, period = chance.choice([(5, 1), (40, 60), (60, 3600), (100, 86_400)])
        return Rate(chance.randint(max(1, most // 8), most), period)

    def mix(most):
        return {domain: chance.randint(1, most) for domain in chance.sample(DOMAINS, chance.randint(1, 4))}

    is_pushed_back = chance.random() < 0.2
    return Case(
        mix={**({"gmail.com": 30} if is_pushed_back else {}), **mix(80)},
        limits={
            name: [rate() for _ in range(chance.randint(1, 2))]
            for name in ("gmail", "kpn", "example.org")
            if chance.random() < 0.5
        },
        speed=chance.choice([3.0, 20.0, 100.0]),
        warm_up=tuple(sorted(chance.randint(5, 90) for _ in range(3))) if chance.random() < 0.2 else (),
        windows=chance.choice([(), (), (), ("08:00-18:00",), ("09:30-12:00", "13:00-14:00"), ("22:00-06:00",)]),
        per_domain=(Rate(chance.randint(1, 20), 60),) if chance.random() < 0.2 else (),
        before=mix(50) if chance.random() < 0.4 else {},
        pause=chance.choice([0, 100, 7200]),
        is_pushed_back=is_pushed_back,
    )


FEW = {
    "the speed of the relay": Case(mix={"gmail.com": 60, "example.org": 40}),
    "limits": Case(mix={"gmail.com": 90, "kpnmail.nl": 60}, limits={"gmail": [Rate(1, 1)], "kpn": [Rate(60, 3600)]}),
    "hours": Case(
        mix={"example.org": 150, "gmail.com": 30},
        limits={"gmail": [Rate(20, 86_400)]},
        speed=1.0,
        windows=("09:00-09:02",),
    ),
    "a slowed group": Case(mix={"gmail.com": 140, "a.example": 20}, is_pushed_back=True),
    "a group slowed to a few": Case(mix={"gmail.com": 60}, limits={"gmail": [Rate(54, 3600)]}, is_pushed_back=True),
    "behind others": Case(mix={"gmail.com": 20}, limits={"gmail": [Rate(40, 3600)]}, before={"gmail.com": 90}),
    "a warm-up": Case(mix={"example.org": 30}, warm_up=(20,) * 12, before={"gmail.com": 150}),
    "single domains": Case(mix={"a.example": 50}, per_domain=(Rate(10, 60),), before={"a.example": 40}),
}


@pytest.fixture(autouse=True)
def no_look_between_slots(monkeypatch):
    monkeypatch.setattr("newsletter.delivery.courtesy.LONGEST_WAIT", 1e12)


def wrong(found, case):
    return {name: pair for name, pair in found.items() if not case.is_near(*pair)}


@pytest.mark.parametrize("name", FEW)
def test_a_run_takes_as_long_as_was_calculated(tmp_path, name):
    assert not wrong(said_and_was(tmp_path, FEW[name]), FEW[name])


def test_any_run_takes_as_long_as_was_calculated(tmp_path, is_full):
    for seed in range(150 if is_full else 5):
        case = by_chance(seed)
        assert not wrong(said_and_was(tmp_path, case), case), (seed, case)
