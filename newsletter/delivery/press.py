"""Messages written ahead of the connections, some at a time: in a row that takes half as long as one by one (edge)."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from newsletter.delivery.attempt import Letter
from newsletter.delivery.feeder import Feeder
from newsletter.delivery.outcome import Event, Outcome
from newsletter.delivery.retry import Reason
from newsletter.delivery.stock import Held
from newsletter.store.claims import Claimed
from subscribers.errors import InputError

MOST = 32
"""Messages written ahead, over all connections."""
OCTETS = 1024 * 1024
"""And no more than this, as far as the last one tells."""


@dataclass(slots=True, eq=False)
class Item:
    """A delivery and its message, on the way to a connection or in its hands."""

    held: Held
    letter: Letter
    written_for: Claimed
    """What the message was written from; what is known of the person may have changed since."""
    has_token: bool = False
    """The throttle let it go already."""
    is_noted: bool = False
    """The journal says that its dot is about to be written."""


class Press:
    """Takes from the feeder, writes, and hands out in the same order."""

    def __init__(self, feeder: Feeder, write: Callable[[Claimed], Letter], refuse: Callable[[Outcome], None]) -> None:
        """`refuse` is told of deliveries for which no message can be written."""
        self._feeder, self._write, self._refuse = feeder, write, refuse
        self._ready: deque[Item] = deque()
        self._ahead = 1

    async def take(self) -> Item | None:
        """The next message; None if there is none left, or the run stops."""
        while (item := self.take_now()) is None:
            if (held := await self._feeder.take()) is None:
                return None
            self._put(held)
        return item

    def take_now(self) -> Item | None:
        """The next message, if it can be had without waiting for the store."""
        if not self._ready:
            self._write_ahead()
        while self._ready and self._feeder.may_take:
            item = self._ready.popleft()
            if not item.held.is_out:
                return item
        return None

    def give_back(self) -> None:
        """Put what nobody took back into the stock, in its order."""
        while self._ready:
            self._feeder.put_back(self._ready.pop().held)

    def _write_ahead(self) -> None:
        for _ in range(self._ahead):
            if (held := self._feeder.take_now()) is None:
                return
            self._put(held)

    def _put(self, held: Held) -> None:
        """Write one; a value that cannot stand in a message refuses this one, and the others get theirs."""
        try:
            letter = self._write(held.claimed)
        except (ValueError, InputError):
            self._refuse(Outcome(delivery=held.claimed.delivery, event=Event.REFUSE, reason=Reason.UNWRITABLE))
            return
        self._ahead = max(1, min(MOST, OCTETS // max(1, len(letter.message))))
        self._ready.append(Item(held, letter, held.claimed))
