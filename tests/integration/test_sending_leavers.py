"""Whoever leaves while a job runs gets nothing more, also if their delivery was claimed before (I2, B9, A11)."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from newsletter.delivery.control import Pace
from newsletter.delivery.feeder import FRESH_SECONDS
from newsletter.delivery.means import JobResult
from newsletter.delivery.outcome import State
from newsletter.store.tables import job_tally
from subscribers.leaving import end_many
from subscribers.ledger_entry import nowhere
from subscribers.scrubbing import erase_subscriber
from subscribers.subscription import Actor, EndedReason
from subscribers.tables import subscriber, subscription
from subscribers.transactions import reading, writing
from tests.support.sending import World, fresh_store, paced, planned
from tests.support.smtp import ScriptedServer, at

SLOW = paced(connections=2, batch=500, messages_per_second=5)


@pytest.fixture
def world(tmp_path):
    with fresh_store(tmp_path) as engine:
        yield World(engine, tmp_path)


def begin(world, job, server, pool, pace: Pace = SLOW) -> Future[JobResult]:
    running = pool.submit(world.run, job, server.port, pace=pace)
    end = time.monotonic() + 30
    while not server.accepted:
        assert time.monotonic() < end
        time.sleep(0.005)
    return running


def leave(world, number):
    """What the one-click answer waits for: the committed end of the subscription."""
    now = datetime.now(UTC)
    person = select(subscriber.c.id).where(subscriber.c.address == f"p{number}@example.org").scalar_subquery()
    ended = {
        "state": "ended",
        "ended_reason": "unsubscribed",
        "ended_at": now,
        "erase_at": now + timedelta(days=21),
        "period": "21 days",
    }
    with writing(world.engine) as connection:
        connection.execute(update(subscription).where(subscription.c.subscriber_id == person).values(**ended))


def tallied(world, job):
    with reading(world.engine) as connection:
        rows = connection.execute(select(job_tally.c.state, job_tally.c.count).where(job_tally.c.job_id == job.id))
        return {State(state): count for state, count in rows if count}


def test_who_leaves_or_is_erased_while_a_throttled_job_runs_is_not_mailed(world):
    job = planned(world.engine, 10)
    with ScriptedServer() as server, ThreadPoolExecutor(1) as pool:
        running = begin(world, job, server, pool)
        leave(world, 6)
        done = erase_subscriber(world.engine, "p5@example.org", policies={}, now=datetime.now(UTC), record=nowhere)
        assert done.receipt, done.still_due
        result = running.result(timeout=60)
    assert not {"p5@example.org", "p6@example.org"} & set(server.seen)
    assert {state: n for state, n in result.counts.items() if n} == {State.SENT: 8, State.SKIPPED: 2}
    assert (result.job.state, result.exit_status) == ("finished", 0)


def test_who_leaves_with_one_click_while_a_throttled_job_runs_is_not_mailed(world):
    """Their delivery was claimed already, and lay in the worker's memory."""
    job = planned(world.engine, 10)
    with ScriptedServer() as server, ThreadPoolExecutor(1) as pool:
        running = begin(world, job, server, pool)
        leave(world, 6)
        result = running.result(timeout=60)
    assert "p6@example.org" not in server.seen
    assert {state: n for state, n in result.counts.items() if n} == {State.SENT: 9, State.SKIPPED: 1}


def test_a_batch_is_no_larger_than_what_the_rate_sends_in_two_seconds(world):
    job = planned(world.engine, 40)
    with ScriptedServer() as server, ThreadPoolExecutor(1) as pool:
        running = begin(world, job, server, pool)
        with reading(world.engine) as connection:
            held = connection.exec_driver_sql("SELECT count(*) FROM delivery WHERE state = 1").scalar()
        assert 0 < held <= 16
        world_stop(world, job)
        running.result(timeout=30)


def world_stop(world, job):
    with writing(world.engine) as connection:
        connection.exec_driver_sql(f"UPDATE send_job SET state = 'paused' WHERE id = {job.id}")


def test_an_unlimited_run_at_a_slow_relay_sends_nothing_to_who_left_before_the_message_began(world):
    job = planned(world.engine, 60)
    with ScriptedServer(delay=0.05) as server, ThreadPoolExecutor(1) as pool:
        running = begin(world, job, server, pool, paced(connections=1, batch=60))
        for number in range(20, 40):
            leave(world, number)
        time.sleep(FRESH_SECONDS)
        begun = set(server.seen)
        result = running.result(timeout=60)
    late = {f"p{number}@example.org" for number in range(20, 40)}
    assert set(server.seen) & late <= begun
    assert result.counts[State.SENT] == len(server.accepted)
    assert result.counts[State.SKIPPED] == 60 - len(server.accepted)


