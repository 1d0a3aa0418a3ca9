"""A TCP proxy whose answers come late: what a distance costs, and time for a process to die in."""

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socket import IPPROTO_TCP, SHUT_RDWR, TCP_NODELAY, create_connection, socket


class _Pair(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with create_connection(("127.0.0.1", self.server.target)) as server:
            for end in (self.request, server):
                end.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
            back = threading.Thread(target=_forward, args=(server, self.request, self.server.delay))
            back.start()
            _forward(self.request, server, 0)
            back.join()


class _Proxy(socketserver.ThreadingTCPServer):
    target: int
    delay: float


@contextmanager
def slow_proxy(port: int, seconds: float) -> Iterator[int]:
    """Forward to 127.0.0.1:`port`; every answer is passed on `seconds` later. Gives the port to connect to."""
    with _Proxy(("127.0.0.1", 0), _Pair) as proxy:
        proxy.target, proxy.delay = port, seconds
        thread = threading.Thread(target=proxy.serve_forever, daemon=True)
        thread.start()
        yield int(proxy.server_address[1])
        proxy.shutdown()
        thread.join()


def _forward(source: socket, target: socket, seconds: float) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            time.sleep(seconds)
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(SHUT_RDWR)
