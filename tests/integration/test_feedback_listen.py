"""`newsletter feedback listen`: 250 only when the mail is on the disk, known recipients, limits, no answer (A16)."""

import asyncio
import json
import random
import signal
import smtplib
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from newsletter.cli.common import open_project
from newsletter.cli.feedback_edges import scheduled
from newsletter.config import load
from newsletter.config_feedback import Listen
from newsletter.delivery.catcher import Catcher
from newsletter.feedback.evidence import is_signed
from newsletter.feedback.inbox import Inbox
from newsletter.feedback.listening import Listener
from newsletter.store.migrate import open_store
from newsletter.store.rawmail import DONE, HUMAN, INCOMING, box
from newsletter.store.rawmail_room import Room
from subscribers.errors import ConfigurationError, ServiceError
from tests.support.cli import command, environment, newsletter
from tests.support.feedback import KEYRING, MAILBOX, NOW, Desk, bounce, complaint, mail, request, token, verp
from tests.support.people import how_many, rows
from tests.support.sending import fresh_store

LETTER = mail("From: els@elders.example", f"To: {MAILBOX}", "Subject: Vraag", body="Mag ik mee?")


@contextmanager
def listener(
    takes: Callable[[str], bool] = lambda address: address.startswith("ons"),
    keep: Callable[[bytes, tuple[str, ...]], object] = lambda _content, _to: None,
    **settings: object,
) -> Iterator[str]:
    """A Listener in a thread; gives where it listens."""
    loop = asyncio.new_event_loop()
    made = Listener(Listen(**{"address": "127.0.0.1:0"} | settings), takes, keep)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(made.start(), loop).result(10)
    try:
        yield made.where
    finally:
        asyncio.run_coroutine_threadsafe(made.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def client(where: str) -> smtplib.LMTP:
    if where.startswith("unix:"):
        return smtplib.LMTP(where.removeprefix("unix:"))
    host, _, port = where.rpartition(":")
    return smtplib.LMTP(host, int(port), timeout=20)


def hand_over(where: str, raw: bytes, to: str, sender: str = "") -> tuple[int, bytes]:
    """What the server says to one mail."""
    with client(where) as lmtp:
        lmtp.ehlo()
        lmtp.docmd(f"MAIL FROM:<{sender}>")
        answer = lmtp.docmd(f"RCPT TO:<{to}>")
        return answer if answer[0] != 250 else lmtp.data(raw)


# ---------------------------------------------------------------- taking


def test_a_mail_is_acknowledged_after_it_is_kept_and_not_when_it_cannot_be() -> None:
    kept = []
    with listener(keep=lambda content, to: kept.append((content, to))) as where:
        assert hand_over(where, LETTER, "ons@example.org")[0] == 250
    assert kept == [(b"Return-Path: <>\r\n" + LETTER, ("ons@example.org",))]

    def full(_content: bytes, _to: tuple[str, ...]) -> None:
        raise OSError(28, "No space left on device")

    with listener(keep=full) as where:
        assert hand_over(where, LETTER, "ons@example.org")[0] == 452


def test_a_fault_of_ours_is_a_temporary_refusal() -> None:
    def broken(_content: bytes, _to: tuple[str, ...]) -> None:
        raise ZeroDivisionError

    with listener(keep=broken) as where:
        assert hand_over(where, LETTER, "ons@example.org")[0] == 451


def test_only_known_recipients_and_one_per_message() -> None:
    with listener() as where, client(where) as lmtp:
        lmtp.ehlo()
        lmtp.docmd("MAIL FROM:<>")
        assert lmtp.docmd("RCPT TO:<iemand@example.org>")[0] == 550
        assert lmtp.docmd("RCPT TO:<ons@example.org>")[0] == 250
        assert lmtp.docmd("RCPT TO:<ons2@example.org>")[0] == 452


def test_dots_and_long_lines_arrive_as_they_were_sent() -> None:
    kept = []
    raw = b"Subject: x\r\n\r\n.\r\n..\r\n" + b"y" * 20_000 + b"\r\n"
    with listener(keep=lambda content, _to: kept.append(content)) as where:
        assert hand_over(where, raw, "ons@example.org")[0] == 250
    assert kept == [b"Return-Path: <>\r\n" + raw]


def test_what_is_too_large_is_refused_for_good() -> None:
    with listener(megabytes=1) as where:
        assert hand_over(where, LETTER + b"x" * 70 * 20_000, "ons@example.org")[0] in {500, 552}
        assert hand_over(where, LETTER + b"xxxxxxxx\r\n" * 200_000, "ons@example.org")[0] == 552
        assert hand_over(where, LETTER, "ons@example.org")[0] == 250


def test_connections_beyond_the_limit_are_asked_to_come_back() -> None:
    with listener(connections=2) as where, client(where) as one, client(where):
        with pytest.raises(smtplib.SMTPConnectError) as caught:
            client(where)
        assert caught.value.smtp_code == 421
        one.quit()
        time.sleep(0.2)
        client(where).close()


def test_a_connection_that_says_nothing_is_ended() -> None:
    with listener(seconds=1) as where:
        host, _, port = where.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=10) as opened:
            assert opened.recv(100).startswith(b"220")
            begun = time.monotonic()
            assert opened.recv(100) == b""
            assert time.monotonic() - begun < 5


