"""Asks the web once for each target of an issue: an edge. HEAD, then GET where that is refused.

Polite: one question at a time to a host with a pause between, a name of our own, no cookies, at most five redirects,
and an end to it all. Private addresses are refused before a connection is made, also where a redirect leads to one:
an issue from somebody else must not feel out our network.
"""

import http.client
import socket
import ssl
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import SplitResult, urljoin, urlsplit

from newsletter import __version__
from newsletter.preflight.online import Answer, Trouble

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_REFUSES_HEAD = 400


@dataclass(frozen=True, kw_only=True)
class Manners:
    """How the web is asked; the times are in seconds."""

    user_agent: str = f"newsletter-check/{__version__} (checks the links of a newsletter before it is sent)"
    pause: float = 0.5
    """Between two questions to one host."""
    timeout: float = 10
    """For one connection."""
    limit: float = 60
    """For all of it."""
    redirects: int = 5
    hosts_at_once: int = 8
    may_ask: Callable[[str], bool] = field(default=lambda address: ip_address(address).is_global)
    """Whether an IP address may be contacted; a test allows its own server."""


class _Stopped(Exception):  # noqa: N818 - it ends a question, it is no error
    """The question has its answer without a status."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble)
        self.trouble = trouble


@dataclass(frozen=True)
class _Response:
    status: int
    location: str


def ask(targets: Iterable[str], manners: Manners | None = None) -> dict[str, Answer]:
    """An answer for each target, in the order given; hosts in parallel, the pages of one host one by one."""
    manners = manners or Manners()
    wanted = list(targets)
    end = time.monotonic() + manners.limit
    hosts: dict[str, list[str]] = defaultdict(list)
    for target in wanted:
        hosts[urlsplit(target).hostname or ""].append(target)
    with ThreadPoolExecutor(max_workers=manners.hosts_at_once) as pool:
        found = pool.map(lambda pages: _ask_host(pages, manners, end), hosts.values())
        answers = {target: answer for pages in found for target, answer in pages.items()}
    return {target: answers[target] for target in wanted}


def _ask_host(pages: list[str], manners: Manners, end: float) -> dict[str, Answer]:
    answers = {}
    for number, page in enumerate(pages):
        if number:
            time.sleep(max(0.0, min(manners.pause, end - time.monotonic())))
        answers[page] = _ask_page(page, manners, end)
    return answers


def _ask_page(page: str, manners: Manners, end: float) -> Answer:
    """Follow redirects to the status that a reader would see."""
    address, is_permanent = page, True
    try:
        for _ in range(manners.redirects + 1):
            response = _question(address, manners, end)
            if response.status not in _REDIRECTS or not response.location:
                moved = address if address != page else ""
                return Answer(status=response.status, end=moved, is_permanent=bool(moved) and is_permanent)
            is_permanent = is_permanent and response.status in _PERMANENT
            address = urljoin(address, response.location)
    except _Stopped as stopped:
        return Answer(trouble=stopped.trouble)
    return Answer(trouble=Trouble.LOOP)


def _question(address: str, manners: Manners, end: float) -> _Response:
    """HEAD; what refuses that is asked again with GET, of which only the head is read."""
    response = _request("HEAD", address, manners, end)
    if response.status < _REFUSES_HEAD:
        return response
    time.sleep(max(0.0, min(manners.pause, end - time.monotonic())))
    return _request("GET", address, manners, end)


def _request(method: str, address: str, manners: Manners, end: float) -> _Response:
    """One question; raises _Stopped."""
    parts = urlsplit(address)
    left = end - time.monotonic()
    if left <= 0:
        raise _Stopped(Trouble.NOT_ASKED)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise _Stopped(Trouble.REFUSED)
    try:
        connection = _connection(parts, _public_address(parts, manners), min(manners.timeout, left))
        try:
            return _spoken(connection, method, parts, manners)
        finally:
            connection.close()
    except ssl.SSLCertVerificationError:
        raise _Stopped(Trouble.CERTIFICATE) from None
    except TimeoutError:
        raise _Stopped(Trouble.TIMEOUT) from None
    except (OSError, http.client.HTTPException, ValueError):
        raise _Stopped(Trouble.REFUSED) from None


def _public_address(parts: SplitResult, manners: Manners) -> str:
    """The IP address of the host; raises _Stopped if there is none, or none that may be asked."""
    try:
        found = socket.getaddrinfo(parts.hostname, _port(parts), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise _Stopped(Trouble.NO_HOST) from None
    addresses = [str(entry[4][0]) for entry in found]
    allowed = [address for address in addresses if manners.may_ask(address)]
    if not allowed:
        raise _Stopped(Trouble.PRIVATE)
    return allowed[0]


def _connection(parts: SplitResult, address: str, timeout: float) -> http.client.HTTPConnection:
    """Connected to the address that was judged, not to a name that could mean another one a moment later."""
    host = parts.hostname or ""
    connection = http.client.HTTPConnection(host, _port(parts), timeout=timeout)
    stream = socket.create_connection((address, _port(parts)), timeout)
    if parts.scheme == "https":
        stream = ssl.create_default_context().wrap_socket(stream, server_hostname=host)
    connection.sock = stream
    return connection


def _spoken(connection: http.client.HTTPConnection, method: str, parts: SplitResult, manners: Manners) -> _Response:
    path = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
    headers = {"User-Agent": manners.user_agent, "Accept": "*/*", "Connection": "close"}
    connection.request(method, path if path.startswith("/") else f"/{path}", headers=headers)
    response = connection.getresponse()
    return _Response(response.status, response.getheader("Location", "") or "")


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)
