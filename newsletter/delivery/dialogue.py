"""Commands and replies on an open connection: an asyncio protocol of our own, without aiosmtplib's (edge).

aiosmtplib connects, does TLS, AUTH and EHLO; then `transport.set_protocol` hands the connection over. Here replies are
read in order as they come, so that commands can be written in groups (RFC 2920).
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from newsletter.delivery.reply import NoReplyError, Reply, ReplyReader

MOST_UNREAD = 16
"""Replies that may lie unread: a group has four, with the dot's. A server that says more is not answering us."""


class SessionLostError(Exception):
    """The connection is gone, silent for too long, or talks something that is not SMTP."""


class Dialogue(asyncio.Protocol):
    """Writes with flow control, replies in order, and a limit to every wait.

    The limit costs next to nothing: one timer per connection, which is moved only when it is due too late.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._reader = ReplyReader()
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._is_paused = False
        self._end = ""
        self._deadline: float | None = None
        self._why = ""
        self._timer: asyncio.TimerHandle | None = None
        self._is_gone = asyncio.Event()

    @property
    def has_unread(self) -> bool:
        """Whether the server said something that nobody waited for."""
        return bool(self._replies)

    def heard(self, number: int, are_expected: Callable[..., bool]) -> bool:
        """Whether exactly so many replies lie unread and are as expected; they are taken then, without waiting."""
        replies = self._replies
        if len(replies) != number or not are_expected(*replies):
            return False
        replies.clear()
        return True

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
        if len(self._replies) > MOST_UNREAD:
            self._flooded()
        self._wake()

    def eof_received(self) -> bool:
        """Close our side too."""
        self._lose("the server closed the connection")
        self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember why; replies that came before it can still be read."""
        self._lose(f"the connection was lost ({type(exc).__name__})" if exc else "the connection was closed")
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._is_gone.set()
        self._wake()

    def pause_writing(self) -> None:
        """The transport's buffer is full."""
        self._is_paused = True

    def resume_writing(self) -> None:
        """The transport's buffer has room again."""
        self._is_paused = False
        self._wake()

    def write(self, *pieces: bytes) -> None:
        """Hand the pieces to the transport, to go out together; raises SessionLostError if that is too late."""
        if self.is_lost:
            raise SessionLostError(self._end or "the connection is closing")
        self._transport.writelines(pieces)

    async def drained(self, seconds: float) -> None:
        """Wait until there is room for more; raises SessionLostError, also after `seconds` without any."""
        self._limit(seconds, "the server takes no data")
        while self._is_paused and not self._end:
            await self._woken()
        self._deadline = None
        if self._end:
            raise SessionLostError(self._end)

    async def reply(self, seconds: float) -> Reply:
        """The next reply; raises SessionLostError if none comes within `seconds`."""
        if not self._replies:
            self._limit(seconds, "the server did not answer in time")
            while not self._replies and not self._end:
                await self._woken()
            self._deadline = None
        if self._replies:
            return self._replies.popleft()
        raise SessionLostError(self._end)

    def abort(self, why: str) -> None:
        """Drop the connection at once; whoever waits hears SessionLostError."""
        self._lose(why)
        self._transport.abort()
        self._wake()

    async def close(self, seconds: float) -> None:
        """Close the connection after what was written is out; wait so long that it is gone when the loop ends."""
        self._transport.close()
        if not self._is_gone.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_gone.wait(), seconds)
        if not self._is_gone.is_set():
            self._transport.abort()
            await asyncio.sleep(0)

    def _flooded(self) -> None:
        """Keep what may be an answer, and end the session."""
        while len(self._replies) > MOST_UNREAD:
            self._replies.pop()
        self._lose("the server says more than it was asked")
        self._transport.abort()

    def _lose(self, why: str) -> None:
        self._end = self._end or why

    async def _woken(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    def _limit(self, seconds: float, why: str) -> None:
        """Abort if the wait that begins now is not over after so many seconds."""
        self._deadline, self._why = self._loop.time() + seconds, why
        if self._timer is None or self._timer.when() > self._deadline:
            self._set_timer(self._deadline)

    def _set_timer(self, when: float) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._expire)

    def _expire(self) -> None:
        self._timer = None
        if self._deadline is None:
            return
        if self._deadline > self._loop.time():
            self._set_timer(self._deadline)
        else:
            self.abort(self._why)
