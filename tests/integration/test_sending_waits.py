"""Pause, cancel and a signal act within two seconds, whatever the run waits for at that moment."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from threading import Timer
from zoneinfo import ZoneInfo

import pytest

from newsletter.delivery import relay_uses
from newsletter.delivery.courtesy import Manners
from newsletter.delivery.job import JobEvent, JobState
from newsletter.delivery.outcome import State
from newsletter.delivery.pacing import Rate
from newsletter.delivery.portions import Portion
from newsletter.delivery.receivers import Receivers
from newsletter.delivery.relay_uses import Asking
from newsletter.delivery.relays import Limits
from newsletter.delivery.timeouts import Timeouts
from newsletter.delivery.windows import Hours, Window
from newsletter.delivery.worker import run_with
from newsletter.store import jobs
from tests.support.sending import World, fresh_store, paced, planned
from tests.support.smtp import CLOSE, SILENCE, ScriptedServer, at

NIGHT = datetime(2027, 6, 14, 23, tzinfo=UTC)
LONG = Timeouts()


@pytest.fixture
def world(tmp_path):
    with fresh_store(tmp_path) as engine:
        yield World(engine, tmp_path)


def polite(**more):
    return Manners(receivers=Receivers(groups={}, limits=more.pop("limits", {})), **more)


def slot(world, means):
    """Room for one an hour; the rest is set aside."""
    return replace(means, manners=polite(limits={"example.org": [Rate(1, 3600)]}, patience=7200))


def hours(world, means):
    """It is night."""
    night = Hours(zone=ZoneInfo("Europe/Amsterdam"), windows=(Window.parse("08:00-18:00"),))
    books = replace(means.books, clock=lambda: NIGHT)
    return replace(means, books=books, manners=polite(hours=night, patience=10**6))


def spread(world, means):
    """One in ten minutes: the wait of a job that is spread over days, and of a slow relay."""
    return replace(means, pace=paced(messages_per_second=1 / 600))


def retry(world, means):
    """A relay that ends every session; the next one is tried in ten minutes."""
    return replace(means, pace=paced(connections=1, reconnect_waits=(600,)))


def shared(world, means):
    """Another job has the only connection."""
    asking = Asking(relay="main", holder="elsewhere|1|x", most=1, mine=Portion(connections=0), is_open=0)
    relay_uses.look(world.engine, asking, world.clock())
    return replace(means, relay="main", limits=Limits(connections=1))


def silent(world, means):
    """The relay says nothing, and is given the time that the RFC asks for."""
    return replace(means, pace=paced(timeouts=LONG))


HONEST = at("NEVER", CLOSE)


def silent_from_the_second_connection(peer, verb, _argument):
    """The first connection works, slowly; the others are never greeted."""
    return SILENCE if verb == "GREETING" and peer.number else None


PAUSE, CANCEL = JobEvent.PAUSE, JobEvent.CANCEL
SIGNAL = "signal"
ENDS = {PAUSE: (JobState.PAUSED, State.QUEUED), CANCEL: (JobState.CANCELLED, State.CANCELLED)}
WAITS = [
    pytest.param(slot, HONEST, PAUSE, id="for a slot"),
    pytest.param(hours, HONEST, CANCEL, id="for its hours"),
    pytest.param(spread, HONEST, PAUSE, id="for its turn in a slow job"),
    pytest.param(retry, at("MAIL", CLOSE), CANCEL, id="before it connects again"),
    pytest.param(shared, HONEST, PAUSE, id="for a relay that another job uses"),
    pytest.param(silent, at("GREETING", SILENCE), PAUSE, id="for the greeting of the first connection"),
    pytest.param(silent, at("EHLO", SILENCE), SIGNAL, id="for the answer to EHLO"),
    pytest.param(silent, at("MAIL", SILENCE), PAUSE, id="for the answer to MAIL"),
    pytest.param(silent, at("DATA", SILENCE), CANCEL, id="for the go-ahead"),
    pytest.param(silent, silent_from_the_second_connection, SIGNAL, id="for the greeting of further connections"),
]


@pytest.mark.parametrize(("wait", "script", "how"), WAITS)
def test_it_stops_within_two_seconds_while_it_waits(world, wait, script, how):
    job, told = planned(world.engine, 4), []

    def tell():
        told.append(time.monotonic())
        if how in ENDS:
            jobs.change_job(world.engine, job.id, how, datetime.now(UTC))

    with ScriptedServer(script=script) as server:
        means = wait(world, world.means(server.port))
        Timer(0.4, tell).start()
        result = run_with(replace(means, should_stop=lambda: bool(told) and how == SIGNAL), job)
        assert told, "it waited"
    assert time.monotonic() - told[0] < 2
    state, left = ENDS.get(how, (JobState.RUNNING, State.QUEUED))
    assert result.job.state is state
    assert {what for what, count in result.counts.items() if count} <= {left, State.SENT, State.DEFERRED}
    assert sum(result.counts.values()) == 4
