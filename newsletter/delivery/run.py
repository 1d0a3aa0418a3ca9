"""One run of one job: recover what a crash left, claim, send, record, and end cleanly whatever happens (edge).

The order of things is what makes it exact (I3): the job is held, the journals of dead workers are settled, our own
journal is open, and only then is anything claimed. At the end, whatever the reason, all that is still claimed is
settled by that journal, in the same way as after a crash.
"""

import asyncio
import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from newsletter.delivery import journal as journals
from newsletter.delivery import slot_terms
from newsletter.delivery.control import Control, Stop
from newsletter.delivery.courtesy import Courtesy
from newsletter.delivery.crew import Crew, end_feeding_when_stopping, first_session, judge_relay, work_together
from newsletter.delivery.desk import Desk, Throttle
from newsletter.delivery.feeder import Feeder
from newsletter.delivery.hold import Hold
from newsletter.delivery.job import SendJob
from newsletter.delivery.journal import Journal
from newsletter.delivery.means import JobResult, Means
from newsletter.delivery.outcome import Outcome
from newsletter.delivery.passing import Passed
from newsletter.delivery.press import Press
from newsletter.delivery.pushback import Halt
from newsletter.delivery.recorder import Recorder
from newsletter.delivery.recovery import recover_job
from newsletter.delivery.relay_error import RelayError
from newsletter.delivery.relays import ShareOfStock, pace_of_all
from newsletter.delivery.shares import Shares
from newsletter.delivery.sharing import Sharing
from newsletter.delivery.signals import stopping_on_signals
from newsletter.delivery.signing import SigningPool, signing_pool
from newsletter.delivery.watch import STOPS, Watch
from newsletter.store import deliveries, job_times, jobs, pace, so_far
from newsletter.store.claims import Batch, Checked, Claim, check_again, claim_batch
from newsletter.store.deliveries import Recovered
from subscribers.errors import NewsletterError
from subscribers.transactions import reading

CLAIM_LEASE = timedelta(minutes=30)
"""Longer than any transaction can take (A22); only matters if the journal of a dead worker is on another machine."""


