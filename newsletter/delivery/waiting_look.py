"""Whose mail waits the most, looked up now and then while a run goes on (edge)."""

import time
from collections.abc import Callable

from sqlalchemy import Engine

from newsletter.delivery.receivers import Receivers
from newsletter.delivery.slowest import Waiting, slowest
from newsletter.store.waiting import waiting_by_domain

SHARE = 100
"""Counting takes at most one part in so many of the time: nothing else is asked of the store meanwhile."""
LEAST_SECONDS = 5.0


class WaitingLook:
    """What is known of it in a run: looked up now and then, on the store's thread."""

    def __init__(
        self, engine: Engine, job: int, receivers: Receivers, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine, self._job, self._receivers, self._seconds = engine, job, receivers, seconds
        self._until = float("-inf")
        self._found: tuple[Waiting, ...] = ()

    def look(self) -> tuple[Waiting, ...]:
        """Whose mail waits the most."""
        began = self._seconds()
        if began >= self._until:
            self._found = slowest(waiting_by_domain(self._engine, self._job), self._receivers)
            ended = self._seconds()
            self._until = ended + max(LEAST_SECONDS, SHARE * (ended - began))
        return self._found
