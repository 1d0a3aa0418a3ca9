"""Several relays of which one cannot do its part: it is gone, badly configured, or does not take these messages."""

import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from newsletter.config import load
from newsletter.delivery.access_token import FromCommand
from newsletter.delivery.endpoint import Endpoint
from newsletter.delivery.outcome import State
from newsletter.delivery.pacing import microseconds
from newsletter.delivery.relay_error import RelayError
from newsletter.delivery.relays import Limits, Via, together
from newsletter.delivery.worker import run_with, vias_of
from newsletter.store import pace
from subscribers.errors import ConfigurationError
from subscribers.tables import subscriber
from subscribers.transactions import writing
from tests.support.sending import World, fresh_store, paced, planned
from tests.support.smtp import CLOSE, ScriptedServer, nothing_listens

LARGE = 5000
ALL = ("PIPELINING", "8BITMIME", "SMTPUTF8", "REQUIRETLS")
SMALL = ("PIPELINING", "SIZE 1000")


@pytest.fixture
def world(tmp_path):
    with fresh_store(tmp_path) as engine:
        yield World(engine, tmp_path)


def via(name, port, weight=1, **endpoint):
    values = {"host": "127.0.0.1", "port": port, "security": "none", "hello_name": "test.example"}
    return Via(name=name, endpoint=Endpoint(**(values | endpoint)), pace=paced(connections=2), weight=weight)


def run(means, job):
    """In a few seconds, or interrupted."""
    began = time.monotonic()
    return run_with(replace(means, should_stop=lambda: time.monotonic() - began > 8), job)


def each_once(world, job, *servers):
    """Nobody is lost, nobody is mailed twice, and what is sent was accepted."""
    accepted = [address for server in servers for address in server.accepted]
    assert len(accepted) == len(set(accepted))
    assert set(accepted) == world.addresses(job, State.SENT)


# ---------------------------------------------------------------- one of them is gone


def test_a_relay_that_stands_by_takes_over_when_the_main_one_is_shared_with_another_job_and_dies(world):
    job = planned(world.engine, 40)
    runs = [["elsewhere|1|x", microseconds(world.clock()) + 600_000_000, 2]]
    with writing(world.engine) as connection:  # another job uses it too: two of the four places never open
        pace.begin(connection, {"uses of main": {"runs": runs}})
    with nothing_listens() as dead, ScriptedServer() as spare:
        means = world.means(dead, pace=paced(connections=4))
        means = replace(means, relay="main", limits=Limits(connections=4), others=(via("spare", spare.port, 0),))
        result = run(means, job)
    assert result.counts[State.SENT] == 40
    each_once(world, job, spare)


def test_a_relay_alone_that_is_shared_and_dies_ends_the_run(world):
    job = planned(world.engine, 4)
    runs = [["elsewhere|1|x", microseconds(world.clock()) + 600_000_000, 2]]
    with writing(world.engine) as connection:
        pace.begin(connection, {"uses of main": {"runs": runs}})
    with nothing_listens() as dead:
        means = replace(world.means(dead, pace=paced(connections=4)), relay="main", limits=Limits(connections=4))
        with pytest.raises(RelayError):
            run(means, job)
    assert world.counts(job) == {State.QUEUED: 4}


def ends_every_session(peer, verb, _argument):
    """The first one at its first message, the others before they begin."""
    return CLOSE if verb == "MAIL" or (verb == "GREETING" and peer.number) else None


@pytest.mark.parametrize("spare_first", [True, False])
def test_what_a_relay_gives_back_after_the_others_ended_goes_through_one_that_lives_and_has_a_weight(
    world, *, spare_first
):
    job = planned(world.engine, 60)
    with ScriptedServer(script=ends_every_session) as bad, ScriptedServer() as spare, ScriptedServer() as second:
        others = (via("spare", spare.port, 0), via("second", second.port, 9))
        means = world.means(bad.port, pace=paced(connections=1, reconnect_waits=(1.0,)))
        means = replace(means, relay="main", others=others if spare_first else others[::-1])
        result = run(means, job)
    assert result.stop is None
    assert result.counts[State.SENT] == len(second.accepted) == 60
    assert not spare.accepted


