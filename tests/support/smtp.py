"""SMTP servers for tests: a scripted one that misbehaves as told, on raw asyncio, and what its clients got through it.

A script is a function `step(session, verb, argument) -> action`. Verbs are GREETING, EHLO, STARTTLS, AUTH, MAIL, RCPT,
DATA, BODY (while the message comes in), DOT (after it) and QUIT. An action is reply text, CLOSE, RESET or SILENCE;
reply text may be sent in HALVES, or be so LONG that it is no reply any more.
"""

import asyncio
import re
import socket
import ssl
import struct
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Self

CLOSE = "<close>"
RESET = "<reset>"
SILENCE = "<silence>"
HALVES = "<halves>"
"""Before a reply: it comes in two pieces, with a pause between them."""
LONG = "<long>"
"""Before a reply: a megabyte of lines comes first."""
HONEST = None
"""What an honest server would answer."""

Script = Callable[["Peer", str, str], str | None]


@dataclass
class Peer:
    """One connection, as the server sees it."""

    number: int
    verbs: list[str] = field(default_factory=list)
    recipient: str = ""
    sender: str = ""
    accepted: int = 0
    """Messages accepted on this connection."""


@dataclass
class ScriptedServer:
    """Listens on a free loopback port while used as a context; keeps what it accepted and every line it heard."""

    script: Script = lambda _peer, _verb, _argument: HONEST
    extensions: tuple[str, ...] = ("PIPELINING", "8BITMIME", "SMTPUTF8")
    tls: ssl.SSLContext | None = None
    is_implicit: bool = False
    delay: float = 0
    accepted: list[str] = field(default_factory=list)
    """Recipient of each message that got 250 to its dot, written before the reply is."""
    seen: list[str] = field(default_factory=list)
    """Recipient of each message whose dot arrived, whatever the answer."""
    messages: list[bytes] = field(default_factory=list)
    lone_dots: int = 0
    """Messages that were a dot and nothing else (RFC 2920 section 3.1)."""
    lines: list[bytes] = field(default_factory=list)
    peers: list[Peer] = field(default_factory=list)
    port: int = 0

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._run, daemon=True)
        self._writers: list[asyncio.StreamWriter] = []
        self._ready: asyncio.Event = asyncio.Event()
        # asyncio sets TCP_NODELAY only on sockets that say they are TCP
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(128)
        self.port = self._socket.getsockname()[1]
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ready.set)
        self._thread.join(10)

    @property
    def times(self) -> Counter[str]:
        """How often each recipient's message was accepted."""
        return Counter(self.accepted)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        tls = self.tls if self.is_implicit else None
        server = await asyncio.start_server(self._client, sock=self._socket, ssl=tls, limit=64 * 1024 * 1024)
        await self._ready.wait()
        self._loop.remove_reader(self._socket)
        for _ in range(5):  # who was let in just now reaches _client, else nobody closes their socket
            await asyncio.sleep(0)
        server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0.01)  # let the transports close their sockets

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(len(self.peers))
        self.peers.append(peer)
        self._writers.append(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, _GoneError, ValueError):
            await self._converse(peer, reader, writer)
        with suppress(Exception):
            writer.close()

    async def _converse(self, peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._answer(peer, writer, "GREETING", "", "220 test.example ESMTP")
        while True:
            line = await reader.readline()
            if not line:
                return
            self.lines.append(line)
            verb, _, argument = line.decode("utf-8").strip().partition(" ")
            verb = verb.upper()
            if verb == "STARTTLS":
                if await self._answer(peer, writer, verb, "", "220 go ahead"):
                    await writer.start_tls(self.tls)
                continue
            if verb == "DATA":
                if await self._answer(peer, writer, verb, "", "354 go on") == 354:
                    await self._data(peer, reader, writer)
                continue
            self._note(peer, verb, argument)
            await self._answer(peer, writer, verb, argument, self._honest(writer, verb))
            if verb == "QUIT":
                return

    def _note(self, peer: Peer, verb: str, argument: str) -> None:
        address = re.search(r"<([^>]*)>", argument)
        if verb == "MAIL" and address:
            peer.sender, peer.recipient = address[1], ""
        if verb == "RCPT" and address:
            peer.recipient = address[1]

    def _honest(self, writer: asyncio.StreamWriter, verb: str) -> str:
        if verb == "EHLO":
            offered = list(self.extensions)
            if self.tls and not self.is_implicit and not writer.get_extra_info("ssl_object"):
                offered.append("STARTTLS")
            return "\r\n".join([f"250-{item}" for item in ("test.example", *offered)] + ["250 HELP"])
        return {"AUTH": "235 2.7.0 welcome", "QUIT": "221 bye"}.get(verb, "250 2.0.0 ok")

    async def _data(self, peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        action = self.script(peer, "BODY", peer.recipient)
        if action is not HONEST:
            await reader.read(100)
            await self._act(writer, action)
            if action[:1].isdigit():
                raise _GoneError
        if await _is_lone_dot(reader):
            self.lone_dots += 1
            await self._act(writer, "554 5.5.1 no valid recipients")
            return
        content = await reader.readuntil(b"\r\n.\r\n")
        self.seen.append(peer.recipient)
        if self.delay:
            await asyncio.sleep(self.delay)
        action = self.script(peer, "DOT", peer.recipient)
        reply = action or f"250 2.0.0 queued as {len(self.accepted):X} for <{peer.recipient}>"
        if _text(reply).startswith("2"):
            self.accepted.append(peer.recipient)
            self.messages.append(content)
            peer.accepted += 1
        peer.verbs.append("DOT")
        await self._act(writer, reply)

    async def _answer(self, peer: Peer, writer: asyncio.StreamWriter, verb: str, argument: str, honest: str) -> int:
        peer.verbs.append(verb)
        action = self.script(peer, verb, argument) or honest
        await self._act(writer, action)
        code = _text(action)[:3]
        return int(code) if code.isdigit() else 0

    async def _act(self, writer: asyncio.StreamWriter, action: str) -> None:
        if action == SILENCE:
            await asyncio.sleep(3600)
        if action == CLOSE:
            raise _GoneError
        if action == RESET:
            opened = writer.get_extra_info("socket")
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            raise _GoneError
        for piece in _pieces(action):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.002 * action.startswith(HALVES))
        if _text(action).startswith("421"):
            raise _GoneError


def _text(action: str) -> str:
    return action.removeprefix(HALVES).removeprefix(LONG)


def _pieces(action: str) -> list[bytes]:
    reply = _text(action).encode() + b"\r\n"
    if action.startswith(HALVES):
        return [reply[: len(reply) // 2], reply[len(reply) // 2 :]]
    if action.startswith(LONG):
        return [(reply[:3] + b"-" + b"x" * 1000 + b"\r\n") * 1000, reply]
    return [reply]


async def _is_lone_dot(reader: asyncio.StreamReader) -> bool:
    first = await reader.readexactly(3)
    if first == b".\r\n":
        return True
    reader._buffer[:0] = first
    return False


class _GoneError(Exception):
    """The script closed this connection."""


def at(verb: str, action: str, *, recipient: str = "", times: int = 10**9) -> Script:
    """A script that answers `verb` with `action`, so many times, for one recipient or all; else honestly."""
    left = [times]

    def script(peer: Peer, now: str, argument: str) -> str | None:
        if now != verb or left[0] <= 0 or (recipient and recipient not in (peer.recipient + argument)):
            return HONEST
        left[0] -= 1
        return action

    return script


@dataclass(frozen=True)
class Authority:
    """A certificate authority made for one test, and a server's certificate by it."""

    folder: Path

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.pem"

    def server(self, name: str = "server") -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        return context


def make_authority(folder: Path, host: str = "localhost") -> Authority:
    """An authority with a certificate for `host` and 127.0.0.1, by the openssl command."""
    folder.mkdir(parents=True, exist_ok=True)
    _openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=Test Authority", "-keyout", "ca.key", "-out", "ca.pem")  # fmt: skip
    _openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-subj", f"/CN={host}", "-keyout", "server.key", "-out", "server.csr")  # fmt: skip
    names = f"subjectAltName=DNS:{host}" + (",IP:127.0.0.1" if host == "localhost" else "")
    (folder / "names.cnf").write_text(names + "\n")
    _openssl(folder, "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
             "-days", "2", "-extfile", "names.cnf", "-out", "server.pem")  # fmt: skip
    return Authority(folder)


def _openssl(folder: Path, *arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@contextmanager
def nothing_listens() -> Iterator[int]:
    """A port that refuses connections."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
