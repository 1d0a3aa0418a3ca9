"""Deferred deliveries are tried again when due, by `serve`; what the operator stopped is left to the operator."""

import errno
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from newsletter.cli.common import Project
from newsletter.cli.retention import erase_first
from newsletter.cli.scheduling import calculate
from newsletter.cli.serve import deferred
from newsletter.compose.compiled import CompiledIssue
from newsletter.config_pace import Pace
from newsletter.delivery import continuing, journal, worker
from newsletter.delivery import run as runs
from newsletter.delivery.continuing import ContinuingError, continue_due
from newsletter.delivery.hold import holding
from newsletter.delivery.job import JobEvent, SendJob, When
from newsletter.delivery.journal import Journal
from newsletter.delivery.means import JobResult
from newsletter.delivery.outcome import Event, Outcome, State
from newsletter.delivery.worker import SPOOL, Sending, run_job
from newsletter.message.identity import identity_of
from newsletter.store import deliveries, leftovers
from newsletter.store.claims import Claim, claim_batch
from newsletter.store.job_times import schedule
from newsletter.store.jobs import FrozenIssue, change_job, get_job, plan_job
from subscribers.clock import utc_now
from subscribers.errors import NewsletterError, ServiceError
from subscribers.ledger_entry import nowhere
from subscribers.scrubbing import erase_subscriber
from tests.support.smtp import ScriptedServer, at, nothing_listens
from tests.support.web import WebProject, make_project, sample_issue

PEOPLE = 5


@pytest.fixture
def project(tmp_path: Path) -> Iterator[WebProject]:
    made = make_project(tmp_path)
    for number in range(PEOPLE):
        made.subscribe(f"lezer{number}@example.org")
    yield made
    made.engine.dispose()


def sending(project: WebProject, port: int, *, hours: float = 0) -> Sending:
    """What serve has, with the clock moved."""
    relay = project.configuration.relays["main"].model_copy(update={"port": port})
    return Sending(
        configuration=project.configuration.model_copy(update={"relays": {"main": relay}}),
        engine=project.engine,
        remember=nowhere,
        keyring=project.keyring,
        clock=lambda: utc_now() + timedelta(hours=hours),
    )


def planned_at(project: WebProject, slug: str, hours: float) -> SendJob:
    compiled: CompiledIssue = sample_issue(embedded=False)
    identity = identity_of("nieuwsbrief", project.configuration.mailing_list("nieuwsbrief"))
    frozen = FrozenIssue(compiled=replace(compiled, slug=slug), identity=identity)
    when = When(starts_at=utc_now() + timedelta(hours=hours))
    return plan_job(project.engine, nowhere, frozen, now=utc_now(), when=when)[1]


def first_run(project: WebProject, port: int) -> JobResult:
    compiled: CompiledIssue = sample_issue(embedded=False)
    identity = identity_of("nieuwsbrief", project.configuration.mailing_list("nieuwsbrief"))
    frozen = FrozenIssue(compiled=compiled, identity=identity)
    _, job = plan_job(project.engine, nowhere, frozen, now=utc_now())
    return run_job(sending(project, port), job)


def test_what_was_deferred_is_sent_when_due_and_not_before(project: WebProject) -> None:
    script = at("RCPT", "451 4.7.1 greylisted", recipient="lezer3@", times=1)
    with ScriptedServer(script=script) as server:
        result = first_run(project, server.port)
        assert result.counts[State.DEFERRED] == 1
        assert continue_due(sending(project, server.port)) == []
        (again,) = continue_due(sending(project, server.port, hours=2))
        assert again.counts[State.SENT] == PEOPLE
        assert again.job.state == "finished"
        assert continue_due(sending(project, server.port, hours=4)) == []