def test_what_one_connection_gives_back_after_the_other_ended_waits_for_nobody_who_stands_by(world):
    job = planned(world.engine, 60)

    def unsteady(peer, verb, _argument):
        return CLOSE if (peer.number, verb) in {(1, "MAIL"), (2, "GREETING")} else None

    with ScriptedServer(script=unsteady, delay=0.002) as main, ScriptedServer() as spare:
        means = world.means(spare.port, pace=paced(connections=1))
        main_one = replace(via("main", main.port), pace=paced(connections=2, reconnect_waits=(1.0,)))
        result = run(replace(means, relay="spare", weight=0, others=(main_one,)), job)
    assert result.stop is None
    assert result.counts[State.SENT] == len(main.accepted) == 60
    assert not spare.accepted


def spread_over(vias, spread, means):
    """The same over these relays, with a job that is spread at `spread` messages per second."""
    first, *others = together(vias, spread)
    return replace(
        means, endpoint=first.endpoint, relay=first.name, pace=first.pace, weight=first.weight, others=tuple(others)
    )


def test_a_job_that_is_spread_keeps_its_speed_when_a_relay_dies(world):
    job = planned(world.engine, 60)
    with nothing_listens() as dead, ScriptedServer() as living:
        vias = (via("main", dead, 9), via("second", living.port, 1))
        result = run(spread_over(vias, 60.0, world.means(dead)), job)
    assert result.counts[State.SENT] == 60, "at a tenth of the speed it takes ten seconds"


def test_a_job_that_is_spread_is_no_faster_over_two_relays_that_live(world):
    job, began = planned(world.engine, 40), time.monotonic()
    with ScriptedServer() as main, ScriptedServer() as second:
        vias = (via("main", main.port), via("second", second.port))
        assert run(spread_over(vias, 40.0, world.means(main.port)), job).counts[State.SENT] == 40
    assert time.monotonic() - began > 0.7
    assert main.accepted
    assert second.accepted


# ---------------------------------------------------------------- one of them is badly configured


NO_SUCH_FILE = Path("/nonexistent/ca.pem")


def unusable(setting, server):
    """A relay that would be there, with a setting that cannot be used."""
    if setting == "ca_file":
        return {"port": server.port, "security": "tls", "ca_file": NO_SUCH_FILE}
    token = FromCommand(("/nonexistent/token",), Path("/"))
    return {"port": server.port, "username": "u", "token": token}


@pytest.mark.parametrize("setting", ["ca_file", "token_command"])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_relay_with_a_setting_that_cannot_be_used_is_not_needed(world, setting, *, is_first):
    job = planned(world.engine, 100)
    with ScriptedServer(extensions=("PIPELINING", "AUTH XOAUTH2")) as bad, ScriptedServer() as good:
        broken = unusable(setting, bad)
        if is_first:
            means = replace(world.means(**broken), others=(via("good", good.port),))
        else:
            means = replace(world.means(good.port), others=(via("bad", **broken),))
        result = run(means, job)
    assert result.counts[State.SENT] == 100
    each_once(world, job, good)


@pytest.mark.parametrize("setting", ["ca_file", "token_command"])
def test_a_setting_that_cannot_be_used_is_said_where_there_is_no_other_relay(world, setting):
    job = planned(world.engine, 10)
    with (
        ScriptedServer(extensions=("PIPELINING", "AUTH XOAUTH2")) as bad,
        pytest.raises(ConfigurationError, match=f"{setting} cannot be"),
    ):
        run(world.means(**unusable(setting, bad)), job)
    assert world.counts(job) == {State.QUEUED: 10}


