from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.delivery.forecast import OTHERS, Plan, forecast, spread_speed
from newsletter.delivery.lines import COOLING, Line, admit
from newsletter.delivery.manners import known_receivers
from newsletter.delivery.pacing import Ramp, Rate, microseconds, moment
from newsletter.delivery.receivers import Receivers, domain_of, grouped
from newsletter.delivery.shares import LEAD, Shares
from newsletter.delivery.windows import Hours, Window

START = datetime(2027, 6, 14, 7, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Amsterdam")
GROUPS = grouped({"gmail": ["gmail.com", "googlemail.com"], "kpn": ["kpnmail.nl"]})


def plan(mix, limits=None, *, speed=100.0, windows=(), relay=None, per_domain=(), **more):
    return Plan(
        mix=mix,
        receivers=Receivers(groups=GROUPS, limits=limits or {}, relay=relay, per_domain=per_domain),
        hours=Hours(zone=ZONE, windows=tuple(map(Window.parse, windows))),
        speed=speed,
        start=START,
        **more,
    )


def warming(*counts):
    return Line(name="relay main", limits=[Ramp(start=microseconds(START), counts=counts)])


def ends(found):
    return {share.name: round((share.ends - found.begins).total_seconds()) for share in found.shares}


def test_without_limits_the_speed_of_the_relay_decides():
    found = forecast(plan({"gmail.com": 60_000, "example.org": 40_000}))
    assert found.lasts.total_seconds() == pytest.approx(1000, rel=0.1)
    assert {share.name: share.count for share in found.shares} == {"gmail": 60_000, OTHERS: 40_000}
    assert not any(share.is_limited for share in found.shares)


def test_a_limited_group_takes_its_own_time_and_holds_nobody():
    found = forecast(plan({"gmail.com": 3000, "googlemail.com": 600, "example.org": 3600}, {"gmail": [Rate(1, 1)]}))
    assert ends(found)["gmail"] == pytest.approx(3600, rel=0.08)
    assert ends(found)[OTHERS] < 120
    assert found.shares[0].name == "gmail"
    assert found.shares[0].is_limited


def test_five_million_are_counted_in_moments():
    mix = {"gmail.com": 2_000_000, "kpnmail.nl": 1_000_000, "example.org": 2_000_000}
    found = forecast(plan(mix, {"gmail": [Rate(50, 1)], "kpn": [Rate(100_000, 86_400)]}, speed=500))
    assert ends(found)["gmail"] == pytest.approx(40_000, rel=0.1)
    assert ends(found)["kpn"] == pytest.approx(9 * 86_400, rel=0.1)


def test_hours_for_sending_stretch_it():
    found = forecast(plan({"example.org": 36_000 * 3}, speed=1.0, windows=["08:00-18:00"]))
    assert found.begins == datetime(2027, 6, 14, 7, tzinfo=UTC)
    assert found.ends.astimezone(ZONE).date().isoformat() == "2027-06-17"


def test_hours_for_sending_hold_for_all_though_one_group_waits_until_tomorrow():
    mix = {"example.org": 36_000 * 3, "gmail.com": 200}
    found = forecast(plan(mix, {"gmail": [Rate(100, 86_400)]}, speed=1.0, windows=["08:00-18:00"]))
    assert found.shares[0].name == OTHERS
    assert found.ends.astimezone(ZONE).strftime("%d %H") == "17 09"


def test_a_warm_up_is_part_of_it():
    found = forecast(plan({"example.org": 10_000}, relay=warming(100, 200, 400)))
    assert timedelta(days=3) <= found.lasts < timedelta(days=3, hours=1)


@pytest.mark.parametrize(("count", "hours"), [(1000, 1 / 3), (3000, 1), (4000, 1.5), (900_000, 0.5), (3, 24)])
def test_a_job_that_is_spread_takes_as_long_as_was_asked_and_no_longer(count, hours):
    spread = timedelta(hours=hours)
    found = forecast(plan({"example.org": count}, speed=spread_speed(count, spread)))
    assert spread * (1 - 1 / count) * 0.99 <= found.lasts <= spread


def test_what_was_taken_of_a_limit_before_counts():
    used = plan({"gmail.com": 20}, {"gmail": [Rate(20, 86_400)]})
    admit([used.receivers.lines["gmail"]], 20, microseconds(START) - 3600 * 10**6)
    assert timedelta(hours=23) <= forecast(used).lasts < timedelta(hours=26)


def test_who_was_set_aside_before_goes_first():
    later = replace(plan({"gmail.com": 20}, {"gmail": [Rate(20, 86_400)]}), ahead={"gmail.com": 30, "kpnmail.nl": 5})
    found = forecast(later)
    assert timedelta(days=2) <= found.lasts < timedelta(days=2, hours=6)
    assert [(share.name, share.count) for share in found.shares] == [("gmail", 20)]


@pytest.mark.parametrize("domain", ["gmail.com", "example.com", "example.org"])
def test_who_was_set_aside_before_a_warm_up_goes_first_whatever_group_that_is(domain):
    found = forecast(plan({"example.org": 50}, relay=warming(*[100] * 30), ahead={domain: 1000}))
    assert timedelta(days=10) <= found.lasts < timedelta(days=11)
    assert [(share.name, share.count) for share in found.shares] == [(OTHERS, 50)]


def test_what_goes_over_another_relay_counts_for_its_group_and_for_no_warm_up():
    mix, relay = {"example.org": 50, "gmail.com": 10}, warming(*[100] * 30)
    found = forecast(
        plan(mix, {"gmail": [Rate(20, 86_400)]}, relay=relay, elsewhere={"gmail.com": 30, "a.example": 900})
    )
    assert ends(found)[OTHERS] < 60
    assert timedelta(days=1) <= found.lasts < timedelta(days=1, hours=3)


def test_who_was_set_aside_before_goes_on_while_a_planned_job_waits_for_its_time():
    limits, now = {"gmail": [Rate(20, 86_400)]}, START - timedelta(days=8)
    planned = plan({"gmail.com": 20}, limits, ahead={"gmail.com": 100}, now=now)
    assert forecast(planned).lasts < timedelta(minutes=1)
    assert forecast(replace(planned, now=None)).lasts > timedelta(days=5)
    assert forecast(replace(planned, ahead={"gmail.com": 165})).lasts < timedelta(days=1, hours=12)


def test_of_single_domains_without_a_name_each_run_counts_for_itself():
    found = forecast(plan({"a.example": 50}, per_domain=[Rate(10, 3600)], ahead={"a.example": 500}))
    assert timedelta(hours=4) <= found.lasts < timedelta(hours=5)


def test_a_group_that_is_slowed_begins_after_its_pause_and_becomes_faster():
    slowed = plan({"gmail.com": 5000, "example.org": 100}, speed=1000)
    line = slowed.receivers.made("gmail")
    line.push_back(microseconds(START))
    found = forecast(slowed)
    assert ends(found)[OTHERS] < 60
    assert found.shares[0].ends > moment(microseconds(START) + COOLING)
    assert timedelta(minutes=15) <= found.lasts < timedelta(minutes=16), "at one per second it would be 83 minutes"


def test_domains_with_little_mail_are_counted_together_and_thousands_of_others_in_moments():
    mix = {f"d{number}.example": 1 + number % 7 for number in range(2000)}
    found = forecast(plan(mix, speed=500, per_domain=[Rate(5, 1)]))
    assert found.lasts.total_seconds() == pytest.approx(sum(mix.values()) / 500, rel=0.05)
    named = {share.name: share for share in found.shares}
    assert len(named) == 1 + sum(count > 5 for count in mix.values())
    assert not named[OTHERS].is_limited
    assert not forecast(plan({"a.example": 5000}, speed=500, per_domain=[Rate(5, 1)])).lasts < timedelta(minutes=16)


def test_what_never_ends_is_said_to_be_incomplete():
    found = forecast(plan({"gmail.com": 100_000}, {"gmail": [Rate(1, 86_400)]}))
    assert not found.is_complete


def test_nobody_takes_no_time():
    assert forecast(plan({})).lasts == timedelta(0)


@settings(max_examples=15, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["gmail.com", "kpnmail.nl", "a.example", "b.example"]), st.integers(0, 50_000)),
    st.integers(1, 500),
    st.sampled_from([1, 60, 3600]),
    st.floats(0.5, 2000),
)
def test_no_forecast_is_faster_than_its_limits(mix, count, period, speed):
    found = forecast(plan(mix, {"gmail": [Rate(count, period)]}, speed=speed))
    total, gmail = sum(mix.values()), mix.get("gmail.com", 0)
    least = max((total - speed * 200) / speed, (gmail / count - 1) * period) * 0.7
    if found.is_complete and total:
        assert found.lasts.total_seconds() >= min(least, 3600 * 24 * 365) - period - total / speed / 3


