"""Opening a session with a relay: TCP, TLS with verification, AUTH and EHLO by aiosmtplib (edge; A22, A26).

There is no plaintext fallback: with `starttls` a server that does not offer it, or answers it with anything but a
verified TLS connection, gets neither password nor mail. What it said before TLS is forgotten (RFC 3207 section 4.2).
"""

import asyncio
import socket
import ssl
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import cast

import aiosmtplib

from newsletter.delivery.dialogue import Dialogue
from newsletter.delivery.endpoint import Endpoint
from newsletter.delivery.relay_error import RelayError, explain, lasting, os_words, temporary, unusable
from newsletter.delivery.session import Session
from newsletter.delivery.timeouts import Timeouts
from subscribers.errors import ConfigurationError, NewsletterError

PATIENCE = 200
"""Looks, a millisecond apart, whether a connection that is given up is closed."""


async def open_session(endpoint: Endpoint, timeouts: Timeouts | None = None) -> Session:
    """A session that is ready for MAIL.

    Raises RelayError (no secret in it), ConfigurationError for the CA file, and either for the source of a token.
    """
    timeouts = timeouts or Timeouts()
    context = None if endpoint.security == "none" else _tls_context(endpoint.ca_file)
    name = endpoint.hello_name or await asyncio.to_thread(_own_name)
    opened = await _connect(endpoint, timeouts)
    try:
        client = _client(endpoint, opened, context, name, timeouts.greeting)
    except ValueError:  # what it says may repeat the value
        opened.close()
        raise unusable(endpoint) from None
    try:
        await client.connect()
        await _hello(client)
        _require(client, endpoint)
    except asyncio.CancelledError:
        await _drop(client, opened)
        raise
    except NewsletterError as error:
        await _drop(client, opened)
        if isinstance(error, RelayError | ConfigurationError):
            raise
        raise RelayError(error.what, where=error.where, remedy=error.remedy, is_lasting=False) from None
    except (aiosmtplib.SMTPException, OSError, ValueError, asyncio.IncompleteReadError) as error:
        await _drop(client, opened)
        if endpoint.token and isinstance(error, aiosmtplib.SMTPAuthenticationError):
            endpoint.token.forget()
        raise explain(error, endpoint) from None
    return _take_over(client, endpoint, timeouts)


async def _drop(client: aiosmtplib.SMTP, opened: socket.socket) -> None:
    """Close at once, without a TLS farewell that the other side may never answer, and stay until it is closed.

    aiosmtplib may have closed and forgotten its transport already, which then says that farewell: the socket knows.
    """
    client.close()
    with suppress(OSError):
        opened.shutdown(socket.SHUT_RDWR)
    for _ in range(PATIENCE):
        if opened.fileno() < 0:  # the transport is done with it
            return
        await asyncio.sleep(0.001)
    opened.close()


def _client(
    endpoint: Endpoint, opened: socket.socket, context: ssl.SSLContext | None, name: str, seconds: float
) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(
        hostname=endpoint.host,
        sock=opened,
        username=endpoint.username or None,
        password=endpoint.password if endpoint.username and not endpoint.token else None,
        oauth_token_generator=endpoint.token.token if endpoint.token else None,
        local_hostname=name,
        use_tls=endpoint.security == "tls",
        start_tls=endpoint.security == "starttls",
        tls_context=context,
        timeout=seconds,
    )


async def _hello(client: aiosmtplib.SMTP) -> None:
    if client.is_ehlo_or_helo_needed:
        try:
            await client.ehlo()
        except aiosmtplib.SMTPHeloError:
            await client.helo()


def _require(client: aiosmtplib.SMTP, endpoint: Endpoint) -> None:
    """Raise RelayError if the list demands what the server does not offer, inside TLS."""
    if endpoint.require_tls and "requiretls" not in client.esmtp_extensions:
        remedy = "use a relay that does, or take require_tls out of the list"
        raise lasting("it does not offer REQUIRETLS, which the list demands", endpoint, remedy)


def _take_over(client: aiosmtplib.SMTP, endpoint: Endpoint, timeouts: Timeouts) -> Session:
    """From here on replies come to us; nothing is awaited in between, so none is missed."""
    transport = cast("asyncio.Transport | None", client.transport)
    if transport is None or transport.is_closing():
        raise temporary("the relay closed the connection after the greeting", endpoint)
    if endpoint.security != "none" and transport.get_extra_info("ssl_object") is None:
        transport.abort()
        raise lasting("the connection is not protected", endpoint, "ask the relay's operator about TLS")
    dialogue = Dialogue(transport)
    transport.set_protocol(dialogue)
    return Session(dialogue, dict(client.esmtp_extensions), timeouts)


async def _connect(endpoint: Endpoint, timeouts: Timeouts) -> socket.socket:
    """A TCP connection to the first address that answers; without Nagle's waiting."""
    loop = asyncio.get_running_loop()
    problem: Exception | None = None
    try:
        async with asyncio.timeout(timeouts.connect):
            found = await loop.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
            for family, kind, protocol, _, address in found:
                opened = socket.socket(family, kind, protocol)
                try:
                    opened.setblocking(False)
                    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    await loop.sock_connect(opened, address)
                except BaseException as error:
                    opened.close()
                    if not isinstance(error, OSError):
                        raise
                    problem = error
                else:
                    return opened
    except (ValueError, OverflowError):  # a label of 64 letters, a NUL, a port that is none
        raise lasting("no such host name or port can exist", endpoint, "mend host and port") from None
    except (OSError, TimeoutError) as error:
        problem = error
    cause = "no answer in time" if isinstance(problem, TimeoutError) else os_words(problem)
    raise temporary(f"it cannot be reached: {cause}", endpoint) from None


def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError, ValueError) as error:
        raise ConfigurationError(
            f"ca_file cannot be used: {getattr(error, 'strerror', None) or type(error).__name__}",
            where=str(ca_file),
            remedy="name a file with the certificate of the authority, in PEM form",
        ) from None


@cache
def _own_name() -> str:
    """Our name for EHLO: the machine's full name, or an address literal if that is none (RFC 5321 section 4.1.4)."""
    name = socket.getfqdn()
    return name if name.isascii() and "." in name else "[127.0.0.1]"