def test_a_setting_that_becomes_unusable_in_the_middle_ends_the_run_with_its_words(world, tmp_path):
    """Each session has one message, and there is no token for the third."""
    job, left = planned(world.engine, 10), tmp_path / "left"
    left.write_text("tt")
    program = f"import pathlib as p; f = p.Path({str(left)!r}); t = f.read_text(); f.write_text(t[1:]); print(t[0])"
    token = FromCommand((sys.executable, "-c", program), tmp_path)
    one_each = paced(connections=1, messages_per_connection=1)

    def forgetful(peer, verb, _argument):
        token.forget()
        if verb == "DOT" and peer.number == 1:
            token._command = ("/nonexistent/token",)

    with (
        ScriptedServer(extensions=("PIPELINING", "AUTH XOAUTH2"), script=forgetful) as server,
        pytest.raises(ConfigurationError, match="token_command cannot be run"),
    ):
        run(world.means(server.port, username="u", token=token, pace=one_each), job)
    assert world.counts(job) == {State.SENT: 2, State.QUEUED: 8}


def test_a_relay_whose_password_cannot_be_read_is_left_out_unless_it_is_alone(world, tmp_path):
    job = planned(world.engine, 1)
    relays = "".join(
        f'[relays.{name}]\nhost = "127.0.0.1"\nport = 1\nsecurity = "tls"\nusername = "u"\npassword_file = "{name}"\n'
        for name in ("one", "two")
    )
    file = tmp_path / "newsletter.toml"
    file.write_text(
        '[site]\nbase_url = "http://127.0.0.1:8080"\ndata_dir = "data"\n'
        + relays
        + f"""[lists.{job.list_slug}]
        title = "Nieuws"\nlanguage = "nl"\nfrom = "nieuws@example.org"\nbasis = "consent"\nrelay = ["one", "two"]
        unsubscribe_mailbox = "afmelden@example.org"\ncontroller = "Organisatie Voorbeeld, Postbus 1"
        privacy_url = "https://example.org/privacy"\n"""
    )
    configuration = load(file, {})
    with pytest.raises(ConfigurationError, match="one"):
        vias_of(configuration, job)
    (tmp_path / "two").write_text("secret")
    (tmp_path / "two").chmod(0o600)
    assert [via.name for via in vias_of(configuration, job)] == ["two"]


# ---------------------------------------------------------------- one of them does not take these messages


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("number", [1, 40, 500])
def test_what_is_too_large_for_one_relay_goes_through_the_other(world, number, *, is_first):
    job = planned(world.engine, number)
    with ScriptedServer(extensions=ALL) as big, ScriptedServer(extensions=SMALL) as small:
        first, second = (small, big) if is_first else (big, small)
        result = run(replace(world.means(first.port, size=LARGE), others=(via("second", second.port),)), job)
    assert result.counts[State.SENT] == number
    assert result.handled == number, "being passed on is no outcome"
    assert not small.accepted
    each_once(world, job, big)


def test_a_slow_relay_that_takes_them_all_holds_back_the_one_that_takes_none(world):
    """What is passed on waits claimed in memory: not the whole job."""
    job = planned(world.engine, 600)
    began, most = time.monotonic(), []

    def stop():
        most.append(world.counts(job).get(State.CLAIMED, 0))
        return time.monotonic() - began > 0.8

    with ScriptedServer(extensions=ALL, delay=0.05) as big, ScriptedServer(extensions=SMALL) as small:
        means = replace(world.means(small.port, size=LARGE), others=(via("big", big.port),), should_stop=stop)
        run_with(means, job)
    assert 0 < max(most) < 400
    each_once(world, job, big)
    assert world.counts(job)[State.SENT] + world.counts(job)[State.QUEUED] == 600