# ---------------------------------------------------------------- groups


def test_the_built_in_table_knows_the_large_receivers():
    known = known_receivers()
    assert known["googlemail.com"] == known["gmail.com"] == "gmail"
    assert {known[name] for name in ("hotmail.com", "live.nl", "msn.com", "outlook.com")} == {"microsoft"}
    assert {known[name] for name in ("xs4all.nl", "planet.nl", "hetnet.nl", "telfort.nl", "kpnmail.nl")} == {"kpn"}
    assert {known[name] for name in ("icloud.com", "me.com", "mac.com")} == {"apple"}
    assert {known[name] for name in ("ziggomail.com", "razcall.com", "home.nl")} == {"ziggo"}
    assert known["outlook.nl"] == "microsoft", "guesses count too"
    assert all(name == name.lower() and name.isascii() for name in known)


@pytest.mark.parametrize(
    ("address", "domain"),
    [("jan@Example.ORG", "example.org"), ("jan@één.example", "xn--n-9faa.example"), ("jan", "jan")],
)
def test_a_domain_is_an_a_label_in_lower_case(address, domain):
    assert domain_of(address) == domain


def test_a_domain_with_limits_of_its_own_leaves_its_group():
    some = Receivers(groups=GROUPS, limits={"gmail": [Rate(1, 1)], "googlemail.com": [Rate(2, 1)]})
    assert some.line_of("googlemail.com").name == "googlemail.com"
    assert some.line_of("gmail.com").name == "gmail"
    assert some.line_of("example.org") is None


