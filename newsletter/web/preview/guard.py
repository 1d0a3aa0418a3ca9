"""Who may ask: nobody without the token, and no page of another site that had its name point at this machine.

The token is the first part of every path. An answer to anyone else says nothing about what is here.
"""

from hmac import compare_digest

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

REFUSED = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
FORBIDDEN = "Open the address that `newsletter preview` printed; it ends in a token that belongs to this run.\n"
MISDIRECTED = "This program answers to its own address only.\n"


def hosts_of(port: int) -> frozenset[bytes]:
    """The values of Host that mean this server."""
    names = ("127.0.0.1", "localhost")
    return frozenset(f"{name}:{port}".encode() for name in names) | frozenset(
        name.encode()
        for name in names
        if port == 80  # noqa: PLR2004 - the port that browsers leave out
    )


class Guard:
    """ASGI middleware before everything else; takes the token off the path."""

    def __init__(self, app: ASGIApp, *, token: str, hosts: frozenset[bytes]) -> None:
        self._app = app
        self._token = token.encode()
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what comes from here and knows the token."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        hosts = [value.lower() for name, value in scope["headers"] if name == b"host"]
        given, _, rest = scope["path"].removeprefix("/").partition("/")
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            await PlainTextResponse(MISDIRECTED, 421, REFUSED)(scope, receive, send)
        elif not compare_digest(given.encode("utf-8", "surrogateescape"), self._token):
            await PlainTextResponse(FORBIDDEN, 403, REFUSED)(scope, receive, send)
        else:
            await self._app({**scope, "path": f"/{rest}", "raw_path": f"/{rest}".encode()}, receive, send)
