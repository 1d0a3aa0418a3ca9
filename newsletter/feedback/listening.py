"""Taking mail from the organisation's server, by LMTP or SMTP (edge; RFC 2033, RFC 5321).

Only mail for our own mailboxes and for addresses that we signed is taken (A18). 250 is said after the mail is on the
disk, fsynced: what was acknowledged survives a power cut, what was not is sent again. No mail is ever sent from here.
"""

import asyncio
import logging
import os
import socket
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import cast

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from newsletter.config_feedback import Listen
from subscribers.errors import ConfigurationError, ServiceError

LONGEST_LINE = 64 * 1024
"""Octets; more than RFC 5321 allows, since other programs write longer ones."""
MOST_COMMANDS = 100
"""Of each kind in one session; a server that sends many mails opens another."""
MOST_RECIPIENTS = 10
STOP_TURNS = 100
"""Of ten milliseconds each: how long to wait until aborted sessions have gone."""
COMPLAIN_SECONDS = 60.0
"""Between two lines in the log about mails that could not be kept."""
UNIX = "unix:"
TAKEN = "250 2.0.0 kept"

Keep = Callable[[bytes, tuple[str, ...]], object]
"""Keeps a mail for these recipients durably; raises OSError."""

log = logging.getLogger("newsletter.feedback")


class Taker:
    """aiosmtpd's handler: which recipients are ours, and keeping a mail before it is acknowledged."""

    def __init__(self, takes: Callable[[str], bool], keep: Keep, *, is_lmtp: bool) -> None:
        self._takes, self._keep, self._is_lmtp = takes, keep, is_lmtp
        self._complained_at: float | None = None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take known recipients only; LMTP takes one per message, so that each answer is about one."""
        if len(envelope.rcpt_tos) >= (1 if self._is_lmtp else MOST_RECIPIENTS):
            return "452 4.5.3 too many recipients"
        if not self._takes(address):
            return "550 5.1.1 no such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 known"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the mail, then say so; 452 if that is not possible, so that the server tries again."""
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        trace = f"Return-Path: <{(envelope.mail_from or '').strip('<>')}>\r\n".encode("utf-8", "replace")
        try:
            await asyncio.to_thread(self._keep, trace + content, tuple(envelope.rcpt_tos))
        except OSError as error:
            self._complain(error.strerror)
            return "452 4.3.1 cannot be kept at the moment"
        return TAKEN

    def _complain(self, why: str | None) -> None:
        """Once in a while: a server that tries again and again must not fill the log as well."""
        if self._complained_at is None or time.monotonic() - self._complained_at >= COMPLAIN_SECONDS:
            self._complained_at = time.monotonic()
            log.error("a mail could not be kept, and the server was asked to try again: %s", why)

    async def handle_exception(self, _error: Exception) -> str:
        """A fault of ours loses no mail: the server keeps it and comes back."""
        log.error("a session failed: %s", type(_error).__name__)
        return "451 4.3.0 an error here; try again"


class _Smtp(SMTP):
    """SMTP that takes long lines and says when its session has ended."""

    line_length_limit = LONGEST_LINE
    ended: Callable[[SMTP], None]

    def connection_lost(self, error: Exception | None) -> None:
        """The session is over, whoever ended it."""
        super().connection_lost(error)
        self.ended(self)


class _Lmtp(_Smtp, LMTP):
    """The same for LMTP."""


class _Busy(asyncio.Protocol):
    """Tells a connection too many to come back."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say so, and close."""
        open_transport = cast("asyncio.Transport", transport)
        open_transport.write(b"421 4.3.2 too many connections, come back later\r\n")
        open_transport.close()


class Listener:
    """Listens at one address until stopped; made and run in one event loop."""

    def __init__(self, settings: Listen, takes: Callable[[str], bool], keep: Keep) -> None:
        self._settings = settings
        is_lmtp = settings.protocol == "lmtp"
        self._kind = _Lmtp if is_lmtp else _Smtp
        self._handler = Taker(takes, keep, is_lmtp=is_lmtp)
        self._sessions: set[SMTP] = set()
        self._socket = bind(settings)
        self._server: asyncio.Server | None = None

    @property
    def where(self) -> str:
        """The address it listens at, with the port that was given to it."""
        name = self._socket.getsockname()
        return f"{UNIX}{name}" if isinstance(name, str) else "{}:{}".format(*name[:2])

    async def start(self) -> None:
        """Begin to take mail."""
        self._server = await asyncio.get_running_loop().create_server(self._session, sock=self._socket)

    async def stop(self) -> None:
        """Take no more connections, drop those there are; a mail without its 250 is sent again by the server."""
        asyncio.get_running_loop().remove_reader(self._socket)
        await asyncio.sleep(0.01)  # a connection that is being accepted when a server closes is never closed by asyncio
        if self._server:
            self._server.close()
        for _ in range(STOP_TURNS):
            for session in self._sessions:
                if session.transport:
                    cast("asyncio.Transport", session.transport).abort()
            await asyncio.sleep(0.01)
            if not self._sessions:
                break
        _remove_socket(self._settings)

    def _session(self) -> asyncio.BaseProtocol:
        if len(self._sessions) >= self._settings.connections:
            return _Busy()
        session = self._kind(
            self._handler,
            hostname="localhost",
            ident="newsletter feedback",
            enable_SMTPUTF8=True,
            data_size_limit=self._settings.megabytes * 1024 * 1024,
            timeout=self._settings.seconds,
            command_call_limit=MOST_COMMANDS,
            loop=asyncio.get_running_loop(),
        )
        session.ended = self._sessions.discard
        self._sessions.add(session)
        return cast("asyncio.BaseProtocol", session)


def bind(settings: Listen) -> socket.socket:
    """A listening socket at the configured address; raises ConfigurationError or ServiceError."""
    try:
        opened = _unix(settings) if settings.address.startswith(UNIX) else _tcp(settings)
    except OSError as error:
        raise ServiceError(
            f"it is not possible to listen there: {error.strerror}",
            where=settings.address,
            remedy="choose another address in [feedback.listen]",
        ) from None
    opened.listen(settings.connections)
    opened.setblocking(False)
    return opened


def _tcp(settings: Listen) -> socket.socket:
    host, _, port = settings.address.rpartition(":")
    found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
    family, _kind, _protocol, _name, address = found[0]
    is_loopback = str(address[0]).startswith("127.") or address[0] == "::1"
    if settings.protocol == "lmtp" and not is_loopback:
        raise ConfigurationError(
            "LMTP is for this machine: it has no way to protect what it carries",
            where=f"[feedback.listen] address = {settings.address!r}",
            remedy='listen at 127.0.0.1, or let a mail server here take the mail; or set protocol = "smtp"',
        )
    # The protocol by number: asyncio turns Nagle's waiting off only for sockets that say they are TCP.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
    except OSError:
        opened.close()
        raise
    return opened


def _unix(settings: Listen) -> socket.socket:
    """A socket that its owner and its group may use; one that a process left behind is replaced."""
    path = Path(settings.address.removeprefix(UNIX))
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode) and not _is_answered(path):
        path.unlink()
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o117)
    try:
        opened.bind(str(path))
    except OSError:
        opened.close()
        raise
    finally:
        os.umask(before)
    return opened


def _is_answered(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trying:
        try:
            trying.connect(str(path))
        except OSError:
            return False
    return True


def _remove_socket(settings: Listen) -> None:
    if settings.address.startswith(UNIX):
        with suppress(OSError):
            Path(settings.address.removeprefix(UNIX)).unlink()