def test_who_leaves_after_their_message_was_announced_is_not_mailed(world):
    """MAIL, RCPT and DATA went out with the message before; the session is given up in the middle (I2)."""
    job = planned(world.engine, 4)

    def script(peer, verb, _argument):
        if verb == "DOT" and peer.recipient == "p1@example.org":
            leave(world, 2)
            time.sleep(2 * FRESH_SECONDS)

    with ScriptedServer(script=script) as server:
        result = world.run(job, server.port, pace=paced(connections=1))
    assert any(b"RCPT TO:<p2@example.org>" in line for line in server.lines)
    assert server.seen == ["p0@example.org", "p1@example.org", "p3@example.org"]
    assert {state: n for state, n in result.counts.items() if n} == {State.SENT: 3, State.SKIPPED: 1}
    assert (len(server.peers), result.job.state) == (2, "finished")


def test_a_message_in_flight_of_a_person_erased_meanwhile_counts_as_what_the_relay_said(world):
    """The relay answered 250: the sum says sent, not unknown."""
    job = planned(world.engine, 3)

    def erase(peer, verb, _argument):
        if verb == "BODY" and peer.recipient == "p1@example.org":
            erase_subscriber(world.engine, peer.recipient, policies={}, now=datetime.now(UTC), record=nowhere)

    with ScriptedServer(script=erase) as server:
        result = world.run(job, server.port, pace=paced(connections=1))
    assert len(server.accepted) == 3
    assert {state: n for state, n in result.counts.items() if n} == {State.SENT: 3}
    assert tallied(world, job) == {State.SENT: 1}
    assert result.job.state == "finished"


def test_a_message_in_flight_whose_answer_never_came_stays_unknown_when_erased(world):
    job = planned(world.engine, 3)
    script = at("DOT", "<close>", recipient="p1@")
    with ScriptedServer(script=script) as server:
        world.run(job, server.port, pace=paced(connections=1))
    erase_subscriber(world.engine, "p1@example.org", policies={}, now=datetime.now(UTC), record=nowhere)
    assert world.counts(job) == {State.SENT: 2, State.UNKNOWN: 1}


def test_who_is_erased_from_the_stock_of_a_run_that_is_stopped_counts_as_skipped(world):
    job = planned(world.engine, 10)
    with ScriptedServer() as server, ThreadPoolExecutor(1) as pool:
        running = begin(world, job, server, pool)
        world_stop(world, job)
        erase_subscriber(world.engine, "p9@example.org", policies={}, now=datetime.now(UTC), record=nowhere)
        result = running.result(timeout=30)
    assert result.counts[State.SKIPPED] == 1
    assert result.counts[State.UNKNOWN] == 0


def test_of_thousands_who_leave_during_a_job_nobody_is_mailed_afterwards(world, is_full):
    """They leave through the writer that one-click uses, in groups, while the job takes its way (I2, A11)."""
    number, groups, rate = (10_000, 20, 800) if is_full else (2_000, 8, 400)
    job = planned(world.engine, number + number // 5)
    with reading(world.engine) as connection:
        refs = connection.scalars(select(subscription.c.ref).order_by(subscription.c.id)).all()[-number:]
    people = [f"p{index}@example.org" for index in range(number // 5, number + number // 5)]
    size, seen_then = number // groups, {}
    pace = paced(connections=4, batch=500, messages_per_second=rate)
    with ScriptedServer() as server, ThreadPoolExecutor(2) as pool:
        running = begin(world, job, server, pool, pace)
        for group in reversed(range(groups)):
            part = slice(group * size, (group + 1) * size)
            with writing(world.engine) as connection:
                now = datetime.now(UTC)
                end_many(
                    connection, [(ref, now) for ref in refs[part]], reason=EndedReason.UNSUBSCRIBED,
                    actor=Actor.SUBSCRIBER, policies={}, record=nowhere,
                )  # fmt: skip
            time.sleep(2 * FRESH_SECONDS)
            seen_then[group] = set(server.seen)
        result = running.result(timeout=120)
    for group, seen in seen_then.items():
        left = set(people[group * size : (group + 1) * size])
        assert left & set(server.seen) <= seen
    assert result.counts[State.SENT] == len(server.accepted)
    assert result.counts[State.SKIPPED] == job.audience - len(server.accepted) > number // 2