def test_by_smtp_a_mail_may_be_for_several_of_ours() -> None:
    kept = []
    with listener(keep=lambda _content, to: kept.append(to), protocol="smtp") as where:
        host, _, port = where.rpartition(":")
        with smtplib.SMTP(host, int(port)) as smtp:
            smtp.sendmail("", ["ons@example.org", "ons2@example.org"], LETTER)
    assert kept == [("ons@example.org", "ons2@example.org")]


def test_a_socket_is_for_its_owner_and_group_and_one_left_behind_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "feedback.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with listener(address=f"unix:{path}") as where:
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert hand_over(where, LETTER, "ons@example.org")[0] == 250
        with pytest.raises(ServiceError):
            Listener(Listen(address=f"unix:{path}"), lambda _address: True, lambda _content, _to: None)
    assert not path.exists()


def test_lmtp_stays_on_this_machine() -> None:
    with pytest.raises(ConfigurationError, match="LMTP is for this machine"):
        Listener(Listen(address="0.0.0.0:0"), lambda _address: True, lambda _content, _to: None)


# ---------------------------------------------------------------- the inbox


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with fresh_store(tmp_path) as engine:
        yield Desk(engine, tmp_path)


def inbox(desk: Desk, **more: object) -> Inbox:
    return Inbox(applier=desk.applier, data_dir=desk.folder / "data", clock=lambda: NOW, **more)


class KilledError(BaseException):
    """The process is gone."""


def killed_at(step: str) -> Callable[[str], None]:
    def at(name: str) -> None:
        if name == step:
            raise KilledError

    return at


def names(desk: Desk) -> dict[str, int]:
    return {name: len(box(desk.folder / "data", name).names()) for name in (INCOMING, DONE, HUMAN)}


def test_each_mail_goes_where_its_outcome_belongs(desk: Desk) -> None:
    ref = desk.reader()
    (number,) = desk.sent(ref)
    box_of = inbox(desk)
    box_of.take(bounce(verp(number)), (verp(number),))
    box_of.take(LETTER, (MAILBOX,))
    box_of.take(bounce(f"b-99-{'0' * 20}@bounce.example.org", "els@elders.example"), ("bounces@bounce.example.org",))
    done = box_of.work()
    assert done
    assert str(done) == "1 applied, 1 human, 1 unmatched"
    assert names(desk) == {INCOMING: 0, DONE: 1, HUMAN: 1}
    (waiting,) = box(desk.folder / "data", HUMAN).names()
    kept = box(desk.folder / "data", HUMAN).read(waiting)
    assert kept is not None
    assert (kept.content, kept.envelope_to, kept.why) == (LETTER, (MAILBOX,), "nobody understands it")
    (handled,) = box(desk.folder / "data", DONE).names()
    found = box(desk.folder / "data", DONE).read(handled)
    assert found is not None
    assert found.people == (rows(desk.engine, "subscriber")[0].ref,)


@pytest.mark.parametrize("step", ["apply", "keep", "remove"])
def test_killed_at_any_step_the_next_round_loses_nothing_and_counts_nothing_twice(desk: Desk, step: str) -> None:
    (number,) = desk.sent(desk.reader())
    inbox(desk).take(bounce(verp(number), status="4.2.2"), (verp(number),))
    for _ in range(3):
        with pytest.raises(KilledError):
            inbox(desk, step=killed_at(step)).work()
    inbox(desk).work()
    assert how_many(desk.engine, "bounce") == 1
    assert names(desk) == {INCOMING: 0, DONE: 1, HUMAN: 0}


def test_two_processes_do_not_work_through_the_folder_at_once(desk: Desk) -> None:
    found = []
    inbox(desk).take(LETTER, (MAILBOX,))
    inbox(desk, step=lambda name: found.append(inbox(desk).work()) if name == "apply" else None).work()
    assert found == [None]
    assert names(desk)[HUMAN] == 1


