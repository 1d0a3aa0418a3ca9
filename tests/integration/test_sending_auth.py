"""Signing in with PLAIN, LOGIN and XOAUTH2, and what a list may demand of its relay: REQUIRETLS, SIZE (A26, A27)."""

import asyncio
import base64

import pytest

from newsletter.delivery.access_token import Given
from newsletter.delivery.attempt import Letter, Result
from newsletter.delivery.endpoint import Endpoint
from newsletter.delivery.outcome import State
from newsletter.delivery.relay_error import RelayError
from newsletter.delivery.smtp import open_session
from tests.support.sending import World, fresh_store, planned
from tests.support.smtp import ScriptedServer, make_authority

SECRET = "ya29.geheim-token"
XOAUTH2 = f"user=afzender@example.org\x01auth=Bearer {SECRET}\x01\x01"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def world(tmp_path):
    with fresh_store(tmp_path) as engine:
        yield World(engine, tmp_path)


def values(authority, **changes):
    return {"host": "localhost", "security": "starttls", "ca_file": authority.ca_file, **changes}


def server_with(authority, mechanism, script=lambda _peer, _verb, _argument: None):
    return ScriptedServer(tls=authority.server(), extensions=("PIPELINING", mechanism), script=script)


class Tokens:
    """A source that counts."""

    def __init__(self, *tokens):
        self.left, self.forgotten = list(tokens), 0

    async def token(self):
        return self.left.pop(0) if len(self.left) > 1 else self.left[0]

    def forget(self):
        self.forgotten += 1


def said(server):
    return [line.decode().strip() for line in server.lines]


def test_plain_says_name_and_password_in_one_line(world, authority):
    job = planned(world.engine, 2)
    with server_with(authority, "AUTH PLAIN") as server:
        world.run(job, server.port, **values(authority, username="afzender", password="een wachtwoord"))
    assert "AUTH PLAIN " + base64.b64encode(b"\0afzender\0een wachtwoord").decode() in said(server)
    assert world.counts(job) == {State.SENT: 2}


def test_login_is_spoken_where_it_is_all_that_is_offered(world, authority):
    job = planned(world.engine, 2)
    names = {base64.b64encode(text.encode()).decode(): reply for text, reply in LOGIN_REPLIES.items()}

    def script(_peer, verb, argument):
        if verb == "AUTH":
            return "334 UGFzc3dvcmQ6" if argument == "LOGIN " + next(iter(names)) else "535 5.7.8 no"
        return next((reply for word, reply in names.items() if word.upper() == verb), None)

    with server_with(authority, "AUTH LOGIN", script) as server:
        world.run(job, server.port, **values(authority, username="afzender", password="wachtwoord"))
    assert world.counts(job) == {State.SENT: 2}


LOGIN_REPLIES = {"afzender": "334 UGFzc3dvcmQ6", "wachtwoord": "235 2.7.0 welcome"}


def test_xoauth2_says_the_token_and_nothing_else(world, authority):
    job = planned(world.engine, 2)
    source = Given(lambda: SECRET)
    with server_with(authority, "AUTH PLAIN LOGIN XOAUTH2") as server:
        world.run(job, server.port, **values(authority, username="afzender@example.org", token=source))
    asked = [line for line in said(server) if line.startswith("AUTH")]
    assert set(asked) == {"AUTH XOAUTH2 " + base64.b64encode(XOAUTH2.encode()).decode()}
    assert world.counts(job) == {State.SENT: 2}


def test_a_token_that_ran_out_is_asked_for_anew_and_the_job_goes_on(world, authority):
    """The server explains in a challenge, which is answered with an empty line; then comes its refusal."""
    job = planned(world.engine, 5)
    good = base64.b64encode(XOAUTH2.encode()).decode()

    def script(_peer, verb, argument):
        if verb == "AUTH":
            return "235 2.7.0 welcome" if argument.endswith(good) else "334 eyJzdGF0dXMiOiI0MDEifQ=="
        return "535 5.7.8 bad token" if verb == "" else None

    tokens = Tokens(SECRET, "old", SECRET)  # greeting, then one of the connections, then all others
    with server_with(authority, "AUTH XOAUTH2", script) as server:
        world.run(job, server.port, **values(authority, username="afzender@example.org", token=tokens))
    assert world.counts(job) == {State.SENT: 5}
    assert tokens.forgotten == 1


