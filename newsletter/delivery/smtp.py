"""Opening a session with a relay: TCP, TLS with verification, AUTH and EHLO by aiosmtplib (edge; A22, A26).

There is no plaintext fallback: with `starttls` a server that does not offer it, or answers it with anything but a
verified TLS connection, gets neither password nor mail. What it said before TLS is forgotten (RFC 3207 section 4.2).
"""

import asyncio
import os
import socket
import ssl
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal, cast

import aiosmtplib

from newsletter.config import Configuration
from newsletter.config_lists import MailingList
from newsletter.config_relays import Relay
from newsletter.delivery.access_token import TokenSource, token_source
from newsletter.delivery.dialogue import Dialogue
from newsletter.delivery.session import Session, Timeouts
from subscribers.errors import ConfigurationError, NewsletterError, ServiceError


class RelayError(ServiceError):
    """No session with the relay. `is_lasting`: trying again without changing something is no use."""

    def __init__(self, what: str, *, where: str, remedy: str, is_lasting: bool) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.is_lasting = is_lasting


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The server that takes our mail, and who we are there."""

    host: str
    port: int
    security: Literal["none", "starttls", "tls"]
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    hello_name: str = ""
    token: TokenSource | None = field(default=None, repr=False, compare=False)
    """Sign in by XOAUTH2 instead of a password."""
    require_tls: bool = False
    """The list demands REQUIRETLS: a server without it gets no mail (RFC 8689)."""

    def __str__(self) -> str:
        return f"relay {self.host}:{self.port}"


def endpoint_of(configuration: Configuration, relay: Relay, mailing_list: MailingList | None = None) -> Endpoint:
    """What the configuration says of `relay`, the password read from its file, for the mail of this list or of any."""
    return Endpoint(
        host=relay.host,
        port=relay.port,
        security=relay.security,
        username=relay.username or "",
        password=configuration.relay_password(relay),
        ca_file=configuration.folder / relay.ca_file if relay.ca_file else None,
        hello_name=relay.hello_name or "",
        token=token_source(configuration, relay),
        require_tls=bool(mailing_list and mailing_list.require_tls),
    )


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
        raise _unusable(endpoint) from None
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
        raise _explain(error, endpoint) from None
    return _take_over(client, endpoint, timeouts)


async def _drop(client: aiosmtplib.SMTP, opened: socket.socket) -> None:
    """Close at once, without a TLS farewell that the other side may never answer."""
    transport = cast("asyncio.Transport | None", client.transport)
    client.close()
    if transport:
        transport.abort()
    opened.close()
    await asyncio.sleep(0)  # let the transport hear of it before the loop may end


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
        raise _lasting("it does not offer REQUIRETLS, which the list demands", endpoint, remedy)


def _take_over(client: aiosmtplib.SMTP, endpoint: Endpoint, timeouts: Timeouts) -> Session:
    """From here on replies come to us; nothing is awaited in between, so none is missed."""
    transport = cast("asyncio.Transport | None", client.transport)
    if transport is None or transport.is_closing():
        raise _temporary("the relay closed the connection after the greeting", endpoint)
    if endpoint.security != "none" and transport.get_extra_info("ssl_object") is None:
        transport.abort()
        raise _lasting("the connection is not protected", endpoint, "ask the relay's operator about TLS")
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
        raise _lasting("no such host name or port can exist", endpoint, "mend host and port") from None
    except (OSError, TimeoutError) as error:
        problem = error
    cause = "no answer in time" if isinstance(problem, TimeoutError) else _os_words(problem)
    raise _temporary(f"it cannot be reached: {cause}", endpoint) from None


def _os_words(problem: Exception | None) -> str:
    """What the system says; asyncio puts its own sentence where the system's would stand."""
    if isinstance(problem, socket.gaierror):
        return "its name cannot be resolved"
    number = getattr(problem, "errno", None)
    return os.strerror(number) if number else "no address"


