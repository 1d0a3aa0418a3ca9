"""What politeness asks of the store, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, update

from newsletter.delivery.job import JobEvent, JobState
from newsletter.delivery.outcome import Event, Outcome, State
from newsletter.delivery.receivers import Receivers
from newsletter.delivery.retry import Reason
from newsletter.delivery.slot_terms import NAME
from newsletter.delivery.waiting_look import WaitingLook
from newsletter.store import deliveries, job_times, jobs, pace
from newsletter.store.claims import Claim, claim_batch
from newsletter.store.domains import count_by_domain
from newsletter.store.requeue import count_retryable, requeue
from newsletter.store.tables import delivery, send_job
from newsletter.store.waiting import waiting_by_domain
from subscribers.transactions import reading, writing
from tests.support.people import NOON, joined, leave, rows, sent_to

LATER = NOON + timedelta(hours=1)
NOW_AND_A_DAY = NOON + timedelta(days=1)


def a_job(engine: Engine, states: list[State]) -> int:
    refs = [joined(engine, f"p{number}@d{number % 2}.example") for number in range(len(states))]
    return sent_to(engine, *refs, states=[int(state) for state in states])


def claim(*, due_first: bool = False, now=NOON) -> Claim:
    return Claim(worker="w", now=now, lease=timedelta(minutes=5), due_first=due_first)


def change(engine: Engine, number: int, **values) -> None:
    """The delivery with this number, counted from the first of all."""
    ids = [row.id for row in rows(engine, "delivery")]
    with writing(engine) as connection:
        connection.execute(update(delivery).where(delivery.c.id == ids[number]).values(**values))


def test_what_is_set_aside_waits_without_an_attempt_and_comes_back_when_due(engine: Engine) -> None:
    job = a_job(engine, [State.QUEUED] * 3)
    batch = claim_batch(engine, job, claim(), 10)
    ids = [item.delivery for item in batch.claimed]
    with writing(engine) as connection:
        slots = [(ids[0], LATER), (ids[1], NOON + timedelta(seconds=5))]
        assert pace.set_aside(connection, "w", slots, NOON) == 2
        assert pace.set_aside(connection, "another", [(ids[2], LATER)], NOON) == 0, "held by somebody else"
    assert pace.next_slot(engine, job) == NOON + timedelta(seconds=5)
    aside = rows(engine, "delivery")[0]
    assert (aside.state, aside.reason, aside.attempts, aside.due_at) == (State.DEFERRED, "pace", 0, LATER)
    assert aside.worker is None
    assert not claim_batch(engine, job, claim(due_first=True), 10).claimed
    again = claim_batch(engine, job, claim(due_first=True, now=LATER), 10)
    assert [item.delivery for item in again.claimed] == sorted(ids[:2])
    assert (again.due, again.returned) == (2, 2)
    assert pace.next_slot(engine, job) is None


@pytest.mark.parametrize("taken_as", [State.DEFERRED, State.SKIPPED, State.QUEUED])
@pytest.mark.parametrize(("event", "becomes"), [(Event.ACCEPT, State.SENT), (Event.LOSE, State.UNKNOWN)])
def test_i3_what_the_relay_may_have_is_never_unsent_whatever_took_it_out_of_our_hands(
    engine: Engine, taken_as: State, event: Event, becomes: State
) -> None:
    job = a_job(engine, [State.QUEUED] * 3)
    first, second, third = (item.delivery for item in claim_batch(engine, job, claim(), 10).claimed)
    change(engine, 0, state=int(taken_as), worker=None, lease_until=None, due_at=LATER)
    change(engine, 1, state=int(State.CLAIMED), worker="another")
    outcomes = [Outcome(number, event, "", 250, "2.0.0 Ok") for number in (first, second, third)]
    with writing(engine) as connection:
        deliveries.record(connection, "w", outcomes, NOON, job=job)
    found = {row.id: (State(row.state), row.due_at) for row in rows(engine, "delivery")}
    assert found == {first: (becomes, None), second: (State.CLAIMED, None), third: (becomes, None)}


def test_a_late_refusal_changes_nothing_that_another_has_decided(engine: Engine) -> None:
    job = a_job(engine, [State.QUEUED])
    (item,) = claim_batch(engine, job, claim(), 10).claimed
    change(engine, 0, state=int(State.SKIPPED), worker=None, lease_until=None)
    with writing(engine) as connection:
        deliveries.record(connection, "w", [Outcome(item.delivery, Event.REFUSE, "address", 550)], NOON, job=job)
    assert rows(engine, "delivery")[0].state == State.SKIPPED


def test_the_last_who_is_set_aside_is_one_of_a_job_that_goes_on(engine: Engine) -> None:
    job = a_job(engine, [State.DEFERRED] * 3 + [State.QUEUED])
    change(engine, 0, reason=Reason.PACE, due_at=NOW_AND_A_DAY)
    change(engine, 1, reason=Reason.PACE, due_at=LATER)
    change(engine, 2, reason=Reason.BUSY, due_at=NOW_AND_A_DAY + timedelta(days=1))
    with reading(engine) as connection:
        assert pace.last_slot(connection) == NOW_AND_A_DAY
    for event in (JobEvent.PAUSE, JobEvent.CANCEL):
        jobs.change_job(engine, job, event, NOON)
        with reading(engine) as connection:
            assert pace.last_slot(connection) is None


def test_those_who_are_due_come_first_and_the_earliest_of_them(engine: Engine) -> None:
    job = a_job(engine, [State.QUEUED, State.DEFERRED, State.DEFERRED, State.DEFERRED])
    for number, seconds in ((1, 30), (2, 10), (3, 20)):
        change(engine, number, due_at=NOON - timedelta(seconds=seconds))
    ids = [row.id for row in rows(engine, "delivery")]
    batch = claim_batch(engine, job, claim(due_first=True), 2)
    assert {item.delivery for item in batch.claimed} == {ids[1], ids[3]}
    rest = claim_batch(engine, job, claim(due_first=True), 10)
    assert [item.delivery for item in rest.claimed] == [ids[2], ids[0]]
    assert (rest.due, rest.returned) == (1, 1)


def test_the_usual_order_is_queued_first(engine: Engine) -> None:
    job = a_job(engine, [State.DEFERRED, State.QUEUED])
    change(engine, 0, due_at=NOON)
    ids = [row.id for row in rows(engine, "delivery")]
    batch = claim_batch(engine, job, claim(), 10)
    assert [item.delivery for item in batch.claimed] == [ids[1], ids[0]]
    assert (batch.due, batch.returned) == (0, 1)


def test_what_is_set_aside_does_not_expire_and_late_ones_have_their_own_time(engine: Engine) -> None:
    job = a_job(engine, [State.DEFERRED] * 3)
    change(engine, 0, reason=Reason.PACE, updated_at=NOON)
    change(engine, 1, reason=Reason.BUSY, updated_at=NOON)
    change(engine, 2, reason=Reason.BUSY, updated_at=LATER)
    assert deliveries.expire(engine, job, LATER, untouched_since=NOON + timedelta(minutes=1)) == 1
    assert deliveries.expire(engine, job, LATER, untouched_since=LATER + timedelta(minutes=1)) == 1
    assert [row.state for row in rows(engine, "delivery")] == [State.DEFERRED, State.EXPIRED, State.EXPIRED]


def test_who_waits_is_counted_by_domain_now_and_then(engine: Engine) -> None:
    job = a_job(engine, [State.DEFERRED] * 3 + [State.QUEUED])
    for number, due in enumerate((LATER, NOON, None)):
        change(engine, number, due_at=due)
    assert sorted(waiting_by_domain(engine, job)) == [("d0.example", 2, LATER), ("d1.example", 1, NOON)]
    now = [0.0]
    look = WaitingLook(engine, job, Receivers(groups={"d0.example": "nul"}, limits={}), lambda: now[0])
    first = look.look()
    assert [(one.name, one.count) for one in first] == [("nul", 2), ("other domains", 1)]
    change(engine, 0, state=int(State.SENT))
    assert look.look() == first, "counting takes time"
    now[0] += 60
    assert [(one.name, one.count) for one in look.look()] == [("nul", 1), ("other domains", 1)]


def test_a_line_is_kept_and_written_again(engine: Engine) -> None:
    for state in ({"sent": [[1, [[1, 2]]]]}, {"sent": []}):
        with writing(engine) as connection:
            pace.save(connection, {"gmail": state, "kpn": {"speed": None}})
            assert pace.load(connection, ["gmail", "nobody"]) == {"gmail": state}
    assert sorted(pace.every_name(engine)) == ["gmail", "kpn"]


def test_addresses_of_deliveries_are_found_for_their_domains(engine: Engine) -> None:
    a_job(engine, [State.SENT] * 3)
    ids = [row.id for row in rows(engine, "delivery")]
    with reading(engine) as connection:
        assert pace.addresses_of(connection, [*ids[:2], 999]) == {ids[0]: "p0@d0.example", ids[1]: "p1@d1.example"}


def test_refusals_are_queued_again_by_class_and_dead_addresses_never(engine: Engine) -> None:
    job = a_job(engine, [State.REFUSED] * 3 + [State.EXPIRED])
    for number, reason in enumerate((Reason.POLICY, Reason.NO_SUCH_ADDRESS, Reason.REFUSED, Reason.BUSY)):
        change(engine, number, reason=reason, attempts=4)
    assert count_retryable(engine, job, State.REFUSED, None) == 2
    assert requeue(engine, job, State.REFUSED, Reason.POLICY, NOON) == 1
    assert requeue(engine, job, State.EXPIRED, None, NOON) == 1
    states = [State.QUEUED, State.REFUSED, State.REFUSED, State.QUEUED]
    assert [row.state for row in rows(engine, "delivery")] == states
    assert rows(engine, "delivery")[0].attempts == 0


def test_a_job_halts_with_its_reason_and_forgets_it_when_resumed(engine: Engine) -> None:
    job = a_job(engine, [State.QUEUED])
    assert job_times.halt(engine, job, "policy: 5 of 9 refused")
    halted = jobs.get_job(engine, job)
    assert (halted.state, halted.halted) == (JobState.PAUSED, "policy: 5 of 9 refused")
    assert not job_times.halt(engine, job, "errors: again"), "the first reason stays"
    assert jobs.change_job(engine, job, JobEvent.RESUME, NOON).halted == ""


def test_a_job_is_planned_for_a_time_and_moved(engine: Engine) -> None:
    job = a_job(engine, [State.QUEUED])
    assert job_times.schedule(engine, job, LATER).starts_at == LATER
    assert job_times.schedule(engine, job, None).starts_at is None


@pytest.mark.parametrize("state", [State.QUEUED, State.SKIPPED, State.SENT])
def test_a_job_that_was_paused_before_its_time_waits_for_it_again(engine: Engine, state: State) -> None:
    job = a_job(engine, [State.QUEUED, state])
    job_times.schedule(engine, job, LATER)
    jobs.change_job(engine, job, JobEvent.PAUSE, NOON)
    resumed = job_times.resume(engine, job, NOON)
    assert resumed.state is (JobState.PLANNED if state is State.QUEUED else JobState.RUNNING)
    assert resumed.starts_at == LATER


def test_serve_borrows_a_job_until_nothing_of_it_is_queued_and_none_that_has_a_time(engine: Engine) -> None:
    job = a_job(engine, [State.QUEUED, State.DEFERRED])
    job_times.borrow(engine, job)
    job_times.hand_back(engine, job)
    assert jobs.get_job(engine, job).starts_at == jobs.get_job(engine, job).created_at
    change(engine, 0, state=int(State.SENT))
    job_times.hand_back(engine, job)
    assert jobs.get_job(engine, job).starts_at is None
    job_times.schedule(engine, job, LATER)
    job_times.borrow(engine, job)
    job_times.hand_back(engine, job)
    assert jobs.get_job(engine, job).starts_at == LATER


def test_readers_are_counted_by_domain(engine: Engine) -> None:
    refs = [
        joined(engine, address) for address in ("a@Eén.example", "b@een.example", "c@twee.example", "d@twee.example")
    ]
    leave(engine, refs[3])
    assert count_by_domain(engine, "nieuws") == {
        "eén.example".encode("idna").decode(): 1,
        "een.example": 1,
        "twee.example": 1,
    }


def test_what_we_set_aside_is_counted_apart_from_what_was_refused(engine: Engine) -> None:
    job = a_job(engine, [State.DEFERRED] * 4)
    for number, reason in enumerate((Reason.PACE, Reason.PACE, Reason.BUSY, Reason.PACE)):
        change(engine, number, reason=reason, due_at=NOON + timedelta(hours=number))
    assert pace.all_aside(engine, job) == (3, NOON + timedelta(hours=3))
    batch = claim_batch(engine, job, claim(now=NOON + timedelta(hours=2)), 10)
    assert (batch.returned, batch.returned_aside) == (3, 2)
    assert pace.all_aside(engine, job) == (1, NOON + timedelta(hours=3))
    assert claim_batch(engine, job, claim(due_first=True, now=NOON + timedelta(hours=3)), 10).returned_aside == 1
    assert pace.all_aside(engine, job) == (0, None)


def test_who_was_set_aside_is_counted_by_list_and_domain_of_jobs_that_go_on(engine: Engine) -> None:
    a_job(engine, [State.DEFERRED] * 4)
    for number, reason in enumerate((Reason.PACE, Reason.PACE, Reason.BUSY, Reason.PACE)):
        change(engine, number, reason=reason, due_at=LATER)
    agenda = sent_to(engine, joined(engine, "p9@d1.example"), states=[int(State.DEFERRED)], slug="agenda")
    stopped = sent_to(engine, joined(engine, "p8@d1.example"), states=[int(State.DEFERRED)], slug="herfst")
    for number in (4, 5):
        change(engine, number, reason=Reason.PACE, due_at=LATER)
    with writing(engine) as connection:
        connection.execute(update(send_job).where(send_job.c.id == agenda).values(list="agenda"))
        connection.execute(update(send_job).where(send_job.c.id == stopped).values(state="paused"))
    assert pace.aside_by_domain(engine) == {"nieuws": {"d0.example": 1, "d1.example": 2}, "agenda": {"d1.example": 1}}


@pytest.mark.parametrize(("event", "number"), [(None, 2), (JobEvent.PAUSE, 2), (JobEvent.CANCEL, 0)])
def test_who_was_set_aside_is_placed_anew_in_every_job_that_is_not_over(
    engine: Engine, event: JobEvent | None, number: int
) -> None:
    job = a_job(engine, [State.DEFERRED] * 4 + [State.QUEUED])
    for place, reason in enumerate((Reason.PACE, Reason.PACE, Reason.BUSY, Reason.PACE)):
        change(engine, place, reason=reason, due_at=NOW_AND_A_DAY, updated_at=NOON)
    change(engine, 3, due_at=NOON)
    job_times.put_off(engine, job, NAME, lambda: NOW_AND_A_DAY)
    if event:
        jobs.change_job(engine, job, event, NOON)
    with writing(engine) as connection:
        assert pace.place_anew(connection, LATER) == number
        assert pace.stopped(connection, [job, 99]) == (set() if event is None else {job})
        assert pace.going_on(connection, [job, 99]) == ({job} if event is None else set())
    if number:
        due = [row.due_at for row in rows(engine, "delivery")]
        assert due == [LATER, LATER, NOW_AND_A_DAY, NOON, None], "a retry keeps its time"
    assert jobs.get_job(engine, job).starts_at == (LATER if number else NOW_AND_A_DAY)


def test_what_a_clock_that_was_ahead_set_aside_or_deferred_is_asked_again_and_nothing_else(engine: Engine) -> None:
    job = a_job(engine, [State.QUEUED] * 4)
    change(engine, 0, state=int(State.DEFERRED), reason=Reason.PACE, due_at=NOW_AND_A_DAY, updated_at=NOON)
    assert pace.ask_again(engine, NOON) == 0
    year = timedelta(days=365)
    for number, reason in ((1, Reason.PACE), (2, Reason.BUSY)):
        change(engine, number, state=int(State.DEFERRED), reason=reason, due_at=NOON + 2 * year, updated_at=NOON + year)
    job_times.put_off(engine, job, NAME, lambda: NOON + 2 * year)
    assert pace.ask_again(engine, NOON) == 2
    assert [row.due_at for row in rows(engine, "delivery")] == [NOW_AND_A_DAY, NOON, NOON, None]
    assert jobs.get_job(engine, job).starts_at == NOON
    assert pace.next_slot(engine, job) == NOON
    assert pace.ask_again(engine, NOON) == 0