class Run:
    """One run of one job by one worker, whose name is random and is that of its journal."""

    def __init__(self, means: Means, job: SendJob, hold: Hold) -> None:
        self._means, self._job, self._hold = means, job, hold
        self._books = means.books
        self._engine = means.books.engine
        self._name = secrets.token_hex(8)
        self._has_set_aside = False
        self._word = so_far.load(self._engine, job.id)
        self._courtesy = Courtesy(means.manners, self._engine, job.id, self._books.clock) if means.manners else None
        self._control: Control | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._untold: set[int] = set()  # claimed, and the store does not know the outcome; only the store's thread

    async def whole(self) -> JobResult:
        """Recover, send, settle; raises ServiceError, and then all that was sent is recorded or in the journal."""
        recovered = self._recover()
        control = Control(self._job.audience, deliveries.counts(self._engine, self._job.id), self._means.report)
        self._control, self._loop = control, asyncio.get_running_loop()
        aside, last = pace.all_aside(self._engine, self._job.id)
        control.know_aside(aside, (last - self._books.clock()).total_seconds() if last else 0.0)
        path = journals.path_of(self._means.spool, self._job.id, self._name)
        begun = self._courtesy.begun if self._courtesy else None
        journal = Journal(path, power_safe=self._means.power_safe, begun=begun)
        try:
            with stopping_on_signals(control):
                await self._send(control, journal)
        finally:
            control.close()
            self._settle(control, journal)
        if control.error:
            raise control.error
        return self._result(control, recovered)

    def _recover(self) -> Recovered:
        recovered = recover_job(self._books, self._means.spool, self._job.id, self._name)
        now = self._books.clock()
        since = now - self._means.expire_after
        if not so_far.was_in_hand(self._engine, self._job.id, since):
            deliveries.expire(self._engine, self._job.id, now, untouched_since=since)
        return recovered

    async def _send(self, control: Control, journal: Journal) -> None:
        """Send, while somebody watches from the beginning to the end whether the run may go on."""
        watch = Watch(self._engine, self._job, self._hold, self._books.clock, self._means.should_stop)
        watching = asyncio.create_task(control.guarded(watch.run, control, self._means.pace.look_seconds))
        try:
            await control.guarded(self._claim_and_send, control, journal)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _claim_and_send(self, control: Control, journal: Journal) -> None:
        """Claim first: a job without work asks nothing of a relay, and one that waits for its hour asks later."""
        feeder = Feeder(control, pace_of_all(self._means.vias), self._claim, self._check, self._next_slot)
        while not feeder.has_stock:
            if not await feeder.fill():
                if not self._courtesy or await control.in_store(self._next_slot) is None:
                    return
                break
            if self._has_set_aside:
                break
        async with signing_pool(self._means.signer, self._job.audience, self._books.clock) as pool:
            await self._send_over(control, feeder, self._crews(control, feeder, journal, pool))

    async def _send_over(self, control: Control, feeder: Feeder, crews: list[Crew]) -> None:
        """Send as soon as the relays have room for this job beside others."""
        sharing = Sharing(self._engine, self._books.clock, crews)
        try:
            if not await sharing.has_room(control, self._means.pace.look_seconds, self._means.patience):
                return
            if feeder.has_stock and not await first_session(control, crews):
                return
            await self._together(crews, sharing)
        finally:
            sharing.leave()

    async def _together(self, crews: list[Crew], sharing: Sharing) -> None:
        """Run all parts; the connections end first, then what feeds them, then what records them."""
        desk, feeder, control = crews[0].desk, crews[0].whole, crews[0].desk.control
        helpers = [
            asyncio.create_task(control.guarded(end_feeding_when_stopping, desk)),
            asyncio.create_task(control.guarded(sharing.run, control, self._means.pace.look_seconds)),
        ]
        feeding = asyncio.create_task(control.guarded(feeder.run))
        recording = asyncio.create_task(control.guarded(desk.recorder.run))
        try:
            errors = await work_together(crews)
            feeder.end()
            await feeding
            judge_relay(desk, errors)
        finally:
            desk.recorder.close()
            await recording
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            control.tell()

    def _crews(self, control: Control, feeder: Feeder, journal: Journal, pool: SigningPool | None) -> list[Crew]:
        """The connections of each relay, and what they share."""
        recorder = Recorder(control, self._means.pace, journal, self._record, feeder.doubt)
        shares = Shares(weights={via.name: via.weight for via in self._means.vias})
        passed = Passed(shares=shares)
        crews: list[Crew] = []
        for via in self._means.vias:
            own = feeder if len(self._means.vias) == 1 else ShareOfStock(feeder, control, passed, via.name)
            desk = Desk(
                control=control,
                feeder=own,
                recorder=recorder,
                journal=journal,
                throttle=Throttle(via.pace.messages_per_second),
                endpoint=via.endpoint,
                pace=via.pace,
                press=Press(own, self._means.write, recorder.add, pool),
                clock=self._books.clock,
                expire_after=self._means.expire_after,
            )
            crews.append(Crew(desk=desk, whole=feeder, shares=shares, name=via.name, limits=via.limits))
        return crews

    def _claim(self, size: int) -> Batch:
        courtesy = self._courtesy
        if courtesy and not courtesy.is_open:
            return Batch()
        claim = replace(self._as_claim, due_first=True) if courtesy and courtesy.has_queue else self._as_claim
        batch = claim_batch(self._engine, self._job.id, claim, size)
        if courtesy:
            batch = courtesy.admit(self._name, batch)
            self._note(courtesy)
            self._has_set_aside = self._has_set_aside or bool(batch.aside or batch.later)
        self._untold.update(item.delivery for item in batch.claimed)
        self._untold.update(item.delivery for _, item in batch.later)
        return batch

    def _next_slot(self) -> float | None:
        if self._courtesy is None:
            return None
        seconds = self._courtesy.next_slot()
        self._note(self._courtesy)
        return seconds

    def _note(self, courtesy: Courtesy) -> None:
        if self._control:
            self._control.notes = courtesy.notes
            self._control.slowest = courtesy.slowest() if self._control.is_any_deferred else ()

    def _check(self, ids: Collection[int]) -> Checked:
        found = check_again(self._engine, self._job.id, self._as_claim, ids)
        if self._courtesy:
            found = self._courtesy.sift(self._name, found, list(ids))
        self._untold.difference_update(set(ids) - {item.delivery for item in found.claimed})
        return found

    @property
    def _as_claim(self) -> Claim:
        return Claim(worker=self._name, now=self._books.clock(), lease=CLAIM_LEASE)

    def _record(self, outcomes: Sequence[Outcome]) -> None:
        self._books.record(self._job.id, self._name, outcomes)
        self._untold.difference_update(outcome.delivery for outcome in outcomes)
        if self._courtesy:
            self._courtesy.heard(outcomes)
            self._note(self._courtesy)
            if self._courtesy.halt:
                self._halt(self._courtesy.halt)

    def _halt(self, halt: Halt) -> None:
        """Pause the job in the store and stop this run; on the store's thread."""
        job_times.halt(self._engine, self._job.id, str(halt))
        if self._loop and self._control:
            self._loop.call_soon_threadsafe(self._control.stop_for, Stop.HALTED)

    def _settle(self, control: Control, journal: Journal) -> None:
        """Release what was not sent; keep the journal if the store cannot be told, for the next run to read."""
        journal.close()
        try:
            with reading(self._engine) as connection:
                open_ones = deliveries.held_by(connection, self._job.id, self._name) | self._untold
            if open_ones:
                account = journals.read(journal.path, open_ones)
                self._books.settle(self._job.id, self._name, account, self._untold)
            self._leave_word(control)
            jobs.cancel_rest(self._engine, self._job.id, self._books.clock())
            journal.remove()
        except (SQLAlchemyError, NewsletterError) as error:
            control.fail(error)

    def _leave_word(self, control: Control) -> None:
        """Tell the next run how it went: not if the job halted, or was sent on afresh meanwhile, or the store fails."""
        courtesy, error = self._courtesy, control.error
        if (courtesy and courtesy.halt) or (error and not isinstance(error, RelayError)):
            return
        at = (courtesy and courtesy.goes_on_at) or self._books.clock()
        so_far.save(self._engine, self._job.id, at, courtesy.health if courtesy else {}, before=self._word)

    def _put_off(self, courtesy: Courtesy) -> datetime | None:
        """Let `serve` go on when the next one may be sent; that time."""

        def until() -> datetime | None:
            return courtesy.goes_on(deliveries.next_due(self._engine, self._job.id))

        return job_times.put_off(self._engine, self._job.id, slot_terms.NAME, until)

    def _result(self, control: Control, recovered: Recovered) -> JobResult:
        deliveries_left = not jobs.finish_if_done(self._engine, self._job.id, self._books.clock())
        progress = control.progress()
        next_due = deliveries.next_due(self._engine, self._job.id) if deliveries_left else None
        if self._courtesy and self._courtesy.goes_on_at and deliveries_left and not control.stop:
            next_due = self._put_off(self._courtesy)
        job = jobs.get_job(self._engine, self._job.id)
        stop = control.stop or STOPS.get(job.state)  # a claim that got nothing may have seen it first
        return JobResult(
            job=job,
            counts=deliveries.counts(self._engine, self._job.id),
            handled=progress.handled,
            seconds=progress.seconds,
            next_due=next_due,
            stop=Stop.HALTED if stop is Stop.PAUSED and job.halted else stop,
            recovered=recovered,
        )
