"""The lines whose state is kept in the store, so that limits and pushbacks hold over runs and processes (edge)."""

from sqlalchemy import Connection, Engine

from newsletter.delivery.pacing import SECOND, microseconds
from newsletter.delivery.receivers import Receivers
from newsletter.store import pace
from subscribers.transactions import reading, writing

QUEUE_LOOK = 10 * SECOND
"""How often to look whether those who make up a queue are still there."""


class KeptLines:
    """Takes over what other runs wrote, and writes what this one changed; in the transaction of the caller."""

    def __init__(self, receivers: Receivers, engine: Engine) -> None:
        self._receivers = receivers
        self._looked_at = 0
        for name in pace.every_name(engine):  # groups that were slow when the last run ended
            if name in receivers.groups.values():
                receivers.made(name)
        if limited := {line.name: line.state for line in receivers.every() if line.is_public and line.limits}:
            with writing(engine) as connection:
                pace.begin(connection, limited)
        with reading(engine) as connection:
            self.load(connection, 0)

    def load(self, connection: Connection, at: int) -> None:
        """What is known at the instant `at`, locked for this transaction."""
        lines = {line.name: line for line in self._receivers.every() if line.is_public}
        for name, state in pace.load(connection, lines).items():
            lines[name].restore(state)
        if at:
            self._mend(connection, at)

    def save(self, connection: Connection) -> None:
        """Write down the lines whose names may stand in the store."""
        every = self._receivers.every()
        kept = {line.name: line.state for line in every if line.is_public and (line.limits or line.changed)}
        pace.save(connection, kept)

    def _mend(self, connection: Connection, at: int) -> None:
        """No line waits for a clock that was wrong, or behind those who are gone: their job stopped, or was ended."""
        every = list(self._receivers.every())
        for line in every:
            line.come_near(at)
        if at - self._looked_at < QUEUE_LOOK or not any(line.has_queue(at) for line in every):
            return
        self._looked_at = at
        last = pace.last_slot(connection)
        for line in every:
            line.end_queue(microseconds(last) if last else 0)
