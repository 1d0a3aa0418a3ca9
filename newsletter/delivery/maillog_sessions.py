"""Which message a broken connection to Postfix threw away: its lines name the process, not the queue id. Pure."""

from dataclasses import dataclass
from typing import TypeAlias

from newsletter.delivery.maillog_lines import Kind, Said

MOST_SESSIONS = 10_000
"""Connections at a time; the oldest is forgotten, and then proves nothing."""

Process: TypeAlias = tuple[str, str, str]


@dataclass(slots=True)
class _Session:
    messages: int = 0
    last: str = ""
    is_cut: bool = False


class Sessions:
    """The connections that are open at this point of a file."""

    def __init__(self) -> None:
        self._open: dict[Process, _Session] = {}

    def forget(self) -> None:
        """What follows is not what came after the lines before it."""
        self._open.clear()

    def follow(self, said: Said) -> str:
        """The queue id of a message that was broken off for certain; empty for none.

        Certain: the connection ended amid a message; as many recipients and contents were given as there are queue
        ids, and one message less was taken. So no queue id is missing, and the last one is of what was not taken.
        """
        process = said.machine, said.instance, said.process
        if said.kind is Kind.CONNECTED:
            if len(self._open) >= MOST_SESSIONS:
                del self._open[next(iter(self._open))]
            self._open[process] = _Session()
        elif session := self._open.get(process):
            return self._go_on(process, session, said)
        return ""

    def _go_on(self, process: Process, session: _Session, said: Said) -> str:
        if said.kind is Kind.OPENED:
            session.messages += 1
            session.last = said.queue_id
            session.is_cut = False
        elif said.kind is Kind.CUT:
            session.is_cut = True
        elif said.kind is Kind.CLOSED:
            del self._open[process]
            if session.is_cut and said.text == f"{session.messages} {session.messages} {session.messages - 1}":
                return session.last
        return ""
