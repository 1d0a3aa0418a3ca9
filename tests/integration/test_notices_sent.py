"""Service mails over real SMTP: sent once, put off, refused, unknown; a death in between is known (A24)."""

import email
import email.policy
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from newsletter.delivery import notice_line, notices
from newsletter.delivery.catcher import Catcher
from newsletter.delivery.notices import NoticeResult, send_notices
from newsletter.delivery.worker import Sending
from newsletter.message.ids import parse_notice_id
from subscribers.errors import ServiceError
from subscribers.farewell import queue_leaving_mails
from subscribers.leaving import end_many
from subscribers.notice import NoticeKind
from subscribers.outbox import queue_notice
from subscribers.subscription import Actor, EndedReason
from subscribers.tables import notice, subscriber, subscription
from subscribers.tokens import Purpose
from subscribers.transactions import reading, writing
from tests.support.cli import command, environment, newsletter
from tests.support.smtp import CLOSE, SILENCE, ScriptedServer, at, nothing_listens
from tests.support.web import TOML, WebProject, make_project

NOW = datetime(2027, 6, 14, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_project(folder: Path, port: int) -> WebProject:
    folder.mkdir(exist_ok=True)
    toml = TOML.replace("port = 2525", f"port = {port}").format(base_url="http://127.0.0.1:8080")
    (folder / "newsletter.toml").write_text(toml, encoding="utf-8")
    return make_project(folder)


def queue(project: WebProject, address: str = "jan@example.org", *, slug: str = "nieuwsbrief", **more) -> bytes:
    project.subscribe(address, slug)
    with writing(project.engine) as connection:
        query = subscription.select().join(subscriber).where(subscriber.c.address == address)
        row = connection.execute(query).first()
        assert row
        values = {"kind": NoticeKind.CONFIRM, "subscriber_id": row.subscriber_id, "subscription_id": row.id}
        values |= {"list_slug": slug, "now": NOW, "keep_days": 5}
        ref = queue_notice(connection, **(values | more))
    assert ref
    return ref


def sending(project: WebProject, now: datetime = NOW, should_stop: Callable[[], bool] = lambda: False) -> Sending:
    return Sending(
        configuration=project.configuration,
        engine=project.engine,
        remember=project.ledger.append,
        keyring=project.keyring,
        clock=lambda: now,
        should_stop=should_stop,
    )


def send(project: WebProject, now: datetime = NOW) -> NoticeResult:
    return send_notices(sending(project, now))


def states(project: WebProject) -> list[str]:
    with reading(project.engine) as connection:
        return [row.state for row in connection.execute(notice.select().order_by(notice.c.id))]


def row_of(project: WebProject):
    with reading(project.engine) as connection:
        return connection.execute(notice.select().order_by(notice.c.id.desc())).first()


def test_a_notice_reaches_the_mailbox_with_a_link_for_its_reader_alone(tmp_path: Path) -> None:
    with Catcher(tmp_path / "mail") as catcher:
        project = a_project(tmp_path / "p", catcher.port)
        ref = queue(project)
        assert send(project) == NoticeResult(sent=1)
        assert send(project) == NoticeResult()
    (file,) = (tmp_path / "mail" / "new").iterdir()
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert (message["To"], message["Auto-Submitted"]) == ("jan@example.org", "auto-generated")
    token = project.keyring.sign(Purpose.CONFIRM, ref)
    body = message.get_body(("plain",)).get_content()
    assert f"http://127.0.0.1:8080/bevestig/{token}" in body
    assert "19 juni 2027" in body, "the last day of the link, counted in the list's time zone"
    assert parse_notice_id(project.keyring, message["Message-ID"]) == row_of(project).id
    assert message["Return-Path"] == "<nieuwsbrief@example.org>"
    row = row_of(project)
    assert (row.state, row.attempts, row.code, row.sent_at) == ("sent", 1, 250, NOW)


def test_the_mail_about_leaving_all_names_each_list_that_its_button_brings_back(tmp_path: Path) -> None:
    with Catcher(tmp_path / "mail") as catcher:
        project = a_project(tmp_path / "p", catcher.port)
        refs = [project.subscribe("jan@example.org", slug) for slug in ("nieuwsbrief", "bulletin")]
        with writing(project.engine) as connection:
            how = {"reason": EndedReason.UNSUBSCRIBED, "actor": Actor.SUBSCRIBER}
            how |= {"policies": project.configuration.policies, "record": project.ledger.append}
            ended = end_many(connection, [(ref, NOW) for ref in refs], **how)
            wanted = {"nieuwsbrief": NoticeKind.LEFT}
            queue_leaving_mails(connection, ended, wanted, policies=project.configuration.policies, now=NOW)
        assert send(project) == NoticeResult(sent=1)
    (file,) = (tmp_path / "mail" / "new").iterdir()
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    both = "Nieuwsbrief Voorbeeld en Sample Bulletin"
    assert message["Subject"] == f"U bent afgemeld voor {both}. Was u dat?"
    body = " ".join(message.get_body(("plain",)).get_content().split())
    assert f"Dit mailadres is afgemeld voor {both}: met de link in een van onze mails, of met een mail aan ons." in body


def test_many_go_over_one_connection_in_the_language_of_their_list(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        project = a_project(tmp_path, server.port)
        for number in range(20):
            queue(project, f"p{number}@example.org", slug="bulletin" if number % 2 else "nieuwsbrief")
        assert send(project) == NoticeResult(sent=20)
        assert set(server.times.values()) == {1}
        assert len(server.peers) == 1
    assert sum(b"Confirm your subscription" in mail for mail in server.messages) == 10


def test_a_refusal_for_now_is_tried_again_when_due_and_then_sent(tmp_path: Path) -> None:
    with ScriptedServer(script=at("RCPT", "451 4.3.0 later", times=1)) as server:
        project = a_project(tmp_path, server.port)
        queue(project)
        assert send(project) == NoticeResult(deferred=1)
        assert (row_of(project).state, row_of(project).begun_at) == ("queued", None)
        assert send(project) == NoticeResult(), "not due yet"
        assert send(project, NOW + HOUR) == NoticeResult(sent=1)
        assert server.accepted == ["jan@example.org"]


def test_what_is_too_late_to_be_of_use_is_given_up(tmp_path: Path) -> None:
    with ScriptedServer(script=at("RCPT", "451 4.3.0 later")) as server:
        project = a_project(tmp_path, server.port)
        queue(project)
        later, results = NOW, []
        while later < NOW + timedelta(days=6):
            results.append(send(project, later))
            later += HOUR
        assert results[-1] == NoticeResult()
        assert sum(result.refused for result in results) == 1
        assert row_of(project).state == "refused"


def test_a_refusal_for_good_ends_it_and_a_dead_mailbox_on_a_list_is_suppressed_rule_a23(tmp_path: Path) -> None:
    with ScriptedServer(script=at("RCPT", "550 5.1.1 no such user")) as server:
        project = a_project(tmp_path, server.port)
        ref = project.subscribe("jan@example.org")
        queue(project, kind=NoticeKind.ALREADY)
        assert send(project) == NoticeResult(refused=1)
        assert (row_of(project).state, row_of(project).code) == ("refused", 550)
        assert project.state(ref) == "ended"


def test_a_reply_that_never_comes_leaves_it_unknown_and_it_is_not_sent_again_rule_a24(tmp_path: Path) -> None:
    with ScriptedServer(script=at("DOT", CLOSE)) as server:
        project = a_project(tmp_path, server.port)
        queue(project)
        assert send(project) == NoticeResult(unknown=1)
        assert send(project, NOW + 10 * HOUR) == NoticeResult()
        assert (states(project), server.seen) == (["unknown"], ["jan@example.org"])


def test_a_session_that_ends_before_the_dot_costs_nothing_but_a_wait(tmp_path: Path) -> None:
    with ScriptedServer(script=at("DATA", CLOSE, times=1)) as server:
        project = a_project(tmp_path, server.port)
        queue(project)
        assert send(project) == NoticeResult(deferred=1)
        assert send(project, NOW + notice_line.LOST_WAIT) == NoticeResult(sent=1)
        assert server.times == {"jan@example.org": 1}


def test_a_relay_that_ends_each_session_after_one_mail_still_gets_them_all(tmp_path: Path) -> None:
    def one_each(peer, verb: str, _argument: str) -> str | None:
        return "421 4.7.0 one is enough" if verb == "MAIL" and peer.accepted else None

    with ScriptedServer(script=one_each) as server:
        project = a_project(tmp_path, server.port)
        for number in range(4):
            queue(project, f"p{number}@example.org")
        assert send(project) == NoticeResult(sent=4)
        assert set(server.times.values()) == {1}


def test_a_relay_that_is_down_leaves_everything_waiting_and_is_named(tmp_path: Path) -> None:
    with nothing_listens() as port:
        project = a_project(tmp_path, port)
        queue(project)
        with pytest.raises(ServiceError, match=f"relay 127.0.0.1:{port}"):
            send(project)
    assert states(project) == ["queued"]


def two_relays(folder: Path, first: int, second: int) -> WebProject:
    """A project whose lists name two relays, in this order."""
    folder.mkdir(exist_ok=True)
    toml = TOML.replace("port = 2525", f"port = {first}").format(base_url="http://127.0.0.1:8080")
    toml = toml.replace("[lists.nieuwsbrief]", '[lists.nieuwsbrief]\nrelay = ["main", "second"]')
    toml += f'\n[relays.second]\nhost = "127.0.0.1"\nport = {second}\nsecurity = "none"\n'
    (folder / "newsletter.toml").write_text(toml, encoding="utf-8")
    return make_project(folder)


def test_the_next_relay_takes_them_when_the_first_one_is_not_there(tmp_path: Path) -> None:
    with nothing_listens() as port, ScriptedServer() as second:
        project = two_relays(tmp_path, port, second.port)
        queue(project)
        assert send(project) == NoticeResult(sent=1)
    assert second.accepted == ["jan@example.org"]


def test_when_no_relay_is_there_the_first_one_is_named(tmp_path: Path) -> None:
    with nothing_listens() as port, ScriptedServer(script=at("GREETING", "554 not you")) as second:
        project = two_relays(tmp_path, port, second.port)
        queue(project)
        with pytest.raises(ServiceError, match=f"relay 127.0.0.1:{port}"):
            send(project)
    assert states(project) == ["queued"]


def test_notices_of_a_list_that_is_gone_are_given_up(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        project = a_project(tmp_path, server.port)
        queue(project)
        with writing(project.engine) as connection:
            connection.execute(update(notice).values(list="weg"))
        assert send(project) == NoticeResult(refused=1)


def test_only_one_process_of_a_machine_sends(tmp_path: Path) -> None:
    with ScriptedServer(delay=0.5) as server:
        project = a_project(tmp_path, server.port)
        queue(project)
        results: list[NoticeResult] = []
        threads = [threading.Thread(target=lambda: results.append(send(project))) for _ in range(2)]
        for thread in threads:
            thread.start()
            time.sleep(0.2)
        for thread in threads:
            thread.join(30)
        assert sorted(result.is_busy for result in results) == [False, True]
        assert server.times == {"jan@example.org": 1}


def test_who_is_erased_while_the_mail_is_on_its_way_gets_no_dot(tmp_path: Path) -> None:
    def erased(_peer, verb: str, _argument: str) -> str | None:
        if verb == "DATA":
            with writing(project.engine) as connection:
                connection.execute(text("DELETE FROM notice"))
        return None

    with ScriptedServer(script=erased) as server:
        project = a_project(tmp_path, server.port)
        queue(project)
        assert send(project) == NoticeResult(refused=1)
        assert server.seen == []


def test_stopping_does_not_wait_for_a_relay_that_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice_line, "GRACE", 0.2)
    stop = threading.Event()
    with ScriptedServer(script=at("RCPT", SILENCE)) as server:
        project = a_project(tmp_path, server.port)
        queue(project)
        threading.Timer(0.5, stop.set).start()
        started = time.monotonic()
        send_notices(sending(project, should_stop=stop.is_set))
        assert time.monotonic() - started < 10
    assert states(project) == ["queued"]


@pytest.mark.parametrize(("verb", "expected"), [("DATA", "sent"), ("DOT", "unknown")])
def test_kill_9_while_sending_is_settled_by_the_next_run_rule_a24(tmp_path: Path, verb: str, expected: str) -> None:
    heard = threading.Event()

    def silent_once(_peer, now: str, _argument: str) -> str | None:
        if now == verb and not heard.is_set():
            heard.set()
            return SILENCE
        return None

    with ScriptedServer(script=silent_once) as server:
        project = a_project(tmp_path, server.port)
        queue(project, now=datetime.now(UTC))
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(command("notices", "send"), cwd=tmp_path, env=environment(), **pipes)
        assert heard.wait(30)
        time.sleep(0.2)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert states(project) == ["claimed"]
        send(project, datetime.now(UTC))
        assert states(project) == [expected]
        assert server.accepted == (["jan@example.org"] if expected == "sent" else [])


def test_the_command_sends_what_waits_and_counts_it(tmp_path: Path) -> None:
    with ScriptedServer(script=at("RCPT", "550 5.1.1 gone", recipient="p1@example.org")) as server:
        project = a_project(tmp_path, server.port)
        for number in range(2):
            queue(project, f"p{number}@example.org", now=datetime.now(UTC))
        done = newsletter("notices", "send", cwd=tmp_path).expect(1)
        assert done.out.strip() == "1 sent, 0 put off, 1 refused, 0 unknown."
        assert "confirm" in newsletter("notices", cwd=tmp_path).expect(0).out
        assert '"state": "sent"' in newsletter("notices", "--json", cwd=tmp_path).expect(0).out


def test_the_lock_names_the_last_sender_and_nothing_else(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        project = a_project(tmp_path, server.port)
        queue(project)
        send(project)
    lock = project.configuration.data_dir / "spool" / notices.LOCK
    assert len(lock.read_bytes()) == 16
    assert lock.stat().st_mode & 0o077 == 0