def test_what_cannot_be_read_holds_up_nothing_behind_it_and_is_named_once(desk: Desk) -> None:
    """A link to a place that gives an error stands for a file without rights, which root could read all the same."""
    new = desk.folder / "data" / "feedback" / INCOMING / "new"
    new.mkdir(parents=True)
    (new / "0.0123456789abcdef").symlink_to("/proc/self/mem")
    (new / "1.jan@gemeente.example").mkdir()
    (new / "2.0123456789abcdef").symlink_to(desk.folder / "nowhere")
    working = inbox(desk)
    working.take(LETTER, (MAILBOX,))
    said = str(working.work())
    assert said.startswith("1 human, passed over in feedback/incoming, cannot be read: ")
    assert said.count("passed over") == 3
    assert "0.0123456789abcdef" in said
    assert "2.0123456789abcdef" in said
    assert "jan@gemeente.example" not in said, "rule I7"
    assert str(working.work()) == ""
    assert names(desk)[HUMAN] == 1


def test_a_mail_that_vanishes_meanwhile_holds_up_nothing(desk: Desk) -> None:
    taken = [inbox(desk).take(LETTER + str(number).encode(), (MAILBOX,)) for number in range(3)]
    done = inbox(desk, step=lambda _step: [path.unlink(missing_ok=True) for path in taken]).work()
    assert str(done) == "1 human"


