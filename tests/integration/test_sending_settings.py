"""Whatever the configuration says of a relay, opening a session ends in an error for people, never in a traceback."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.delivery.endpoint import Endpoint
from newsletter.delivery.relay_error import RelayError
from newsletter.delivery.smtp import open_session
from newsletter.delivery.timeouts import Timeouts
from subscribers.errors import ConfigurationError, NewsletterError
from tests.support.smtp import ScriptedServer

QUICK = Timeouts(connect=2, greeting=2, quit=1)


def attempt(**changes: Any) -> NewsletterError | None:
    """Open a session and leave; the error, if it ended with one. Anything else is raised."""
    values: dict[str, Any] = {"host": "127.0.0.1", "port": 9, "security": "none", "hello_name": "test.example"}

    async def visit() -> None:
        session = await open_session(Endpoint(**(values | changes)), QUICK)
        await session.quit()

    try:
        asyncio.run(visit())
    except NewsletterError as error:
        return error
    return None


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "é" * 80, "a\0b", "..", "a..b", ""])
def test_a_host_that_can_be_no_name_is_a_relay_error(host: str) -> None:
    error = attempt(host=host, security="tls", port=465)
    assert isinstance(error, RelayError)


@pytest.mark.parametrize("port", [-1, 0, 65536, 10**30])
def test_a_port_that_is_none_is_a_relay_error(port: int) -> None:
    assert isinstance(attempt(port=port), RelayError)


@pytest.mark.parametrize("name", ["a\r\nMAIL FROM:<x>", "a\nb", "a\0b", "naïef.example", "\ud800"])
def test_a_hello_name_with_a_line_in_it_says_nothing_more_than_that(name: str) -> None:
    with ScriptedServer() as server:
        error = attempt(port=server.port, hello_name=name)
        assert b"MAIL FROM" not in b"".join(server.lines)
    assert error is None or isinstance(error, RelayError)
    if "\n" in name:
        assert error is not None
        assert "hello_name" in error.remedy


@pytest.mark.parametrize(
    ("user", "password"), [("a\r\nb", "x"), ("é", "wachtwoord"), ("u", "wacht\0woord\r\n"), ("\ud800", "x")]
)
def test_a_name_or_password_that_cannot_be_said_is_a_relay_error_without_it(user: str, password: str) -> None:
    with ScriptedServer(extensions=("AUTH PLAIN LOGIN CRAM-MD5",)) as server:
        error = attempt(port=server.port, username=user, password=password)
    assert error is None or (isinstance(error, RelayError) and "wacht" not in str(error))


def test_a_ca_file_that_can_be_no_path_is_a_configuration_error(tmp_path: Path) -> None:
    for path in (Path("a\0b"), tmp_path, tmp_path / "absent"):
        assert isinstance(attempt(security="tls", ca_file=path), ConfigurationError)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=70), st.text(max_size=20), st.text(max_size=20))
def test_no_setting_ends_in_a_traceback(name: str, user: str, password: str) -> None:
    with ScriptedServer(extensions=("AUTH PLAIN LOGIN",)) as server:
        attempt(port=server.port, hello_name=name, username=user, password=password)
