"""Every way a relay can fail: the sum of outcomes is the audience, and what it accepted is exactly sent or unknown."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import TimeoutError as NoConnectionError

from newsletter.delivery.control import Stop
from newsletter.delivery.feeder import Feeder
from newsletter.delivery.outcome import State
from newsletter.delivery.recorder import Recorder
from newsletter.delivery.recovery import Books
from newsletter.delivery.sharing import Sharing
from newsletter.delivery.timeouts import Timeouts
from newsletter.delivery.watch import Watch
from newsletter.delivery.worker import run_with
from newsletter.store import deliveries, jobs
from subscribers.errors import ServiceError
from tests.support.sending import World, fresh_store, paced, people, planned, short_letter
from tests.support.smtp import CLOSE, HALVES, LONG, RESET, SILENCE, ScriptedServer, at, nothing_listens

PEOPLE = 12


@pytest.fixture
def world(tmp_path):
    with fresh_store(tmp_path) as engine:
        yield World(engine, tmp_path)


def attempt(world, job, server, **more):
    """Run and return the error, if it ended with one."""
    try:
        world.run(job, server.port, **more)
    except ServiceError as error:
        return error
    return None


def assert_exact(world, job, server, audience=PEOPLE):
    """The invariant of all these tests (I3)."""
    counts = world.counts(job)
    assert sum(counts.values()) == audience == job.audience
    assert State.CLAIMED not in counts
    accepted = set(server.accepted)
    assert max(server.times.values(), default=1) == 1, "sent twice"
    sent, unknown = world.addresses(job, State.SENT), world.addresses(job, State.UNKNOWN)
    assert sent <= accepted <= sent | unknown


def test_an_honest_server_gets_every_message_once(world):
    job = planned(world.engine, PEOPLE)
    with ScriptedServer() as server:
        result = world.run(job, server.port)
    assert result.exit_status == 0
    assert result.counts[State.SENT] == PEOPLE
    assert result.job.state == "finished"
    assert_exact(world, job, server)
    assert not list((world.folder / "spool").glob("*.journal"))


@pytest.mark.parametrize("extensions", [(), ("PIPELINING",), ("PIPELINING", "SIZE 100000")])
def test_commands_go_in_one_group_only_if_pipelining_is_offered(world, extensions):
    job = planned(world.engine, 3)
    with ScriptedServer(extensions=extensions) as server:
        world.run(job, server.port, pace=paced(connections=1))
    assert server.peers[0].verbs[:6] == ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "DOT"]
    size = any(b"SIZE=" in line for line in server.lines)
    assert size is ("SIZE 100000" in extensions)
    assert_exact(world, job, server, 3)


def test_a_session_ends_after_so_many_messages_and_another_goes_on(world):
    job = planned(world.engine, 10)
    with ScriptedServer() as server:
        world.run(job, server.port, pace=paced(connections=1, messages_per_connection=4))
    assert [peer.accepted for peer in server.peers] == [4, 4, 2]
    assert all(peer.verbs[-1] == "QUIT" for peer in server.peers)


def test_an_absent_relay_is_a_service_error_and_loses_nothing(world):
    job = planned(world.engine, PEOPLE)
    with nothing_listens() as port, pytest.raises(ServiceError, match="cannot be reached") as caught:
        world.run(job, port)
    assert caught.value.exit_status == 3
    assert world.counts(job) == {State.QUEUED: PEOPLE}
    with ScriptedServer() as server:
        assert world.run(job, server.port).exit_status == 0


BEFORE_DOT = ["MAIL", "RCPT", "DATA"]


REFUSALS = [CLOSE, RESET, "421 4.3.2 closing", "554 5.3.2 no", "garbage", "250 odd"]


@pytest.mark.parametrize(
    ("verb", "action"), [*(("GREETING", action) for action in REFUSALS), *(("EHLO", action) for action in REFUSALS[:3])]
)
def test_a_relay_that_gives_no_session_is_a_service_error_with_everything_queued(world, verb, action):
    job = planned(world.engine, PEOPLE)
    with ScriptedServer(script=at(verb, action)) as server:
        error = attempt(world, job, server)
    assert error.exit_status == 3
    assert world.counts(job) == {State.QUEUED: PEOPLE}
    assert_exact(world, job, server)


def test_a_server_that_knows_no_ehlo_is_asked_with_helo(world):
    job = planned(world.engine, PEOPLE)
    with ScriptedServer(script=at("EHLO", "502 5.5.1 what")) as server:
        assert world.run(job, server.port).counts[State.SENT] == PEOPLE
    assert "HELO" in server.peers[0].verbs


@pytest.mark.parametrize("action", [CLOSE, RESET, "421 4.3.2 closing", "garbage", "399 odd"])
@pytest.mark.parametrize("verb", BEFORE_DOT)
@pytest.mark.parametrize("is_pipelined", [True, False])
def test_a_relay_that_always_ends_the_session_before_the_dot_is_given_up_with_nothing_lost(
    world, verb, action, is_pipelined
):
    job = planned(world.engine, PEOPLE)
    extensions = ("PIPELINING",) if is_pipelined else ()
    with ScriptedServer(script=at(verb, action), extensions=extensions) as server:
        error = attempt(world, job, server)
        sessions = len(server.peers)
    assert error.exit_status == 3
    assert sessions <= 12, "bounded tries"
    counts = world.counts(job)
    assert set(counts) <= {State.QUEUED, State.DEFERRED}
    assert counts[State.QUEUED] >= PEOPLE - 9
    assert_exact(world, job, server)


@pytest.mark.parametrize("action", [CLOSE, RESET, "421 4.3.2 closing"])
@pytest.mark.parametrize("verb", BEFORE_DOT)
def test_a_session_that_ends_once_before_the_dot_costs_nobody_anything(world, verb, action):
    job = planned(world.engine, PEOPLE)
    with ScriptedServer(script=at(verb, action, times=1)) as server:
        result = world.run(job, server.port)
    expected = {State.SENT: PEOPLE} if verb == "MAIL" or action in {CLOSE, RESET} else {State.SENT: PEOPLE - 1}
    assert result.counts[State.SENT] == expected[State.SENT]
    assert_exact(world, job, server)


@pytest.mark.parametrize("action", [CLOSE, RESET, "garbage", "354 odd"])
def test_a_dot_without_an_answer_is_unknown_and_never_resent(world, action):
    job = planned(world.engine, PEOPLE)
    with ScriptedServer(script=at("DOT", action, recipient="p5@")) as server:
        result = world.run(job, server.port)
        again = world.run(job, server.port) if result.job.state != "finished" else result
    assert result.counts[State.UNKNOWN] == 1
    assert world.addresses(job, State.UNKNOWN) == {"p5@example.org"}
    assert (result.exit_status, again.job.state) == (1, "finished")
    assert server.seen.count("p5@example.org") == 1
    assert_exact(world, job, server)


def test_a_server_that_never_answers_a_dot_makes_few_unknown_and_stops(world):
    job = planned(world.engine, 40)
    with ScriptedServer(script=at("DOT", CLOSE)) as server:
        error = attempt(world, job, server)
    counts = world.counts(job)
    assert error.exit_status == 3
    assert counts[State.UNKNOWN] <= 9, "three per connection"
    assert counts[State.QUEUED] >= 31
    assert_exact(world, job, server, 40)


def test_silence_after_the_dot_is_unknown_after_the_limit(world):
    job = planned(world.engine, 4)
    limits = Timeouts(connect=5, greeting=5, mail=5, rcpt=5, data=5, block=5, dot=0.2, quit=0.1)
    with ScriptedServer(script=at("DOT", SILENCE, times=1)) as server:
        world.run(job, server.port, pace=paced(timeouts=limits))
    assert world.counts(job) == {State.SENT: 3, State.UNKNOWN: 1}


@pytest.mark.parametrize("verb", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA"])
def test_silence_before_the_dot_ends_with_the_limit_and_loses_nothing(world, verb):
    job = planned(world.engine, 3)
    limits = Timeouts(connect=0.2, greeting=0.2, mail=0.1, rcpt=0.1, data=0.1, block=0.2, dot=1, quit=0.1)
    with ScriptedServer(script=at(verb, SILENCE)) as server:
        error = attempt(world, job, server, pace=paced(timeouts=limits))
    assert verb in BEFORE_DOT or error.exit_status == 3
    assert world.counts(job).keys() <= {State.QUEUED, State.DEFERRED}
    assert_exact(world, job, server, 3)


@pytest.mark.parametrize("is_pipelined", [True, False])
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "DOT"])
@pytest.mark.parametrize(("action", "state"), [("451 4.2.2 full", State.DEFERRED), ("550 5.2.2 full", State.REFUSED)])
def test_a_refusal_at_any_verb_concerns_its_recipient_only(world, verb, action, state, is_pipelined):
    job = planned(world.engine, PEOPLE)

    def script(peer, now, argument):
        to_p3 = "p3@" in (argument + peer.recipient)
        if verb == "MAIL":
            return action if now == "MAIL" and peer.number == 0 and len(peer.verbs) == 3 else None
        return action if now == verb and to_p3 else None

    with ScriptedServer(script=script, extensions=("PIPELINING",) if is_pipelined else ()) as server:
        result = world.run(job, server.port)
    assert result.counts[state] == 1
    assert result.counts[State.SENT] == PEOPLE - 1
    assert result.exit_status == 1
    assert (result.next_due is not None) == (state is State.DEFERRED)
    assert (result.job.state == "finished") == (state is State.REFUSED)
    assert_exact(world, job, server)


def test_rcpt_refused_and_data_accepted_gets_a_lone_dot_and_counts_as_refused(world):
    job = planned(world.engine, 3)
    with ScriptedServer(script=at("RCPT", "550 5.1.2 no", recipient="p1@")) as server:
        result = world.run(job, server.port, pace=paced(connections=1))
    assert (result.counts[State.REFUSED], result.counts[State.SENT]) == (1, 2)
    assert server.lone_dots == 1
    assert len(server.peers) == 1


def test_a_server_that_accepts_the_recipient_but_not_the_sender_gets_no_empty_message(world):
    job = planned(world.engine, 1)
    with ScriptedServer(script=at("MAIL", "550 5.7.1 no")) as server:
        world.run(job, server.port)
    assert world.counts(job) == {State.REFUSED: 1}
    assert not server.messages
    assert not server.lone_dots


def test_a_dead_address_suppresses_its_subscriber(world):
    job = planned(world.engine, 3)
    with ScriptedServer(script=at("RCPT", "550 5.1.1 <p1@example.org>: no such user", recipient="p1@")) as server:
        world.run(job, server.port)
        following = planned(world.engine, slug="herfst")
    assert following.audience == 2
    with world.engine.connect() as connection:
        stored = connection.exec_driver_sql("SELECT reply, code, reason FROM delivery WHERE code = 550").one()
    assert tuple(stored) == ("5.1.1 <address>: no such user", 550, "no-such-address")


def test_replies_are_stored_without_addresses(world):
    job = planned(world.engine, 3)
    with ScriptedServer() as server:
        world.run(job, server.port)
    with world.engine.connect() as connection:
        replies = connection.exec_driver_sql("SELECT reply FROM delivery").scalars().all()
    assert all("@" not in reply and "queued as" in reply for reply in replies)


def test_an_address_outside_ascii_is_refused_without_smtputf8_and_sent_with_it(world):
    job = planned(world.engine, 2)
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE subscriber SET address = 'zoë@example.org' WHERE id = 1")
    with ScriptedServer(extensions=("PIPELINING",)) as plain:
        result = world.run(job, plain.port)
    assert (result.counts[State.REFUSED], result.counts[State.SENT]) == (1, 1)
    assert not any(b"zo" in line for line in plain.lines)
    with world.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT reason FROM delivery WHERE state = 4").scalar() == "no-smtputf8"
    following = planned(world.engine, slug="herfst")
    with ScriptedServer() as able:
        assert world.run(following, able.port).counts[State.SENT] == 2
    assert "zoë@example.org" in able.accepted
    assert any(b" SMTPUTF8" in line for line in able.lines)


def test_a_message_larger_than_the_relay_takes_is_refused_here(world):
    job = planned(world.engine, 1)
    with ScriptedServer(extensions=("SIZE 1000",)) as server:
        world.run(job, server.port, size=5000)
    assert world.counts(job) == {State.REFUSED: 1}
    assert not any(line.startswith(b"MAIL") for line in server.lines)


def test_421_after_a_few_messages_per_session_is_followed_by_new_sessions(world):
    job = planned(world.engine, PEOPLE)

    def script(peer, verb, _argument):
        return "421 4.4.5 enough" if verb == "MAIL" and peer.accepted >= 3 else None

    with ScriptedServer(script=script) as server:
        result = world.run(job, server.port)
    assert result.counts[State.SENT] == PEOPLE
    assert len(server.peers) >= 4


def test_connections_that_the_relay_does_not_want_are_given_up_and_one_does_the_work(world):
    job = planned(world.engine, PEOPLE)

    def script(peer, verb, _argument):
        return "421 4.7.0 too many connections" if verb == "GREETING" and peer.number else None

    with ScriptedServer(script=script, delay=0.01) as server:
        result = world.run(job, server.port, pace=paced(connections=4))
    assert result.counts[State.SENT] == PEOPLE
    assert_exact(world, job, server)


@pytest.mark.parametrize("action", [CLOSE, RESET, "552 5.3.4 too much", "421 4.3.2 closing"])
def test_a_connection_lost_inside_a_large_message_was_not_sent_or_is_unknown(world, action):
    job = planned(world.engine, 2)
    with ScriptedServer(script=at("BODY", action, times=1)) as server:
        attempt(world, job, server, size=20 * 1024 * 1024, pace=paced(connections=1))
    assert_exact(world, job, server, 2)
    assert world.counts(job).get(State.SENT, 0) >= 1


def test_a_reply_before_the_message_is_complete_is_never_taken_for_the_answer_to_the_dot(world):
    job = planned(world.engine, 2)

    def script(_peer, verb, _argument):
        return "354 go on\r\n250 2.0.0 queued" if verb == "DATA" else None

    with ScriptedServer(script=script, extensions=()) as server:
        attempt(world, job, server, pace=paced(connections=1))
    assert world.addresses(job, State.SENT) == set()
    assert_exact(world, job, server, 2)


VERBS = ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "DOT", "RSET", "QUIT"]
ACTIONS = [CLOSE, RESET, SILENCE, "421 4.3.2 x", "451 4.3.0 x", "452 4.5.3 x", "550 5.1.1 x",
           "552 too many recipients", "554 5.7.1 x", "garbage", "250 x", "354 x", "250-half",
           *(f"{how}{reply}" for how in (HALVES, LONG) for reply in ("250 x", "354 x", "451 4.3.0 x", "550 5.7.1 x"))
          ]  # fmt: skip


@pytest.mark.parametrize("is_pipelined", [True, False])
@pytest.mark.parametrize("verb", VERBS)
def test_any_answer_to_any_verb_leaves_every_outcome_exact(world, verb, is_pipelined, is_full):
    """The first and the third of its kind misbehave, so that a session is under way and a message is announced."""
    limits = Timeouts(connect=1, greeting=0.3, mail=0.2, rcpt=0.2, data=0.2, block=0.2, dot=0.3, quit=0.1)
    pace = paced(timeouts=limits, reconnect_waits=(0, 0), connections=1)
    people(world.engine, PEOPLE)
    for action in ACTIONS if is_full else random.Random(f"{verb} {is_pipelined}").sample(ACTIONS, 4):
        script, extensions = misbehaving(verb, action), ("PIPELINING",) if is_pipelined else ()
        job = planned(world.engine, slug=f"{verb} {action}")
        with ScriptedServer(script=script, extensions=extensions) as server:
            attempt(world, job, server, pace=pace)
        assert_exact(world, job, server, job.audience)


def misbehaving(verb, action):
    heard = [0]

    def script(_peer, now, _argument):
        heard[0] += now == verb
        if now == verb and heard[0] in {1, 3}:
            return action
        return "550 5.1.1 nobody" if verb == "RSET" and now == "RCPT" and heard[0] < 3 else None  # RSET follows

    return script


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    plan=st.dictionaries(
        st.tuples(st.sampled_from(VERBS), st.integers(0, 25)), st.sampled_from(ACTIONS), min_size=1, max_size=10
    ),
    is_pipelined=st.booleans(),
)
def test_whatever_a_relay_does_the_sum_is_the_audience_and_accepted_is_sent_or_unknown(
    tmp_path_factory, plan, is_pipelined
):
    folder: Path = tmp_path_factory.mktemp("fault")
    heard: dict[str, int] = {}

    def script(_peer, verb, _argument):
        number = heard[verb] = heard.get(verb, -1) + 1
        return plan.get((verb, number))

    with fresh_store(folder) as engine:
        world = World(engine, folder)
        job = planned(engine, PEOPLE)
        limits = Timeouts(connect=1, greeting=0.3, mail=0.3, rcpt=0.3, data=0.3, block=0.3, dot=0.3, quit=0.1)
        pace = paced(timeouts=limits, reconnect_waits=(0, 0))
        with ScriptedServer(script=script, extensions=("PIPELINING",) if is_pipelined else ()) as server:
            attempt(world, job, server, pace=pace)
            assert_exact(world, job, server)
            if jobs.get_job(engine, job.id).state != "finished":
                attempt(world, job, server, pace=pace)
        assert_exact(world, job, server)
        assert deliveries.next_due(engine, job.id) is not None or State.DEFERRED not in world.counts(job)


def test_one_recipient_whose_message_cannot_be_made_does_not_stop_the_others(world):
    job = planned(world.engine, 4)

    def write(claimed):
        if claimed.address.startswith("p2@"):
            raise ValueError("a control character in the name")
        return short_letter(claimed)

    with ScriptedServer() as server:
        run_with(replace(world.means(server.port), write=write), job)
    assert world.counts(job) == {State.SENT: 3, State.REFUSED: 1}


def test_a_fault_of_ours_is_raised_and_still_everything_is_recorded(world):
    job = planned(world.engine, 6)

    def write(claimed):
        if claimed.address.startswith("p2@"):
            raise RuntimeError("a fault in a template")
        return short_letter(claimed)

    with ScriptedServer() as server:
        with pytest.raises(RuntimeError, match="a fault in a template"):
            run_with(replace(world.means(server.port), write=write), job)
        assert_exact(world, job, server, 6)


def test_who_watches_and_cannot_be_told_harms_nobody(world, caplog):
    job, told = planned(world.engine, 60), []

    def report(now):
        told.append(now)
        raise BrokenPipeError(32, "Broken pipe")

    with ScriptedServer(delay=0.005) as server:
        means = replace(world.means(server.port), report=report, should_stop=lambda: len(server.accepted) >= 10)
        result = run_with(means, job)
        assert_exact(world, job, server, 60)
    assert result.stop is Stop.INTERRUPTED, "a stop is still heard"
    assert 10 <= result.counts[State.SENT] < 60
    assert len(told) == 1
    assert [record.getMessage() for record in caplog.records] == [
        "nobody is told any more how far sending is: BrokenPipeError"
    ]


@pytest.mark.parametrize("part", [Recorder, Watch, Sharing, Feeder])
def test_a_fault_of_ours_in_any_part_ends_the_run_in_order(world, monkeypatch, part):
    async def run(*_):
        raise RuntimeError("a fault of ours")

    job = planned(world.engine, 60)
    monkeypatch.setattr(part, "run", run)
    with ScriptedServer(delay=0.002) as server:
        with pytest.raises(RuntimeError, match="a fault of ours"):
            world.run(job, server.port)
        assert_exact(world, job, server, 60)
    assert len(server.accepted) < 20, "at once, not at its end"


def test_a_database_without_a_free_connection_is_a_service_error_and_loses_nothing(world, monkeypatch):
    def record(*_):
        raise NoConnectionError("QueuePool limit of size 5 overflow 10 reached")

    job = planned(world.engine, 60)
    with monkeypatch.context() as patched, ScriptedServer() as server:
        patched.setattr(Books, "record", record)
        error = attempt(world, job, server)
        assert_exact(world, job, server, 60)
    assert "all its connections are in use" in str(error)
    assert error.remedy
