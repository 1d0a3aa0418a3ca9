"""Commands and replies on an open connection: an asyncio protocol of our own, without aiosmtplib's (edge).

aiosmtplib connects, does TLS, AUTH and EHLO; then `transport.set_protocol` hands the connection over. Here replies are
read in order as they come, so that commands can be written in groups (RFC 2920).
"""

import asyncio
from collections import deque

from newsletter.delivery.reply import NoReplyError, Reply, ReplyReader


class SessionLostError(Exception):
    """The connection is gone, silent for too long, or talks something that is not SMTP."""


class Dialogue(asyncio.Protocol):
    """Writes with flow control, replies in order."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._reader = ReplyReader()
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._is_paused = False
        self._end = ""

    @property
    def has_unread(self) -> bool:
        """Whether the server said something that nobody waited for."""
        return bool(self._replies)

    @property
    def is_lost(self) -> bool:
        """Whether nothing can be written any more."""
        return bool(self._end) or self._transport.is_closing()

    def data_received(self, data: bytes) -> None:
        """Take bytes off the wire."""
        try:
            self._replies.extend(self._reader.feed(data))
        except NoReplyError as error:
            self._lose(f"the server sent {error}")
            self._transport.abort()
        self._wake()

    def eof_received(self) -> bool:
        """Close our side too."""
        self._lose("the server closed the connection")
        self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember why; replies that came before it can still be read."""
        self._lose(f"the connection was lost ({type(exc).__name__})" if exc else "the connection was closed")
        self._wake()

    def pause_writing(self) -> None:
        """The transport's buffer is full."""
        self._is_paused = True

    def resume_writing(self) -> None:
        """The transport's buffer has room again."""
        self._is_paused = False
        self._wake()

    def write(self, data: bytes) -> None:
        """Hand `data` to the transport; raises SessionLostError if that is too late."""
        if self.is_lost:
            raise SessionLostError(self._end or "the connection is closing")
        self._transport.write(data)

    async def drained(self, seconds: float) -> None:
        """Wait until there is room for more; raises SessionLostError, also after `seconds` without any."""
        async with _Limit(self, seconds, "the server takes no data"):
            while self._is_paused and not self._end:
                await self._woken()
        if self._end:
            raise SessionLostError(self._end)

    async def reply(self, seconds: float) -> Reply:
        """The next reply; raises SessionLostError if none comes within `seconds`."""
        if not self._replies:
            async with _Limit(self, seconds, "the server did not answer in time"):
                while not self._replies and not self._end:
                    await self._woken()
        if not self._replies:
            raise SessionLostError(self._end)
        return self._replies.popleft()

    def abort(self, why: str) -> None:
        """Drop the connection at once; whoever waits hears SessionLostError."""
        self._lose(why)
        self._transport.abort()
        self._wake()

    def close(self) -> None:
        """Close the connection after what was written is out."""
        self._transport.close()

    def _lose(self, why: str) -> None:
        self._end = self._end or why

    async def _woken(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)


class _Limit:
    """Abort the dialogue if its body takes longer than so many seconds."""

    def __init__(self, dialogue: Dialogue, seconds: float, why: str) -> None:
        self._dialogue, self._seconds, self._why = dialogue, seconds, why

    async def __aenter__(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._seconds, self._dialogue.abort, self._why)

    async def __aexit__(self, *_: object) -> None:
        self._timer.cancel()
