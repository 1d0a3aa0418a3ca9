"""Reading and changing the store from a page: in a thread, one short transaction each, a failure as "try again"."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from newsletter.web.writer import UnavailableError
from subscribers.clock import Clock
from subscribers.errors import ServiceError
from subscribers.ledger_entry import Record
from subscribers.retention import Policies
from subscribers.transactions import reading, writing

T = TypeVar("T")
InThread: TypeAlias = Callable[[Callable[[], Any]], Awaitable[Any]]


@dataclass(frozen=True, kw_only=True)
class Store:
    """The store as pages use it. `record` is the ledger's append (I11)."""

    engine: Engine
    in_thread: InThread
    record: Record
    policies: Policies
    clock: Clock

    async def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` finds; raises UnavailableError if the store does not answer."""
        return await self.do(partial(self._read, work))

    async def write(self, work: Callable[[Connection], T]) -> T:
        """What `work` did, once it is durable; raises UnavailableError if it was not done."""
        return await self.do(partial(self._write, work))

    async def do(self, work: Callable[[], T]) -> T:
        """The same for work that makes transactions of its own."""
        try:
            done: T = await self.in_thread(work)
        except (DBAPIError, ServiceError):
            raise UnavailableError from None
        return done

    def _read(self, work: Callable[[Connection], T]) -> T:
        with reading(self.engine) as connection:
            return work(connection)

    def _write(self, work: Callable[[Connection], T]) -> T:
        with writing(self.engine) as connection:
            return work(connection)