def test_each_other_domain_can_have_a_line_that_is_not_public():
    some = Receivers(groups=GROUPS, limits={}, per_domain=[Rate(5, 1)])
    assert not some.is_idle
    line = some.line_of("jansen.example")
    assert not line.is_public
    assert line.limits
    assert some.line_of("gmail.com").limits == (), "a group is no single domain"


def test_without_limits_there_is_nothing_to_ask():
    assert Receivers(groups=GROUPS, limits={}, relay=Line(name="relay main")).is_idle


# ---------------------------------------------------------------- several relays


def test_relays_take_their_shares_by_weight():
    shares = Shares(weights={"main": 3, "second": 1})
    for _ in range(4000):
        for name in ("second", "main"):
            if shares.may_take(name):
                shares.take(name)
                break
    assert shares.taken["main"] / shares.taken["second"] == pytest.approx(3, rel=0.1)


def test_somebody_may_always_take_and_none_is_far_ahead():
    shares = Shares(weights={"a": 1, "b": 7, "c": 2})
    for _ in range(500):
        able = [name for name in ("a", "b", "c") if shares.may_take(name)]
        assert able
        shares.take(able[0])
    assert shares.taken["a"] <= 0.1 * 500 + 3 * LEAD


def test_the_others_take_the_share_of_a_relay_that_is_gone():
    shares = Shares(weights={"main": 1, "second": 1, "spare": 0})
    assert not shares.may_take("spare")
    shares.lose("main")
    for _ in range(100):
        assert shares.may_take("second")
        shares.take("second")
    shares.lose("second")
    assert shares.may_take("spare")


def test_a_relay_that_rests_holds_nobody_and_comes_back_as_an_equal():
    shares = Shares(weights={"main": 1, "slow": 1})
    while shares.may_take("main"):
        shares.take("main")
    assert shares.taken["main"] == LEAD + 1
    shares.wait_no_longer("main")
    for _ in range(500):
        assert shares.may_take("main")
        shares.take("main")
    assert shares.may_take("slow")
    shares.take("slow")
    assert shares.taken["slow"] >= 500
    assert shares.may_take("main")