def test_a_job_that_waits_for_its_slot_hears_of_a_limit_that_was_raised(project: WebProject) -> None:
    def limited(rate: str) -> Sending:
        pace = Pace.model_validate({"domains": {"example.org": {"limit": rate}}})
        now = sending(project, server.port)
        return replace(now, configuration=now.configuration.model_copy(update={"pace": pace}), patience=0)

    with ScriptedServer() as server:
        planned_at(project, "zomer", -1)
        (first,) = continue_due(limited("2/hour"))
        assert first.counts[State.SENT] == 2
        assert continue_due(limited("2/hour")) == []
        (second,) = continue_due(limited("1000/hour"))
        assert second.counts[State.SENT] == PEOPLE


def test_a_job_with_queued_deliveries_is_left_to_who_stopped_it(project: WebProject) -> None:
    script = at("RCPT", "451 4.7.1 greylisted", recipient="lezer3@", times=1)
    with ScriptedServer(script=script) as server:
        result = first_run(project, server.port)
        with project.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE delivery SET state = 0 WHERE id = 1")
        assert continue_due(sending(project, server.port, hours=2)) == []
        assert deliveries.counts(project.engine, result.job.id)[State.DEFERRED] == 1


def test_a_retry_that_serve_began_and_could_not_end_is_tried_again(project: WebProject) -> None:
    """The relay is gone for a moment, just when the retry is due."""
    with ScriptedServer(script=at("RCPT", "451 4.7.1 greylisted", recipient="lezer3@", times=2)) as server:
        job = first_run(project, server.port).job
        with nothing_listens() as nowhere_port, pytest.raises(ServiceError, match="cannot be reached"):
            continue_due(sending(project, nowhere_port, hours=2))
        assert counted(project, job) == {State.SENT: PEOPLE - 1, State.QUEUED: 1}
        (deferred_again,) = continue_due(sending(project, server.port, hours=2.1))
        assert deferred_again.counts[State.DEFERRED] == 1
        assert get_job(project.engine, job.id).starts_at is None, "who sends it is asked for again, as before"
        (again,) = continue_due(sending(project, server.port, hours=24))
    assert again.counts[State.SENT] == PEOPLE
    assert again.job.state == "finished"


