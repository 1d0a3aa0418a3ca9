"""One run of one job: recover what a crash left, claim, send, record, and end cleanly whatever happens (edge).

The order of things is what makes it exact (I3): the job is held, the journals of dead workers are settled, our own
journal is open, and only then is anything claimed. At the end, whatever the reason, all that is still claimed is
settled by that journal, in the same way as after a crash.
"""

import asyncio
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from newsletter.delivery import journal as journals
from newsletter.delivery.attempt import Letter
from newsletter.delivery.control import Control, Pace, Progress, Stop
from newsletter.delivery.feeder import Feeder
from newsletter.delivery.hold import Hold
from newsletter.delivery.job import JobState, SendJob
from newsletter.delivery.journal import Journal
from newsletter.delivery.lane import Desk, Lane, Throttle
from newsletter.delivery.outcome import Outcome, State
from newsletter.delivery.recorder import Recorder
from newsletter.delivery.recovery import Books, recover_job
from newsletter.delivery.signals import stopping_on_signals
from newsletter.delivery.smtp import Endpoint, RelayError, open_session
from newsletter.delivery.watch import Watch
from newsletter.store import deliveries, jobs
from newsletter.store.claims import Batch, Checked, Claim, Claimed, check_again, claim_batch
from newsletter.store.deliveries import Recovered
from newsletter.store.engine import explain
from subscribers.errors import NewsletterError
from subscribers.transactions import reading

CLAIM_LEASE = timedelta(minutes=30)
"""Longer than any transaction can take (A22); only matters if the journal of a dead worker is on another machine."""


@dataclass(frozen=True, kw_only=True)
class Means:
    """What a run works with."""

    books: Books
    spool: Path
    endpoint: Endpoint
    pace: Pace
    write: Callable[[Claimed], Letter]
    """Fills the message of one recipient."""
    expire_after: timedelta
    """Deferred deliveries are given up this long after the job was planned."""
    report: Callable[[Progress], None] | None = None
    should_stop: Callable[[], bool] = lambda: False
    """Asked every second; for a run in a thread, which gets no signals."""


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """What a run came to."""

    job: SendJob
    counts: dict[State, int]
    """Deliveries of the whole job by state; the sum is the audience."""
    handled: int
    """Outcomes of this run."""
    seconds: float
    next_due: datetime | None
    """When the next deferred delivery is tried again, by `serve` or another `send`."""
    stop: Stop | None
    """Why the run ended early."""
    recovered: Recovered
    """What an earlier run that died had left behind."""

    @property
    def rate(self) -> float:
        """Outcomes per second."""
        return self.handled / self.seconds if self.seconds > 0 else 0.0

    @property
    def exit_status(self) -> int:
        """0 all went well; 1 some were refused, expired, unknown, or wait; 130 interrupted, everything recorded."""
        if self.stop is Stop.INTERRUPTED:
            return 130
        bad = (State.QUEUED, State.CLAIMED, State.DEFERRED, State.REFUSED, State.EXPIRED, State.UNKNOWN)
        return 1 if self.stop or any(self.counts[state] for state in bad) else 0


_STOPPED_BY = {JobState.PAUSED: Stop.PAUSED, JobState.CANCELLED: Stop.CANCELLED}
"""An operator's word may be seen first by a claim that gets nothing, and not by the look at the job."""


