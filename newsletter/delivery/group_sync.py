"""Waiting until a file is on the disk, many at once: those who come while a sync runs share the next one (edge)."""

import asyncio
import os
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor


class GroupSync:
    """Syncs one file from one event loop, on a thread of its own."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="newsletter-sync")
        self._next: asyncio.Future[None] | None = None
        self._is_running = False

    def done(self) -> Awaitable[None]:
        """To be awaited: all that was written before this call is on the disk; raises OSError if it may not be."""
        if self._next is None:
            loop = asyncio.get_running_loop()
            self._next = loop.create_future()
            if not self._is_running:
                loop.call_soon(self._begin)  # after all who write at this moment
        return self._next

    def close(self) -> None:
        """End the thread; nobody waits any more."""
        self._thread.shutdown(wait=True)

    def _begin(self) -> None:
        asked, self._next = self._next, None
        if asked is None:
            return
        self._is_running = True
        running = asyncio.get_running_loop().run_in_executor(self._thread, os.fdatasync, self._file)
        running.add_done_callback(lambda done: self._end(asked, done))

    def _end(self, asked: asyncio.Future[None], done: asyncio.Future[None]) -> None:
        self._is_running = False
        error = done.exception()
        if asked.cancelled():
            pass
        elif error:
            asked.set_exception(error)
        else:
            asked.set_result(None)
        self._begin()
