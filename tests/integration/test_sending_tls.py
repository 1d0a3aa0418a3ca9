"""TLS and AUTH (A26): no plaintext fallback, and a password that never leaves unprotected."""

import base64
import re
from dataclasses import replace

import pytest

from newsletter.delivery.outcome import State
from newsletter.delivery.relay_error import RelayError
from subscribers.errors import ConfigurationError
from tests.support.sending import IMPATIENT, World, fresh_store, paced, planned
from tests.support.smtp import CLOSE, RESET, SILENCE, ScriptedServer, at, make_authority

SECRET = "geheim-wachtwoord-7"
LOGIN = {"username": "afzender", "password": SECRET}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def strangers(tmp_path_factory):
    return make_authority(tmp_path_factory.mktemp("strangers"), host="mail.elders.example")


@pytest.fixture
def world(tmp_path):
    with fresh_store(tmp_path) as engine:
        yield World(engine, tmp_path)


def heard_password(server):
    """Whether the password was said, in any of the ways that AUTH encodes it."""
    text = b"".join(server.lines)
    decoded = b"".join(_decoded(word) for word in re.findall(rb"[A-Za-z0-9+/=]{8,}", text))
    return SECRET.encode() in text + decoded


def _decoded(word):
    try:
        return base64.b64decode(word + b"=" * (-len(word) % 4))
    except ValueError:
        return b""


def protected(authority, **changes):
    values = {"host": "localhost", "security": "starttls", "ca_file": authority.ca_file, **LOGIN}
    return values | changes


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_goes_out_over_verified_tls_after_login(world, authority, security):
    job = planned(world.engine, 20)
    server = ScriptedServer(
        tls=authority.server(), is_implicit=security == "tls", extensions=("PIPELINING", "AUTH PLAIN LOGIN")
    )
    with server:
        result = world.run(job, server.port, size=100_000, **protected(authority, security=security))
    assert result.counts[State.SENT] == 20
    assert heard_password(server), "the check of these tests works"
    assert all(len(message) > 100_000 - 200 for message in server.messages)


def refused(world, job, server, authority, **changes):
    with pytest.raises(RelayError) as caught:
        world.run(job, server.port, **protected(authority, **changes))
    assert caught.value.exit_status == 3
    assert SECRET not in str(caught.value)
    assert world.counts(job) == {State.QUEUED: job.audience}
    assert not heard_password(server)
    assert not server.messages
    return str(caught.value)


def test_a_server_without_starttls_gets_neither_password_nor_mail(world, authority):
    job = planned(world.engine, 3)
    with ScriptedServer(extensions=("AUTH PLAIN LOGIN",)) as server:
        assert "does not offer STARTTLS" in refused(world, job, server, authority)


@pytest.mark.parametrize("action", ["454 4.7.0 not now", "500 5.5.1 what", "220 go", CLOSE, RESET, "garbage"])
def test_whatever_is_said_to_starttls_without_doing_it_gets_neither_password_nor_mail(world, authority, action):
    job = planned(world.engine, 3)

    def script(_peer, verb, _argument):
        if verb == "EHLO":
            return "250-test.example\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN"
        return action if verb == "STARTTLS" else None

    with ScriptedServer(script=script) as server:
        refused(world, job, server, authority)


def test_a_reply_injected_before_tls_is_forgotten(world, authority):
    """A man in the middle sends an EHLO answer along with the 220 (RFC 3207 section 4.2)."""
    job = planned(world.engine, 3)
    injected = "220 go ahead\r\n250-evil.example\r\n250-AUTH PLAIN\r\n250 X-INJECTED"
    server = ScriptedServer(
        script=at("STARTTLS", injected), tls=authority.server(), extensions=("PIPELINING", "AUTH LOGIN PLAIN")
    )
    with server:
        try:
            world.run(job, server.port, **protected(authority))
        except RelayError:
            assert not heard_password(server)
    assert world.counts(job) in ({State.SENT: 3}, {State.QUEUED: 3})
    after = [line for line in server.lines if line.startswith(b"EHLO")]
    assert not server.messages or len(after) >= 2, "asked again inside TLS"


def test_a_certificate_of_an_unknown_authority_is_refused(world, authority, strangers):
    job = planned(world.engine, 3)
    with ScriptedServer(tls=authority.server()) as server:
        assert "certificate" in refused(world, job, server, strangers)


def test_a_certificate_for_another_name_is_refused(world, strangers):
    job = planned(world.engine, 3)
    with ScriptedServer(tls=strangers.server()) as server:
        assert "certificate" in refused(world, job, server, strangers)


def test_implicit_tls_to_a_plain_server_is_refused(world, authority):
    job = planned(world.engine, 3)
    with ScriptedServer() as server:
        refused(world, job, server, authority, security="tls")


def test_a_refused_password_is_named_without_being_said(world, authority):
    job = planned(world.engine, 3)
    server = ScriptedServer(script=at("AUTH", "535 5.7.8 no"), tls=authority.server(), extensions=("AUTH PLAIN",))
    with server, pytest.raises(RelayError, match="refuses the user name or password") as caught:
        world.run(job, server.port, **protected(authority))
    assert SECRET not in str(caught.value)
    assert world.counts(job) == {State.QUEUED: 3}


@pytest.mark.parametrize("action", [CLOSE, RESET, "454 4.7.0 later", "421 4.3.2 bye"])
def test_a_server_that_fails_at_auth_leaves_everything_queued(world, authority, action):
    job = planned(world.engine, 3)
    with ScriptedServer(script=at("AUTH", action), tls=authority.server(), extensions=("AUTH PLAIN",)) as server:
        with pytest.raises(RelayError):
            world.run(job, server.port, **protected(authority))
        assert world.counts(job) == {State.QUEUED: 3}


@pytest.mark.parametrize("verb", ["GREETING", "EHLO", "STARTTLS", "AUTH"])
def test_a_server_that_falls_silent_before_the_session_is_ready_leaves_everything_queued(world, authority, verb):
    job = planned(world.engine, 3)
    pace = paced(timeouts=replace(IMPATIENT.timeouts, greeting=0.5))
    with ScriptedServer(script=at(verb, SILENCE), tls=authority.server(), extensions=("AUTH PLAIN",)) as server:
        with pytest.raises(RelayError, match="did not answer"):
            world.run(job, server.port, pace=pace, **protected(authority))
        assert world.counts(job) == {State.QUEUED: 3}


def test_a_server_without_auth_is_named(world, authority):
    job = planned(world.engine, 1)
    with ScriptedServer(tls=authority.server()) as server:
        assert "no way to log in" in refused(world, job, server, authority)


def test_a_ca_file_that_is_none_is_a_configuration_error(world, tmp_path):
    job = planned(world.engine, 1)
    (tmp_path / "ca.pem").write_text("not a certificate")
    with ScriptedServer() as server, pytest.raises(ConfigurationError, match="ca_file"):
        world.run(job, server.port, host="localhost", security="starttls", ca_file=tmp_path / "ca.pem")
    assert world.counts(job) == {State.QUEUED: 1}
