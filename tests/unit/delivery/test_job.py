from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from newsletter.delivery.job import TRANSITIONS, JobEvent, JobState, Plan, SendJob, decide_plan, how_to_resume, move
from subscribers.errors import ConflictError

JOB = SendJob(
    id=3, ref=b"r" * 16, list_slug="nieuws", slug="zomer", digest="d1", state=JobState.RUNNING, audience=5,
    created_at=datetime(2027, 6, 14, tzinfo=UTC),
)  # fmt: skip


def test_an_unknown_identity_is_planned():
    assert decide_plan(None, "d1") is Plan.NEW


@pytest.mark.parametrize("state", [JobState.PLANNED, JobState.RUNNING, JobState.PAUSED])
def test_the_same_digest_resumes(state):
    assert decide_plan(replace(JOB, state=state), "d1") is Plan.RESUME


@pytest.mark.parametrize("state", [JobState.FINISHED, JobState.CANCELLED])
def test_a_finished_job_never_plans_again(state):
    assert decide_plan(replace(JOB, state=state), "d1") is Plan.FINISHED


@pytest.mark.parametrize("state", JobState)
def test_another_digest_is_refused_naming_the_job(state):
    with pytest.raises(ConflictError, match=r"job 3 \(nieuws/zomer\)") as caught:
        decide_plan(replace(JOB, state=state), "d2")
    assert caught.value.exit_status == 2


@pytest.mark.parametrize("state", JobState)
@pytest.mark.parametrize("event", JobEvent)
def test_a_move_is_in_the_table_or_a_conflict(state, event):
    job = replace(JOB, state=state)
    if event in TRANSITIONS[state]:
        assert move(job, event) is TRANSITIONS[state][event]
    else:
        with pytest.raises(ConflictError, match=f"the job is {state}"):
            move(job, event)


def test_a_paused_job_starts_only_after_resume():
    with pytest.raises(ConflictError, match="newsletter jobs resume 3"):
        move(replace(JOB, state=JobState.PAUSED), JobEvent.START)


@pytest.mark.parametrize(
    ("starts_in", "has_begun", "state"),
    [
        (timedelta(hours=1), False, JobState.PLANNED),
        (timedelta(hours=1), True, JobState.RUNNING),
        (timedelta(0), False, JobState.RUNNING),
        (None, False, JobState.RUNNING),
    ],
)
def test_a_paused_job_goes_back_to_its_plan_only_before_its_time(starts_in, has_begun, state):
    now = datetime(2027, 6, 14, 9, tzinfo=UTC)
    job = replace(JOB, state=JobState.PAUSED, starts_at=None if starts_in is None else now + starts_in)
    assert move(job, how_to_resume(job, has_begun=has_begun, now=now)) is state


@pytest.mark.parametrize("state", [state for state in JobState if state is not JobState.PAUSED])
def test_what_is_not_paused_cannot_be_resumed_whatever_its_time(state):
    later = replace(JOB, state=state, starts_at=JOB.created_at + timedelta(days=1))
    with pytest.raises(ConflictError, match=f"the job is {state}: it cannot resume"):
        move(later, how_to_resume(later, has_begun=False, now=JOB.created_at))


def test_naive_times_are_refused():
    with pytest.raises(ValueError, match="naive"):
        replace(JOB, created_at=datetime(2027, 6, 14))  # noqa: DTZ001 - that is the point
