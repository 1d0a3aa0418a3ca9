"""What the connections of one run share (edge)."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from newsletter.delivery.control import Control, Pace
from newsletter.delivery.endpoint import Endpoint
from newsletter.delivery.feeder import Feeder
from newsletter.delivery.journal import Journal
from newsletter.delivery.press import Press
from newsletter.delivery.recorder import Recorder
from newsletter.delivery.throttle import Bucket
from subscribers.clock import Clock


class Throttle:
    """At most so many messages per second over all connections of a relay."""

    def __init__(self, rate: float | None) -> None:
        self._bucket = Bucket.full(rate, asyncio.get_running_loop().time()) if rate else None

    @property
    def is_limited(self) -> bool:
        """Whether there is any limit."""
        return self._bucket is not None

    def limit(self, rate: float | None) -> None:
        """Another rate from now on."""
        if self._bucket is None and rate is None:
            return
        now = asyncio.get_running_loop().time()
        if self._bucket is None or rate is None:
            self._bucket = Bucket.full(rate, now) if rate else None
        elif rate != self._bucket.rate:
            self._bucket = self._bucket.at_rate(rate, now)

    def wait(self) -> float:
        """Seconds to wait before the next message, which is taken by asking."""
        if self._bucket is None:
            return 0.0
        self._bucket, seconds = self._bucket.take(asyncio.get_running_loop().time())
        return seconds

    def take_now(self) -> bool:
        """Take a message if that needs no waiting; whether it was taken."""
        if self._bucket is None:
            return True
        bucket, seconds = self._bucket.take(asyncio.get_running_loop().time())
        if seconds:
            return False
        self._bucket = bucket
        return True


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What the connections of one run share."""

    control: Control
    feeder: Feeder
    recorder: Recorder
    journal: Journal
    throttle: Throttle
    endpoint: Endpoint
    pace: Pace
    press: Press
    clock: Clock
    expire_after: timedelta
    """How long each delivery is tried, from its own first attempt."""
