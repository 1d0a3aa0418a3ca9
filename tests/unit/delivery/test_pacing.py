import json
from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.delivery.charges import Charges
from newsletter.delivery.lines import COOLING, FIRST_SPEED, LOOK_AGAIN, RISE_AFTER, Line, admit
from newsletter.delivery.pacing import HORIZON, SECOND, Ramp, Rate, Window, first, microseconds, moment, slots
from newsletter.delivery.placing import place
from newsletter.delivery.receivers import Receivers
from newsletter.delivery.slot_terms import Terms

NOW = microseconds(datetime(2027, 6, 14, 9, tzinfo=UTC))
RATES = st.builds(Rate, st.integers(1, 40), st.sampled_from([1, 60, 3600, 86_400]))


def most_in_any_window(starts, rate):
    """The most messages that begin in a period of the rate, wherever it begins; one begins it."""
    starts, best, first_one = sorted(starts), 0, 0
    for last, at in enumerate(starts):
        while starts[first_one] <= at - rate.seconds * SECOND:
            first_one += 1
        best = max(best, last - first_one + 1)
    return best


@pytest.mark.parametrize(
    ("text", "rate"), [("20/second", Rate(20, 1)), (" 5000 / day ", Rate(5000, 86_400)), ("1/minute", Rate(1, 60))]
)
def test_a_rate_is_read_and_written(text, rate):
    assert Rate.parse(text) == rate
    assert Rate.parse(str(rate)) == rate


@pytest.mark.parametrize("text", ["", "0/second", "5", "5/week", "-1/day", "1.5/second", "many/day", "9999999999/day"])
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(ValueError, match="rate"):
        Rate.parse(text)


@given(st.floats(0.001, 5000))
def test_a_speed_becomes_a_rate_that_is_never_faster(speed):
    rate = Rate.of_speed(speed)
    assert 0.5 * speed <= rate.speed <= speed * (1 + 1e-9)


def test_moments_come_back_exactly():
    at = datetime(2027, 6, 14, 9, 30, 1, 123456, tzinfo=UTC)
    assert moment(microseconds(at)) == at


@settings(max_examples=150, deadline=None)
@given(
    st.lists(RATES, min_size=1, max_size=3),
    st.lists(st.tuples(st.floats(0, 4000), st.integers(1, 60)), min_size=1, max_size=12),
)
def test_no_window_of_any_limit_ever_holds_more_than_the_limit(rates, asked):
    windows, now, starts = [Window(rate) for rate in rates], NOW, []
    for pause, wanted in asked:
        now = max(now, starts[-1] - HORIZON if starts else now) + int(pause * SECOND)
        for at, count in slots(windows, wanted, now):
            starts += [at] * count
    assert len(starts) == sum(wanted for _, wanted in asked), "nobody is forgotten"
    for rate in rates:
        assert most_in_any_window(starts, rate) <= rate.count


