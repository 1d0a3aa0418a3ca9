"""Work on the store after the answer: whether somebody is known must not show in how long the answer takes (B15).

What waits here is lost with the process; nothing was promised but a mail, and who gets none asks again.
"""

import asyncio
import logging
from collections.abc import Callable

from sqlalchemy import Connection

from newsletter.web.storing import Store
from newsletter.web.writer import UnavailableError

CAPACITY = 500
"""Pieces of work that may wait."""
PAUSE = 0.1
"""Seconds before a piece begins: on a busy machine it would compete with the answer that must not show it."""

log = logging.getLogger("newsletter.web")


class Afterwards:
    """Pieces of work for the store that nobody waits for, each a transaction of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tasks: set[asyncio.Task[None]] = set()

    def do(self, work: Callable[[Connection], object]) -> None:
        """Begin `work` soon; raises UnavailableError if too much waits."""
        if len(self._tasks) >= CAPACITY:
            raise UnavailableError
        task = asyncio.get_running_loop().create_task(self._done(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _done(self, work: Callable[[Connection], object]) -> None:
        await asyncio.sleep(PAUSE)
        try:
            await self._store.write(work)
        except UnavailableError:
            log.error("a request for one's own data could not be written")  # noqa: TRY400 - no values of anyone (I7)
