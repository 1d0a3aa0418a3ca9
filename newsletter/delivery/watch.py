"""While a run goes on: keep the hold on the job, notice pause and cancel within a second, yield to a scrub (edge)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from newsletter.delivery.control import Control, Stop
from newsletter.delivery.hold import LEASE_SECONDS, Hold
from newsletter.delivery.job import JobState, SendJob
from newsletter.store import jobs
from subscribers import leases
from subscribers.clock import Clock
from subscribers.errors import ServiceError
from subscribers.transactions import reading

STOPS = {JobState.PAUSED: Stop.PAUSED, JobState.CANCELLED: Stop.CANCELLED}


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one look found."""

    state: JobState
    is_scrubbing: bool
    is_held: bool


class Watch:
    """Looks every so many seconds, on the store's thread."""

    def __init__(self, engine: Engine, job: SendJob, hold: Hold, clock: Clock, should_stop: Callable[[], bool]) -> None:
        self._engine, self._job, self._hold, self._clock = engine, job, hold, clock
        self._should_stop = should_stop

    async def run(self, control: Control, seconds: float) -> None:
        """Look until the run stops. A store that cannot be read for half a lease ends the run: another may take it."""
        loop_time: Callable[[], float] = asyncio.get_running_loop().time
        renewed = loop_time()
        while not control.is_stopping:
            await control.sleep(seconds)
            is_due = loop_time() - renewed > LEASE_SECONDS / 4
            try:
                seen = await control.in_store(self._look, is_due=is_due)
            except SQLAlchemyError as error:
                if loop_time() - renewed > LEASE_SECONDS / 2:
                    control.fail(error)
                continue
            renewed = loop_time() if is_due else renewed
            self._act(control, seen)

    def _look(self, *, is_due: bool) -> _Seen:
        is_held = self._hold.renew() if is_due else True
        state = jobs.get_job(self._engine, self._job.id).state
        with reading(self._engine) as connection:
            scrubber = leases.holder_of(connection, leases.SCRUB, now=self._clock())
        return _Seen(state, scrubber is not None and not leases.is_dead(scrubber), is_held)

    def _act(self, control: Control, seen: _Seen) -> None:
        if not seen.is_held:
            control.fail(ServiceError("another process took the job over", where=str(self._job)))
        elif seen.state in STOPS:
            control.stop_for(STOPS[seen.state])
        elif self._should_stop():
            control.stop_for(Stop.INTERRUPTED)
        control.hold(is_held=seen.is_scrubbing)
        control.tell()
