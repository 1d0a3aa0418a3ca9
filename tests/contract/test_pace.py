"""Less often: at most one issue in so many days, looked at when a delivery is claimed (I2); on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy import Engine, update

from newsletter.delivery.outcome import State
from newsletter.store.claims import Claim, check_again, claim_batch
from newsletter.store.tables import delivery
from subscribers.preferences import choose_pace, correct, is_too_soon, preferences_of
from subscribers.transactions import reading, writing
from tests.support.people import NOON, joined, leave, person, rows, sent_to


def chosen(engine: Engine, ref: bytes, days: int | None) -> bool:
    with writing(engine) as connection:
        return choose_pace(connection, ref, days)


def a_job(engine: Engine, ref: bytes, slug: str, state: State = State.QUEUED, at: datetime = NOON) -> int:
    job = sent_to(engine, ref, states=[int(state)], slug=slug)
    with writing(engine) as connection:
        connection.execute(update(delivery).where(delivery.c.job_id == job).values(updated_at=at, worker="w"))
    return job


def claimed(engine: Engine, job: int, now: datetime) -> tuple[int, int]:
    batch = claim_batch(engine, job, Claim(worker="w", now=now, lease=timedelta(minutes=5)), 10)
    return len(batch.claimed), batch.skipped


@pytest.mark.parametrize("before", [State.SENT, State.UNKNOWN])
@pytest.mark.parametrize(("days", "goes"), [(29, 0), (30, 1)])
def test_an_issue_within_the_days_is_skipped_and_one_after_them_goes(
    engine: Engine, before: State, days: int, goes: int
) -> None:
    ref = joined(engine)
    chosen(engine, ref, 30)
    a_job(engine, ref, "een", before)
    job = a_job(engine, ref, "twee")
    assert claimed(engine, job, NOON + timedelta(days=days)) == (goes, 1 - goes)
    reason = [row.reason for row in rows(engine, "delivery") if row.job_id == job]
    assert reason == [None if goes else "less-often"]


def test_every_issue_goes_to_who_did_not_choose(engine: Engine) -> None:
    ref = joined(engine)
    a_job(engine, ref, "een", State.SENT)
    assert claimed(engine, a_job(engine, ref, "twee"), NOON) == (1, 0)


@pytest.mark.parametrize("before", [State.REFUSED, State.SKIPPED, State.CANCELLED, State.EXPIRED, State.QUEUED])
def test_what_did_not_go_out_does_not_count(engine: Engine, before: State) -> None:
    ref = joined(engine)
    chosen(engine, ref, 30)
    a_job(engine, ref, "een", before)
    assert claimed(engine, a_job(engine, ref, "twee"), NOON) == (1, 0)


def test_an_issue_of_another_list_does_not_count(engine: Engine) -> None:
    ref, other = joined(engine), joined(engine, slug="agenda")
    chosen(engine, ref, 30)
    a_job(engine, other, "een", State.SENT)
    assert claimed(engine, a_job(engine, ref, "twee"), NOON) == (1, 0)


def test_a_retry_is_not_stopped_by_its_own_first_try(engine: Engine) -> None:
    ref = joined(engine)
    chosen(engine, ref, 30)
    job = a_job(engine, ref, "een", State.DEFERRED)
    with writing(engine) as connection:
        connection.execute(update(delivery).values(due_at=NOON, worker=None))
    assert claimed(engine, job, NOON) == (1, 0)


def test_of_two_jobs_at_once_the_older_one_goes_out(engine: Engine) -> None:
    ref = joined(engine)
    chosen(engine, ref, 30)
    older, younger = a_job(engine, ref, "een", State.CLAIMED), a_job(engine, ref, "twee", State.CLAIMED)
    ids = {row.job_id: row.id for row in rows(engine, "delivery")}
    claim = Claim(worker="w", now=NOON, lease=timedelta(minutes=5))
    assert len(check_again(engine, older, claim, [ids[older]]).claimed) == 1
    assert check_again(engine, younger, claim, [ids[younger]]).skipped == 1


def test_a_choice_made_after_planning_and_before_claiming_counts(engine: Engine) -> None:
    ref = joined(engine)
    a_job(engine, ref, "een", State.SENT)
    job = a_job(engine, ref, "twee")
    chosen(engine, ref, 30)
    assert claimed(engine, job, NOON) == (0, 1)


def test_every_issue_again(engine: Engine) -> None:
    ref = joined(engine)
    chosen(engine, ref, 30)
    chosen(engine, ref, None)
    with reading(engine) as connection:
        found = preferences_of(connection, ref)
    assert found is not None
    assert (found.every_days, found.others) == (None, 0)


def test_who_left_has_no_preferences(engine: Engine) -> None:
    ref = joined(engine)
    leave(engine, ref)
    assert not chosen(engine, ref, 30)
    with reading(engine) as connection:
        assert preferences_of(connection, ref) is None


def test_a_correction_leaves_what_is_not_given(engine: Engine) -> None:
    joined(engine, organisation="Gemeente", attributes={"gemeente": "Ede", "taal": "nl"})
    with writing(engine) as connection:
        correct(connection, person(engine).id, now=NOON, name="Jan  ", attributes={"gemeente": ""})
    now = person(engine)
    assert (now.name, now.organisation, now.attributes) == ("Jan", "Gemeente", {"taal": "nl"})


@given(st.datetimes(timezones=st.just(UTC)), st.integers(1, 90), st.integers(0, 60 * 24 * 200))
def test_days_are_calendar_days(begun: datetime, days: int, minutes: int) -> None:
    assume(begun.year < 9999)
    now = begun + timedelta(minutes=minutes)
    assert is_too_soon(begun, days, now) is ((now.date() - begun.date()).days < days)
    assert not is_too_soon(begun, None, now)
    assert not is_too_soon(None, days, now)
