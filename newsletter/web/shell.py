"""What stands around every answer: headers, a log line without token or address, and failures kept inside (I7)."""

import logging
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

access = logging.getLogger("newsletter.web.access")
log = logging.getLogger("newsletter.web")

METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
"""Methods that may stand in a log; anything else is a stranger's text."""
HUNG_UP = 499
"""Status in the log when the visitor left before the answer."""
TAKING_POST = ("/u/", "/aanmelden/", "/subscribe/", "/bevestig/", "/voorkeuren/", "/mijn/")
"""Prefixes of paths whose last part is a token or a list, and that take a POST."""

Headers = Mapping[bytes, bytes]
Answered = Callable[[str, str, int], None]
"""Told the name of the route, the method and the status of every request."""


def common_headers(base_url: str, style_hash: str) -> Headers:
    """Headers of every answer that does not set its own: nothing is loaded, framed, sniffed, referred or kept."""
    headers = {
        b"content-security-policy": content_policy(f"'{style_hash}'", "'self'").encode(),
        b"referrer-policy": b"no-referrer",
        b"x-content-type-options": b"nosniff",
        b"x-frame-options": b"DENY",
        b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
        b"cross-origin-opener-policy": b"same-origin",
        b"cross-origin-resource-policy": b"same-origin",
        b"cache-control": b"no-store",
    }
    if urlsplit(base_url).scheme == "https":
        headers[b"strict-transport-security"] = b"max-age=31536000"
    return headers


def content_policy(styles: str, images: str) -> str:
    """A Content-Security-Policy without scripts, third parties or frames."""
    return (
        f"default-src 'none'; style-src {styles}; img-src {images}; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


class Shell:
    """ASGI middleware around the routes. `prefix` is the path of base_url, which a proxy may or may not remove."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        prefix: str,
        headers: Headers,
        failed: Callable[[], Response],
        logs: bool = True,
        answered: Answered = lambda _route, _method, _status: None,
    ) -> None:
        self._app = app
        self._prefix = prefix
        self._headers = headers
        self._failed = failed
        self._logs = logs
        self._answered = answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; anything but HTTP passes through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), HUNG_UP

        async def dress(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": self._dressed(message)}
            await send(message)

        await self._answer(self._local(scope), receive, dress, lambda: status != HUNG_UP)
        self._answered(_route(scope), _method(scope), status)
        if self._logs:
            _write_line(scope, status, time.perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, has_begun: Callable[[], bool]) -> None:
        if scope["method"] == "OPTIONS":
            await Response(status_code=204, headers={"Allow": _allowed(scope["path"])})(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            return
        except Exception as problem:  # noqa: BLE001 - a traceback would carry values; the visitor gets a page
            log.error("%s failed: %s at %s", _route(scope), type(problem).__name__, _place(problem))  # noqa: TRY400 - see above
            if not has_begun():
                await self._failed()(scope, receive, send)

    def _local(self, scope: Scope) -> Scope:
        if self._prefix and scope["path"].startswith(f"{self._prefix}/"):
            scope["path"] = scope["path"].removeprefix(self._prefix)
        return scope

    def _dressed(self, message: Message) -> list[tuple[bytes, bytes]]:
        own = list(message.get("headers", []))
        names = {name.lower() for name, _ in own}
        return own + [item for item in self._headers.items() if item[0] not in names]


def _allowed(path: str) -> str:
    """Methods of a path; the same for every token."""
    takes_post = path.startswith(TAKING_POST) and (path not in TAKING_POST or path == "/mijn/")
    return "GET, HEAD, POST, OPTIONS" if takes_post else "GET, HEAD, OPTIONS"


def _write_line(scope: Scope, status: int, seconds: float) -> None:
    said = {"method": _method(scope), "route": _route(scope), "status": status, "ms": round(seconds * 1000)}
    access.info("%(method)s %(route)s %(status)d %(ms)d ms", said, extra={"event": {"event": "request", **said}})


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in METHODS else "OTHER"


def _route(scope: Scope) -> str:
    """Name of the route that answered, never the path."""
    return getattr(scope.get("endpoint"), "__name__", "none")


def _place(problem: BaseException) -> str:
    """File and line where an exception was raised: enough to find it, and no value of anyone's."""
    traceback = problem.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return f"{traceback.tb_frame.f_code.co_filename}:{traceback.tb_lineno}" if traceback else "unknown"
