"""Polite to receivers: pace, slowing down, halting, hours, several relays; with a scripted server."""

import asyncio
import time
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from newsletter.delivery.control import Pace, Stop
from newsletter.delivery.courtesy import Courtesy, Manners
from newsletter.delivery.endpoint import Endpoint
from newsletter.delivery.job import JobEvent
from newsletter.delivery.kept_lines import renew
from newsletter.delivery.lines import Line
from newsletter.delivery.outcome import Event, Outcome, State
from newsletter.delivery.pacing import SECOND, Ramp, Rate, microseconds
from newsletter.delivery.receivers import Receivers, grouped
from newsletter.delivery.relays import Via
from newsletter.delivery.retry import Reason
from newsletter.delivery.windows import Hours, Window
from newsletter.delivery.worker import run_with
from newsletter.store import deliveries, job_times, jobs, pace, so_far
from newsletter.store.claims import Checked, Claim, check_again, claim_batch
from newsletter.store.requeue import count_retryable, requeue
from newsletter.store.tables import delivery
from subscribers.errors import ServiceError
from subscribers.tables import subscriber
from subscribers.transactions import reading, writing
from tests.support.sending import World, fresh_store, paced, people, planned
from tests.support.smtp import CLOSE, ScriptedServer, at, nothing_listens

RESUMED_AT = datetime(2027, 6, 14, 12, tzinfo=UTC)
GROUPS = grouped({"gmail": ["gmail.com", "googlemail.com"], "kpn": ["kpnmail.nl"]})


@pytest.fixture
def world(tmp_path):
    with fresh_store(tmp_path) as engine:
        yield World(engine, tmp_path)


def spread(world, domains):
    """A job for one reader per domain in turn: p0@domains[0], p1@domains[1], ..."""
    people(world.engine, len(domains))
    with writing(world.engine) as connection:
        for number, domain in enumerate(domains):
            values = {"address": f"p{number}@{domain}", "address_key": f"p{number}@{domain}"}
            connection.execute(
                update(subscriber).where(subscriber.c.address == f"p{number}@example.org").values(**values)
            )
    return planned(world.engine)


def manners(limits=None, *, patience=30.0, windows=(), per_domain=(), ramp=None, **more):
    relay = Line(name="relay main", limits=[ramp] if ramp else ())
    return Manners(
        receivers=Receivers(groups=GROUPS, limits=limits or {}, per_domain=per_domain, relay=relay),
        hours=Hours(zone=ZoneInfo("Europe/Amsterdam"), windows=tuple(map(Window.parse, windows))),
        patience=patience,
        **more,
    )


def in_minutes(world, minutes):
    """The same store, and a clock that shows so many minutes more."""
    return World(world.engine, world.folder, clock=lambda: datetime.now(UTC) + timedelta(minutes=minutes))


def run(world, job, server, polite, **more):
    return run_with(replace(world.means(server.port, **more), manners=polite), job)


class Watched:
    """A script that notes when each domain's message came."""

    def __init__(self, script=lambda *_: None):
        self.times, self._script = defaultdict(list), script

    def __call__(self, peer, verb, argument):
        if verb == "DOT":
            self.times[peer.recipient.partition("@")[2]].append(time.monotonic())
        return self._script(peer, verb, argument)


def reasons(world, job):
    with reading(world.engine) as connection:
        rows = connection.execute(select(delivery.c.reason, delivery.c.attempts).where(delivery.c.job_id == job.id))
        return sorted((row.reason or "", row.attempts) for row in rows)


def test_a_limited_group_keeps_its_limit_and_holds_nobody(world):
    job = spread(world, ["gmail.com", "googlemail.com", "example.org", "kpnmail.nl"] * 15)
    watched = Watched()
    with ScriptedServer(script=watched) as server:
        result = run(world, job, server, manners({"gmail": [Rate(10, 1)]}))
    assert result.counts[State.SENT] == 60
    assert result.exit_status == 0
    gmail = sorted(watched.times["gmail.com"] + watched.times["googlemail.com"])
    others = watched.times["example.org"] + watched.times["kpnmail.nl"]
    assert gmail[-1] - gmail[0] >= 2, "thirty at ten per second"
    assert gmail[-1] - gmail[0] < 5
    assert max(others) - gmail[0] < 1.5, "nobody waited for gmail"
    assert all(gmail[i + 10] - gmail[i] > 0.7 for i in range(len(gmail) - 10))
    assert {attempts for _, attempts in reasons(world, job)} == {1}, "waiting is no attempt"


class Hanging(ScriptedServer):
    """Answers nothing until some seconds after it was made, then takes all that came."""

    def __init__(self, until, **more):
        super().__init__(**more)
        self._until = time.monotonic() + until

    async def _act(self, writer, action):
        await asyncio.sleep(self._until - time.monotonic())
        await super()._act(writer, action)


def most_at_once(times):
    """In a second, less how late a message may begin after its instant."""
    return max(sum(at <= other < at + 0.6 for other in times) for at in times)