def test_beyond_what_may_be_kept_the_server_is_asked_to_try_again(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    room = Room(desk.folder / "data", mails=2, octets=10**6)
    taking = inbox(desk, room=room)
    with listener(keep=taking.take) as where:
        answers = [hand_over(where, LETTER, "ons@example.org") for _ in range(4)]
    assert [code for code, _ in answers] == [250, 250, 452, 452]
    assert answers[2][1].startswith(b"4.3.1")
    assert names(desk)[INCOMING] == 2
    (said,) = [record.getMessage() for record in caplog.records if "could not be kept" in record.getMessage()]
    assert said.endswith("the folder of mails that came back holds as many as [feedback] allows"), "once, not per mail"


def test_a_flood_keeps_out_no_request_to_leave_and_no_bounce_of_ours(desk: Desk) -> None:
    ref = desk.reader()
    (number,) = desk.sent(ref)
    taking = inbox(desk, room=Room(desk.folder / "data", mails=1, octets=10**6))
    taking.take(LETTER, (MAILBOX,))
    with pytest.raises(OSError, match="as many as"):
        taking.take(LETTER, (MAILBOX,))
    taking.take(request(subject=f"unsubscribe {token(ref)}"), (MAILBOX,))
    with pytest.raises(OSError, match="as many as"):
        taking.take(request(subject=f"unsubscribe {token(ref)}"), (MAILBOX,))  # twice as much is the end of it
    taking.work()
    assert rows(desk.engine, "subscription")[0].state == "ended"
    assert is_signed(KEYRING, bounce(verp(number)), (verp(number),))
    assert is_signed(KEYRING, bounce(verp(number)))
    assert not is_signed(KEYRING, LETTER, (MAILBOX,))


# ---------------------------------------------------------------- the command

TOML = """
[site]
base_url = "http://127.0.0.1:8080"

[relays.main]
host = "127.0.0.1"
port = {relay}
security = "none"

[lists.nieuws]
title = "Nieuws"
from = "Programma Voorbeeld <nieuws@example.org>"
unsubscribe_mailbox = "afmelden@example.org"
bounce_mailbox = "bounces@bounce.example.org"
envelope = "verp"
leaving_mail = "{leaving_mail}"
basis = "consent"
controller = "Organisatie Voorbeeld"
privacy_url = "https://example.org/privacy"

[feedback.listen]
address = "127.0.0.1:0"
"""


def project(folder: Path, relay: int = 2525, leaving_mail: str = "none") -> Desk:
    folder.mkdir(exist_ok=True)
    (folder / "newsletter.toml").write_text(TOML.format(relay=relay, leaving_mail=leaving_mail))
    (folder / "data").mkdir(mode=0o700)
    (folder / "data" / "secret.key").write_text(f"newsletter-secret 1\n1 {KEYRING.keys[1].hex()}\n")
    (folder / "data" / "secret.key").chmod(0o600)
    settings = load(folder / "newsletter.toml", {})
    return Desk(open_store(settings), folder, settings=settings)


@contextmanager
def running(folder: Path, *options: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """What it logs is in the file `log`."""
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command("feedback", "listen", *options), cwd=folder, env=environment(), text=True,
            stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip
    try:
        assert process.stdout
        yield process.stdout.readline().split(" at ")[-1].strip(), process
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=30)


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def test_what_was_acknowledged_survives_kill_9_and_counts_once(tmp_path: Path, *, is_full: bool) -> None:
    desk = project(tmp_path / "p")
    refs = [desk.reader(f"p{index}@gemeente.example") for index in range(200 if is_full else 40)]
    numbers = desk.sent(*refs)
    left, acknowledged = dict(enumerate(numbers)), set()
    chance = random.Random(7)
    while left:
        with running(tmp_path / "p") as (where, process):
            threading.Timer(chance.uniform(0.05, 0.5), process.send_signal, [signal.SIGKILL]).start()
            while left:
                index, number = next(iter(left.items()))
                raw = bounce(verp(number), f"p{index}@gemeente.example", status="4.2.2", number=index)
                try:
                    answer = hand_over(where, raw, verp(number))
                except (OSError, smtplib.SMTPException):
                    break
                assert answer[0] == 250
                acknowledged.add(left.pop(index))
    newsletter("feedback", "list", cwd=tmp_path / "p").expect(0)
    with running(tmp_path / "p"):
        wait_until(lambda: not box(tmp_path / "p" / "data", INCOMING).names())
    assert len(acknowledged) == len(numbers)
    counted = [row.subscription_id for row in rows(desk.engine, "bounce")]
    assert sorted(counted) == sorted(set(counted))
    assert len(counted) == len(numbers)
    desk.engine.dispose()


def test_it_stops_on_sigterm_with_0_and_on_interrupt_with_130(tmp_path: Path) -> None:
    project(tmp_path / "p").engine.dispose()
    for number, status in ((signal.SIGTERM, 0), (signal.SIGINT, 130)):
        with running(tmp_path / "p") as (_where, process):
            process.send_signal(number)
            assert process.wait(20) == status


def test_its_json_log_says_what_was_done_and_about_nobody_rule_i7(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    project(folder).engine.dispose()
    with running(folder, "--log-json") as (where, process):
        assert hand_over(where, LETTER, MAILBOX, "els@elders.example")[0] == 250
        wait_until(lambda: bool(box(folder / "data", HUMAN).names()))
        wait_until(lambda: "human" in (folder / "log").read_text())
        process.terminate()
        process.wait(20)
    first, *_, last = [json.loads(line) for line in (folder / "log").read_text().splitlines()]
    assert (first["level"], first["event"], first["text"]) == ("info", "feedback", "1 human")
    assert last["text"] == "stopped; what was acknowledged is kept"
    assert not any(word in (folder / "log").read_text() for word in ("els", "Vraag", "@"))


def test_what_nobody_understood_is_listed_shown_and_done(tmp_path: Path) -> None:
    desk = project(tmp_path / "p")
    folder = tmp_path / "p"
    escaping = LETTER.replace(b"Vraag", b"Vraag \x1b[31m[bold]")
    with running(folder) as (where, _process):
        assert hand_over(where, escaping, MAILBOX, "els@elders.example")[0] == 250
        wait_until(lambda: bool(box(folder / "data", HUMAN).names()))
    found = newsletter("feedback", "list", cwd=folder).expect(1).out
    assert "nobody understands it" in found
    assert "\x1b" not in found
    assert "[bold]" in found
    (value,) = json.loads(newsletter("feedback", "list", "--json", cwd=folder).expect(1).out)
    assert value["from"] == "els@elders.example"
    assert "Mag ik mee?" in newsletter("feedback", "show", value["mail"], cwd=folder).expect(0).out
    newsletter("feedback", "show", "../../secret.key", cwd=folder).expect(2)
    newsletter("feedback", "done", value["mail"], cwd=folder).expect(0)
    newsletter("feedback", "list", cwd=folder).expect(0)
    newsletter("feedback", "done", value["mail"], cwd=folder).expect(2)
    (folder / "data" / "feedback" / HUMAN / "new" / "0.0123456789abcdef").symlink_to("/proc/self/mem")
    assert "cannot be read: 0.0123456789abcdef" in newsletter("feedback", "list", cwd=folder).expect(1).err
    newsletter("feedback", "show", "0.0123456789abcdef", cwd=folder).expect(3)
    desk.engine.dispose()


def test_erasing_a_person_takes_along_every_raw_mail_that_names_them_rule_i5(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    desk = project(folder)
    jan, _els = desk.reader(), desk.reader("els@gemeente.example")
    (number,) = desk.sent(jan)
    taking = Inbox(applier=desk.applier, data_dir=folder / "data")
    taking.take(bounce(verp(number), status="4.2.2"), (verp(number),))
    taking.take(mail("From: iemand@elders.example", f"To: {MAILBOX}", body="jan@gemeente.example is weg"), (MAILBOX,))
    taking.take(mail("From: els@gemeente.example", f"To: {MAILBOX}", body="Dag"), (MAILBOX,))
    taking.work()
    newsletter("subscribers", "erase", "jan@gemeente.example", "--yes", cwd=folder).expect(0)
    kept = [path.read_bytes() for path in (folder / "data" / "feedback").rglob("*") if path.is_file()]
    assert not [content for content in kept if b"jan" in content]
    assert [content for content in kept if b"els@gemeente.example" in content], "another person's mail stays"
    desk.engine.dispose()


# ---------------------------------------------------------------- a robot never answers a robot


@pytest.mark.parametrize("leaving_mail", ["none", "owner"])
def test_two_instances_that_are_subscribed_to_each_other_fall_silent_rule_a16(
    tmp_path: Path, leaving_mail: str
) -> None:
    """Each is a reader of the other. Whatever one sends is handed to the other, until nobody says anything more."""
    with Catcher(tmp_path / "mail-a") as to_b, Catcher(tmp_path / "mail-b") as to_a:
        a = project(tmp_path / "a", to_b.port, leaving_mail)
        b = project(tmp_path / "b", to_a.port, leaving_mail)
        refs = {desk.folder.name: desk.reader(MAILBOX) for desk in (a, b)}
        firsts = [
            request(MAILBOX, MAILBOX, f"unsubscribe {token(refs['b'])}"),
            request(MAILBOX, MAILBOX, "afmelden"),
            mail(f"From: {MAILBOX}", f"To: {MAILBOX}", "Subject: Afwezig", "Auto-Submitted: auto-replied"),
            mail("Return-Path: <>", f"From: {MAILBOX}", f"To: {MAILBOX}", "Subject: Mail failure"),
            mail(f"From: {MAILBOX}", f"To: {MAILBOX}", "Subject: Nieuws", "Precedence: list", "List-Id: <x.example>"),
            bounce(MAILBOX, MAILBOX),
            complaint(MAILBOX, recipient=MAILBOX),
        ]
        mails = [(b, raw) for raw in firsts]
        seen: set[Path] = set()
        sent = 0
        for _round in range(10):
            for desk, raw in mails:
                taking = Inbox(applier=desk.applier, data_dir=desk.folder / "data")
                taking.take(raw, (MAILBOX,))
                taking.work()
            for desk in (a, b):
                newsletter("notices", "send", cwd=desk.folder).expect(0)
            mails = []
            for desk, folder in ((b, tmp_path / "mail-a"), (a, tmp_path / "mail-b")):
                new = [path for path in (folder / "new").iterdir() if path not in seen]
                seen.update(new)
                mails += [(desk, path.read_bytes()) for path in new]
            sent += len(mails)
            if not mails:
                break
        assert not mails, "they still talk"
        assert sent == (1 if leaving_mail == "owner" else 0), "a notice to who left, and never an answer to a mail"
        for desk in (a, b):
            desk.engine.dispose()


def test_serve_applies_what_a_listener_took_and_could_not_apply(tmp_path: Path) -> None:
    desk = project(tmp_path / "p")
    ref = desk.reader()
    (number,) = desk.sent(ref)
    Inbox(applier=desk.applier, data_dir=tmp_path / "p" / "data").take(bounce(verp(number)), (verp(number),))
    (work,) = scheduled(open_project(tmp_path / "p" / "newsletter.toml"))
    assert work.work() == "1 applied"
    assert work.work() is None
    assert desk.state(ref) == "ended hard-bounce"
    desk.engine.dispose()


def test_the_job_says_how_many_came_back_and_the_person_sees_their_own(tmp_path: Path) -> None:
    desk = project(tmp_path / "p")
    jan, els = desk.reader(), desk.reader("els@gemeente.example")
    one, two = desk.sent(jan, els)
    desk.read(bounce(verp(one), status="4.2.2"))
    desk.read(bounce(verp(two), "els@gemeente.example", status="5.7.1"))
    shown = newsletter("jobs", "show", "1", "--json", cwd=tmp_path / "p").expect(0).out
    assert json.loads(shown)["came_back"] == {"policy": 1, "soft": 1}
    assert "1 policy, 1 soft" in newsletter("jobs", "show", "1", cwd=tmp_path / "p").expect(0).out
    known = newsletter("subscribers", "show", "jan@gemeente.example", "--json", cwd=tmp_path / "p").expect(0).out
    (row,) = json.loads(known)["bounce"]
    assert (row["kind"], row["status"], row["send_job_slug"]) == ("soft", "4.2.2", "zomer")
    desk.engine.dispose()