def test_a_retry_during_which_serve_was_killed_is_tried_again(
    project: WebProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer(script=at("RCPT", "451 4.7.1 greylisted", recipient="lezer3@", times=1)) as server:
        job = first_run(project, server.port).job
        with monkeypatch.context() as patched:
            patched.setattr(worker, "in_event_loop", lambda _: killed(project, job, hours=2))
            with pytest.raises(ServiceError):
                continue_due(sending(project, server.port, hours=2))
        assert counted(project, job) == {State.SENT: PEOPLE - 1, State.CLAIMED: 1}
        (again,) = continue_due(sending(project, server.port, hours=2.1))
    assert again.counts[State.SENT] == PEOPLE


def killed(project: WebProject, job: SendJob, *, hours: float = 0) -> None:
    """Claim all that is due, as a worker that is killed right after; of three it wrote the dot, of one it heard."""
    spool = project.configuration.data_dir / SPOOL
    claim = Claim(worker="dead", now=utc_now() + timedelta(hours=hours), lease=timedelta(minutes=30))
    claimed = [item.delivery for item in claim_batch(project.engine, job.id, claim, 100).claimed]
    written = Journal(journal.path_of(spool, job.id, "dead"))
    for delivery in claimed[1:4]:
        written.start(delivery)
    for delivery in claimed[1:2]:
        written.finish(Outcome(delivery=delivery, event=Event.ACCEPT, code=250))
    written.close()
    raise ServiceError("killed")


def test_a_job_of_which_nothing_is_open_is_finished_by_the_next_look(
    project: WebProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the last answer and the end of its run: the retention of its deliveries begins (I4)."""
    job = planned_at(project, "een", -1)
    with ScriptedServer() as server:
        with monkeypatch.context() as patched:
            patched.setattr(runs.jobs, "finish_if_done", dying)
            with pytest.raises(ServiceError):
                continue_due(sending(project, server.port))
        assert counted(project, job) == {State.SENT: PEOPLE}
    assert continue_due(sending(project, 0)) == [], "without any relay"
    assert get_job(project.engine, job.id).state == "finished"
    assert get_job(project.engine, job.id).finished_at is not None


def dying(*_: object) -> None:
    raise ServiceError("killed")


def test_a_job_whose_only_deferred_reader_was_erased_is_finished(project: WebProject) -> None:
    with ScriptedServer(script=at("RCPT", "451 4.7.1 greylisted", recipient="lezer3@", times=1)) as server:
        job = first_run(project, server.port).job
    policies = project.configuration.policies
    erase_subscriber(project.engine, "lezer3@example.org", policies=policies, now=utc_now(), record=nowhere)
    continue_due(sending(project, 0))
    assert get_job(project.engine, job.id).state == "finished"


@pytest.mark.parametrize("state", [State.SENT, State.UNKNOWN])
def test_a_job_that_runs_with_nothing_open_is_finished(project: WebProject, state: State) -> None:
    """It was paused during its last answers and resumed, or restored: then what was open is unknown, and stays so."""
    job = planned_at(project, "een", -1)
    change_job(project.engine, job.id, JobEvent.START, utc_now())
    with project.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE delivery SET state = {int(state)}")
    if state is State.SENT:
        change_job(project.engine, job.id, JobEvent.PAUSE, utc_now())
        assert continue_due(sending(project, 0)) == [], "the operator has it"
        change_job(project.engine, job.id, JobEvent.RESUME, utc_now())
    unusable = sending(project, 0)
    without_list = unusable.configuration.model_copy(update={"lists": {}})
    continue_due(replace(unusable, configuration=without_list))
    assert get_job(project.engine, job.id).state == "finished", "also if nothing more of its list could be sent"
    assert counted(project, job) == {state: PEOPLE}


def test_a_job_that_another_process_sends_is_not_made_serves(project: WebProject) -> None:
    """`send` waits for the retry that is due, or for a slot: what it leaves queued is for whoever gives the command."""
    with ScriptedServer(script=at("RCPT", "451 4.7.1 greylisted", recipient="lezer3@", times=1)) as server:
        job = first_run(project, server.port).job
        with holding(project.engine, project.configuration.data_dir / SPOOL, job, utc_now):
            assert continue_due(sending(project, server.port, hours=2)) == []
        assert get_job(project.engine, job.id).starts_at is None
        (again,) = continue_due(sending(project, server.port, hours=2))
    assert again.counts[State.SENT] == PEOPLE


@pytest.mark.parametrize("change", ["moved", "paused", "cancelled"])
def test_a_job_that_waited_for_its_turn_begins_by_what_is_true_then(
    project: WebProject, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """`send --at tomorrow`, `jobs pause` or `jobs cancel` while others were sent: it is left alone, without a word."""
    monkeypatch.setattr(continuing, "AT_ONCE", 1)
    first, second = planned_at(project, "een", -1), planned_at(project, "twee", -1)
    tomorrow = utc_now() + timedelta(days=1)
    really_run = continuing.run_job

    def run(by: Sending, job: SendJob) -> JobResult:
        if job.id == first.id and change == "moved":
            schedule(project.engine, second.id, tomorrow)
        elif job.id == first.id:
            change_job(project.engine, second.id, {"paused": JobEvent.PAUSE}.get(change, JobEvent.CANCEL), utc_now())
        return really_run(by, job)

    monkeypatch.setattr(continuing, "run_job", run)
    with ScriptedServer() as server:
        assert [result.job.id for result in continue_due(sending(project, server.port))] == [first.id]
    assert counted(project, second) == {State.CANCELLED if change == "cancelled" else State.QUEUED: PEOPLE}


def counted(project: WebProject, job: SendJob) -> dict[State, int]:
    return {state: count for state, count in deliveries.counts(project.engine, job.id).items() if count}


def stopped_and_killed(project: WebProject, event: JobEvent) -> SendJob:
    """A job that was paused or cancelled, and whose worker was killed before it noticed."""
    job = planned_at(project, "een", -1)
    change_job(project.engine, job.id, JobEvent.START, utc_now())
    with pytest.raises(ServiceError, match="killed"):
        killed(project, job)
    return change_job(project.engine, job.id, event, utc_now())


@pytest.mark.parametrize(("event", "rest"), [(JobEvent.CANCEL, State.CANCELLED), (JobEvent.PAUSE, State.QUEUED)])
def test_what_a_killed_worker_held_of_a_stopped_job_is_settled_without_a_run(
    project: WebProject, event: JobEvent, rest: State
) -> None:
    job = stopped_and_killed(project, event)
    with holding(project.engine, project.configuration.data_dir / SPOOL, job, utc_now):
        assert continue_due(sending(project, 0)) == []
        assert counted(project, job) == {State.CLAIMED: PEOPLE}, "who holds it may be writing a dot (I3)"
    assert continue_due(sending(project, 0)) == []
    assert counted(project, job) == {State.SENT: 1, State.UNKNOWN: 2, rest: 2}
    assert not list((project.configuration.data_dir / SPOOL).glob("*.journal"))


def test_a_stopped_job_that_cannot_be_settled_is_told_and_another_one_is(project: WebProject) -> None:
    job = stopped_and_killed(project, JobEvent.CANCEL)
    path = journal.path_of(project.configuration.data_dir / SPOOL, job.id, "dead")
    path.unlink()
    path.mkdir()
    with ScriptedServer() as server:
        other = planned_at(project, "twee", -1)
        with pytest.raises(ServiceError, match=rf"{re.escape(str(job))}: .*cannot be read"):
            continue_due(sending(project, server.port))
    assert counted(project, job) == {State.CLAIMED: PEOPLE}
    assert counted(project, other) == {State.SENT: PEOPLE}


def test_news_that_got_too_old_expires_instead(project: WebProject) -> None:
    script = at("RCPT", "451 4.7.1 greylisted", recipient="lezer3@", times=1)
    with ScriptedServer(script=script) as server:
        first_run(project, server.port)
        (again,) = continue_due(sending(project, server.port, hours=73))
    assert again.counts[State.EXPIRED] == 1
    assert again.job.state == "finished"


def test_a_job_that_begins_late_tries_as_often_as_any_other(project: WebProject) -> None:
    """Halted for a weekend, slow, or sent long after it was planned: each reader's own schedule counts."""
    with ScriptedServer(script=at("RCPT", "452 4.2.2 mailbox full", recipient="lezer3@")) as server:
        job = planned_at(project, "zomer", 0)
        run_job(sending(project, server.port, hours=73), job)
        for hours in (74, 76, 79):
            (again,) = continue_due(sending(project, server.port, hours=hours))
            assert again.counts[State.DEFERRED] == 1, f"{hours} hours"


def test_after_a_pause_what_was_deferred_before_it_is_tried_again(project: WebProject) -> None:
    script = at("RCPT", "451 4.7.1 greylisted", recipient="lezer3@", times=1)
    with ScriptedServer(script=script) as server:
        job = first_run(project, server.port).job
        change_job(project.engine, job.id, JobEvent.PAUSE, utc_now())
        change_job(project.engine, job.id, JobEvent.RESUME, utc_now() + timedelta(hours=73))
        (again,) = continue_due(sending(project, server.port, hours=74))
    assert again.counts[State.SENT] == PEOPLE


def test_a_job_cannot_go_on_for_ever_by_being_put_off(project: WebProject) -> None:
    """Each run of `serve` may set another time for the job: that is no reason to try for longer."""
    with ScriptedServer(script=at("RCPT", "451 4.7.1 greylisted", recipient="lezer3@")) as server:
        job = first_run(project, server.port).job
        with project.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE delivery SET attempts = 12 WHERE state = 2")
        schedule(project.engine, job.id, utc_now() + timedelta(hours=2))
        (again,) = continue_due(sending(project, server.port, hours=3))
    assert again.counts[State.EXPIRED] == 1


def test_a_job_that_cannot_go_on_is_told_and_the_others_go_on(project: WebProject, monkeypatch) -> None:
    script = at("RCPT", "451 4.7.1 greylisted", recipient="lezer3@", times=1)
    with ScriptedServer(script=script) as server:
        first = first_run(project, server.port)
        with project.engine.begin() as connection:  # a later job whose list is no longer configured; it comes first
            connection.exec_driver_sql(
                "INSERT INTO send_job (ref, list, slug, digest, state, audience, created_at, actor)"
                " SELECT x'00', 'verdwenen', slug, digest, state, audience, created_at, actor FROM send_job"
            )
            connection.exec_driver_sql(
                "INSERT INTO delivery (job_id, subscription_id, state, attempts, due_at, updated_at)"
                " SELECT job_id + 1, subscription_id, state, attempts, due_at, updated_at FROM delivery WHERE state = 2"
            )
        with pytest.raises(NewsletterError, match="verdwenen") as caught:
            continue_due(sending(project, server.port, hours=2))
    assert "Traceback" not in str(caught.value)
    assert deliveries.counts(project.engine, first.job.id)[State.SENT] == PEOPLE


def test_a_database_error_in_one_job_does_not_stop_the_others(project: WebProject, monkeypatch) -> None:
    script = at("RCPT", "451 4.7.1 greylisted", recipient="lezer3@", times=1)
    with ScriptedServer(script=script) as server:
        first = first_run(project, server.port)

        def fails(*_arguments: object) -> None:
            raise OperationalError("SELECT", {}, Exception("disk I/O error"))

        monkeypatch.setattr(continuing, "run_job", fails)
        with pytest.raises(ServiceError, match=f"job {first.job.id}.*disk I/O error"):
            continue_due(sending(project, server.port, hours=2))


def test_an_error_nobody_expects_ends_no_round_and_is_told_after_it(project: WebProject, monkeypatch) -> None:
    """Others are still being sent: what becomes due meanwhile is begun, and what they did is told."""
    broken, slow, later = (planned_at(project, slug, hours) for slug, hours in (("een", -1), ("twee", -1), ("drie", 1)))
    has_failed, has_ended = threading.Event(), threading.Event()

    def run(_sending: Sending, job: SendJob) -> int:
        change_job(project.engine, job.id, JobEvent.CANCEL, utc_now())
        if job.id == broken.id:
            has_failed.set()
            raise RuntimeError("lezer3@example.org")
        if job.id == slow.id:
            assert has_failed.wait(10)
            schedule(project.engine, later.id, utc_now() - timedelta(minutes=1))
            has_ended.wait(10)
        has_ended.set()
        return job.id

    monkeypatch.setattr(continuing, "run_job", run)
    with pytest.raises(ContinuingError) as caught:
        continue_due(sending(project, 0), look_seconds=0.05)
    assert str(caught.value) == f"{broken}: RuntimeError"
    assert set(caught.value.results) == {slow.id, later.id}


def test_a_journal_that_cannot_be_removed_is_told_by_its_job_and_the_others_are_sent(
    project: WebProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The spool became read-only; everything is recorded by then, and nobody gets it twice."""
    jobs = [planned_at(project, slug, -1) for slug in ("een", "twee")]
    remove = Path.unlink

    def refuse(path: Path, *, missing_ok: bool = False) -> None:
        if path.name.startswith(f"{jobs[0].id}-"):
            raise OSError(errno.EROFS, "Read-only file system")
        remove(path, missing_ok=missing_ok)

    with ScriptedServer() as server, monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refuse)
        for _ in ("the run itself", "the next one, which reads that journal"):
            with pytest.raises(ContinuingError, match=rf"^job {jobs[0].id} .*cannot be removed: Read-only") as caught:
                continue_due(sending(project, server.port))
            assert str(jobs[1]) not in str(caught.value)
        patched.undo()
        continue_due(sending(project, server.port))
        assert len(server.accepted) == 2 * PEOPLE
    assert [get_job(project.engine, job.id).state for job in jobs] == ["finished"] * 2


def test_a_job_that_takes_hours_holds_no_other_one(project: WebProject, monkeypatch) -> None:
    """The second becomes due while the first is sent, and ends before it."""
    first, second = (planned_at(project, slug, hours) for slug, hours in (("een", -1), ("twee", 1)))
    ended: list[int] = []
    has_ended = threading.Event()

    def run(_sending: Sending, job: SendJob) -> int:
        if job.id == first.id:
            schedule(project.engine, second.id, utc_now() - timedelta(minutes=1))
            assert has_ended.wait(10)
        ended.append(job.id)
        change_job(project.engine, job.id, JobEvent.CANCEL, utc_now())
        if job.id == second.id:
            has_ended.set()
        return job.id

    monkeypatch.setattr(continuing, "run_job", run)
    assert sorted(continue_due(sending(project, 0), look_seconds=0.05)) == [first.id, second.id]
    assert ended == [second.id, first.id]


def test_a_file_past_its_days_that_cannot_be_removed_stops_serve_as_it_stops_send_rule_i4(
    project: WebProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No query of the database shows it, so only a retention run does."""
    script = at("RCPT", "451 4.7.1 greylisted", recipient="lezer3@", times=1)
    with ScriptedServer(script=script) as server:
        result = first_run(project, server.port)
        with project.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE delivery SET due_at = '2020-01-01 00:00:00.000000' WHERE state = 2")
        opened = Project(project.configuration)
        exported = project.configuration.data_dir / "exports" / "oud.csv"
        exported.parent.mkdir()
        exported.write_text("lezer3@example.org")
        os.utime(exported, (0, 0))
        monkeypatch.setattr(leftovers, "remove_all", refusing)
        for act in (partial(erase_first, opened, quiet=True), deferred(opened).work):
            with pytest.raises(NewsletterError, match=r"overdue for erasure.*exports could not be removed: Read-only"):
                act()
    assert deliveries.counts(project.engine, result.job.id)[State.DEFERRED] == 1
    opened.engine.dispose()


def refusing(_paths: object) -> None:
    raise OSError(errno.EROFS, "Read-only file system")


# ---------------------------------------------------------------- what is said before


def said_before(project: WebProject, count: int = PEOPLE) -> timedelta:
    """How long the calculation says that it takes, before anything is confirmed."""
    known = Project(project.configuration)
    try:
        return calculate(known, "nieuwsbrief", {"example.org": count}, start=utc_now(), spread=None).lasts
    finally:
        known.engine.dispose()


def test_the_calculation_knows_what_was_sent_today_and_who_waits(project: WebProject) -> None:
    pace = Pace.model_validate({"domains": {"example.org": {"limit": "5/day"}}})
    some = replace(project, configuration=project.configuration.model_copy(update={"pace": pace}))
    assert said_before(some) < timedelta(minutes=1)
    with ScriptedServer() as server:
        assert first_run(some, server.port).counts[State.SENT] == PEOPLE
        assert timedelta(hours=23) < said_before(some) < timedelta(hours=27)
        compiled = replace(sample_issue(embedded=False), slug="twee")
        identity = identity_of("nieuwsbrief", some.configuration.mailing_list("nieuwsbrief"))
        _, job = plan_job(some.engine, nowhere, FrozenIssue(compiled=compiled, identity=identity), now=utc_now())
        result = run_job(replace(sending(some, server.port), patience=0), job)
    assert result.counts[State.DEFERRED] == PEOPLE
    assert timedelta(hours=47) < said_before(some) < timedelta(hours=53), "behind those of the second issue"


def test_a_relay_that_stands_by_makes_nothing_faster(project: WebProject) -> None:
    main = project.configuration.relays["main"].model_copy(update={"messages_per_second": 10.0})
    both = project.configuration.lists["nieuwsbrief"].model_copy(update={"relay_names": ("main", "spare")})
    for weight, minutes in ((0, 10), (1, 5)):
        relays = {"main": main, "spare": main.model_copy(update={"weight": weight})}
        update = {"relays": relays, "lists": {"nieuwsbrief": both}}
        some = replace(project, configuration=project.configuration.model_copy(update=update))
        assert said_before(some, 6000) == pytest.approx(timedelta(minutes=minutes), rel=0.01)