def test_a_reader_whose_address_one_relay_cannot_carry_is_mailed_through_the_other(world):
    job = planned(world.engine, 30)
    with writing(world.engine) as connection:
        for number in range(0, 30, 3):
            address = f"jörg{number}@example.org"
            who = subscriber.c.address == f"p{number}@example.org"
            connection.execute(update(subscriber).where(who).values(address=address, address_key=address))
    with ScriptedServer(extensions=("PIPELINING",)) as plain, ScriptedServer(extensions=ALL) as able:
        assert run(replace(world.means(plain.port), others=(via("able", able.port),)), job).counts[State.SENT] == 30
    assert not [address for address in plain.accepted if "jörg" in address]
    each_once(world, job, plain, able)


def test_what_asks_for_tls_all_the_way_goes_through_the_relay_that_offers_it(world):
    job = planned(world.engine, 20)
    with ScriptedServer() as without, ScriptedServer(extensions=ALL) as able:
        means = world.means(without.port)
        write = means.write
        means = replace(means, write=lambda claimed: write(claimed)._replace(require_tls=True))
        assert run(replace(means, others=(via("able", able.port),)), job).counts[State.SENT] == 20
    each_once(world, job, able)


@pytest.mark.parametrize("weight", [0, 1])
def test_what_no_relay_takes_is_refused_once(world, weight):
    job = planned(world.engine, 150)
    with ScriptedServer(extensions=SMALL) as one, ScriptedServer(extensions=SMALL) as other:
        result = run(replace(world.means(one.port, size=LARGE), others=(via("other", other.port, weight),)), job)
    assert result.counts[State.REFUSED] == result.handled == 150
    assert not any(line.startswith(b"MAIL") for line in one.lines + other.lines)


def test_who_stands_by_gets_what_the_others_do_not_take_and_nothing_else(world):
    job = planned(world.engine, 60)
    with ScriptedServer() as main, ScriptedServer(extensions=SMALL) as small, ScriptedServer(extensions=ALL) as spare:
        means = world.means(main.port)
        write = means.write
        strict = lambda claimed: write(claimed)._replace(require_tls=claimed.delivery % 10 == 0)  # noqa: E731
        others = (via("small", small.port), via("spare", spare.port, 0))
        assert run(replace(means, write=strict, others=others), job).counts[State.SENT] == 60
    assert len(spare.accepted) == 6
    each_once(world, job, main, small, spare)


@pytest.mark.parametrize("verb", ["GREETING", "MAIL", "DOT"])
def test_when_the_relay_that_takes_them_dies_what_is_left_is_refused_and_nothing_is_doubled(world, verb):
    job = planned(world.engine, 150)
    left = iter(range(40))

    def dying(peer, now, _argument):
        if now == "GREETING" and (peer.number > 2 or verb == now):
            return CLOSE
        return CLOSE if now == verb and next(left, None) is None else None

    with ScriptedServer(extensions=SMALL) as small, ScriptedServer(extensions=ALL, script=dying) as big:
        result = run(replace(world.means(small.port, size=LARGE), others=(via("big", big.port),)), job)
    accepted, unknown = set(big.accepted), world.addresses(job, State.UNKNOWN)
    assert len(big.accepted) == len(accepted)
    assert world.addresses(job, State.SENT) <= accepted <= world.addresses(job, State.SENT) | unknown
    assert len(unknown) <= 4
    assert result.counts[State.DEFERRED] <= 2, "who met the end of two sessions"
    assert sum(result.counts[state] for state in (State.SENT, State.UNKNOWN, State.REFUSED, State.DEFERRED)) == 150


def test_what_is_passed_on_stays_queued_when_the_run_stops(world):
    job = planned(world.engine, 300)
    began = time.monotonic()
    with ScriptedServer(extensions=SMALL) as small, ScriptedServer(extensions=ALL, delay=0.05) as big:
        means = replace(world.means(small.port, size=LARGE), others=(via("big", big.port),))
        run_with(replace(means, should_stop=lambda: time.monotonic() - began > 0.3), job)
        assert set(world.counts(job)) == {State.SENT, State.QUEUED}
        big.delay = 0
        assert run(means, job).counts[State.SENT] == 300
    each_once(world, job, big)
