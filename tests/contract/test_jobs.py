"""Jobs and deliveries in the store: the same on SQLite and PostgreSQL."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.event import listen, remove

from newsletter.delivery.job import JobEvent, JobState, Plan
from newsletter.delivery.journal import HEADER, decode, encode_outcome, encode_start
from newsletter.delivery.outcome import OPEN, Event, Outcome, State
from newsletter.delivery.recovery import Books
from newsletter.store import deliveries, jobs, settling
from newsletter.store.claims import Claim, check_again, claim_batch
from newsletter.store.deliveries import counts
from newsletter.store.tables import delivery, job_tally, send_job
from subscribers.errors import ConflictError, InputError, ServiceError
from subscribers.ledger_entry import Kind, nowhere
from subscribers.tables import subscriber, subscription, suppression
from subscribers.transactions import reading, writing
from tests.support.people import Remembering
from tests.support.sending import LIST, World, issue, people, planned
from tests.support.smtp import ScriptedServer, at

NOW = datetime(2027, 6, 14, 9, tzinfo=UTC)
LEASE = timedelta(minutes=30)
ENDED = {"state": "ended", "ended_reason": "unsubscribed", "ended_at": NOW, "erase_at": NOW, "period": "21 days"}


def claim(engine, job, size=100, worker="w1", now=NOW):
    return claim_batch(engine, job.id, Claim(worker=worker, now=now, lease=LEASE), size)


def record(engine, worker, *outcomes, now=NOW):
    with writing(engine) as connection:
        deliveries.record(connection, worker, outcomes, now)


def by_state(engine, job):
    return {state: number for state, number in counts(engine, job.id).items() if number}


def row(engine, identity):
    with reading(engine) as connection:
        return connection.execute(select(delivery).where(delivery.c.id == identity)).one()


def suppressed(engine, subscriber_id):
    with writing(engine) as connection:
        connection.execute(
            insert(suppression).values(
                ref=b"s" * 16, subscriber_id=subscriber_id, reason="by-hand", at=NOW, actor="operator"
            )
        )


def test_planning_freezes_who_is_active_and_not_suppressed(engine):
    people(engine, 6)
    with writing(engine) as connection:
        connection.execute(update(subscription).where(subscription.c.id == 1).values(**ENDED))
        connection.execute(update(subscription).where(subscription.c.id == 2).values(**(ENDED | {"state": "pending"})))
        connection.execute(update(subscription).where(subscription.c.id == 3).values(list="andere"))
    suppressed(engine, 4)
    assert jobs.count_audience(engine, LIST) == 2
    ledger = Remembering()
    plan, job = jobs.plan_job(engine, ledger, issue(), now=NOW)
    people(engine, 2, start=6)
    assert (plan, job.audience, job.state) == (Plan.NEW, 2, JobState.PLANNED)
    assert by_state(engine, job) == {State.QUEUED: 2}
    assert ledger.said == [(Kind.PLANNED, job.ref)]
    assert (ledger.entries[0].list, ledger.entries[0].slug) == (LIST, "zomer")


def test_the_frozen_issue_is_read_back_byte_for_byte(engine):
    job = planned(engine)
    frozen = jobs.load_issue(engine, job.digest)
    assert frozen.compiled.content == issue().compiled.content
    assert frozen.digest == job.digest == issue().digest
    with pytest.raises(InputError, match="no compiled issue"):
        jobs.load_issue(engine, "0" * 64)


def test_planning_again_resumes_and_changes_nothing(engine):
    job = planned(engine, 3)
    people(engine, 2, start=3)
    plan, again = jobs.plan_job(engine, nowhere, issue(), now=NOW + timedelta(days=1))
    assert (plan, again) == (Plan.RESUME, job)
    assert by_state(engine, job) == {State.QUEUED: 3}


def test_another_text_for_the_same_identity_is_refused(engine):
    job = planned(engine, 1)
    with pytest.raises(ConflictError, match=f"job {job.id} "):
        jobs.plan_job(engine, nowhere, issue(title="Anders"), now=NOW)


def test_a_finished_job_is_not_planned_again_after_its_deliveries_are_gone(engine):
    job = planned(engine, 1)
    record(engine, "w1", Outcome(delivery=claim(engine, job).claimed[0].delivery, event=Event.ACCEPT))
    assert jobs.finish_if_done(engine, job.id, NOW)
    with writing(engine) as connection:
        connection.execute(insert(job_tally).values(job_id=job.id, state=int(State.SENT), count=1))
        connection.execute(delivery.delete())
    assert jobs.plan_job(engine, nowhere, issue(), now=NOW)[0] is Plan.FINISHED
    assert by_state(engine, job) == {State.SENT: 1}


def test_nothing_is_planned_if_the_ledger_cannot_be_written(engine):
    people(engine, 1)

    def full(_entries):
        raise ServiceError("no room")

    with pytest.raises(ServiceError):
        jobs.plan_job(engine, full, issue(), now=NOW)
    assert jobs.find_job(engine, LIST, "zomer") is None


def test_of_two_planners_at_once_one_plans(engine):
    people(engine, 50)
    start = Barrier(4)

    def plan(_number):
        start.wait()
        return jobs.plan_job(engine, nowhere, issue(), now=NOW)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(plan, range(4)))
    assert sorted(plan for plan, _ in found) == [Plan.NEW, Plan.RESUME, Plan.RESUME, Plan.RESUME]
    assert len({job.id for _, job in found}) == 1
    assert by_state(engine, found[0][1]) == {State.QUEUED: 50}


def test_a_claim_brings_what_a_message_needs_and_marks_the_rows(engine):
    job = planned(engine, 3)
    batch = claim(engine, job, size=2)
    assert [item.address for item in batch.claimed] == ["p0@example.org", "p1@example.org"]
    first = batch.claimed[0]
    assert (first.name, first.attempts, len(first.subscription_ref), first.attributes) == ("Persoon 0", 0, 16, {})
    held = row(engine, first.delivery)
    assert (held.state, held.worker, held.lease_until) == (State.CLAIMED, "w1", NOW + LEASE)
    assert len(claim(engine, job, worker="w2").claimed) == 1
    assert claim(engine, job, worker="w3").is_empty


def test_who_left_or_was_suppressed_after_planning_is_skipped_at_the_claim(engine):
    job = planned(engine, 4)
    with writing(engine) as connection:
        connection.execute(update(subscription).where(subscription.c.id == 1).values(**ENDED))
    suppressed(engine, 2)
    batch = claim(engine, job)
    assert (len(batch.claimed), batch.skipped) == (2, 2)
    with reading(engine) as connection:
        reasons = connection.scalars(select(delivery.c.reason).where(delivery.c.state == State.SKIPPED))
        assert set(reasons) == {"unsubscribed", "suppressed"}


def test_a_deferred_delivery_is_claimed_when_due_and_checked_again(engine):
    job = planned(engine, 2)
    due = NOW + timedelta(minutes=30)
    ids = [item.delivery for item in claim(engine, job).claimed]
    record(engine, "w1", *(Outcome(delivery=i, event=Event.DEFER, code=451, reason="busy", due_at=due) for i in ids))
    assert claim(engine, job, now=due - timedelta(seconds=1)).is_empty
    assert deliveries.next_due(engine, job.id) == due
    with writing(engine) as connection:
        connection.execute(update(subscription).where(subscription.c.id == 1).values(**ENDED))
    batch = claim(engine, job, now=due)
    assert (len(batch.claimed), batch.skipped, batch.claimed[0].attempts) == (1, 1, 1)


def test_parallel_claims_never_share_a_delivery(engine):
    job = planned(engine, 200)

    def work(number):
        found = []
        while not (batch := claim(engine, job, size=7, worker=f"w{number}")).is_empty:
            found += [item.delivery for item in batch.claimed]
        return found

    with ThreadPoolExecutor(4) as pool:
        found = [identity for part in pool.map(work, range(4)) for identity in part]
    assert sorted(found) == sorted(set(found))
    assert len(found) == 200


def test_recording_keeps_code_text_and_time_and_frees_the_row(engine):
    job = planned(engine, 1)
    identity = claim(engine, job).claimed[0].delivery
    record(engine, "w1", Outcome(delivery=identity, event=Event.REFUSE, code=550, reply="5.7.1 no", reason="policy"))
    found = row(engine, identity)
    assert (found.state, found.code, found.reply, found.reason) == (State.REFUSED, 550, "5.7.1 no", "policy")
    assert (found.worker, found.lease_until, found.attempts, found.updated_at) == (None, None, 1, NOW)


def test_an_outcome_counts_once_and_only_from_the_worker_that_holds_the_row(engine):
    job = planned(engine, 1)
    identity = claim(engine, job).claimed[0].delivery
    record(engine, "someone else", Outcome(delivery=identity, event=Event.REFUSE))
    assert by_state(engine, job) == {State.CLAIMED: 1}
    record(engine, "w1", Outcome(delivery=identity, event=Event.ACCEPT))
    record(engine, "w1", Outcome(delivery=identity, event=Event.LOSE))
    assert by_state(engine, job) == {State.SENT: 1}
    assert row(engine, identity).attempts == 1


def test_released_deliveries_are_queued_again_without_an_attempt(engine):
    job = planned(engine, 3)
    ids = [item.delivery for item in claim(engine, job).claimed]
    with writing(engine) as connection:
        assert deliveries.release(connection, "w1", ids[:2], NOW) == 2
    assert by_state(engine, job) == {State.QUEUED: 2, State.CLAIMED: 1}
    assert row(engine, ids[0]).attempts == 0


def test_recovery_settles_every_row_of_a_dead_worker_by_its_journal(engine):
    job = planned(engine, 4)
    a, b, c, _ = [item.delivery for item in claim(engine, job, size=4, worker="dead").claimed]
    account = decode(
        HEADER
        + encode_start(a)
        + encode_start(b)
        + encode_outcome(Outcome(delivery=b, event=Event.ACCEPT, code=250))
        + encode_outcome(Outcome(delivery=c, event=Event.REFUSE, code=550))
    )
    books = Books(engine=engine, remember=nowhere, policies={}, clock=lambda: NOW)
    found = books.settle(job.id, "dead", account)
    assert (found.recorded, found.unknown, found.released) == (2, 1, 1)
    assert by_state(engine, job) == {State.UNKNOWN: 1, State.SENT: 1, State.REFUSED: 1, State.QUEUED: 1}
    again = books.settle(job.id, "dead", account)
    assert (again.recorded, again.unknown, again.released) == (0, 0, 0)


def test_what_the_store_knew_before_a_claim_is_no_outcome_of_that_claim(engine):
    """One run claims again what it deferred, and dies before another dot: its journal still tells of the deferral."""
    job, first, later = planned(engine, 1), NOW + timedelta(seconds=9), NOW + timedelta(hours=1)
    (item,) = claim(engine, job, worker="dead").claimed
    deferred = Outcome(
        delivery=item.delivery, event=Event.DEFER, code=451, reason="busy", reply="greylisted", due_at=first + LEASE
    )
    record(engine, "dead", deferred, now=first)
    assert claim(engine, job, worker="dead", now=deferred.due_at).claimed
    books = Books(engine=engine, remember=nowhere, policies={}, clock=lambda: later)
    told = HEADER + encode_start(item.delivery) + encode_outcome(deferred)
    assert books.settle(job.id, "dead", decode(told)).released == 1
    found = row(engine, item.delivery)
    assert (found.state, found.attempts, found.reply, found.due_at) == (State.QUEUED, 1, "greylisted", None)
    assert claim(engine, job, worker="dead", now=later).claimed
    damaged = decode(told + b"\0\n")
    assert books.settle(job.id, "dead", damaged).unknown == 1, "what it wrote of this claim may be lost"


def test_a_deferral_of_this_claim_is_settled_by_the_journal(engine):
    job = planned(engine, 1)
    (item,) = claim(engine, job, worker="w1").claimed
    record(engine, "w1", Outcome(delivery=item.delivery, event=Event.DEFER, due_at=NOW + LEASE))
    assert claim(engine, job, worker="dead", now=NOW + LEASE).claimed
    again = Outcome(delivery=item.delivery, event=Event.DEFER, code=451, due_at=NOW + 2 * LEASE)
    books = Books(engine=engine, remember=nowhere, policies={}, clock=lambda: NOW + LEASE)
    assert books.settle(job.id, "dead", decode(HEADER + encode_outcome(again))).recorded == 1
    found = row(engine, item.delivery)
    assert (found.state, found.attempts, found.due_at) == (State.DEFERRED, 2, NOW + 2 * LEASE)


def test_a_dead_address_is_suppressed_and_its_subscriptions_end(engine):
    job = planned(engine, 2)
    first, _ = claim(engine, job).claimed
    ledger = Remembering()
    books = Books(engine=engine, remember=ledger, policies={}, clock=lambda: NOW)
    outcome = Outcome(delivery=first.delivery, event=Event.REFUSE, code=550, reason="no-such-address", is_hard=True)
    books.record(job.id, "w1", [outcome])
    books.record(job.id, "w1", [outcome])
    with reading(engine) as connection:
        assert connection.scalars(select(suppression.c.reason)).all() == ["hard-bounce"]
        state = connection.scalar(select(subscription.c.state).where(subscription.c.ref == first.subscription_ref))
    assert state == "ended"
    assert [kind for kind, _ in ledger.said] == ["suppressed", "ended"]


def test_claims_of_a_worker_without_a_journal_become_unknown_after_their_lease(engine):
    job = planned(engine, 2)
    claim(engine, job, size=1, worker="far away")
    claim(engine, job, size=1, worker="w1")
    assert deliveries.lose_overdue(engine, job.id, "w1", NOW + LEASE) == 0
    assert deliveries.lose_overdue(engine, job.id, "w1", NOW + LEASE + timedelta(seconds=1)) == 1
    assert by_state(engine, job) == {State.UNKNOWN: 1, State.CLAIMED: 1}


def test_what_becomes_unknown_has_no_next_attempt_and_no_answer_of_an_earlier_one(engine):
    job = planned(engine, 1)
    (item,) = claim(engine, job).claimed
    deferred = {"event": Event.DEFER, "code": 451, "reply": "greylisted", "due_at": NOW + LEASE}
    record(engine, "w1", Outcome(delivery=item.delivery, **deferred))
    assert claim(engine, job, worker="far away", now=NOW + LEASE).claimed
    assert deliveries.lose_overdue(engine, job.id, "w1", NOW + 3 * LEASE) == 1
    (entry,) = settling.entries(engine, job.id, State.UNKNOWN)
    assert (entry.due_at, entry.code, entry.reply, entry.attempts) == (None, None, "", 1)


def test_a_job_finishes_only_when_nothing_is_open_and_unknown_is_not_open(engine):
    job = planned(engine, 2)
    first, second = [item.delivery for item in claim(engine, job).claimed]
    record(engine, "w1", Outcome(delivery=first, event=Event.LOSE))
    assert not jobs.finish_if_done(engine, job.id, NOW)
    record(engine, "w1", Outcome(delivery=second, event=Event.ACCEPT))
    assert jobs.finish_if_done(engine, job.id, NOW)
    finished = jobs.get_job(engine, job.id)
    assert (finished.state, finished.finished_at) == (JobState.FINISHED, NOW)
    assert by_state(engine, job) == {State.UNKNOWN: 1, State.SENT: 1}


def test_unknown_is_settled_only_by_the_operators_word(engine):
    job = planned(engine, 2)
    first, second = [item.delivery for item in claim(engine, job).claimed]
    record(engine, "w1", *(Outcome(delivery=i, event=Event.LOSE) for i in (first, second)))
    assert claim(engine, job).is_empty
    assert settling.settle(engine, job.id, Event.SETTLE_SENT, ids=[first], now=NOW) == 1
    assert settling.settle(engine, job.id, Event.SETTLE_UNSENT, now=NOW) == 1
    assert by_state(engine, job) == {State.SENT: 1, State.QUEUED: 1}
    assert {row(engine, i).reason for i in (first, second)} == {"settled-by-operator"}


def test_when_the_relay_took_it_is_known_of_what_was_sent_and_not_of_what_was_settled(engine):
    job = planned(engine, 3)
    first, second, third = [item.delivery for item in claim(engine, job).claimed]
    record(
        engine, "w1", Outcome(delivery=first, event=Event.ACCEPT, code=250), Outcome(delivery=second, event=Event.LOSE)
    )
    settling.settle(engine, job.id, Event.SETTLE_SENT, now=NOW)
    assert settling.sent_at(engine, job.id, [first, second, third]) == {first: NOW}
    assert settling.sent_at(engine, job.id, []) == {}


def test_those_unknown_who_were_erased_meanwhile_are_settled_with_the_others_and_get_nothing(engine):
    job = planned(engine, 1)
    with writing(engine) as connection:
        connection.execute(insert(job_tally).values(job_id=job.id, state=int(State.UNKNOWN), count=2))
        connection.execute(insert(job_tally).values(job_id=job.id, state=int(State.CLAIMED), count=1))
    assert by_state(engine, job) == {State.QUEUED: 1, State.UNKNOWN: 3}
    assert settling.settle(engine, job.id, Event.SETTLE_UNSENT, now=NOW) == 3
    assert by_state(engine, job) == {State.QUEUED: 1, State.SKIPPED: 3}
    assert len(claim(engine, job).claimed) == 1


def test_the_deliveries_in_one_state_are_listed_page_by_page(engine, monkeypatch):
    monkeypatch.setattr(settling, "PAGE", 2)
    job = planned(engine, 6)
    held = claim(engine, job).claimed
    refused = Outcome(delivery=held[0].delivery, event=Event.REFUSE, reason="policy", code=550, reply="5.7.1 no")
    record(engine, "w1", refused, *(Outcome(delivery=item.delivery, event=Event.LOSE) for item in held[1:]))
    (one,) = settling.entries(engine, job.id, State.REFUSED)
    assert (one.address, one.code, one.reply, one.reason, one.since, one.attempts) == (
        "p0@example.org", 550, "5.7.1 no", "policy", NOW, 1,
    )  # fmt: skip
    listed = [entry.address for entry in settling.entries(engine, job.id, State.UNKNOWN)]
    assert listed == [f"p{number}@example.org" for number in range(1, 6)]


def test_a_second_look_skips_who_left_was_suppressed_or_erased_and_knows_the_rest_anew(engine):
    job = planned(engine, 4)
    ids = [item.delivery for item in claim(engine, job).claimed]
    with writing(engine) as connection:
        connection.execute(update(subscription).where(subscription.c.id == 1).values(**ENDED))
        connection.execute(update(subscriber).where(subscriber.c.id == 4).values(name="Nieuwe naam"))
        connection.execute(insert(job_tally).values(job_id=job.id, state=int(State.CLAIMED), count=1))
        connection.execute(delivery.delete().where(delivery.c.id == ids[2]))
    suppressed(engine, 2)
    found = check_again(engine, job.id, Claim(worker="w1", now=NOW, lease=LEASE), ids)
    assert [(item.delivery, item.name) for item in found.claimed] == [(ids[3], "Nieuwe naam")]
    assert found.skipped == 3
    assert by_state(engine, job) == {State.CLAIMED: 1, State.SKIPPED: 3}
    assert [row(engine, i).reason for i in ids[:2]] == ["unsubscribed", "suppressed"]
    assert check_again(engine, job.id, Claim(worker="other", now=NOW, lease=LEASE), ids).claimed == ()


def test_a_finished_job_that_is_reopened_is_not_finished_any_more(engine):
    job = planned(engine, 1)
    jobs.change_job(engine, job.id, JobEvent.FINISH, NOW)
    again = jobs.change_job(engine, job.id, JobEvent.REOPEN, NOW)
    assert (again.state, again.finished_at) == (JobState.RUNNING, None)


def test_expiring_gives_up_what_is_deferred(engine):
    job = planned(engine, 2)
    identity = claim(engine, job, size=1).claimed[0].delivery
    record(engine, "w1", Outcome(delivery=identity, event=Event.DEFER, due_at=NOW))
    assert deliveries.expire(engine, job.id, NOW, untouched_since=NOW) == 0
    assert deliveries.expire(engine, job.id, NOW, untouched_since=NOW + timedelta(minutes=1)) == 1
    assert by_state(engine, job) == {State.EXPIRED: 1, State.QUEUED: 1}


def test_cancelling_cancels_what_is_queued_or_deferred_and_what_is_released_later(engine):
    job = planned(engine, 3)
    first, second = [item.delivery for item in claim(engine, job, size=2).claimed]
    record(engine, "w1", Outcome(delivery=first, event=Event.DEFER, due_at=NOW))
    assert jobs.change_job(engine, job.id, JobEvent.CANCEL, NOW).state is JobState.CANCELLED
    with writing(engine) as connection:
        deliveries.release(connection, "w1", [second], NOW)
    jobs.cancel_rest(engine, job.id, NOW)
    assert by_state(engine, job) == {State.CANCELLED: 3}
    with pytest.raises(ConflictError):
        jobs.change_job(engine, job.id, JobEvent.START, NOW)


def test_a_paused_job_goes_on_only_after_resume(engine):
    job = planned(engine, 1)
    jobs.change_job(engine, job.id, JobEvent.PAUSE, NOW)
    with pytest.raises(ConflictError, match="jobs resume"):
        jobs.change_job(engine, job.id, JobEvent.START, NOW)
    assert not jobs.finish_if_done(engine, job.id, NOW)
    assert jobs.change_job(engine, job.id, JobEvent.RESUME, NOW).state is JobState.RUNNING


MEANWHILE = [
    (JobEvent.START, JobEvent.PAUSE, JobState.PAUSED),
    (JobEvent.START, JobEvent.CANCEL, JobState.CANCELLED),
    (JobEvent.PAUSE, JobEvent.CANCEL, JobState.CANCELLED),
    (JobEvent.FINISH, JobEvent.CANCEL, None),
]


@pytest.mark.parametrize(("first", "second", "state"), MEANWHILE)
def test_what_an_operator_does_while_a_job_moves_along_is_not_overwritten(engine, monkeypatch, first, second, state):
    """The second comes between look and write of the first: it waits for it, and then holds, or is refused."""
    job = planned(engine)
    looked, may_write, move_job = threading.Event(), threading.Event(), jobs.move_job

    def slowly(found, event):
        after = move_job(found, event)
        if event is first:
            looked.set()
            may_write.wait(10)
        return after

    monkeypatch.setattr(jobs, "move_job", slowly)
    act = (
        (lambda: jobs.finish_if_done(engine, job.id, NOW))
        if first is JobEvent.FINISH
        else (lambda: jobs.change_job(engine, job.id, first, NOW))
    )
    with ThreadPoolExecutor(2) as pool:
        acting = pool.submit(act)
        assert looked.wait(10)
        meanwhile = pool.submit(jobs.change_job, engine, job.id, second, NOW)
        wait([meanwhile], 0.3)
        may_write.set()
        acting.result(10)
        if state:
            assert meanwhile.result(10).state is state
        else:
            with pytest.raises(ConflictError, match="finished: it cannot cancel"):
                meanwhile.result(10)
    assert jobs.get_job(engine, job.id).state is (state or JobState.FINISHED)


def test_who_is_erased_while_deliveries_are_counted_is_counted_once(engine):
    job = planned(engine, 3)
    erased = []

    def erase(_connection, _cursor, statement, *_):
        if "FROM job_tally" in statement and not erased:
            erased.append(True)
            with writing(engine) as connection:
                connection.execute(insert(job_tally).values(job_id=job.id, state=int(State.QUEUED), count=3))
                connection.execute(delivery.delete())

    listen(engine, "before_cursor_execute", erase)
    try:
        assert sum(counts(engine, job.id).values()) == job.audience
    finally:
        remove(engine, "before_cursor_execute", erase)
    assert erased
    assert counts(engine, job.id)[State.SKIPPED] == 3


def test_erased_deliveries_count_as_they_ended_and_never_as_open(engine):
    job = planned(engine, 1)
    with writing(engine) as connection:
        rows = [{"job_id": job.id, "state": int(state), "count": 2} for state in State]
        connection.execute(insert(job_tally), rows)
    found = counts(engine, job.id)
    assert sum(found.values()) == 2 * len(State) + 1
    assert sum(found[state] for state in OPEN) == 1


def test_jobs_are_listed_newest_first_and_an_unknown_number_is_an_input_error(engine):
    first, second = planned(engine, slug="een"), planned(engine, slug="twee")
    assert [job.id for job in jobs.list_jobs(engine)] == [second.id, first.id]
    jobs.change_job(engine, second.id, JobEvent.PAUSE, NOW)
    assert [job.id for job in jobs.list_jobs(engine, None, [JobState.PLANNED])] == [first.id]
    with pytest.raises(InputError, match="there is no job 99"):
        jobs.get_job(engine, 99)


def test_the_store_holds_no_address_beside_the_subscriber(engine):
    job = planned(engine, 1)
    record(engine, "w1", Outcome(delivery=claim(engine, job).claimed[0].delivery, event=Event.ACCEPT, reply="ok"))
    with reading(engine) as connection:
        for table in (delivery, send_job):
            assert "p0@" not in str(connection.execute(select(text("*")).select_from(table)).all())
        assert connection.scalar(select(subscriber.c.address)) == "p0@example.org"


def test_a_whole_job_runs_on_either_database(engine, tmp_path):
    job = planned(engine, 40)
    with ScriptedServer(script=at("RCPT", "550 5.1.1 no", recipient="p3@")) as server:
        result = World(engine, tmp_path).run(job, server.port)
    assert (result.counts[State.SENT], result.counts[State.REFUSED]) == (39, 1)
    assert result.job.state is JobState.FINISHED
    assert max(server.times.values()) == 1