@settings(max_examples=100, deadline=None)
@given(RATES, st.integers(1, 200))
def test_a_queue_is_served_at_nineteen_twentieths_of_the_rate_at_least(rate, wanted):
    found = list(slots([Window(rate)], wanted, NOW))
    periods = -(-wanted // rate.count) - 1
    assert found[-1][0] - NOW <= periods * rate.seconds * SECOND * 1.06 + rate.seconds * SECOND / 20


@given(RATES, st.lists(st.integers(1, 50), max_size=10))
def test_the_state_of_a_window_is_all_there_is_to_know(rate, asked):
    window = Window(rate)
    for wanted in asked:
        list(slots([window], wanted, NOW))
    copy = Window(rate, window.state)
    assert first([copy], NOW) == first([window], NOW)


def test_a_warm_up_plan_allows_more_each_day_and_everything_after_the_last():
    day = 86_400 * SECOND
    ramp = Ramp(start=NOW, counts=(10, 20, 40))
    assert [ramp.count_at(NOW + number * day) for number in range(3)] == [10, 20, 40]
    found = list(slots([Window(ramp)], 500, NOW))
    by_day = [sum(count for at, count in found if (at - NOW) // day == number) for number in range(4)]
    assert by_day[0] == 10
    assert by_day[1] <= 20
    assert by_day[2] <= 40
    assert sum(by_day) == 500
    assert found[-1][0] == NOW + 3 * day


HOUR = 3600 * SECOND


@pytest.mark.parametrize("limit", [30, 1000])
def test_a_message_that_a_wrong_clock_let_begin_undoes_no_limit(limit):
    window, sent = Window(Rate(limit, 3600)), []
    window.take(NOW + 10 * HOUR, 1)
    for minute in range(0, 9 * 60, 2):
        at = NOW + minute * 60 * SECOND
        if count := min(window.room(at), 1 + limit // 20):
            window.take(at, count)
            sent += [at] * count
    assert most_in_any_window(sent, Rate(limit, 3600)) <= limit


def test_what_a_clock_that_was_ahead_let_begin_counts_as_begun_now():
    line = Line(name="gmail", limits=[Rate(20, 3600)])
    assert admit([line], 20, NOW + 10 * HOUR).begin
    line.come_near(NOW)
    assert not admit([line], 1, NOW).begin
    assert admit([line], 1, NOW + HOUR + HOUR // 20, is_due=True).begin


def test_a_clock_that_is_ahead_for_a_moment_makes_no_window_forget_what_was_before():
    window = Window(Rate(50, 3600))
    for minute in range(0, 6 * 60, 2):
        window.take(NOW + minute * 60 * SECOND, 1)
    last = NOW + 358 * 60 * SECOND
    before = window.room(last)
    for minute in range(60):
        window.take(last + (600 + minute) * 60 * SECOND, 1)
    assert window.room(last) <= before


# ---------------------------------------------------------------- many domains


def begun(receivers, domain, wanted, now):
    return sum(not found.is_aside for found in place(receivers, [domain] * wanted, now))


def test_a_limit_holds_beside_more_domains_than_have_lines(monkeypatch):
    monkeypatch.setattr("newsletter.delivery.receivers.MOST_LINES", 100)
    some, got = Receivers(groups={}, limits={}, per_domain=[Rate(10, 86_400)]), 0
    for turn in range(6):
        now = NOW + turn * 60 * SECOND
        got += begun(some, "big.example", 4, now)
        place(some, [f"d{turn}-{number}.example" for number in range(150)], now)
        assert len(some.lines) <= 100 + 150
    assert got == 10
    assert begun(some, "big.example", 1, NOW + 91_000 * SECOND) == 1, "and not for ever"


def test_domains_that_share_a_cell_are_never_faster_than_their_limits(monkeypatch):
    monkeypatch.setattr("newsletter.delivery.receivers.MOST_LINES", 4)
    monkeypatch.setattr("newsletter.delivery.receivers.CELLS", 2)
    some, got = Receivers(groups={}, limits={}, per_domain=[Rate(3, 3600)]), Counter()
    for turn in range(200):
        domain = f"d{turn % 10}.example"
        got[domain] += begun(some, domain, 1, NOW + turn * SECOND)
        assert len(some.lines) <= 5
        assert len(some._away) <= 2
    assert got
    assert max(got.values()) <= 3


def test_lines_that_hold_nothing_any_more_end_first(monkeypatch):
    monkeypatch.setattr("newsletter.delivery.receivers.MOST_LINES", 10)
    some = Receivers(groups={"gmail.com": "gmail"}, limits={}, per_domain=[Rate(1, 60)])
    place(some, [f"d{number}.example" for number in range(12)], NOW)
    slowed = some.made("slow.example")
    slowed.push_back(NOW + 200 * SECOND)
    some.made("gmail").push_back(NOW)
    some.make_room(NOW + 200 * SECOND)
    assert set(some.lines) == {"slow.example", "gmail"}
    assert not some._away


def test_a_domain_that_pushed_back_is_slow_when_its_line_was_put_away_too(monkeypatch):
    monkeypatch.setattr("newsletter.delivery.receivers.MOST_LINES", 4)
    some = Receivers(groups={}, limits={})
    for number in range(9):
        some.made(f"d{number}.example").push_back(NOW)
    some.make_room(NOW)
    assert "d0.example" not in some.lines
    assert not some.is_idle
    assert some.line_of("d0.example").speed == FIRST_SPEED
    assert some.line_of("d0.example").closed_until == NOW + COOLING


# ---------------------------------------------------------------- lines


def run_line(line, arrivals, seconds, step=SECOND // 4):
    """Claim in the way of a run: first who is due, then who is new. Returns starts and the slots still waiting."""
    waiting, starts, new, now = [], [], arrivals, NOW
    while now < NOW + seconds * SECOND and (waiting or new):
        due = sorted(at for at in waiting if at <= now)
        waiting = [at for at in waiting if at > now]
        for wanted, is_due in ((len(due), True), (min(new, 500), False)):
            if wanted:
                found = admit([line], wanted, now, is_due=is_due)
                starts += [at for at, count in found.begin for _ in range(count)]
                waiting += [at for at, count in found.aside for _ in range(count)]
        new -= min(new, 500)
        now += step
    return starts, waiting


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 30), st.sampled_from([1, 60]), st.integers(1, 300), st.integers(50, 900))
def test_who_was_set_aside_begins_in_time_and_the_limit_holds(count, period, wanted, step):
    line = Line(name="gmail", limits=[Rate(count, period)])
    needed = (wanted / count + 3) * period * 1.25
    starts, waiting = run_line(line, wanted, needed, step=step * 1000)
    assert not waiting, "nobody starves"
    assert len(starts) == wanted
    assert most_in_any_window(starts, Rate(count, period)) <= count


def test_a_line_without_limits_lets_everybody_begin():
    line = Line(name="example.org")
    assert line.is_free
    assert admit([line], 1000, NOW).begin == ((NOW, 1000),)


def test_who_comes_new_stands_behind_the_queue():
    line = Line(name="gmail", limits=[Rate(1, 60)])
    last = admit([line], 3, NOW).aside[-1][0]
    behind = admit([line], 1, NOW + 61 * SECOND)
    assert not behind.begin
    assert behind.aside[0][0] > last
    assert admit([line], 1, NOW + 64 * SECOND, is_due=True).begin


def test_a_full_line_does_not_hold_another_one():
    slow, fast = Line(name="gmail", limits=[Rate(1, 3600)]), Line(name="kpn", limits=[Rate(100, 1)])
    relay = Line(name="relay main", limits=[Ramp(start=NOW, counts=(1000,))])
    assert admit([slow, relay], 50, NOW).aside
    assert admit([fast, relay], 50, NOW).begin == ((NOW, 50),)
    assert not relay.has_queue(NOW)


def test_a_pushback_halves_the_speed_once_for_what_was_in_flight():
    line = Line(name="gmail", limits=[Rate(20, 1)])
    assert line.push_back(NOW)
    assert not line.push_back(NOW + SECOND)
    assert line.speed == 10
    assert line.push_back(NOW + 11 * SECOND)
    assert line.speed == 5
    assert admit([line], 1, NOW + 11 * SECOND).aside[0][0] >= NOW + 11 * SECOND + COOLING


def test_a_group_without_a_limit_gets_one_by_pushback_and_loses_it_when_all_is_well():
    line, now = Line(name="gmail"), NOW
    line.push_back(now)
    assert line.speed == 1
    speeds = []
    while line.speed is not None:
        now += RISE_AFTER
        if line.rise(now) and line.speed:
            speeds.append(line.speed)
    assert speeds == sorted(speeds)
    assert line.is_free
    assert (now - NOW) // (60 * SECOND) < 15, "within a quarter of an hour"


def test_a_limited_group_rises_to_its_limit_again():
    line = Line(name="gmail", limits=[Rate(8, 1)])
    line.push_back(NOW)
    now = NOW
    for _ in range(20):
        now += RISE_AFTER
        line.rise(now)
    assert line.speed is None
    assert not line.is_free


def test_the_slots_of_a_slowed_group_are_near_so_that_it_can_be_fast_again():
    line = Line(name="gmail")
    line.push_back(NOW)
    found = admit([line], 100_000, NOW).aside
    assert sum(count for _, count in found) == 100_000
    assert found[-1][0] <= NOW + LOOK_AGAIN


def test_a_line_comes_back_from_the_store_as_it_was():
    line = Line(name="gmail", limits=[Rate(20, 1), Rate(100, 86_400)])
    admit([line], 150, NOW)
    line.push_back(NOW)
    again = Line(name="gmail", limits=line.limits)
    again.restore(line.state)
    assert again.state == line.state
    assert admit([again], 5, NOW).aside[-1][0] >= NOW + COOLING


def test_what_was_taken_of_a_speed_counts_in_the_next_run_while_that_is_the_speed():
    line = Line(name="gmail")
    line.push_back(NOW)
    now = NOW + COOLING + SECOND
    assert sum(count for _, count in admit([line], 20, now).begin) == 10, "one per second, counted over ten"
    again = Line(name="gmail")
    again.restore(line.state)
    assert not admit([again], 1, now).begin
    again.rise(now + RISE_AFTER)
    assert admit([again], 1, now + RISE_AFTER).begin


def test_limits_are_told_apart_whatever_list_names_them():
    def terms(known=None, *, relay="main", limit=2, hours=0, day=739_000, counts=(100, 200), each=()):
        ramp = Ramp(start=NOW - hours * 3600 * SECOND, counts=counts, date=day)
        receivers = Receivers(
            groups={},
            limits={"gmail": [Rate(limit, 3600)]},
            per_domain=each,
            relay=Line(name=f"relay {relay}", limits=[ramp]),
        )
        return Terms(limits=(known or Terms()).under(receivers))

    kept = terms()
    assert Terms.of(json.loads(json.dumps(kept.state))) == Terms(limits=kept.limits, jobs=[])
    for zone in (-11, 0, 2, 14):
        assert terms(kept, hours=zone) == kept, "the day of a plan begins at another instant elsewhere"
    assert terms(terms(kept, relay="second")) == terms(kept, relay="second"), "a list with another relay"
    for other in ({"limit": 3}, {"counts": (100,)}, {"day": 739_002}, {"each": [Rate(1, 60)]}):
        assert terms(kept, **other) != kept


def test_a_clock_that_was_wrong_neither_closes_a_group_for_years_nor_keeps_it_slow():
    line, years = Line(name="gmail"), 20 * 365 * 86_400 * SECOND
    line.push_back(NOW + years)
    line.come_near(NOW)
    assert line.closed_until == NOW + COOLING
    assert line.rise(NOW + COOLING + RISE_AFTER)


def test_a_queue_of_which_nobody_is_left_is_no_queue():
    line = Line(name="gmail", limits=[Rate(1, 3600)])
    last = admit([line], 50, NOW).aside[-1][0]
    line.end_queue(last)
    assert line.tail == last, "the last one still waits"
    line.end_queue(NOW + 7200 * SECOND)
    assert admit([line], 1, NOW).aside[0][0] == NOW + 7200 * SECOND, "behind whoever is left"
    line.end_queue(0)
    assert admit([line], 1, NOW + 3800 * SECOND).begin


def test_a_limit_that_the_configuration_dropped_is_forgotten():
    line = Line(name="gmail", limits=[Rate(1, 86_400)])
    admit([line], 1, NOW)
    again = Line(name="gmail", limits=[Rate(5, 60)])
    again.restore(line.state)
    assert admit([again], 5, NOW + HORIZON).begin


# ---------------------------------------------------------------- who was let begin and comes late


class Sender:
    """Lets messages to one group begin, as a run does that looks at each again right before."""

    def __init__(self, rate):
        self.receivers = Receivers(groups={}, limits={"gmail.com": [rate]})
        self.line, self.begun, self.times = self.receivers.lines["gmail.com"], set(), []
        self.charges = Charges(receivers=self.receivers, begun=self.begun)

    def admit(self, numbers, now):
        """Who may begin, and when."""
        places = list(zip(numbers, place(self.receivers, ["gmail.com"] * len(numbers), now), strict=True))
        for number, found in places:
            if not found.is_aside:
                self.charges.give(number, "gmail.com", found.at, now)
        return {number: found.at for number, found in places if not found.is_aside}

    def look(self, numbers, now):
        """Who begins now; the slots of the others."""
        late = self.charges.late([(number, "gmail.com") for number in numbers], now)
        slots = self.charges.place_anew(late, numbers, now)
        begin = [number for number in numbers if number not in slots]
        self.charges.see(begin, now)
        self.begun.update(begin)
        self.times += [now] * len(begin)
        return begin, slots


@pytest.mark.parametrize("rate", [Rate(1, 1), Rate(20, 1), Rate(60, 60)])
def test_who_comes_late_begins_under_the_limit_and_at_the_head_of_the_queue(rate):
    sender, held = Sender(rate), []
    for second in range(15):
        held += sender.admit([100 * second + number for number in range(20)], NOW + second * SECOND)
        sender.line.end_queue(0)
    assert len(held) > 10
    after = NOW + 30 * SECOND
    begin, slots = sender.look(held, after)
    assert begin == held[: len(begin)]
    assert 1 <= len(begin) <= rate.count
    assert sorted(slots) == sorted(held[len(begin) :])
    assert len({*begin, *slots}) == len(held), "nobody is lost"
    if slots:
        assert min(slots.values()) <= after + rate.seconds * SECOND * 21 // 20
        assert most_in_any_window([*sender.times, *slots.values()], rate) <= rate.count
        assert not sender.admit([9000], after), "who comes new stands behind them"


def test_who_comes_a_moment_late_keeps_its_place():
    sender = Sender(Rate(5, 3600))
    held = list(sender.admit(range(5), NOW))
    before = sender.line.state
    assert sender.look(held, NOW + SECOND) == (held, {})
    assert sender.line.state == before


def test_what_was_given_back_is_there_for_others():
    sender = Sender(Rate(5, 3600))
    held = list(sender.admit(range(5), NOW))
    begin, slots = sender.look(held, NOW + 900 * SECOND)
    assert (begin, slots) == (held, {}), "within the period their own room is theirs"
    assert sender.line.sent[0].state == [[(NOW + 900 * SECOND) // (180 * SECOND), 5]]


def test_a_relay_that_needs_longer_than_the_period_of_a_limit_gets_its_mail():
    """Four connections, three seconds from the first look to the dot, one message per second."""
    rate = Rate(1, 1)
    sender, number, under_way, waiting = Sender(rate), 0, [], []
    for tick in range(1200):
        now = NOW + tick * SECOND // 10
        for one in [one for one in under_way if one[1] <= now]:
            under_way.remove(one)
            begin, _ = sender.look([one[0]], now)
            sender.charges.forget(begin)
        waiting = [at for at in waiting if at > now]
        if len(under_way) < 4:
            if found := sender.admit([number], now):
                under_way.append((number, found[number] + 3 * SECOND))
            number += 1
            sender.line.end_queue(0)
    assert len(sender.times) >= 40, "in two minutes"
    assert most_in_any_window(sender.times, rate) <= 1


def test_who_waits_behind_a_pause_is_set_aside_until_it_is_over():
    sender = Sender(Rate(5, 1))
    held = list(sender.admit(range(5), NOW))
    sender.line.push_back(NOW)
    begin, slots = sender.look(held, NOW + SECOND // 10)
    assert not begin
    assert all(slot >= NOW + COOLING for slot in slots.values())
