"""The built-in mail catcher: a real SMTP server on this machine that keeps each mail as a file of a Maildir (edge).

For trying things out and for tests: it takes mail for any address and delivers none. It listens on loopback only.
"""

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Self, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from subscribers.errors import InputError, ServiceError

LARGEST_MESSAGE = 32 * 1024 * 1024
"""Octets; offered as SIZE."""


@dataclass
class Maildir:
    """A folder with `tmp`, `new` and `cur`: a mail appears in `new` whole or not at all."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=count, repr=False)
    _run: str = field(default_factory=lambda: secrets.token_hex(4), repr=False)

    def make(self) -> None:
        """Make the folders; raises InputError if that is not possible."""
        try:
            for name in ("tmp", "new", "cur"):
                (self.folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise InputError(
                f"the Maildir cannot be made: {error.strerror}", where=str(self.folder), remedy="name another folder"
            ) from None

    def store(self, content: bytes) -> Path:
        """Write one mail and return its path in `new`; raises OSError if it cannot be kept."""
        name = f"{int(time.time())}.{os.getpid()}_{self._run}_{next(self._numbers)}.newsletter"
        temporary, final = self.folder / "tmp" / name, self.folder / "new" / name
        try:
            temporary.write_bytes(content)
            temporary.rename(final)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        return final


class MaildirHandler:
    """aiosmtpd's handler: envelope on top as Return-Path and Delivered-To, then the message as it came."""

    def __init__(self, maildir: Maildir, on_mail: Callable[[Path], None] | None = None) -> None:
        self._maildir = maildir
        self._on_mail = on_mail

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Offer PIPELINING too: aiosmtpd takes commands one by one from its buffer, so a group is no trouble."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the message, then say so; 452 if it cannot be kept."""
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        trace = [f"Return-Path: <{envelope.mail_from or ''}>", *(f"Delivered-To: {item}" for item in envelope.rcpt_tos)]
        try:
            path = self._maildir.store("\r\n".join([*trace, ""]).encode() + content)
        except OSError as error:
            return f"452 4.3.1 cannot be kept: {error.strerror}"
        if self._on_mail:
            self._on_mail(path)
        return f"250 2.0.0 kept as {path.name}"


class Catcher:
    """Takes mail into the Maildir `folder` while used as a context; `port` 0 takes a free one.

    Raises InputError or ServiceError if it cannot listen or keep mail. `on_mail` is called with the path of each mail,
    from the catcher's thread.
    """

    def __init__(
        self, folder: Path, *, host: str = "127.0.0.1", port: int = 0, on_mail: Callable[[Path], None] | None = None
    ) -> None:
        maildir = Maildir(folder)
        self._handler = MaildirHandler(maildir, on_mail)
        self._socket = _listen(host, port)  # before the folder: who cannot listen leaves nothing behind
        try:
            maildir.make()
        except InputError:
            self._socket.close()
            raise
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._serve, name="newsletter-catcher", daemon=True)
        self._stop = asyncio.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to take mail, in a thread of its own; until then connections wait in the socket's queue."""
        self._thread.start()

    def stop(self) -> None:
        """Drop all connections and end the thread."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._run())

    async def _run(self) -> None:
        sessions: set[SMTP] = set()

        def made() -> SMTP:
            session = SMTP(
                self._handler,
                hostname="localhost",
                enable_SMTPUTF8=True,
                data_size_limit=LARGEST_MESSAGE,
                loop=self._loop,
            )
            sessions.add(session)
            return session

        server = await self._loop.create_server(made, sock=self._socket)
        await self._stop.wait()
        server.close()
        for session in sessions:
            if session.transport:
                cast("asyncio.Transport", session.transport).abort()
        pending = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


def _listen(host: str, port: int) -> socket.socket:
    if host != "localhost" and not _is_loopback(host):
        raise InputError(f"{host} is not an address of this machine alone", remedy="use 127.0.0.1: it takes any mail")
    # The protocol by number: asyncio turns Nagle's waiting off only for sockets that say they are TCP.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise ServiceError(
            f"the catcher cannot listen: {error.strerror}", where=f"{host}:{port}", remedy="choose another port"
        ) from None
    listening.listen(128)
    return listening


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback and address.version == 4  # noqa: PLR2004 - the socket is an IPv4 one