def test_a_refused_token_is_named_and_not_said(world, authority):
    job = planned(world.engine, 1)
    script = lambda _peer, verb, _argument: "535 5.7.8 bad token" if verb == "AUTH" else None  # noqa: E731 - a script
    with server_with(authority, "AUTH XOAUTH2", script) as server, pytest.raises(RelayError) as caught:
        world.run(job, server.port, **values(authority, username="u", token=Given(lambda: SECRET)))
    assert "refuses the access token" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert world.counts(job) == {State.QUEUED: 1}


def test_a_server_that_knows_no_tokens_is_told_none(world, authority):
    job = planned(world.engine, 1)
    with server_with(authority, "AUTH PLAIN LOGIN") as server, pytest.raises(RelayError, match="XOAUTH2"):
        world.run(job, server.port, **values(authority, username="u", token=Given(lambda: SECRET)))
    assert not any(line.startswith("AUTH") for line in said(server))


def test_no_token_no_session_and_nothing_is_lost(world, authority):
    job = planned(world.engine, 1)
    with server_with(authority, "AUTH XOAUTH2") as server, pytest.raises(RelayError, match="not an access token"):
        world.run(job, server.port, **values(authority, username="u", token=Given(lambda: "")))
    assert world.counts(job) == {State.QUEUED: 1}


# ---------------------------------------------------------------- what a list demands


def test_a27_a_relay_without_requiretls_gets_nothing_of_a_list_that_demands_it(world, authority):
    job = planned(world.engine, 2)
    with server_with(authority, "DSN") as server, pytest.raises(RelayError, match="REQUIRETLS") as caught:
        world.run(job, server.port, **values(authority, require_tls=True))
    assert "require_tls" in caught.value.remedy
    assert world.counts(job) == {State.QUEUED: 2}
    assert not any(line.startswith("MAIL") for line in said(server))


def test_a27_an_offer_of_requiretls_before_tls_is_none(world, authority):
    """What was said before TLS is forgotten (RFC 8689 section 2 asks for the offer inside it)."""
    job = planned(world.engine, 1)
    first = []

    def script(_peer, verb, _argument):
        if verb == "EHLO" and not first:
            first.append(verb)
            return "250-test.example\r\n250-STARTTLS\r\n250 REQUIRETLS"
        return None

    with server_with(authority, "DSN", script) as server, pytest.raises(RelayError, match="REQUIRETLS"):
        world.run(job, server.port, **values(authority, require_tls=True))


def test_the_parameters_that_a_letter_asks_for_go_out_with_it(authority):
    letter = Letter(
        "b@example.org", "a+b@example.org", b"Subject: x\r\n\r\nx\r\n", is_plain=True, envid="1.x@example.org",
        require_tls=True,
    )  # fmt: skip

    async def send(port, count):
        session = await open_session(Endpoint(port=port, **values(authority, require_tls=True, hello_name="a.example")))
        letters = [letter._replace() for _ in range(count)]
        following = iter([*letters[1:], None])
        results = [await session.send(one, lambda: None, lambda: next(following)) for one in letters]
        await session.quit()
        return [attempt.result for attempt in results]

    extensions = ("SIZE 1000", "DSN", "REQUIRETLS")
    for pipelining in ((), ("PIPELINING",)):
        with ScriptedServer(tls=authority.server(), extensions=(*extensions, *pipelining)) as server:
            assert asyncio.run(send(server.port, 2)) == [Result.ACCEPTED] * 2
        mail = "MAIL FROM:<b@example.org> SIZE=17 RET=HDRS ENVID=1.x@example.org REQUIRETLS"
        assert said(server).count(mail) == 2
        assert said(server).count("RCPT TO:<a+b@example.org> NOTIFY=FAILURE ORCPT=rfc822;a+2Bb@example.org") == 2
