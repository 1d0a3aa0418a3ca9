"""Why no session with a relay could be had, in words; texts of the server are left out (edge)."""

import asyncio
import os
import socket
import ssl

import aiosmtplib

from newsletter.delivery.endpoint import Endpoint
from subscribers.errors import ServiceError


class RelayError(ServiceError):
    """No session with the relay. `is_lasting`: trying again without changing something is no use."""

    def __init__(self, what: str, *, where: str, remedy: str, is_lasting: bool) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.is_lasting = is_lasting


def explain(error: Exception, endpoint: Endpoint) -> RelayError:
    """The failure in words; texts of the server are left out, since they may repeat what we sent."""
    causes = (error, error.__cause__, error.__context__)
    certificate = next((item for item in causes if isinstance(item, ssl.SSLCertVerificationError)), None)
    if certificate:
        remedy = "use the host name that the certificate has, or name its authority with ca_file"
        return lasting(f"its certificate is not valid: {certificate.verify_message}", endpoint, remedy)
    if any(isinstance(item, ssl.SSLError) for item in causes):
        return lasting("TLS fails", endpoint, "check port and security: 465 is tls, 587 is starttls")
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _refused(error, endpoint)
    if isinstance(error, ValueError):
        return unusable(endpoint)
    if isinstance(error, OSError | asyncio.IncompleteReadError):  # aiosmtplib's losses are OSErrors
        return temporary("it closed the connection, or did not answer, before the session was ready", endpoint)
    return _missing(str(error), endpoint)


def unusable(endpoint: Endpoint) -> RelayError:
    """A setting that no session can be had with; what it is stands in no message."""
    remedy = "check host, hello_name, username and password: one line each, hello_name a host name"
    return lasting("a setting of this relay cannot be used in a session", endpoint, remedy)


def _missing(text: str, endpoint: Endpoint) -> RelayError:
    """Aiosmtplib says in words what the server does not offer."""
    if endpoint.token and "XOAUTH2" in text:
        remedy = 'use auth = "password", or ask the relay\'s operator'
        return lasting("it does not offer to sign in with a token (XOAUTH2)", endpoint, remedy)
    if "AUTH" in text or "authentication" in text:  # without TLS it speaks of STARTTLS too
        return lasting("it offers no way to log in", endpoint, "remove username, or check port and security")
    if "STARTTLS" in text:
        return lasting("it does not offer STARTTLS", endpoint, "no mail leaves unprotected; check port and security")
    return lasting("it does not talk SMTP as expected", endpoint, "check host and port")


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
        return temporary(f"{what} ({error.code})", endpoint)
    if is_password:
        what = f"it refuses the user name or password ({error.code})"
        return lasting(what, endpoint, "check username and password")
    return lasting(f"it refuses the session ({error.code})", endpoint, "ask the relay's operator")


def temporary(what: str, endpoint: Endpoint) -> RelayError:
    """It may go better later."""
    remedy = "start the relay or mend host and port, then run the command again"
    return RelayError(what, where=str(endpoint), remedy=remedy, is_lasting=False)


def lasting(what: str, endpoint: Endpoint, remedy: str) -> RelayError:
    """Something must be changed first."""
    return RelayError(what, where=str(endpoint), remedy=remedy, is_lasting=True)


def os_words(problem: Exception | None) -> str:
    """What the system says; asyncio puts its own sentence where the system's would stand."""
    if isinstance(problem, socket.gaierror):
        return "its name cannot be resolved"
    number = getattr(problem, "errno", None)
    return os.strerror(number) if number else "no address"
