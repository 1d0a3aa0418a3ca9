"""`newsletter feedback listen`: take mail, and apply it as it comes, until a signal ends it (edge)."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy.exc import DBAPIError

from newsletter.config_feedback import Listen
from newsletter.feedback.inbox import Inbox, Round
from newsletter.feedback.listening import Listener
from newsletter.store.engine import explain
from subscribers.errors import NewsletterError

SIGNALS = (signal.SIGINT, signal.SIGTERM)
LOOK_SECONDS = 60.0
"""How often to look for what an earlier process left, or what could not be applied before."""


class Receiving:
    """One listener and the folder that it fills."""

    def __init__(self, inbox: Inbox, settings: Listen, tell: Callable[[str], None]) -> None:
        self._inbox, self._settings, self._tell = inbox, settings, tell
        self._arrived = asyncio.Event()
        self._stopping = asyncio.Event()
        self._caught: int | None = None

    async def run(self, ready: Callable[[str], None]) -> int | None:
        """Take mail until a signal, which is returned; what was acknowledged is on the disk then."""
        loop = self._loop = asyncio.get_running_loop()
        listener = Listener(self._settings, self._inbox.applier.mailboxes.takes, self._keep)
        for number in SIGNALS:
            loop.add_signal_handler(number, self.stop, number)
        try:
            await listener.start()
            ready(listener.where)
            await self._work()
        finally:
            await listener.stop()
            for number in SIGNALS:
                loop.remove_signal_handler(number)
        return self._caught

    def stop(self, number: int | None = None) -> None:
        """End after the mail that is being applied."""
        self._caught = number
        self._stopping.set()
        self._arrived.set()

    def _keep(self, content: bytes, envelope_to: tuple[str, ...]) -> None:
        """Called in a thread, before 250 is said."""
        self._inbox.take(content, envelope_to)
        self._loop.call_soon_threadsafe(self._arrived.set)

    async def _work(self) -> None:
        while not self._stopping.is_set():
            self._arrived.clear()
            if said := await asyncio.to_thread(self._round):
                self._tell(said)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._arrived.wait()

    def _round(self) -> str:
        """Apply what waits; a failure leaves it waiting and is told."""
        try:
            done = self._inbox.work()
        except DBAPIError as error:
            return f"not applied, tried again in a minute: {explain(error)}"
        except NewsletterError as error:
            return f"not applied, tried again in a minute: {error}"
        except OSError as error:
            return f"not applied, tried again in a minute: {error.strerror}"
        return str(done) if isinstance(done, Round) and (done.total or done.unreadable) else ""
