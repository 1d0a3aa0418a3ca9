"""Deferred deliveries are tried again when due, by `serve`; what the operator stopped is left to the operator."""

import errno
import os
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
from newsletter.cli.serve import deferred
from newsletter.compose.compiled import CompiledIssue
from newsletter.delivery import continuing
from newsletter.delivery.continuing import continue_due
from newsletter.delivery.job import JobEvent, SendJob, When
from newsletter.delivery.means import JobResult
from newsletter.delivery.outcome import State
from newsletter.delivery.worker import Sending, run_job
from newsletter.message.identity import identity_of
from newsletter.store import deliveries, leftovers
from newsletter.store.job_times import schedule
from newsletter.store.jobs import FrozenIssue, change_job, plan_job
from subscribers.clock import utc_now
from subscribers.errors import NewsletterError, ServiceError
from subscribers.ledger_entry import nowhere
from tests.support.smtp import ScriptedServer, at
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


def test_a_job_with_queued_deliveries_is_left_to_who_stopped_it(project: WebProject) -> None:
    script = at("RCPT", "451 4.7.1 greylisted", recipient="lezer3@", times=1)
    with ScriptedServer(script=script) as server:
        result = first_run(project, server.port)
        with project.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE delivery SET state = 0 WHERE id = 1")
        assert continue_due(sending(project, server.port, hours=2)) == []
        assert deliveries.counts(project.engine, result.job.id)[State.DEFERRED] == 1


def test_news_that_got_too_old_expires_instead(project: WebProject) -> None:
    script = at("RCPT", "451 4.7.1 greylisted", recipient="lezer3@", times=1)
    with ScriptedServer(script=script) as server:
        first_run(project, server.port)
        (again,) = continue_due(sending(project, server.port, hours=73))
    assert again.counts[State.EXPIRED] == 1
    assert again.job.state == "finished"


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
    assert continue_due(sending(project, 0), look_seconds=0.05) == ended == [second.id, first.id]


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
