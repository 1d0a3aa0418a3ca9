"""The connection that aiosmtplib made is taken over by public means only, and is ours from then on.

A new aiosmtplib that changed what these tests name would otherwise be noticed by nobody until replies went missing.
"""

import asyncio
import inspect
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import aiosmtplib
import pytest
import uvloop

from newsletter.delivery import smtp
from newsletter.delivery.attempt import Letter, Result
from newsletter.delivery.dialogue import Dialogue
from newsletter.delivery.endpoint import Endpoint
from newsletter.delivery.session import Session
from newsletter.delivery.smtp import open_session
from tests.support.smtp import ScriptedServer, make_authority

LOOPS: list[Callable[[], asyncio.AbstractEventLoop]] = [asyncio.new_event_loop, uvloop.new_event_loop]
PUBLIC = ("connect", "ehlo", "helo", "close", "transport", "is_ehlo_or_helo_needed", "esmtp_extensions")
"""All that is asked of a client of aiosmtplib."""


def letter(number: int) -> Letter:
    return Letter(
        sender="bounce@example.org",
        recipient=f"p{number}@example.org",
        message=f"Subject: {number}\r\n\r\n.dot\r\n".encode(),
    )


async def send_pipelined(endpoint: Endpoint, number: int) -> tuple[list[Result], Session]:
    """So many letters in one session, each announced with the one before."""
    session = await open_session(endpoint)
    letters = [letter(item) for item in range(number)]
    results = []
    for item, following in zip(letters, [*letters[1:], None], strict=True):
        attempt = await session.send(item, lambda: None, lambda following=following: following)  # type: ignore[misc]
        results.append(attempt.result)
    await session.quit()
    return results, session


def endpoint(port: int, **changes: object) -> Endpoint:
    values = {"host": "localhost", "port": port, "security": "none", "hello_name": "test.example"}
    return Endpoint(**(values | changes))  # type: ignore[arg-type]


def test_everything_that_is_asked_of_aiosmtplib_is_public_and_documented() -> None:
    source = inspect.getsource(smtp)
    assert "client._" not in source
    client = aiosmtplib.SMTP(hostname="localhost")
    assert all(hasattr(client, name) for name in PUBLIC)
    used = {word.split("(")[0] for word in source.replace(")", " ").split() if word.startswith("client.")}
    assert {name.removeprefix("client.").rstrip(",.:") for name in used} <= set(PUBLIC)


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_a_connection_taken_over_answers_us_alone(
    loop: Callable[[], asyncio.AbstractEventLoop], security: str, tmp_path: Path
) -> None:
    authority = None if security == "none" else make_authority(tmp_path)
    tls: ssl.SSLContext | None = authority.server() if authority else None
    server = ScriptedServer(extensions=("PIPELINING",), tls=tls, is_implicit=security == "tls")
    with server, asyncio.Runner(loop_factory=loop) as runner:
        changes = {"security": security, "ca_file": authority.ca_file if authority else None}
        results, session = runner.run(send_pipelined(endpoint(server.port, **changes), 3))
    assert results == [Result.ACCEPTED] * 3
    assert server.accepted == [f"p{number}@example.org" for number in range(3)]
    assert [message.count(b"\r\n..dot\r\n") for message in server.messages] == [1, 1, 1]
    assert isinstance(session._dialogue, Dialogue)
    assert server.peers[0].verbs[-1] == "QUIT"


@pytest.mark.parametrize("loop", LOOPS)
def test_small_writes_are_not_held_back(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    """TCP_NODELAY: with Nagle's algorithm a lone dot waits 40 ms for the acknowledgement of what came before."""

    async def option(port: int) -> int:
        session = await open_session(endpoint(port))
        opened = session._dialogue._transport.get_extra_info("socket")
        found = opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        await session.quit()
        return int(found)

    with ScriptedServer() as server, asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(option(server.port)) > 0


def test_a_message_goes_out_in_one_write_with_the_commands_of_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 2920: one round trip per message."""
    written: list[bytes] = []
    ordinary = Dialogue.write

    def write(self: Dialogue, *pieces: bytes) -> None:
        written.append(b"".join(pieces))
        ordinary(self, *pieces)

    monkeypatch.setattr(Dialogue, "write", write)
    with ScriptedServer(extensions=("PIPELINING",)) as server:
        asyncio.run(send_pipelined(endpoint(server.port), 3))
    assert [data.split(b"\r\n")[0].split(b" ")[0] for data in written] == [b"MAIL", *[b"Subject:"] * 3, b"QUIT"]
    assert written[1].endswith(b"\r\n.\r\nMAIL FROM:<bounce@example.org>\r\nRCPT TO:<p1@example.org>\r\nDATA\r\n")
    assert written[3].endswith(b"..dot\r\n.\r\n")
