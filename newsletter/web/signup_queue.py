"""Sign-ups are written by one thread after they were answered, so that no answer tells who is on a list already.

What waits here is lost with the process; nothing was promised but a mail, and who gets none tries again. A store that
does not answer is asked again for a while; meanwhile nothing more is taken.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from sqlalchemy.exc import DBAPIError

from newsletter.web.writer import UnavailableError
from subscribers.errors import NewsletterError
from subscribers.signup import SignUp

CAPACITY = 2000
"""Sign-ups that may wait."""
RETRIES = 30
"""How often a store that does not answer is asked again, a second apart."""

Write: TypeAlias = Callable[[SignUp], object]
"""Takes one sign-up in a transaction of its own."""

log = logging.getLogger("newsletter.web")


class SignUpQueue:
    """One thread that writes sign-ups, in the order in which they came."""

    def __init__(self, write: Write, *, capacity: int = CAPACITY, retries: int = RETRIES, pause: float = 1.0) -> None:
        self._write = write
        self._capacity = capacity
        self._retries = retries
        self._pause = pause
        self._waiting: deque[SignUp] = deque()
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._is_stuck = False
        self._thread = threading.Thread(target=self._run, name="sign-ups")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def put(self, form: SignUp) -> None:
        """Take one; raises UnavailableError if too many wait, the store does not answer, or everything ends."""
        with self._changed:
            is_full = len(self._waiting) >= self._capacity
            if is_full or self._is_stuck or self._closing.is_set() or not self._thread.is_alive():
                raise UnavailableError
            self._waiting.append(form)
            self._changed.notify_all()

    def close(self) -> None:
        """Take nothing more, write what waits, and stop; blocks until that is done."""
        self._closing.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while (form := self._next()) is not None:
            self._see_through(form)

    def _next(self) -> SignUp | None:
        with self._changed:
            self._changed.wait_for(lambda: bool(self._waiting) or self._closing.is_set())
            return self._waiting.popleft() if self._waiting else None

    def _see_through(self, form: SignUp) -> None:
        for _ in range(self._retries + 1):
            try:
                self._write(form)
            except (DBAPIError, NewsletterError) as problem:
                log.error("a sign-up could not be written: %s", type(problem).__name__)  # noqa: TRY400 - no values of anyone (I7)
                self._is_stuck = True
                if self._closing.is_set():
                    return
                time.sleep(self._pause)
            except Exception as problem:  # noqa: BLE001 - a fault of ours with one form must not end the thread
                log.error("a sign-up could not be written: %s", type(problem).__name__)  # noqa: TRY400 - see above
                return
            else:
                self._is_stuck = False
                return
        self._is_stuck = False  # the next one finds out whether the store is back
