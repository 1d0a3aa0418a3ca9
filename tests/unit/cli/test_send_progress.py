"""What the terminal shows while a job runs, and what programs read."""

import json
import logging
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from newsletter.cli import common
from newsletter.cli.common import SafeConsole
from newsletter.cli.send_progress import (
    SendingBars,
    bar_reporter,
    counts_line,
    json_reporter,
    progress_event,
    reporting,
)
from newsletter.cli.unread import whoever_reads
from newsletter.delivery.control import Progress
from newsletter.delivery.job import JobState, SendJob
from newsletter.delivery.outcome import State
from newsletter.delivery.slowest import Waiting
from newsletter.delivery.time_left import Recent

SLOWEST = (Waiting(name="gmail", count=1204, until=datetime(2027, 6, 14, 14, tzinfo=UTC)), Waiting(name="kpn", count=3))
JOB = SendJob(
    id=3, ref=b"r" * 16, list_slug="nieuws", slug="zomer", digest="d", state=JobState.RUNNING, audience=2000,
    created_at=datetime(2027, 6, 14, tzinfo=UTC),
)  # fmt: skip


def so_far(done: int, notes: tuple[str, ...] = (), seconds: float = 10.0, **counts: int) -> Progress:
    by_state = {State[name.upper()]: number for name, number in counts.items()}
    return Progress(
        audience=2000, counts=by_state, done=done, handled=done, seconds=seconds, notes=notes, slowest=SLOWEST
    )


def limited(aside: int = 28, queued: int = 0, **more: float) -> Progress:
    """Of 60 readers `aside` wait for their turn, the last of them for 14 seconds."""
    sent = 60 - aside - queued
    counts = {State.SENT: sent, State.DEFERRED: aside, State.QUEUED: queued}
    values = {"done": sent, "handled": sent, "seconds": 0.5, "aside": aside, "slots_end": 14.0, **more}
    return Progress(audience=60, counts=counts, **values)


def test_the_counts_name_every_outcome_that_occurs_and_what_is_left():
    assert counts_line(so_far(0)).plain == "  2,000 to go"
    line = counts_line(so_far(1500, sent=1490, deferred=4, refused=3, unknown=2, skipped=1, queued=500))
    assert line.plain == "  1,490 sent, 4 deferred, 3 refused, 2 unknown, 1 skipped; 500 to go"


def test_the_bar_shows_rate_counts_and_what_is_waited_for():
    screen = StringIO()
    console = Console(file=screen, force_terminal=True, width=100, color_system=None)
    with SendingBars(console=console, auto_refresh=False) as bars:
        report = bar_reporter(bars, JOB)
        report(so_far(1500, sent=1500, notes=("[example.com] is slowed: 421", *(f"note {n}" for n in range(9)))))
        bars.refresh()
    shown = screen.getvalue()
    assert "Sending nieuws/zomer" in shown
    assert "75%" in shown
    assert "1,500 sent; 500 to go" in shown
    assert "[example.com] is slowed: 421" in shown, "text, not markup"
    assert "waiting: gmail 1,204, kpn 3" in shown
    assert "note 2" in shown
    assert "note 3" not in shown


def test_an_event_says_how_long_it_will_take():
    event = progress_event(so_far(500, seconds=10, sent=500, notes=("waiting",)))
    assert (event["rate"], event["seconds_left"], event["notes"]) == (50.0, 30, ["waiting"])
    assert event["counts"]["sent"] == 500
    assert event["slowest"][1] == {"name": "kpn", "waiting": 3, "until": None}
    assert progress_event(so_far(0))["seconds_left"] is None
    assert progress_event(so_far(2000))["seconds_left"] == 0


def test_programs_get_a_start_and_then_one_event_a_second(capsys):
    report = json_reporter(JOB)
    for seconds in (0.0, 0.4, 0.9, 1.1, 1.9, 2.2):
        report(so_far(100, seconds=seconds))
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events[0] == {"event": "start", "job": 3, "list": "nieuws", "slug": "zomer", "audience": 2000}
    assert [event["seconds"] for event in events[1:]] == [0.0, 1.1, 2.2]


def test_a_full_disk_below_the_output_ends_nothing(monkeypatch, capsys):
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        report = json_reporter(JOB)
        report(so_far(100, seconds=1))
    assert capsys.readouterr().err.splitlines() == [
        "Nobody gets what is printed here any more (No space left on device); the work goes on."
    ]


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_reader_that_went_away_ends_nothing(monkeypatch, capsys, name):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        monkeypatch.setattr(sys, name, pipe)
        console = SafeConsole(stderr=name == "stderr")
        with whoever_reads():
            console.print("what nobody reads")
        console.print("nor this")
    said = ["Nobody gets what is printed here any more (Broken pipe); the work goes on."]
    assert capsys.readouterr().err.splitlines() == (said if name == "stdout" else [])


