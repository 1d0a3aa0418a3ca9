"""A man in the middle between us and an honest server with TLS (A26): he gets neither password nor mail."""

import base64
import re

import pytest

from newsletter.delivery.outcome import State
from newsletter.delivery.relay_error import RelayError
from tests.support.sending import World, fresh_store, planned
from tests.support.smtp import ScriptedServer, make_authority
from tests.support.tampering import adding_to_go_ahead, tampering, with_starttls_crossed_out, without_starttls

SECRET = "geheim-wachtwoord-9"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def world(tmp_path):
    with fresh_store(tmp_path) as engine:
        yield World(engine, tmp_path)


@pytest.fixture
def server(authority):
    with ScriptedServer(tls=authority.server(), extensions=("PIPELINING", "AUTH PLAIN LOGIN")) as server:
        yield server


def run(world, authority, job, port):
    return world.run(
        job, port, host="localhost", security="starttls", ca_file=authority.ca_file, username="a", password=SECRET
    )


def gave_away(heard):
    """Whether the password was said to the man in the middle."""
    text = b"".join(heard)
    words = (word + b"=" * (-len(word) % 4) for word in re.findall(rb"[A-Za-z0-9+/]{8,}", text))
    return SECRET.encode() in text + b"".join(base64.b64decode(word) for word in words if len(word) % 4 != 1)


def test_untouched_the_proxy_lets_everything_through(world, authority, server):
    job = planned(world.engine, 3)
    with tampering(server.port, lambda said: said) as (port, heard):
        assert run(world, authority, job, port).counts[State.SENT] == 3
    assert b"STARTTLS\r\n" in heard
    assert not gave_away(heard)


@pytest.mark.parametrize("change", [without_starttls, with_starttls_crossed_out])
def test_striptls_gets_neither_password_nor_mail(world, authority, server, change):
    job = planned(world.engine, 3)
    with tampering(server.port, change) as (port, heard), pytest.raises(RelayError, match="does not offer STARTTLS"):
        run(world, authority, job, port)
    assert not gave_away(heard)
    assert not any(b"MAIL FROM" in said for said in heard)
    assert world.counts(job) == {State.QUEUED: 3}


@pytest.mark.parametrize(
    "injected",
    [
        b"250-evil.example\r\n250-AUTH PLAIN\r\n250 DSN\r\n",
        b"250 ok\r\n" * 8,
        b"235 2.7.0 welcome\r\n250 2.0.0 ok\r\n354 go on\r\n250 2.0.0 taken\r\n",
    ],
)
def test_replies_injected_behind_the_go_ahead_never_count(world, authority, server, injected):
    """Either TLS fails on them or they are forgotten; never are they taken for what the server says inside TLS."""
    job = planned(world.engine, 3)
    with tampering(server.port, adding_to_go_ahead(injected)) as (port, heard):
        try:
            run(world, authority, job, port)
        except RelayError:
            assert world.counts(job) == {State.QUEUED: 3}
            assert not server.messages
        else:
            assert sorted(server.accepted) == sorted(world.addresses(job, State.SENT))
            assert world.counts(job) == {State.SENT: 3}
            said = [line.split()[0] for line in server.lines]
            assert said.index(b"AUTH") > said.index(b"EHLO", said.index(b"STARTTLS")), "asked anew inside TLS"
    assert not gave_away(heard)
