from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.delivery.windows import Hours, Window

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def hours(windows=(), quiet=(), zone=AMSTERDAM):
    return Hours(zone=zone, windows=tuple(map(Window.parse, windows)), quiet=tuple(map(Window.parse, quiet)))


def local(*parts, fold=0):
    return datetime(*parts, tzinfo=AMSTERDAM, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    "text", ["", "08:00", "08:00-08:00", "25:00-26:00", "08:60-09:00", "mon", "foo 08:00-09:00", "24:00-08:00", "8-18"]
)
def test_what_is_no_window_is_refused(text):
    with pytest.raises(ValueError, match=r"window|time of a day|one of"):
        Window.parse(text)


def test_working_hours_hold_on_working_days():
    office = hours(["mon-fri 08:00-18:00"])
    assert office.is_open(local(2027, 6, 14, 8, 0))
    assert not office.is_open(local(2027, 6, 14, 7, 59))
    assert not office.is_open(local(2027, 6, 14, 18, 0))
    assert not office.is_open(local(2027, 6, 13, 12, 0)), "a Sunday"
    assert office.opens(local(2027, 6, 11, 18, 0)) == local(2027, 6, 14, 8, 0), "Friday evening: Monday morning"
    assert office.closes(local(2027, 6, 14, 9, 0)) == local(2027, 6, 14, 18, 0)


def test_quiet_hours_go_on_after_midnight():
    quiet = hours(quiet=["22:00-07:00"])
    assert quiet.opens(local(2027, 6, 14, 23, 0)) == local(2027, 6, 15, 7, 0)
    assert quiet.opens(local(2027, 6, 15, 6, 59)) == local(2027, 6, 15, 7, 0)
    assert quiet.closes(local(2027, 6, 15, 7, 0)) == local(2027, 6, 15, 22, 0)


def test_days_may_pass_the_end_of_the_week():
    weekend = hours(["sat-mon 10:00-12:00"])
    assert [weekend.is_open(local(2027, 6, day, 11, 0)) for day in range(14, 21)] == [True, *[False] * 4, True, True]


def test_two_windows_of_one_day_and_the_whole_day():
    two = hours(["mon 08:00-10:00", "mon 14:00-24:00"])
    assert two.opens(local(2027, 6, 14, 10, 0)) == local(2027, 6, 14, 14, 0)
    assert two.closes(local(2027, 6, 14, 15, 0)) == local(2027, 6, 15, 0, 0)
    assert hours(["00:00-24:00"]).closes(local(2027, 6, 14, 15, 0)) is None


def test_the_clock_of_the_readers_counts_in_summer_and_winter():
    office = hours(["08:00-09:00"])
    assert office.opens(datetime(2027, 1, 10, 0, 0, tzinfo=UTC)) == datetime(2027, 1, 10, 7, 0, tzinfo=UTC)
    assert office.opens(datetime(2027, 7, 10, 0, 0, tzinfo=UTC)) == datetime(2027, 7, 10, 6, 0, tzinfo=UTC)


def test_an_hour_that_the_clock_skips_delays_and_loses_nothing():
    skipped = hours(["02:15-02:45"])
    opens = skipped.opens(local(2027, 3, 28, 0, 0))
    assert opens is not None
    assert opens < local(2027, 3, 29, 3, 0)


@pytest.mark.parametrize(
    ("quiet", "ends"),
    [
        ("22:00-02:30", datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),  # 02:30 is skipped: over when the clock passes it
        ("22:00-03:00", datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),
        ("22:00-07:00", datetime(2027, 3, 28, 5, 0, tzinfo=UTC)),
    ],
)
def test_quiet_hours_end_when_the_clock_jumps_past_their_end(quiet, ends):
    assert hours(quiet=[quiet]).opens(local(2027, 3, 27, 23, 0)) == ends


def test_an_hour_that_the_clock_repeats_is_there_twice():
    first, second = datetime(2027, 10, 31, 0, 15, tzinfo=UTC), datetime(2027, 10, 31, 1, 15, tzinfo=UTC)
    twice = hours(["02:15-02:45"])
    assert [twice.is_open(at + timedelta(minutes=m)) for at in (first, second) for m in (-1, 0, 29, 30)] == [
        False, True, True, False, False, True, True, False,
    ]  # fmt: skip
    assert twice.opens(first + timedelta(minutes=30)) == second
    assert twice.closes(first) == first + timedelta(minutes=30)


def test_quiet_hours_that_end_in_the_repeated_hour_come_back_with_it():
    quiet = hours(quiet=["22:00-02:30"])
    evening = local(2027, 10, 30, 23, 0)
    assert quiet.opens(evening) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert quiet.closes(datetime(2027, 10, 31, 0, 45, tzinfo=UTC)) == datetime(2027, 10, 31, 1, 0, tzinfo=UTC)
    assert quiet.opens(datetime(2027, 10, 31, 1, 0, tzinfo=UTC)) == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([datetime(2027, 3, 27, 12, tzinfo=UTC), datetime(2027, 10, 30, 12, tzinfo=UTC)]),
    st.lists(st.integers(0, 1439), min_size=2, max_size=2, unique=True),
    st.booleans(),
)
def test_the_clock_on_the_wall_decides_on_the_nights_it_is_moved(noon, ends, is_quiet):
    begin, end = (f"{minutes // 60:02}:{minutes % 60:02}" for minutes in ends)
    some = hours(quiet=[f"{begin}-{end}"]) if is_quiet else hours([f"{begin}-{end}"])
    for minutes in range(0, 36 * 60, 5):
        at = noon + timedelta(minutes=minutes)
        shown = at.astimezone(AMSTERDAM).strftime("%H:%M")
        inside = begin <= shown < end if begin < end else not end <= shown < begin
        assert some.is_open(at) is (inside is not is_quiet), shown
    opens, closes = some.opens(noon), some.closes(noon)
    later = (noon + timedelta(minutes=minutes) for minutes in range(2 * 24 * 60))
    states = {at: some.is_open(at) for at in later}
    assert opens == next(at for at, is_open in states.items() if is_open)
    assert closes == next(at for at, is_open in states.items() if not is_open)


def test_hours_that_never_come_say_so():
    never = hours(["mon 08:00-10:00"], quiet=["07:00-11:00"])
    assert never.opens(local(2027, 6, 14, 12, 0)) is None


def test_without_windows_it_is_always_open():
    always = hours()
    assert always.is_always
    assert always.opens(local(2027, 6, 14, 3, 0)) == local(2027, 6, 14, 3, 0)
    assert always.closes(local(2027, 6, 14, 3, 0)) is None


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2 * 365 * 24 * 60).map(
        lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    st.lists(st.sampled_from(["mon-fri 08:00-18:00", "sat 10:00-12:00", "20:00-06:00", "tue 00:00-24:00"]), max_size=3),
    st.lists(st.sampled_from(["12:00-13:00", "21:30-07:15"]), max_size=1),
)
def test_it_opens_at_the_first_open_minute(now, windows, quiet):
    some = hours(windows, quiet)
    opens = some.opens(now)
    assert opens is not None
    assert some.is_open(opens)
    for minutes in range(0, int((opens - now).total_seconds() // 60), 7):
        assert not some.is_open(now + timedelta(minutes=minutes))
