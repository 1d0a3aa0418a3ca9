"""Access tokens come from the configuration, a file or a program, and go nowhere but to the relay."""

import asyncio
import sys

import pytest

from newsletter.config_relays import Relay
from newsletter.delivery.access_token import FRESH_SECONDS, FromCommand, Given
from newsletter.delivery.endpoint import Endpoint
from subscribers.errors import ConfigurationError, ServiceError

RELAY = {"host": "127.0.0.1", "port": 25, "security": "none"}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def counting(tmp_path, clock):
    """A program that prints a token with the number of its run."""
    code = "import pathlib; p = pathlib.Path('runs'); p.write_text((p.read_text() if p.exists() else '') + 'x');"
    return FromCommand((sys.executable, "-c", code + "print('token-' + str(len(p.read_text())))"), tmp_path, clock)


def test_a_command_is_run_again_when_its_token_is_old_or_was_refused(tmp_path):
    clock = Clock()
    source = counting(tmp_path, clock)
    assert [asyncio.run(source.token()) for _ in range(2)] == ["token-1", "token-1"]
    clock.now = FRESH_SECONDS
    assert asyncio.run(source.token()) == "token-2"
    source.forget()
    assert asyncio.run(source.token()) == "token-3"


def test_connections_that_open_together_share_one_run_and_its_error(tmp_path):
    async def together(source):
        return await asyncio.gather(*(source.token() for _ in range(20)), return_exceptions=True)

    source = counting(tmp_path, Clock())
    assert asyncio.run(together(source)) == ["token-1"] * 20
    source.forget()
    assert asyncio.run(together(source)) == ["token-2"] * 20
    failing = FromCommand((sys.executable, "-c", "open('failed', 'a').write('x'); raise SystemExit(3)"), tmp_path)
    assert {str(error).splitlines()[0] for error in asyncio.run(together(failing))} == {
        f"{sys.executable}: token_command gave no token: it ended with status 3"
    }
    assert (tmp_path / "failed").read_text() == "x"


def test_who_gives_up_waiting_for_a_token_ends_it_for_nobody_else(tmp_path):
    async def one_gives_up(source):
        first, second = asyncio.create_task(source.token()), asyncio.create_task(source.token())
        await asyncio.sleep(0.01)
        first.cancel()
        return await second

    assert asyncio.run(one_gives_up(counting(tmp_path, Clock()))) == "token-1"


def test_a_file_is_read_for_every_connection(tmp_path):
    file = tmp_path / "token"
    source = Given(file.read_text)
    for text in ("one", "two"):
        file.write_text(text)
        assert asyncio.run(source.token()) == text


@pytest.mark.parametrize(
    "code", ["import sys; print('secret'); sys.exit(3)", "print('two words')", "pass", "print('x\\r\\nMAIL FROM:<>')"]
)
def test_what_is_no_token_is_an_error_that_does_not_repeat_it(tmp_path, code):
    with pytest.raises(ServiceError) as caught:
        asyncio.run(FromCommand((sys.executable, "-c", code), tmp_path).token())
    assert "secret" not in str(caught.value)
    assert "words" not in str(caught.value)


def test_a_program_that_is_not_there_is_an_error_of_the_configuration(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be run"):
        asyncio.run(FromCommand(("/nowhere/at-all",), tmp_path).token())


def test_an_endpoint_does_not_show_its_secrets():
    endpoint = Endpoint(host="h", port=1, security="tls", password="geheim", token=Given(lambda: "geheim"))
    assert "geheim" not in repr(endpoint) + str(endpoint)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"auth": "xoauth2", "username": "u"}, "no token"),
        ({"auth": "xoauth2", "token": "t"}, "no username"),
        ({"auth": "xoauth2", "username": "u", "token": "t", "password": "p"}, "password is given"),
        ({"auth": "xoauth2", "username": "u", "token": "t", "token_file": "f"}, "keep one"),
        ({"username": "u", "password": "p", "token_command": ["x"]}, "token_command is given"),
        ({"username": "u", "password": "p", "password_file": "f"}, "keep one"),
    ],
)
def test_contradictory_ways_to_sign_in_are_refused(keys, said):
    with pytest.raises(ValueError, match=said):
        Relay.model_validate({**RELAY, **keys})