def test_the_limit_holds_after_a_relay_hung(world, monkeypatch):
    monkeypatch.setattr("newsletter.delivery.charges.MOMENT", SECOND // 10)
    job, watched = spread(world, ["gmail.com"] * 8), Watched()
    with Hanging(1.2, script=watched) as server:
        result = run(world, job, server, manners({"gmail": [Rate(4, 1)]}), pace=paced(connections=8))
    assert result.counts[State.SENT] == 8
    assert max(server.times.values()) == 1
    assert most_at_once(watched.times["gmail.com"]) <= 5
    assert {attempts for _, attempts in reasons(world, job)} == {1}


def test_the_limit_holds_over_runs_and_processes(world):
    first, polite = spread(world, ["gmail.com"] * 8), manners({"gmail": [Rate(5, 3600)]}, patience=0)
    with ScriptedServer() as server:
        result = run(world, first, server, polite)
        assert result.counts[State.SENT] == 5
        assert result.counts[State.DEFERRED] == 3
        assert result.next_due is not None
        assert result.next_due - datetime.now(UTC) > timedelta(minutes=55)
        again = run(world, first, server, manners({"gmail": [Rate(5, 3600)]}, patience=0))
        assert again.counts[State.SENT] == 5
        later = World(world.engine, world.folder, clock=lambda: datetime.now(UTC) + timedelta(hours=1, minutes=10))
        assert run(later, first, server, manners({"gmail": [Rate(5, 3600)]}, patience=0)).counts[State.SENT] == 8
    assert max(server.times.values()) == 1


def test_what_waits_for_its_turn_is_to_go_and_the_time_left_says_so(world):
    job = spread(world, ["gmail.com", "example.org"] * 8)
    with ScriptedServer(script=at("RCPT", "451 4.3.2 later", recipient="p1@")) as server:

        def seen(minutes):
            seen, now = [], World(world.engine, world.folder, lambda: datetime.now(UTC) + timedelta(minutes=minutes))
            polite = manners({"gmail": [Rate(2, 3600)]}, patience=0)
            run_with(replace(now.means(server.port), manners=polite, report=seen.append), job)
            return seen[-1]

        first, second = seen(0), seen(70)
    assert (first.aside, first.done, first.counts[State.DEFERRED]) == (6, 10, 7), "refused for now: done for this run"
    assert 3 * 3600 < first.seconds_left < 4 * 3600
    assert (second.aside, second.done) == (4, 12)
    assert 3600 < second.seconds_left < first.seconds_left


@pytest.mark.parametrize("event", [JobEvent.PAUSE, JobEvent.CANCEL])
def test_a_job_that_stopped_leaves_no_queue_for_the_next_one_to_stand_behind(world, event):
    limits = {"gmail": [Rate(2, 3600)]}
    first = spread(world, ["gmail.com"] * 40)
    with ScriptedServer() as server:
        run(world, first, server, manners(limits, patience=0))
        jobs.change_job(world.engine, first.id, event, datetime.now(UTC))
        second = planned(world.engine, slug="herfst")
        later = World(world.engine, world.folder, clock=lambda: datetime.now(UTC) + timedelta(minutes=64))
        result = run(later, second, server, manners(limits, patience=0))
    assert result.counts[State.SENT] == 2, "there is room, and nobody whose turn it is"
    assert result.next_due - datetime.now(UTC) < timedelta(hours=3)


def test_those_behind_a_job_that_stopped_are_placed_anew_also_if_they_stood_there_before(world):
    limits = {"gmail": [Rate(2, 3600)]}
    first = spread(world, ["gmail.com"] * 40)
    with ScriptedServer() as server:
        run(world, first, server, manners(limits, patience=0))
        second = planned(world.engine, slug="herfst")
        before = run(world, second, server, manners(limits, patience=0))
        assert before.next_due - datetime.now(UTC) > timedelta(hours=19), "behind the first one"
        jobs.change_job(world.engine, first.id, JobEvent.CANCEL, datetime.now(UTC))
        result = run(in_minutes(world, 64), second, server, manners(limits, patience=0))
    assert result.counts[State.SENT] == 2
    assert result.next_due - datetime.now(UTC) < timedelta(hours=3)


def test_a_run_that_waits_behind_a_job_hears_within_a_minute_that_this_stopped(world):
    first, limits = spread(world, ["gmail.com"] * 6), {"gmail": [Rate(4, 3600)]}
    with ScriptedServer() as server:
        run(world, first, server, manners(limits, patience=0))
        second = planned(world.engine, slug="herfst")
        run(world, second, server, manners(limits, patience=0))
    now = [datetime.now(UTC)]
    courtesy = Courtesy(manners(limits, patience=1e6), world.engine, second.id, lambda: now[0])
    assert courtesy.next_slot() == 60
    jobs.change_job(world.engine, first.id, JobEvent.PAUSE, now[0])
    now[0] += timedelta(minutes=1)
    assert courtesy.next_slot() == 0.25, "they are to be placed anew"
    assert courtesy.has_queue, "before those who come new"


@pytest.mark.parametrize("event", [JobEvent.PAUSE, JobEvent.CANCEL, None])
def test_a_job_that_waits_for_its_slot_goes_on_when_that_changed_and_not_before(world, event):
    limits, raised = {"gmail": [Rate(2, 3600)]}, {"gmail": [Rate(50, 3600)]}
    first = spread(world, ["gmail.com"] * 5)
    second = planned(world.engine, slug="herfst")

    def starts_at(limits):
        renew(manners(limits).receivers, world.engine, microseconds(datetime.now(UTC)), is_first=True)
        return jobs.get_job(world.engine, second.id).starts_at

    with ScriptedServer() as server:
        for job in (first, second):
            before = run(world, job, server, manners(limits, patience=0)).job.starts_at
    assert starts_at(limits) == before > datetime.now(UTC)
    if event:
        jobs.change_job(world.engine, first.id, event, datetime.now(UTC))
    assert starts_at(limits if event else raised) <= datetime.now(UTC)
    job_times.schedule(world.engine, second.id, before)
    assert starts_at(limits if event else raised) == before, "once for each change"


@pytest.mark.parametrize("limits", [{"gmail": [Rate(1000, 3600)]}, {}])
def test_a_limit_that_was_raised_or_dropped_gives_those_who_wait_new_places(world, limits):
    first = spread(world, ["gmail.com"] * 40)
    with ScriptedServer() as server:
        before = run(world, first, server, manners({"gmail": [Rate(2, 3600)]}, patience=0))
        assert before.counts[State.SENT] == 2
        again = run(world, first, server, manners({"gmail": [Rate(2, 3600)]}, patience=0))
        assert again.next_due == before.next_due, "nothing changed"
        assert run(world, first, server, manners(limits, patience=5)).counts[State.SENT] == 40
        second = planned(world.engine, slug="herfst")
        assert run(world, second, server, manners(limits, patience=5)).counts[State.SENT] == 40
    assert max(server.times.values()) == 2


def test_a_limit_of_each_domain_that_was_raised_gives_those_who_wait_new_places(world):
    job = spread(world, ["een.example"] * 6)
    with ScriptedServer() as server:
        assert run(world, job, server, manners(per_domain=[Rate(2, 86_400)], patience=0)).counts[State.SENT] == 2
        assert run(world, job, server, manners(per_domain=[Rate(200, 3600)], patience=5)).counts[State.SENT] == 6


def test_a_retry_and_a_job_do_not_wait_for_the_time_that_a_clock_showed_which_was_ahead(world):
    job, limits = spread(world, ["example.org"] * 3 + ["gmail.com"] * 4), {"gmail": [Rate(2, 86_400)]}
    with ScriptedServer(script=at("RCPT", "451 4.7.1 greylisted", recipient="p1@", times=1)) as server:
        ahead = run(in_minutes(world, 365 * 1440), job, server, manners(limits, patience=0))
        assert ahead.job.starts_at > datetime.now(UTC) + timedelta(days=364)
        assert pace.ask_again(world.engine, datetime.now(UTC)) == 3, "the retry, and the two that were set aside"
        assert jobs.get_job(world.engine, job.id).starts_at <= datetime.now(UTC)
        result = run(in_minutes(world, 6), jobs.get_job(world.engine, job.id), server, manners(limits, patience=0))
    assert result.counts[State.SENT] == 5
    assert "p1@example.org" in server.accepted


def test_a_job_that_an_operator_moved_keeps_that_time_when_slots_are_placed_anew(world):
    limits = {"gmail": [Rate(2, 3600)]}
    first, second = spread(world, ["gmail.com"] * 10), planned(world.engine, slug="herfst")
    with ScriptedServer() as server:
        for job in (first, second):
            run(world, job, server, manners(limits, patience=0))
    told = datetime.now(UTC) + timedelta(days=3)
    job_times.schedule(world.engine, first.id, told)
    jobs.change_job(world.engine, second.id, JobEvent.PAUSE, datetime.now(UTC))
    renew(manners(limits).receivers, world.engine, microseconds(datetime.now(UTC)), is_first=False)
    assert pace.next_slot(world.engine, first.id) <= datetime.now(UTC), "they were placed anew"
    assert jobs.get_job(world.engine, first.id).starts_at == told


def test_machines_whose_clocks_differ_do_not_use_up_the_attempts_of_a_retry(world):
    job = spread(world, ["gmail.com"] * 3)
    with ScriptedServer(script=at("RCPT", "451 4.7.1 greylisted, come back later")) as server:
        for _ in range(3):
            run(in_minutes(world, 1.5), job, server, manners(patience=0))
            renew(manners().receivers, world.engine, microseconds(datetime.now(UTC)), is_first=False)
    assert sum(line.startswith(b"RCPT") for line in server.lines) == 3
    with reading(world.engine) as connection:
        assert set(connection.scalars(select(delivery.c.attempts).where(delivery.c.job_id == job.id))) == {1}


def test_of_two_processes_with_different_limits_one_that_only_looks_undoes_nothing(world):
    """`serve` began before the limits were changed; who waits has slots under the new ones, and both count on."""
    job, new, old = spread(world, ["gmail.com"] * 20), {"gmail": [Rate(3, 3600)]}, {"gmail": [Rate(100, 86_400)]}
    with ScriptedServer() as server:
        for _ in range(3):
            result = run(world, job, server, manners(new, patience=0))
            assert result.counts[State.SENT] == 3
            renew(manners(old).receivers, world.engine, microseconds(datetime.now(UTC)), is_first=False)
            assert jobs.get_job(world.engine, job.id).starts_at == result.job.starts_at > datetime.now(UTC)
        assert run(world, job, server, manners(old, patience=0)).counts[State.SENT] == 20
        other = planned(world.engine, slug="herfst")
        assert run(world, other, server, manners(new, patience=0)).counts[State.SENT] == 0, "those count as well"


def test_a_clock_that_was_ahead_undoes_no_limit_and_nobody_waits_for_the_time_it_showed(world):
    job, limits = spread(world, ["gmail.com"] * 8), {"gmail": [Rate(5, 3600)]}

    def after(server, minutes):
        now = World(world.engine, world.folder, clock=lambda: datetime.now(UTC) + timedelta(minutes=minutes))
        return run(now, job, server, manners(limits, patience=0))

    with ScriptedServer() as server:
        assert after(server, 600).counts[State.SENT] == 5
        result = after(server, 0)
        assert result.counts[State.SENT] == 5, "those count as sent now"
        assert result.next_due - datetime.now(UTC) < timedelta(minutes=65)
        assert after(server, 65).counts[State.SENT] == 8


def test_what_waits_for_its_slot_does_not_expire(world):
    job = spread(world, ["gmail.com"] * 4)
    with ScriptedServer() as server:
        run(world, job, server, manners({"gmail": [Rate(2, 86_400)]}, patience=0))
        later = World(world.engine, world.folder, clock=lambda: datetime.now(UTC) + timedelta(days=9))
        result = run(later, job, server, manners({"gmail": [Rate(2, 86_400)]}, patience=0))
    assert result.counts[State.SENT] == 4


def test_a_warm_up_plan_sends_so_many_a_day(world):
    job = spread(world, ["example.org", "gmail.com"] * 5)
    ramp = Ramp(start=microseconds(datetime.now(UTC) - timedelta(hours=1)), counts=(3, 20))
    with ScriptedServer() as server:
        assert run(world, job, server, manners(ramp=ramp, patience=0)).counts[State.SENT] == 3
        tomorrow = World(world.engine, world.folder, clock=lambda: datetime.now(UTC) + timedelta(hours=24))
        assert run(tomorrow, job, server, manners(ramp=ramp, patience=0)).counts[State.SENT] == 10


@pytest.mark.parametrize("reply", ["421 4.7.28 unusual rate", "450 4.7.1 too fast"])
def test_a_pushback_slows_that_domain_and_not_the_job(world, reply):
    job = spread(world, ["gmail.com", "example.org"] * 40)
    script = at("RCPT", reply, recipient="gmail.com")
    with ScriptedServer(script=script) as server:
        result = run(world, job, server, manners(patience=0), pace=paced(connections=2, batch=10, group=1))
    assert sum("@example.org" in address for address in server.accepted) == 40
    waiting = reasons(world, job)
    tried = sum(reason == Reason.POLICY for reason, _ in waiting)
    assert tried < 30, "most were never tried"
    assert sum(reason == Reason.PACE for reason, _ in waiting) == 40 - tried
    assert result.counts[State.DEFERRED] == 40
    assert result.next_due > datetime.now(UTC)


def test_a_slowed_group_is_slow_in_the_next_run_too_and_recovers(world):
    job = spread(world, ["gmail.com"] * 6)
    with ScriptedServer(script=at("RCPT", "421 4.7.28 slow down", times=1)) as server:
        run(world, job, server, manners(patience=0), pace=paced(connections=1, group=1))
        sent = len(server.accepted)
        assert sent < 6
        soon = World(world.engine, world.folder, clock=lambda: datetime.now(UTC) + timedelta(seconds=20))
        run(soon, job, server, manners(patience=0))
        assert len(server.accepted) == sent, "closed for a minute"
        later = World(world.engine, world.folder, clock=lambda: datetime.now(UTC) + timedelta(hours=2))
        assert run(later, job, server, manners(patience=10)).counts[State.SENT] == 6


def ids_of(world, job):
    with reading(world.engine) as connection:
        return list(connection.scalars(select(delivery.c.id).where(delivery.c.job_id == job.id)))


def test_a_relay_that_pushes_back_gets_half_of_what_it_got_lately(world):
    job = spread(world, ["gmail.com", "kpnmail.nl", "een.example"] * 40)
    now = [datetime(2027, 6, 14, 9, tzinfo=UTC)]
    polite = manners()
    polite.receivers.relay.ceiling = 1000.0  # of another day
    courtesy = Courtesy(polite, world.engine, job.id, lambda: now[0])
    ids = ids_of(world, job)
    now[0] += timedelta(minutes=50)  # outside its hours, say
    courtesy.heard([Outcome(identity, Event.ACCEPT, "", 250, "ok") for identity in ids[:60]])
    now[0] += timedelta(seconds=6)
    courtesy.heard([Outcome(identity, Event.DEFER, Reason.BUSY, 451, "4.3.2 later") for identity in ids[60:]])
    assert polite.receivers.relay.speed == pytest.approx(5)


def test_what_a_relay_got_lately_is_counted_without_the_hours_that_a_run_waited(world):
    job = spread(world, ["gmail.com", "kpnmail.nl", "een.example"] * 40)
    now, polite = [datetime(2027, 6, 14, 9, tzinfo=UTC)], manners()
    courtesy, ids = Courtesy(polite, world.engine, job.id, lambda: now[0]), ids_of(world, job)
    deferred = [Outcome(identity, Event.DEFER, Reason.BUSY, 451, "4.3.2 later") for identity in ids]
    for waited, some in ((0, deferred[:40]), (50, deferred[40:100])):  # the first ones are too few to tell
        now[0] += timedelta(minutes=waited)
        courtesy.sift("w", Checked())
        now[0] += timedelta(seconds=6)
        courtesy.heard(some)
    assert polite.receivers.relay.ceiling == pytest.approx(10)
    assert polite.receivers.relay.speed == pytest.approx(5)


def test_a_pushback_is_heard_by_other_runs_that_are_under_way(world):
    job = spread(world, ["gmail.com"] * 30)
    now = [datetime.now(UTC)]
    first, second = (
        Courtesy(manners(), world.engine, one.id, lambda: now[0]) for one in (job, planned(world.engine, slug="herfst"))
    )
    ids = ids_of(world, job)
    claim = Claim(worker="w", now=now[0], lease=timedelta(minutes=5))
    held = check_again(
        world.engine, job.id, claim, [one.delivery for one in claim_batch(world.engine, job.id, claim, 9).claimed]
    )
    first.heard([Outcome(ids[20], Event.DEFER, Reason.POLICY, 421, "4.7.28 unusual rate")])
    now[0] += timedelta(seconds=15)
    batch = second.admit("w", claim_batch(world.engine, job.id, claim, 10))
    assert (batch.claimed, batch.later, batch.aside) == ((), (), 10)
    assert not second.sift("w", held).claimed, "what lies in stock waits too"


def test_runs_share_the_speed_of_a_group_that_was_slowed(world):
    job = spread(world, ["gmail.com"] * 30)
    now = [datetime.now(UTC)]
    runs = [Courtesy(manners(), world.engine, job.id, lambda: now[0]) for _ in range(2)]
    runs[0].heard([Outcome(ids_of(world, job)[29], Event.DEFER, Reason.POLICY, 421, "4.7.28 unusual rate")])
    now[0] += timedelta(seconds=62)
    claim = Claim(worker="w", now=now[0], lease=timedelta(minutes=5))
    begun = 0
    for one in runs:
        batch = one.admit("w", claim_batch(world.engine, job.id, claim, 14))
        begun += len(batch.claimed) + len(batch.later)
    assert 1 <= begun <= 10, "one per second, counted over ten seconds"


def test_a_run_that_waits_for_a_slot_looks_before_a_retry_is_due_and_now_and_then(world):
    job = spread(world, ["gmail.com"] * 3)
    now = datetime.now(UTC)
    courtesy, ids = Courtesy(manners(patience=3600), world.engine, job.id, lambda: now), ids_of(world, job)

    def deferred(number, reason, minutes):
        values = {"state": int(State.DEFERRED), "reason": reason, "due_at": now + timedelta(minutes=minutes)}
        with writing(world.engine) as connection:
            connection.execute(update(delivery).where(delivery.c.id == ids[number]).values(**values, updated_at=now))

    deferred(0, Reason.PACE, 50)
    assert courtesy.next_slot() == 60, "jobs stop, and limits change"
    deferred(1, Reason.BUSY, 0.5)
    assert courtesy.next_slot() == pytest.approx(30, abs=0.01)
    deferred(0, Reason.PACE, 61)
    assert courtesy.next_slot() is None, "the slot decides whether the run waits at all"


def test_a_clock_that_was_put_back_sends_nobody_mail_at_night(world):
    job = spread(world, ["example.org"])
    now = [datetime(2027, 6, 14, 9, tzinfo=UTC)]
    courtesy = Courtesy(manners(windows=["08:00-18:00"]), world.engine, job.id, lambda: now[0])
    assert courtesy.is_open
    now[0] -= timedelta(hours=8)
    assert not courtesy.is_open


def test_what_is_in_stock_when_the_hours_end_waits_until_they_begin_again(world):
    job = spread(world, ["example.org"] * 3)
    now = [datetime(2027, 6, 14, 15, 59, 59, tzinfo=UTC)]
    courtesy = Courtesy(manners(windows=["08:00-18:00"]), world.engine, job.id, lambda: now[0])
    claim = Claim(worker="w", now=now[0], lease=timedelta(minutes=5))
    batch = claim_batch(world.engine, job.id, claim, 3)
    again = check_again(world.engine, job.id, claim, ids_of(world, job))
    assert courtesy.is_open
    assert courtesy.sift("w", again) == again
    now[0] += timedelta(seconds=1)
    late = courtesy.sift("w", again)
    assert (late.claimed, late.aside) == ((), len(batch.claimed))
    assert courtesy.next_slot() is None
    assert courtesy.goes_on_at == datetime(2027, 6, 15, 6, tzinfo=UTC)
    assert reasons(world, job) == [(Reason.PACE, 0)] * 3


def test_refusals_about_us_halt_the_job_and_can_be_tried_again(world):
    job = spread(world, ["gmail.com"] * 60)
    with ScriptedServer(script=at("DOT", "550 5.7.26 unauthenticated")) as server:
        result = run(world, job, server, manners(), pace=paced(connections=1, batch=5, group=1))
    assert result.stop is Stop.HALTED
    assert result.job.state == "paused"
    assert result.job.halted.startswith("policy: ")
    assert "550 5.7.26" in result.job.halted
    refused = result.counts[State.REFUSED]
    assert 5 <= refused < 40
    assert result.counts[State.QUEUED] == 60 - refused
    assert count_retryable(world.engine, job.id, State.REFUSED, Reason.POLICY) == refused
    assert requeue(world.engine, job.id, State.REFUSED, Reason.POLICY, datetime.now(UTC)) == refused
    resumed = jobs.change_job(world.engine, job.id, JobEvent.RESUME, datetime.now(UTC))
    assert not resumed.halted
    with ScriptedServer() as server:
        assert run(world, job, server, manners()).counts[State.SENT] == 60


def test_a_rate_of_errors_halts_and_dead_addresses_are_not_tried_again(world):
    job = spread(world, ["example.org"] * 300)
    with ScriptedServer(script=at("RCPT", "550 5.1.1 unknown")) as server:
        result = run(world, job, server, manners(), pace=paced(connections=1, batch=10, group=5))
    assert result.stop is Stop.HALTED
    assert result.job.halted.startswith("errors: ")
    assert 100 <= result.counts[State.REFUSED] < 290
    assert count_retryable(world.engine, job.id, State.REFUSED, None) == 0


def test_outside_its_hours_a_job_waits_and_is_handed_over(world):
    night = datetime(2027, 6, 14, 23, tzinfo=ZoneInfo("Europe/Amsterdam"))
    job = spread(world, ["example.org"] * 3)
    polite = manners(windows=["08:00-18:00"], patience=60)
    with ScriptedServer() as server:
        result = run(World(world.engine, world.folder, clock=lambda: night.astimezone(UTC)), job, server, polite)
        assert not server.peers, "the relay is not asked at night"
        assert result.counts[State.QUEUED] == 3
        assert result.next_due == datetime(2027, 6, 15, 6, tzinfo=UTC)
        assert result.job.starts_at == result.next_due, "serve goes on then"
        morning = World(world.engine, world.folder, clock=lambda: datetime(2027, 6, 15, 6, 0, 1, tzinfo=UTC))
        assert run(morning, job, server, manners(windows=["08:00-18:00"])).counts[State.SENT] == 3


def test_a_retry_does_not_wait_for_the_slot_of_others(world):
    job = spread(world, ["gmail.com"] * 4 + ["example.org"] * 3)
    with ScriptedServer(script=at("RCPT", "451 4.7.1 greylisted", recipient="p5@", times=1)) as server:
        result = run(world, job, server, manners({"gmail": [Rate(2, 86_400)]}, patience=0))
    assert result.counts[State.DEFERRED] == 3
    assert result.next_due == result.job.starts_at == deliveries.next_due(world.engine, job.id)
    assert result.next_due - datetime.now(UTC) < timedelta(minutes=40)


def test_a_retry_that_comes_due_at_night_waits_for_the_morning(world):
    job = spread(world, ["example.org"] * 3)
    day = datetime(2027, 6, 14, 12, tzinfo=UTC)

    def run_at(hours, server):
        then = World(world.engine, world.folder, clock=lambda: day + timedelta(hours=hours))
        return run(then, jobs.get_job(world.engine, job.id), server, manners(windows=["08:00-15:00"], patience=60))

    with ScriptedServer(script=at("RCPT", "451 4.2.1 later", recipient="p1@", times=1)) as server:
        assert run_at(0, server).counts[State.DEFERRED] == 1
        sessions = len(server.peers)
        night = run_at(5, server)
        assert night.next_due == night.job.starts_at == datetime(2027, 6, 15, 6, tzinfo=UTC)
        assert len(server.peers) == sessions
        assert run_at(18.1, server).counts[State.SENT] == 3


def test_an_attempt_that_expires_slows_its_receivers_as_a_deferral_does(world):
    job = spread(world, ["gmail.com"])
    polite = manners()
    courtesy = Courtesy(polite, world.engine, job.id, lambda: datetime.now(UTC))
    (identity,) = ids_of(world, job)
    courtesy.heard([Outcome(identity, Event.EXPIRE, Reason.POLICY, 421, "4.7.28 slow down")])
    assert polite.receivers.made("gmail").speed == 1


def in_short_runs(world, job, server, number):
    """As `serve` sends a job that is limited to four a minute; the last result."""
    for minute in range(number):
        later = World(
            world.engine, world.folder, clock=lambda at=minute: datetime.now(UTC) + timedelta(seconds=64 * at)
        )
        polite = manners({"gmail": [Rate(4, 60)]}, patience=0)
        result = run(later, jobs.get_job(world.engine, job.id), server, polite)
        if result.stop:
            return result
    return result


def test_refusals_about_us_halt_a_job_also_over_many_short_runs(world):
    job = spread(world, ["gmail.com"] * 40)
    with ScriptedServer(script=at("DOT", "550 5.7.26 unauthenticated")) as server:
        result = in_short_runs(world, job, server, 4)
        assert result.stop is Stop.HALTED
        refused = result.counts[State.REFUSED]
        assert 5 <= refused <= 8, "the fifth ends it; what was on its way by then may be refused too"
        jobs.change_job(world.engine, job.id, JobEvent.RESUME, datetime.now(UTC))
        later = World(world.engine, world.folder, clock=lambda: datetime.now(UTC) + timedelta(minutes=9))
        again = run(later, job, server, manners({"gmail": [Rate(4, 60)]}, patience=0))
        assert (again.stop, again.counts[State.REFUSED]) == (None, refused + 4), "who resumes starts afresh"


def test_a_run_that_still_ends_when_somebody_resumes_the_job_does_not_take_the_fresh_start_away(world):
    """Paused, and resumed while the run still waits for answers: what it counted before is not counted again."""
    job = spread(world, ["gmail.com"] * 4)
    refusals, decisions = at("DOT", "451 4.7.1 later"), [JobEvent.PAUSE, JobEvent.RESUME]

    def script(peer, verb, argument):
        while verb == "DOT" and decisions:
            jobs.change_job(world.engine, job.id, decisions.pop(0), RESUMED_AT)
        return refusals(peer, verb, argument)

    with ScriptedServer(script=script) as server:
        result = run(world, job, server, manners(), pace=paced(connections=1, look_seconds=600))
    assert result.counts[State.DEFERRED] == 4
    assert so_far.load(world.engine, job.id) == {"at": RESUMED_AT.isoformat()}


@pytest.mark.parametrize("decision", ["requeue", "cancel", "finish"])
def test_what_earlier_runs_counted_is_forgotten_when_somebody_decides_or_it_is_over(world, decision):
    job = spread(world, ["gmail.com"] * 5)
    with ScriptedServer(script=at("DOT", "550 5.7.26 unauthenticated")) as server:
        run(world, job, server, manners({"gmail": [Rate(4, 60)]}, patience=0))
    assert so_far.load(world.engine, job.id)["health"]["tried"] == 4
    if decision == "requeue":
        requeue(world.engine, job.id, State.REFUSED, None, datetime.now(UTC))
        assert "health" not in so_far.load(world.engine, job.id)
        return
    if decision == "cancel":
        jobs.change_job(world.engine, job.id, JobEvent.CANCEL, datetime.now(UTC))
    else:
        later = World(world.engine, world.folder, clock=lambda: datetime.now(UTC) + timedelta(minutes=9))
        with ScriptedServer() as server:
            assert run(later, job, server, manners()).job.state == "finished"
    assert so_far.load(world.engine, job.id) == {}


def test_a_pause_is_heard_while_waiting_for_a_slot(world):
    job = spread(world, ["gmail.com"] * 3)
    asked = iter([False] * 12 + [True] * 1000)
    means = replace(world.means(0), manners=manners({"gmail": [Rate(1, 60)]}, patience=3600))
    with ScriptedServer() as server:
        means = replace(means, endpoint=replace(means.endpoint, port=server.port), should_stop=lambda: next(asked))
        began = time.monotonic()
        result = run_with(means, job)
    assert result.stop is Stop.INTERRUPTED
    assert time.monotonic() - began < 10
    assert result.counts[State.SENT] == 1


# ---------------------------------------------------------------- several relays


def via(name, port, weight=1, **pace):
    endpoint = Endpoint(host="127.0.0.1", port=port, security="none", hello_name="test.example")
    return Via(name=name, endpoint=endpoint, pace=paced(connections=2, **pace), weight=weight)


def test_two_relays_share_by_weight(world):
    job = planned(world.engine, 400)
    with ScriptedServer() as main, ScriptedServer() as second:
        means = replace(world.means(main.port), weight=3, others=(via("second", second.port),))
        result = run_with(means, job)
    assert result.counts[State.SENT] == 400
    assert len(main.accepted) + len(second.accepted) == 400
    assert 2 < len(main.accepted) / len(second.accepted) < 4.5


@pytest.mark.parametrize("verb", ["DOT", "MAIL", "RCPT"])
def test_a_relay_that_dies_in_the_middle_loses_nothing(world, verb):
    job = planned(world.engine, 200)
    left = iter(range(25))

    def dying(peer, now, argument):
        if now == "GREETING" and peer.number > 2:
            return CLOSE
        return CLOSE if now == verb and next(left, None) is None else None

    with ScriptedServer(script=dying) as main, ScriptedServer() as second:
        means = replace(world.means(main.port, pace=paced(connections=2)), others=(via("second", second.port),))
        result = run_with(means, job)
    accepted = set(main.accepted) | set(second.accepted)
    assert len(main.accepted) + len(second.accepted) == len(accepted), "nobody got it twice"
    sent, unknown = world.addresses(job, State.SENT), world.addresses(job, State.UNKNOWN)
    assert sent <= accepted <= sent | unknown
    assert sum(result.counts.values()) == 200
    assert len(unknown) <= 4
    assert len(sent) >= 190, "the other one went on"


def test_a_relay_that_is_not_there_from_the_beginning_is_not_needed(world):
    job = planned(world.engine, 60)
    with nothing_listens() as port, ScriptedServer() as second:
        means = replace(world.means(port, pace=paced(connections=1)), others=(via("second", second.port),))
        assert run_with(means, job).counts[State.SENT] == 60


def test_when_no_relay_is_there_everything_stays_queued(world):
    job = planned(world.engine, 10)
    with nothing_listens() as port:
        means = replace(world.means(port), others=(via("second", port),))
        with pytest.raises(ServiceError):
            run_with(means, job)
    assert world.counts(job) == {State.QUEUED: 10}


def test_a_relay_that_stands_by_is_not_used_while_the_other_lives(world):
    job = planned(world.engine, 50)
    with ScriptedServer() as main, ScriptedServer() as spare:
        means = replace(world.means(main.port), others=(via("spare", spare.port, weight=0),))
        assert run_with(means, job).counts[State.SENT] == 50
    assert len(main.accepted) == 50
    assert not spare.accepted


def test_several_relays_stop_together(world):
    job = spread(world, ["gmail.com"] * 3)
    asked = iter([False] * 8 + [True] * 1000)
    with ScriptedServer() as main, ScriptedServer() as second:
        means = replace(
            world.means(main.port),
            manners=manners({"gmail": [Rate(1, 60)]}, patience=3600),
            others=(via("second", second.port),),
            should_stop=lambda: next(asked),
        )
        began = time.monotonic()
        result = run_with(means, job)
    assert result.stop is Stop.INTERRUPTED
    assert time.monotonic() - began < 10
    assert result.counts == {**result.counts, State.SENT: 1, State.DEFERRED: 2, State.CLAIMED: 0}


def test_each_domain_can_have_a_limit(world):
    job = spread(world, ["een.example"] * 6 + ["twee.example"] * 6)
    watched = Watched()
    with ScriptedServer(script=watched) as server:
        assert run(world, job, server, manners(per_domain=[Rate(2, 1)])).counts[State.SENT] == 12
    for times in watched.times.values():
        assert max(times) - min(times) >= 1.5
        assert all(later >= earlier for earlier, later in pairwise(sorted(times)))


@pytest.mark.parametrize(
    ("reply", "most"),
    [("550 5.7.26 unauthenticated mail", 5 + 3 * 4), ("550 5.1.1 nobody here", 100 + 50 + 3 * 4)],
)
def test_a29_a_relay_that_refuses_everybody_halts_the_job_before_many_more_are_refused(world, reply, most):
    job = spread(world, ["example.org"] * 600)
    with ScriptedServer(script=at("RCPT", reply)) as server:
        usual = Pace(connections=4)
        result = run(world, job, server, manners(patience=0), pace=usual)
    assert result.stop is Stop.HALTED
    assert result.counts[State.REFUSED] <= most
    assert result.counts[State.QUEUED] == 600 - result.counts[State.REFUSED]


def test_a22_after_a_pushback_hardly_anybody_of_that_domain_is_tried_although_many_were_claimed(world):
    job = spread(world, ["gmail.com", "example.org"] * 200)
    with ScriptedServer(script=at("RCPT", "450 4.7.28 unusual rate", recipient="gmail.com")) as server:
        result = run(world, job, server, manners(patience=0), pace=Pace(connections=4))
    assert sum(reason == Reason.POLICY for reason, _ in reasons(world, job)) <= 3 * 4
    assert result.counts[State.SENT] == 200
