"""Work that repeats while `serve` runs: hourly retention, deferred deliveries. A failure is told and tried again."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy.exc import SQLAlchemyError

from newsletter.store.engine import explain
from subscribers.errors import NewsletterError

HOUR = 3600.0
AFTER_FAILURE = 300.0

Tell: TypeAlias = Callable[[str], None]
"""Shows one line to the operator."""


@dataclass(frozen=True, kw_only=True)
class Scheduled:
    """`work` runs in a thread at the start and then every `seconds`; what it returns is told unless it is None."""

    name: str
    work: Callable[[], str | None]
    seconds: float = HOUR
    after_failure: float = AFTER_FAILURE
    stop: Callable[[], None] = lambda: None
    """Called once when everything is to end, so that work that takes long can end early."""


async def keep_running(scheduled: Sequence[Scheduled], stopping: asyncio.Event, tell: Tell) -> None:
    """Run all of `scheduled`, each at its own pace, until `stopping`; what is running then is finished first."""
    await asyncio.gather(*(_repeat(item, stopping, tell) for item in scheduled))


async def _repeat(item: Scheduled, stopping: asyncio.Event, tell: Tell) -> None:
    while not stopping.is_set():
        worked = await _once(item, tell)
        with suppress(TimeoutError):
            async with asyncio.timeout(item.seconds if worked else min(item.seconds, item.after_failure)):
                await stopping.wait()


async def _once(item: Scheduled, tell: Tell) -> bool:
    """Whether the work was done; nothing it raises ends the loop."""
    try:
        outcome = await asyncio.to_thread(item.work)
    except Exception as problem:  # noqa: BLE001 - a loop that ended silently would break the promise of erasure
        tell(f"{item.name} failed and will be tried again: {in_one_line(problem)}")
        return False
    if outcome is not None:
        tell(f"{item.name}: {outcome}")
    return True


def in_one_line(problem: Exception) -> str:
    """An error without values of anyone (I7)."""
    if isinstance(problem, SQLAlchemyError):
        problem = explain(problem)
    return str(problem) if isinstance(problem, NewsletterError) else type(problem).__name__
