"""A clock that is wrong: far ahead nothing is erased by it, behind it is said (I4)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.store.clock_watch import FILE_NAME, TRIAL, ClockWatch, Doubt, Look, judge, look, tried

NOON = datetime(2027, 3, 10, 12, tzinfo=UTC)
LAST = Look(at=NOON, boot="one", uptime=1000.0)
HOUR = 3600.0


def later(*, days: float = 0, up_hours: float = 0, boot: str = "one") -> Look:
    return Look(at=NOON + timedelta(days=days), boot=boot, uptime=1000.0 + up_hours * HOUR)


@pytest.mark.parametrize(
    ("now", "doubt"),
    [
        (later(days=1 / 24, up_hours=1), None),
        (later(days=40, up_hours=40 * 24), None),  # up all the time, and no run
        (later(days=1.9, up_hours=0), None),
        (later(days=365, up_hours=1), Doubt.AHEAD),
        (later(days=3, up_hours=1), Doubt.AHEAD),
        (later(days=30, boot="two"), None),  # off meanwhile
        (later(days=365, boot="two"), Doubt.AHEAD),
        (later(days=-0.02, up_hours=0), None),
        (later(days=-30, up_hours=1), Doubt.BEHIND),
        (later(days=1, up_hours=48), Doubt.BEHIND),  # two days went by, the clock says one
        (later(days=-30, boot="two"), Doubt.BEHIND),
        (later(days=30, boot=""), None),
    ],
)
def test_a_clock_is_held_against_the_time_that_passed(now: Look, doubt: Doubt | None) -> None:
    assert judge(LAST, now) is doubt


def test_where_the_system_tells_no_start_only_a_long_pause_is_doubted() -> None:
    unknown = Look(at=NOON)
    assert judge(unknown, Look(at=NOON + timedelta(days=30))) is None
    assert judge(unknown, Look(at=NOON + timedelta(days=32))) is Doubt.AHEAD


def test_the_first_run_has_nothing_to_doubt() -> None:
    assert judge(None, LAST) is None


def test_what_a_run_leaves_the_next_one_finds(tmp_path: Path) -> None:
    watch = ClockWatch(tmp_path)
    assert watch.last() is None
    watch.note(LAST)
    assert watch.last() == LAST
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"at": "2027-01-01T00:00:00", "boot": "", "uptime": 1}'])
def test_a_file_that_says_nothing_is_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    assert ClockWatch(tmp_path).last() is None


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    ClockWatch(tmp_path / "none").note(LAST)


def test_a_machine_that_is_up_passes_time() -> None:
    first, second = look(NOON), look(NOON)
    assert second.uptime >= first.uptime > 0
    assert second.boot == first.boot


def test_a_clock_that_jumped_once_and_runs_evenly_is_believed_after_days(tmp_path: Path) -> None:
    watch, hours = ClockWatch(tmp_path), int(TRIAL.total_seconds() / HOUR)
    watch.note(LAST)
    for hour in range(hours):
        now = later(days=60 + hour / 24, up_hours=hour)
        assert watch.doubt(now) is Doubt.AHEAD
        watch.refuse(now)
        assert watch.last() == LAST, "the measure stays"
    now = later(days=60 + hours / 24, up_hours=hours)
    assert watch.doubt(now) is None
    watch.note(now)
    assert watch.trial() is None


def test_a_new_start_of_the_machine_counts_as_long_as_it_is_up_since(tmp_path: Path) -> None:
    trial = tried(None, later(days=60))
    trial = tried(trial, Look(at=NOON + timedelta(days=61), boot="two", uptime=2 * HOUR))
    assert trial.even == 2 * HOUR
    trial = tried(trial, Look(at=NOON + timedelta(days=64), boot="two", uptime=74 * HOUR))
    assert trial.is_passed


@pytest.mark.parametrize(
    "jumped",
    [
        later(days=70, up_hours=48),
        later(days=59, up_hours=48),
        Look(at=NOON + timedelta(days=70), boot="two", uptime=HOUR),
        later(days=0, up_hours=48),
    ],
)
def test_a_clock_that_jumps_again_begins_its_trial_anew(jumped: Look) -> None:
    trial = tried(tried(None, later(days=60)), later(days=61, up_hours=24))
    assert trial.even == 24 * HOUR
    assert tried(trial, jumped).even == 0
