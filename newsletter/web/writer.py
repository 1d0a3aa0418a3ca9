"""Group commit of endings: one thread writes, whoever waits is answered when its group is durable (A11, I11).

Requests that arrive while a group is being written form the next group, so the cost of reaching the disk is shared:
one fsync of the ledger and one commit per group, however many people leave at the same moment. Nobody is told "you
have left" before both have happened, and nobody is told so if either failed.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TypeAlias

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from newsletter.store.engine import explain
from subscribers.clock import Clock, utc_now
from subscribers.errors import NewsletterError
from subscribers.farewell import queue_leaving_mails
from subscribers.leaving import Request, end_many
from subscribers.ledger_entry import Record
from subscribers.notice import NoticeKind
from subscribers.retention import Policies
from subscribers.subscription import Actor, EndedReason
from subscribers.transactions import writing

GROUP = 500
"""Requests per transaction: well under what one statement may bind, and a few milliseconds of the write lock."""
CAPACITY = 10_000
"""Requests that may wait; beyond it the answer is "try again" at once instead of after a minute."""

NO_MAIL: Mapping[str, NoticeKind] = MappingProxyType({})
"""Nobody who leaves is sent anything."""

Commit: TypeAlias = Callable[[Sequence[Request]], object]
"""Ends the subscriptions of a group; when it returns they are durable, when it raises nothing may be acknowledged."""

log = logging.getLogger("newsletter.web")


class UnavailableError(Exception):
    """The ending could not be made durable; the person must be told to try again."""


def ending(
    engine: Engine,
    policies: Policies,
    record: Record,
    wanted: Mapping[str, NoticeKind] = NO_MAIL,
    clock: Clock = utc_now,
) -> Commit:
    """The Commit of a real store: `record` (the ledger) inside one transaction, before it commits.

    `wanted` names the mail that a list sends to who left, by the list's slug.
    """

    def commit(requests: Sequence[Request]) -> None:
        with writing(engine) as connection:
            ended = end_many(
                connection,
                requests,
                reason=EndedReason.UNSUBSCRIBED,
                actor=Actor.SUBSCRIBER,
                policies=policies,
                record=record,
                source="unsubscribe link",
            )
            queue_leaving_mails(connection, ended, wanted, policies=policies, now=clock())

    return commit


@dataclass(frozen=True, slots=True)
class _Waiting:
    request: Request
    answer: "asyncio.Future[None]"


class EndingsWriter:
    """One thread that commits endings in groups. Start it inside the event loop whose requests wait for it."""

    def __init__(self, commit: Commit, *, group: int = GROUP, capacity: int = CAPACITY) -> None:
        self._commit = commit
        self._group = group
        self._capacity = capacity
        self._queue: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="endings")
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def is_running(self) -> bool:
        """Whether endings are taken."""
        return self._thread.is_alive() and not self._closing

    def start(self) -> None:
        """Begin; call it from the event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def end(self, ref: bytes, arrived_at: datetime) -> None:
        """Return once the ending of `ref`, asked for at `arrived_at`, is durable; raise UnavailableError otherwise.

        Who hangs up while waiting has left all the same.
        """
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._changed:
            if not self.is_running or len(self._queue) >= self._capacity:
                raise UnavailableError
            self._queue.append(_Waiting((ref, arrived_at), answer))
            self._changed.notify()
        await answer

    def close(self) -> None:
        """Take nothing more, write what waits, and stop; blocks until that is done."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while group := self._next_group():
            problem = self._write([item.request for item in group])
            self._tell(group, problem)

    def _next_group(self) -> list[_Waiting]:
        """What waits, at most a group of it; empty only when everything is written and the writer is closing."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._queue) or self._closing)
            return [self._queue.popleft() for _ in range(min(self._group, len(self._queue)))]

    def _write(self, requests: Sequence[Request]) -> Exception | None:
        try:
            self._commit(requests)
        except Exception as problem:  # noqa: BLE001 - whatever it is, nobody may be told that it worked
            log.error("endings could not be written: %s", _cause(problem))  # noqa: TRY400 - no values of ours (I7)
            return problem
        return None

    def _tell(self, group: Sequence[_Waiting], problem: Exception | None) -> None:
        """Answer a whole group with one call into the event loop."""
        if self._loop is None or self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(_answer, group, problem)


def _answer(group: Sequence[_Waiting], problem: Exception | None) -> None:
    for item in group:
        if item.answer.done():
            continue
        if problem is None:
            item.answer.set_result(None)
        else:
            item.answer.set_exception(UnavailableError())


def _cause(problem: Exception) -> str:
    if isinstance(problem, DBAPIError):
        return explain(problem).what
    return problem.what if isinstance(problem, NewsletterError) else type(problem).__name__