def test_a_reader_that_stalls_misses_progress_and_stops_nothing(monkeypatch):
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        report = json_reporter(JOB)
        for second in range(1000):
            report(so_far(100, seconds=second))
        os.set_blocking(reading, False)
        lines = os.read(reading, 1 << 20).splitlines()
        report(so_far(100, seconds=2000))
        after = os.read(reading, 1 << 20)
    os.close(reading)
    assert 10 < len(lines) < 1000
    assert [json.loads(line)["event"] for line in lines] == ["start", *["progress"] * (len(lines) - 1)]
    assert json.loads(after)["seconds"] == 2000, "who reads again is told again"


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_a_standard_stream_that_was_closed_takes_everything_and_lends_no_file_its_number(closed):
    said = (
        "from newsletter.cli.unread import open_what_is_closed as o; import os, sys; o(); print(1); sys.exit(os.dup(0))"
    )
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -c '{said}' {closed}"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (3, "")


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("send absent.md --json >&-", 2, "Error: "),
        ("explain >/dev/full", 3, "Error: what is printed cannot be written: no room"),
    ],
    ids=["closed", "full"],
)
def test_a_command_that_cannot_print_says_what_is_wrong_in_words(tmp_path, command, status, said):
    start = f"{sys.executable} -c 'from newsletter.cli.main import run; run()' {command}"
    done = subprocess.run(["sh", "-c", start], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert done.stderr.startswith(said)
    assert "Traceback" not in done.stderr


def test_a_command_whose_output_is_its_work_ends_when_nobody_reads_it(monkeypatch):
    reading, writing = os.pipe()
    os.close(reading)
    pipe = os.fdopen(writing, "w")
    monkeypatch.setattr(sys, "stdout", pipe)
    with pytest.raises(BrokenPipeError):
        SafeConsole().print("a list")
    with pytest.raises(BrokenPipeError):
        pipe.close()


def test_what_our_own_pace_sets_aside_is_to_go_under_its_own_word():
    assert counts_line(limited()).plain == "  32 sent, 28 set aside; 28 to go"
    event = progress_event(limited())
    assert (event["done"], event["audience"], event["seconds_left"]) == (32, 60, 14)
    assert (event["counts"]["set_aside"], event["counts"]["deferred"]) == (28, 0)
    assert sum(event["counts"].values()) == 60


def test_time_left_follows_the_slots_and_the_speed_of_now():
    assert limited().seconds_left == 14
    assert limited(aside=6, queued=42).seconds_left == pytest.approx(14 * 60 / 18), "the rest queues up as well"
    assert limited(aside=1, queued=59).seconds_left is None, "too little has its place to say anything"
    assert limited(slots_end=0.0, speed=2.0).seconds_left == 14, "their turn has come: at the speed of now"
    assert limited(slots_end=3600.0, speed=0.0).seconds_left == 3600
    assert limited(aside=0, queued=30, speed=0.0).seconds_left is None
    assert limited(aside=0, queued=30, speed=3.0).seconds_left == 10


def test_the_turns_of_a_slowed_group_are_renewed_so_its_speed_tells_how_long_it_takes():
    slowed = Waiting(name="gmail", count=99_000, is_slowed=True)
    found = Progress(audience=100_000, counts={State.SENT: 1000, State.DEFERRED: 99_000}, done=1000, handled=1000,
                     seconds=1000.0, aside=99_000, slots_end=900.0, speed=1.0, slowest=(slowed,))  # fmt: skip
    assert found.seconds_left == 99_000
    assert replace(found, slowest=(replace(slowed, is_slowed=False),)).seconds_left == 900
    assert replace(found, speed=0.0).seconds_left is None, "it is closed for a minute, and nobody knows"
    few = Waiting(name="gmail", count=100, is_slowed=True)
    by_day = Waiting(name="kpn", count=98_900)
    assert replace(found, slowest=(few, by_day), slots_end=86_400.0).seconds_left == 86_400
    assert replace(found, slowest=(replace(few, count=10**6),)).seconds_left == 99_000, "refused for now, some of them"


def test_the_speed_of_now_forgets_what_was_sent_before_the_limits_held():
    recent, speeds = Recent(), []
    for second in range(121):
        recent.note(float(second), 1000 + 2 * second if second else 0)
        speeds.append(recent.speed)
    assert speeds[0] is None
    assert speeds[1] == 1002
    assert speeds[120] == pytest.approx(2)


def test_the_bar_goes_to_what_is_done_and_log_lines_stand_above_it(monkeypatch):
    screen, log = StringIO(), logging.getLogger("newsletter.delivery")
    console = SafeConsole(file=screen, force_terminal=True, width=120, color_system=None)
    monkeypatch.setattr(common, "errors", console)
    with reporting(JOB, as_json=False) as report:
        report(so_far(1060, sent=1060, deferred=940))
        report(replace(so_far(1060, sent=1060, deferred=940), aside=940, slots_end=14.0))
        log.warning("pace: gmail pushes back; now [1/s]")
    shown = screen.getvalue()
    assert "53% " in shown
    assert "0:00:14" in shown
    assert "pace: gmail pushes back; now [1/s]" in [line.removeprefix("\x1b[2K") for line in shown.splitlines()]
    assert not logging.getLogger("newsletter").handlers


def test_where_nobody_watches_a_log_line_is_said_once(monkeypatch, capsys):
    screen = StringIO()
    monkeypatch.setattr(common, "errors", SafeConsole(file=screen, width=120))
    with reporting(JOB, as_json=False):
        logging.getLogger("newsletter.delivery").error("job 3 halts: refused")
    assert screen.getvalue() == "job 3 halts: refused\n"
    assert capsys.readouterr().err == ""
