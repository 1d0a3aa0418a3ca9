"""What the terminal shows while a job runs, and what programs read."""

import json
from datetime import UTC, datetime
from io import StringIO

from rich.console import Console

from newsletter.cli.send_progress import SendingBars, bar_reporter, counts_line, json_reporter, progress_event
from newsletter.delivery.control import Progress
from newsletter.delivery.job import JobState, SendJob
from newsletter.delivery.outcome import State
from newsletter.delivery.slowest import Waiting

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
