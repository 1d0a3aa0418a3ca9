"""What arrives on the other side is what was written, byte for byte, whatever stands in it (A25), and to whom (A7)."""

import asyncio
import random

import pytest

from newsletter.delivery.attempt import Letter, Result
from newsletter.delivery.endpoint import Endpoint
from newsletter.delivery.session import BLOCK
from newsletter.delivery.smtp import open_session
from subscribers.address import parse_address
from tests.support.smtp import ScriptedServer

PIECES = (b".", b"..", b".\r\n", b"\r\n.\r\n", b"\r\n", b"x" * 70 + b"\r\n", b".QUIT\r\n", b"= \t")


def bodies() -> list[bytes]:
    """Three below a block, one of several blocks, whose edges fall anywhere; the same every time."""
    drawn = random.Random(25)
    sizes = (0, 200, 50_000, 3 * BLOCK + 17)
    return [_drawn(drawn, size) for size in sizes]


def _drawn(drawn: random.Random, size: int) -> bytes:
    body = b""
    while len(body) < size:
        body += drawn.choice(PIECES) + drawn.choice(PIECES) * 400
    return body


def unstuffed(content: bytes) -> bytes:
    """What the receiver makes of what came (RFC 5321 section 4.5.2); `content` ends with the final dot."""
    lines = content.removesuffix(b".\r\n").split(b"\r\n")
    return b"\r\n".join(line.removeprefix(b".") for line in lines)


async def send(port: int, letters: list[Letter]) -> list[Result]:
    session = await open_session(Endpoint(host="127.0.0.1", port=port, security="none", hello_name="test.example"))
    following = [*letters[1:], None]
    results = [
        (await session.send(letter, lambda: None, lambda after=after: after)).result
        for letter, after in zip(letters, following, strict=True)
    ]
    await session.quit()
    return results


@pytest.mark.parametrize("extensions", [("PIPELINING",), ()])
def test_a25_any_body_arrives_byte_for_byte_also_one_of_many_blocks(extensions):
    head = b"To: p@example.org\r\n\r\n"
    letters = [Letter("b@example.org", "p@example.org", head + body) for body in bodies()]
    with ScriptedServer(extensions=extensions) as server:
        results = asyncio.run(send(server.port, letters))
    assert results == [Result.ACCEPTED] * len(letters)
    expected = [letter.message if letter.message.endswith(b"\r\n") else letter.message + b"\r\n" for letter in letters]
    assert [unstuffed(content) for content in server.messages] == expected


def test_a7_a_domain_outside_ascii_is_said_to_the_server_as_a_label():
    address = parse_address("noor@gemeente-café.example")
    letter = Letter("b@example.org", address.spelling, b"To: x\r\n\r\n", is_plain=True)
    with ScriptedServer(extensions=("PIPELINING",)) as server:  # no SMTPUTF8: none is needed
        assert asyncio.run(send(server.port, [letter])) == [Result.ACCEPTED]
    assert any(line.startswith(b"RCPT TO:<noor@xn--gemeente-caf-meb.example>") for line in server.lines)
