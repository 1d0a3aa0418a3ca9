"""What `/metrics` counts in the store: the same on SQLite and PostgreSQL, and nothing about anyone (I7)."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert, update

from newsletter.delivery.outcome import State
from newsletter.store import jobs
from newsletter.store.measures import measure
from newsletter.store.tables import bounce_tally, delivery, job_tally, send_job
from subscribers.leaving import suppress
from subscribers.ledger_entry import nowhere
from subscribers.notice import NoticeKind
from subscribers.outbox import queue_notice
from subscribers.subscription import Actor
from subscribers.suppression import SuppressionReason
from subscribers.tables import subscription
from subscribers.transactions import writing
from tests.support.sending import LIST, planned

NOW = datetime(2027, 6, 14, 9, tzinfo=UTC)


def test_an_empty_store_measures_nothing(engine):
    found = measure(engine, NOW)
    assert (found.jobs, found.deliveries, found.notices, found.overdue) == ({}, {}, {}, 0)
    assert (found.oldest_notice, found.scrub_due_since, found.last_receipt) == (None, None, None)


def test_deliveries_are_counted_by_list_and_state_erased_ones_included(engine):
    job = planned(engine, 6, now=NOW)
    with writing(engine) as connection:
        ids = connection.scalars(delivery.select().with_only_columns(delivery.c.id).order_by(delivery.c.id)).all()
        connection.execute(update(delivery).where(delivery.c.id.in_(ids[:2])).values(state=int(State.SENT)))
        later = {"state": int(State.DEFERRED), "due_at": NOW + timedelta(minutes=40)}
        connection.execute(update(delivery).where(delivery.c.id == ids[2]).values(**later))
        connection.execute(insert(job_tally).values(job_id=job.id, state=int(State.SENT), count=5))
        connection.execute(insert(bounce_tally).values(job_id=job.id, kind="hard", count=3))
        connection.execute(update(send_job).values(state="paused", halted="too many refusals"))
    found = measure(engine, NOW)
    assert found.halted == {LIST: 1}
    assert found.jobs == {(LIST, "paused"): 1}
    assert found.deliveries == {(LIST, "sent"): 7, (LIST, "deferred"): 1, (LIST, "queued"): 3}
    assert found.next_due == {LIST: NOW + timedelta(minutes=40)}
    assert found.subscriptions == {(LIST, "active"): 6}
    assert found.bounces == {"hard": 3}


def test_what_is_overdue_suppressed_or_waiting_shows(engine):
    planned(engine, 3, now=NOW)
    with writing(engine) as connection:
        first, second, _ = connection.scalars(
            subscription.select().with_only_columns(subscription.c.subscriber_id)
        ).all()
        ended = {
            "state": "ended",
            "ended_reason": "unsubscribed",
            "ended_at": NOW,
            "erase_at": NOW,
            "period": "21 days",
        }
        connection.execute(update(subscription).where(subscription.c.subscriber_id == first).values(**ended))
        suppress(
            connection,
            second,
            reason=SuppressionReason.COMPLAINT,
            actor=Actor.SYSTEM,
            policies={},
            now=NOW,
            record=nowhere,
        )
        queue_notice(connection, kind=NoticeKind.MY_DATA, subscriber_id=second, list_slug=LIST, now=NOW, keep_days=7)
    found = measure(engine, NOW + timedelta(seconds=1))
    assert found.overdue == 1
    assert found.suppressed == {"complaint": 1}
    assert found.notices == {"queued": 1}
    assert found.oldest_notice == NOW


def test_of_a_finished_job_those_sent_are_what_the_others_leave_and_erased_ones_are_not_open(engine):
    job = planned(engine, 6, now=NOW)
    with writing(engine) as connection:
        ids = connection.scalars(delivery.select().with_only_columns(delivery.c.id).order_by(delivery.c.id)).all()
        connection.execute(update(delivery).values(state=int(State.SENT)))
        connection.execute(update(delivery).where(delivery.c.id == ids[0]).values(state=int(State.UNKNOWN)))
        connection.execute(delete(delivery).where(delivery.c.id.in_(ids[3:])))
        for state, count in ((State.SENT, 1), (State.QUEUED, 1), (State.CLAIMED, 1)):
            connection.execute(insert(job_tally).values(job_id=job.id, state=int(state), count=count))
    expected = {(LIST, "sent"): 3, (LIST, "unknown"): 2, (LIST, "skipped"): 1}
    assert measure(engine, NOW).deliveries == expected
    jobs.finish_if_done(engine, job.id, NOW)
    assert measure(engine, NOW).deliveries == expected
