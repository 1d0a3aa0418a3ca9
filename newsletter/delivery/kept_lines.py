"""The lines whose state is kept in the store, so that limits and pushbacks hold over runs and processes (edge)."""

from sqlalchemy import Connection, Engine

from newsletter.delivery.lines import Line
from newsletter.delivery.pacing import SECOND, microseconds, moment
from newsletter.delivery.receivers import Receivers
from newsletter.store import pace
from subscribers.transactions import reading, writing

QUEUE_LOOK = 10 * SECOND
"""How often to look whether those who make up a queue are still there."""


def look_up(receivers: Receivers, engine: Engine, at: int) -> None:
    """Give the lines what the store knows of them at the instant `at`; nothing is locked or written."""
    _know_slow_groups(receivers, engine)
    lines = _public(receivers)
    with reading(engine) as connection:
        for name, state in pace.peek(connection, lines).items():
            lines[name].restore(state)
    for line in receivers.every():
        line.come_near(at)
        line.rise(at)


def _is_lately(then: int, now: int) -> bool:
    """Not if the clock was put back since."""
    return 0 <= now - then < QUEUE_LOOK


def _know_slow_groups(receivers: Receivers, engine: Engine) -> None:
    for name in pace.every_name(engine):  # groups that were slow when the last run ended
        if name in receivers.groups.values():
            receivers.made(name)


def _public(receivers: Receivers) -> dict[str, Line]:
    return {line.name: line for line in receivers.every() if line.is_public}


class KeptLines:
    """Takes over what other runs wrote, and writes what this one changed; in the transaction of the caller."""

    def __init__(self, receivers: Receivers, engine: Engine) -> None:
        self._receivers, self._engine = receivers, engine
        self._looked_at = self._asked_at = 0
        _know_slow_groups(receivers, engine)
        if limited := {line.name: line.state for line in receivers.every() if line.is_public and line.limits}:
            with writing(engine) as connection:
                pace.begin(connection, limited)
        with reading(engine) as connection:
            self.load(connection, 0)

    def load(self, connection: Connection, at: int) -> None:
        """What is known at the instant `at`, locked for this transaction."""
        lines = _public(self._receivers)
        for name, state in pace.load(connection, lines).items():
            lines[name].restore(state)
        if at:
            self._mend(connection, at)

    def ask_again(self, at: int) -> None:
        """Now and then: nobody waits for a slot that a clock gave them which was ahead."""
        if not _is_lately(self._asked_at, at):
            self._asked_at = at
            pace.ask_again(self._engine, moment(at))

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
        if _is_lately(self._looked_at, at) or not any(line.has_queue(at) for line in every):
            return
        self._looked_at = at
        last = pace.last_slot(connection)
        for line in every:
            line.end_queue(microseconds(last) if last else 0)
