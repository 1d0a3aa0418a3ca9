"""A man in the middle: a TCP proxy that changes what a mail server says before TLS, and passes TLS on untouched."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from socket import IPPROTO_TCP, SHUT_RDWR, TCP_NODELAY, create_connection, socket

Change = Callable[[bytes], bytes]
"""From what the server said in plain text, a piece at a time, to what the client hears."""


def without_starttls(said: bytes) -> bytes:
    """As if the server had never offered it."""
    return said.replace(b"250-STARTTLS\r\n", b"")


def with_starttls_crossed_out(said: bytes) -> bytes:
    """As some firewalls do."""
    return said.replace(b"STARTTLS", b"XXXXXXXX")


def adding_to_go_ahead(injected: bytes) -> Change:
    """Put plain text behind the answer to STARTTLS, in the same packet (RFC 3207 section 4.2)."""

    def change(said: bytes) -> bytes:
        is_go_ahead = said.startswith(b"220") and b"ESMTP" not in said
        return said + injected if is_go_ahead else said

    return change


class _Pair(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with create_connection(("127.0.0.1", self.server.target)) as server:
            for end in (self.request, server):
                end.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
            back = threading.Thread(target=_forward, args=(server, self.request, self.server.change))
            back.start()
            _forward(self.request, server, _noted(self.server.heard))
            back.join()


class _Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True
    target: int
    change: Change
    heard: list[bytes]


@contextmanager
def tampering(port: int, change: Change) -> Iterator[tuple[int, list[bytes]]]:
    """Stand before 127.0.0.1:`port`; gives the port to connect to, and all that clients send."""
    with _Proxy(("127.0.0.1", 0), _Pair) as proxy:
        proxy.target, proxy.change, proxy.heard = port, change, []
        thread = threading.Thread(target=proxy.serve_forever, daemon=True)
        thread.start()
        yield int(proxy.server_address[1]), proxy.heard
        proxy.shutdown()
        thread.join()


def _noted(heard: list[bytes]) -> Change:
    def change(said: bytes) -> bytes:
        heard.append(said)
        return said

    return change


def _forward(source: socket, target: socket, change: Change) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            is_tls = data[:1] in {b"\x14", b"\x15", b"\x16", b"\x17"}
            target.sendall(data if is_tls and not data[:3].isdigit() else change(data))
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(SHUT_RDWR)