def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError, ValueError) as error:
        raise ConfigurationError(
            f"ca_file cannot be used: {getattr(error, 'strerror', None) or type(error).__name__}",
            where=str(ca_file),
            remedy="name a file with the certificate of the authority, in PEM form",
        ) from None


def _explain(error: Exception, endpoint: Endpoint) -> RelayError:
    """The failure in words; texts of the server are left out, since they may repeat what we sent."""
    causes = (error, error.__cause__, error.__context__)
    certificate = next((item for item in causes if isinstance(item, ssl.SSLCertVerificationError)), None)
    if certificate:
        remedy = "use the host name that the certificate has, or name its authority with ca_file"
        return _lasting(f"its certificate is not valid: {certificate.verify_message}", endpoint, remedy)
    if any(isinstance(item, ssl.SSLError) for item in causes):
        return _lasting("TLS fails", endpoint, "check port and security: 465 is tls, 587 is starttls")
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _refused(error, endpoint)
    if isinstance(error, ValueError):
        return _unusable(endpoint)
    if isinstance(error, OSError | asyncio.IncompleteReadError):  # aiosmtplib's losses are OSErrors
        return _temporary("it closed the connection, or did not answer, before the session was ready", endpoint)
    return _missing(str(error), endpoint)


def _unusable(endpoint: Endpoint) -> RelayError:
    remedy = "check host, hello_name, username and password: one line each, hello_name a host name"
    return _lasting("a setting of this relay cannot be used in a session", endpoint, remedy)


def _missing(text: str, endpoint: Endpoint) -> RelayError:
    """Aiosmtplib says in words what the server does not offer."""
    if endpoint.token and "XOAUTH2" in text:
        remedy = 'use auth = "password", or ask the relay\'s operator'
        return _lasting("it does not offer to sign in with a token (XOAUTH2)", endpoint, remedy)
    if "AUTH" in text or "authentication" in text:  # without TLS it speaks of STARTTLS too
        return _lasting("it offers no way to log in", endpoint, "remove username, or check port and security")
    if "STARTTLS" in text:
        return _lasting("it does not offer STARTTLS", endpoint, "no mail leaves unprotected; check port and security")
    return _lasting("it does not talk SMTP as expected", endpoint, "check host and port")


def _refused(error: aiosmtplib.SMTPResponseException, endpoint: Endpoint) -> RelayError:
    if error.code < 0:  # aiosmtplib's number for what is no reply at all
        return _missing("", endpoint)
    is_password = isinstance(error, aiosmtplib.SMTPAuthenticationError)
    if is_password and endpoint.token:  # perhaps it ran out this minute: the next session gets a new one
        what = f"it refuses the access token ({error.code})"
        remedy = "check that the token is for this username and for sending mail, and that it is renewed in time"
        return RelayError(what, where=str(endpoint), remedy=remedy, is_lasting=False)
    if 400 <= error.code < 500:  # noqa: PLR2004 - 4yz: not now
        what = "it cannot check the password at the moment" if is_password else "it does not want us at the moment"
        return _temporary(f"{what} ({error.code})", endpoint)
    if is_password:
        what = f"it refuses the user name or password ({error.code})"
        return _lasting(what, endpoint, "check username and password")
    return _lasting(f"it refuses the session ({error.code})", endpoint, "ask the relay's operator")


def _temporary(what: str, endpoint: Endpoint) -> RelayError:
    remedy = "start the relay or mend host and port, then run the command again"
    return RelayError(what, where=str(endpoint), remedy=remedy, is_lasting=False)


def _lasting(what: str, endpoint: Endpoint, remedy: str) -> RelayError:
    return RelayError(what, where=str(endpoint), remedy=remedy, is_lasting=True)


@cache
def _own_name() -> str:
    """Our name for EHLO: the machine's full name, or an address literal if that is none (RFC 5321 section 4.1.4)."""
    name = socket.getfqdn()
    return name if name.isascii() and "." in name else "[127.0.0.1]"
