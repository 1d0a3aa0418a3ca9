"""uvicorn around the pages: a socket of our own, limits, no access log of its own, and a clean end."""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from newsletter.web.schedule import Scheduled, Tell, keep_running
from subscribers.errors import ServiceError

HEADER_BYTES = 16 * 1024
HEADER_SECONDS = 10.0
KEEP_ALIVE_SECONDS = 5
CONNECTIONS = 1000
"""Beyond this the answer is 503 at once; each may hold one request."""
GRACE_SECONDS = 10
"""How long requests in flight may take to end when the server stops."""
BACKLOG = 512


class HastyProtocol(H11Protocol):
    """HTTP/1.1 that closes a connection whose request line and headers do not arrive in time.

    uvicorn limits only the pause between requests; without this, strangers who send half a request could hold all
    connections.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn narrows it too
        """Start the clock."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Stop the clock when the headers are complete, start it when another request begins."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_clock()
        super().connection_lost(exc)

    def _watch(self) -> None:
        # Typed as always there, but None until the first complete set of headers.
        cycle: RequestResponseCycle | None = getattr(self, "cycle", None)
        if cycle is not None and not cycle.response_complete:
            self._stop_clock()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def _stop_clock(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None


class _QuietServer(uvicorn.Server):
    """A server whose signals are handled by whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


def bind(host: str, port: int) -> socket.socket:
    """A listening socket, so that a port in use is known before anything starts; raises ServiceError."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        # Named TCP, or asyncio would leave Nagle's algorithm on: 40 ms on every answer where there is no uvloop.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
        except BaseException:
            listener.close()
            raise
    except (socket.gaierror, ValueError):  # a UnicodeError for a label of more than 63 octets
        raise ServiceError(
            "cannot listen: this names no host", where=f"{host[:80]!r}", remedy="mend --host; 127.0.0.1 is usual"
        ) from None
    except OSError as error:
        raise ServiceError(
            f"cannot listen: {error.strerror or type(error).__name__}",
            where=f"{host}:{port}",
            remedy="stop what uses this port, or name another with --port",
        ) from None
    return listener


def new_server(app: ASGIApp) -> uvicorn.Server:
    """A server for `app`; nothing is logged but warnings, and nothing about visitors (I7)."""
    return _QuietServer(
        uvicorn.Config(
            app,
            http=HastyProtocol,
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            log_level=logging.WARNING,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
            h11_max_incomplete_event_size=HEADER_BYTES,
            backlog=BACKLOG,
        )
    )


async def serve(
    app: ASGIApp,
    listener: socket.socket,
    *,
    scheduled: Sequence[Scheduled] = (),
    tell: Tell = print,
    ready: Callable[[], None] = lambda: None,
) -> signal.Signals | None:
    """Serve until SIGINT or SIGTERM, then finish what is in flight; return the signal, None if the server just ended.

    `ready` is called when connections are taken. Call it in the main thread, which receives the signals.
    """
    server, stopping = new_server(app), asyncio.Event()
    caught: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        # A second signal does not wait for slow visitors; what is durable is durable.
        server.force_exit = bool(caught)
        caught.append(number)
        server.should_exit = True
        stopping.set()
        for item in scheduled:
            item.stop()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    work = asyncio.create_task(keep_running(scheduled, stopping, tell))
    listener.listen(BACKLOG)
    ready()
    try:
        await server.serve(sockets=[listener])
    finally:
        stopping.set()
        await work
    return caught[0] if caught else None


def run(
    app: ASGIApp,
    listener: socket.socket,
    *,
    scheduled: Sequence[Scheduled] = (),
    tell: Tell = print,
    ready: Callable[[], None] = lambda: None,
) -> signal.Signals | None:
    """`serve` on an event loop of its own: uvloop's where it exists."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(serve(app, listener, scheduled=scheduled, tell=tell, ready=ready))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