class Run:
    """One run of one job by one worker, whose name is random and is that of its journal."""

    def __init__(self, means: Means, job: SendJob, hold: Hold) -> None:
        self._means, self._job, self._hold = means, job, hold
        self._books = means.books
        self._engine = means.books.engine
        self._name = secrets.token_hex(8)
        self._untold: set[int] = set()  # claimed, and the store does not know the outcome; only the store's thread

    async def whole(self) -> JobResult:
        """Recover, send, settle; raises ServiceError, and then all that was sent is recorded or in the journal."""
        recovered = self._recover()
        control = Control(self._job.audience, deliveries.counts(self._engine, self._job.id), self._means.report)
        journal = Journal(journals.path_of(self._means.spool, self._job.id, self._name))
        try:
            with stopping_on_signals(control):
                await self._send(control, journal)
        finally:
            control.close()
            self._settle(control, journal)
        if control.error:
            raise control.error
        return self._result(control, recovered)

    @property
    def _expires_at(self) -> datetime:
        return self._job.created_at + self._means.expire_after

    def _recover(self) -> Recovered:
        recovered = recover_job(self._books, self._means.spool, self._job.id, self._name)
        if self._books.clock() >= self._expires_at:
            deliveries.expire(self._engine, self._job.id, self._books.clock())
        return recovered

    async def _send(self, control: Control, journal: Journal) -> None:
        """Claim first: a job without work asks nothing of the relay."""
        feeder = Feeder(control, self._means.pace, self._claim, self._check)
        while not feeder.has_stock:
            if not await feeder.fill():
                return
        try:
            first = await open_session(self._means.endpoint, self._means.pace.timeouts)
        except NewsletterError as error:
            control.fail(error)
            return
        desk = self._desk(control, feeder, journal)
        lanes = [Lane(desk, first), *(Lane(desk) for _ in range(self._means.pace.connections - 1))]
        await self._together(desk, lanes)

    async def _together(self, desk: Desk, lanes: list[Lane]) -> None:
        """Run all parts; the connections end first, then what feeds them, then what records them."""
        watch = Watch(self._engine, self._job, self._hold, self._books.clock, self._means.should_stop)
        helpers = [
            asyncio.create_task(watch.run(desk.control, self._means.pace.look_seconds)),
            asyncio.create_task(_end_feeding_when_stopping(desk)),
        ]
        feeding = asyncio.create_task(desk.feeder.run())
        recording = asyncio.create_task(desk.recorder.run())
        try:
            given_up = await asyncio.gather(*(lane.run() for lane in lanes))
            if desk.feeder.has_stock and None in given_up:  # put back after the others had ended
                given_up = [await Lane(desk).run()]
            await desk.feeder.end()
            await feeding
            _judge_relay(desk, given_up)
        finally:
            desk.recorder.close()
            await recording
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            desk.control.tell()

    def _desk(self, control: Control, feeder: Feeder, journal: Journal) -> Desk:
        means = self._means
        return Desk(
            control=control,
            feeder=feeder,
            recorder=Recorder(control, means.pace, journal, self._record),
            journal=journal,
            throttle=Throttle(means.pace.messages_per_second),
            endpoint=means.endpoint,
            pace=means.pace,
            write=means.write,
            clock=self._books.clock,
            expires_at=self._expires_at,
        )

    def _claim(self, size: int) -> Batch:
        batch = claim_batch(self._engine, self._job.id, self._as_claim, size)
        self._untold.update(item.delivery for item in batch.claimed)
        return batch

    def _check(self, ids: Collection[int]) -> Checked:
        found = check_again(self._engine, self._job.id, self._as_claim, ids)
        self._untold.difference_update(set(ids) - {item.delivery for item in found.claimed})
        return found

    @property
    def _as_claim(self) -> Claim:
        return Claim(worker=self._name, now=self._books.clock(), lease=CLAIM_LEASE)

    def _record(self, outcomes: Sequence[Outcome]) -> None:
        self._books.record(self._job.id, self._name, outcomes)
        self._untold.difference_update(outcome.delivery for outcome in outcomes)

    def _settle(self, control: Control, journal: Journal) -> None:
        """Release what was not sent; keep the journal if the store cannot be told, for the next run to read."""
        journal.close()
        try:
            with reading(self._engine) as connection:
                holds_any = bool(deliveries.held_by(connection, self._job.id, self._name))
            if holds_any or self._untold:
                self._books.settle(self._job.id, self._name, journals.read(journal.path), self._untold)
            journal.remove()
            jobs.cancel_rest(self._engine, self._job.id, self._books.clock())
        except DBAPIError as error:
            control.fail(explain(error))
        except NewsletterError as error:
            control.fail(error)

    def _result(self, control: Control, recovered: Recovered) -> JobResult:
        deliveries_left = not jobs.finish_if_done(self._engine, self._job.id, self._books.clock())
        progress = control.progress()
        job = jobs.get_job(self._engine, self._job.id)
        return JobResult(
            job=job,
            counts=deliveries.counts(self._engine, self._job.id),
            handled=progress.handled,
            seconds=progress.seconds,
            next_due=deliveries.next_due(self._engine, self._job.id) if deliveries_left else None,
            stop=control.stop or _STOPPED_BY.get(job.state),
            recovered=recovered,
        )


async def _end_feeding_when_stopping(desk: Desk) -> None:
    await desk.control.stopped()
    await desk.feeder.end()


def _judge_relay(desk: Desk, given_up: list[RelayError | None]) -> None:
    """Some connections may be given up; if work is left and nobody is left to do it, the relay is the reason."""
    errors = [error for error in given_up if error]
    if errors and desk.feeder.has_stock and not desk.control.is_stopping:
        desk.control.fail(errors[0])
