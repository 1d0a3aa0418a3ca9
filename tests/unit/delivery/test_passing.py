"""What one relay of a job does not take goes to another one, each at most once, and never waits for nobody."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.crew import Crew
from newsletter.delivery.endpoint import Endpoint
from newsletter.delivery.passing import MOST, Passed
from newsletter.delivery.portions import Portion
from newsletter.delivery.relays import Limits, ShareOfStock, Via, pace_of_all, together
from newsletter.delivery.shares import LEAD, Shares
from newsletter.delivery.stock import Held
from newsletter.store.claims import Claimed
from tests.support.sending import paced


def held(number=1):
    return Held(Claimed(number, 0, b"ref", "p@example.org", "", "", {}), 0.0)


def passed(**weights):
    return Passed(shares=Shares(weights=weights))


def test_it_goes_to_a_relay_with_a_weight_before_one_that_stands_by():
    waiting, one = passed(a=1, b=1, spare=0), held()
    assert waiting.pass_on(one, "a")
    assert waiting.take("a") is waiting.take("spare") is None
    assert waiting.take("b") is one
    assert waiting.pass_on(one, "b")
    assert waiting.take("a") is waiting.take("b") is None
    assert waiting.take("spare") is one
    assert not waiting.pass_on(one, "spare"), "nobody is left: the refusal stands"
    assert not waiting.has_any


def test_what_only_a_relay_that_died_would_have_taken_is_heard_of_by_one_that_lives():
    waiting, one = passed(a=1, b=1), held()
    assert waiting.pass_on(one, "a")
    assert (waiting.has_for("a"), waiting.has_for("b")) == (False, True)
    waiting.shares.lose("b")
    assert (waiting.has_for("a"), waiting.has_for("b")) == (True, False)
    assert waiting.take("a") is one
    assert not waiting.pass_on(one, "a")


def test_what_could_not_be_used_comes_first_again():
    waiting, first, second = passed(a=1, b=1), held(1), held(2)
    assert waiting.pass_on(first, "a")
    assert waiting.pass_on(second, "a")
    waiting.put_back(waiting.take("b"))
    assert waiting.take("b") is first


def test_so_much_may_wait_and_no_more():
    waiting = passed(a=1, b=1)
    for number in range(MOST):
        assert not waiting.is_full
        waiting.pass_on(held(number), "a")
    assert waiting.is_full
    waiting.take("b")
    assert not waiting.is_full


@given(
    weights=st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2), min_size=1),
    able=st.sets(st.sampled_from("abcd")),
    dying=st.lists(st.sampled_from("abcd"), max_size=3),
)
def test_who_can_take_it_gets_it_while_alive_and_nobody_is_asked_without_end(weights, able, dying):
    waiting, one, asked = passed(**weights), held(), 0
    name = next(iter(weights))
    while name not in able and waiting.pass_on(one, name):
        asked += 1
        if dying:
            waiting.shares.lose(dying.pop())
        alive = [other for other in weights if other not in waiting.shares.dead]
        if not alive:
            return  # it stays where it is, and is queued when the run ends
        name = next(other for other in alive if waiting.has_for(other))
        assert waiting.take(name) is one
        assert asked <= 2 * len(weights)
    assert name in able or not able & (weights.keys() - waiting.shares.dead)


# ---------------------------------------------------------------- who stands by, and who ended


def test_who_stands_by_and_was_passed_much_takes_nothing_else_while_a_relay_with_a_weight_lives():
    shares = Shares(weights={"main": 10, "spare": 0})
    for name in ["main"] * 20 + ["spare"] * 5:
        shares.take(name)
    shares.wait_no_longer("spare")
    assert not shares.may_take("spare")
    shares.wait_no_longer("main")
    assert not shares.may_take("spare")
    assert shares.may_take("main")
    shares.lose("main")
    assert shares.may_take("spare")


def test_who_stands_by_takes_nothing_while_all_with_a_weight_that_live_rest():
    shares = Shares(weights={"main": 1, "slow": 1, "spare": 0})
    for _ in range(LEAD + 1):
        shares.take("main")
    shares.wait_no_longer("main")
    shares.lose("main")
    assert [name for name in shares.weights if shares.may_take(name)] == ["slow"]


def test_of_two_that_stand_by_the_one_that_rested_comes_back_as_an_equal():
    shares = Shares(weights={"main": 1, "a": 0, "b": 0})
    shares.lose("main")
    while shares.may_take("a"):
        shares.take("a")
    shares.wait_no_longer("a")
    for _ in range(500):
        shares.take("a")
    shares.take("b")
    assert shares.taken["b"] > 500
    assert shares.may_take("a")


def test_nobody_waits_for_a_relay_that_ended():
    shares = Shares(weights={"main": 1, "second": 1})
    shares.leave("second")
    for _ in range(5 * LEAD):
        assert shares.may_take("main")
        shares.take("main")
    shares.come("second")
    assert not shares.may_take("main")


def share(waiting, name, *, whole_is_over=False):
    return ShareOfStock(SimpleNamespace(is_over=whole_is_over), SimpleNamespace(), waiting, name)


def test_for_who_stands_by_it_is_over_when_all_for_whom_it_does_ended_whatever_is_in_stock():
    waiting = passed(main=1, second=1, spare=0, other=0)
    spare = share(waiting, "spare")
    waiting.shares.leave("second")
    assert not spare.is_over, "the main one may still die"
    waiting.shares.lose("main")
    assert spare.is_over, "the second one is called again"
    waiting.shares.come("second")
    assert not spare.is_over
    waiting.shares.lose("second")
    assert not spare.is_over, "its turn has come"


def test_it_is_over_for_a_relay_when_so_much_waits_for_one_that_ended_that_it_may_pass_on_no_more():
    waiting = passed(small=1, big=1)
    small = share(waiting, "small")
    for number in range(MOST):
        waiting.pass_on(held(number), "small")
    assert not small.is_over
    waiting.shares.leave("big")
    assert small.is_over
    waiting.shares.come("big")
    waiting.shares.lose("big")
    assert not small.is_over, "somebody must say that they are refused"


# ---------------------------------------------------------------- the speed of a job that is spread


@pytest.mark.parametrize(
    ("weights", "dead", "speeds"),
    [
        ({"a": 1, "b": 3}, (), {"a": 1.0, "b": 3.0}),
        ({"a": 1, "b": 3, "c": 0}, ("b",), {"a": 4.0, "c": 4.0}),
        ({"a": 1, "b": 0}, (), {"a": 4.0, "b": 4.0}),  # who stands by takes over all of it
        ({"a": 1, "b": 0, "c": 0}, (), {"a": 4.0, "b": 2.0, "c": 2.0}),
        ({"a": 1, "b": 0, "c": 0}, ("a", "b"), {"c": 4.0}),
        ({"a": 0, "b": 0}, (), {"a": 2.0, "b": 2.0}),
    ],
)
def test_those_that_live_share_the_speed_of_a_job_that_is_spread(weights, dead, speeds):
    shares = Shares(weights=weights)
    for name in dead:
        shares.lose(name)
    assert {name: 4.0 * shares.part(name) for name in speeds} == speeds


class Throttle:
    def limit(self, rate):
        self.rate = rate


def crew(shares, name, pace, limits=None):
    return Crew(
        desk=SimpleNamespace(pace=pace, throttle=Throttle()), whole=None, shares=shares, name=name, limits=limits
    )


def allowed(*crews):
    """Messages per second, and connections."""
    return [(one.desk.throttle.rate, one.gate.allowed) for one in crews]


def test_a_relay_has_as_many_connections_as_its_part_needs_and_never_more_than_it_takes():
    shares = Shares(weights={"a": 1, "b": 1, "c": 8})
    slow = crew(shares, "a", paced(connections=4, messages_per_second=0.5, spread=2.0))
    shared = crew(shares, "b", paced(connections=4, spread=2.0), Limits(connections=4, messages_per_second=3.0))
    assert allowed(slow, shared) == [(0.2, 2), (0.2, 0)], "nothing before it is known who else uses it"
    shared.use(Portion(connections=3, parts=2))
    shares.lose("c")
    slow.adjust()
    shared.adjust()
    assert allowed(slow, shared) == [(0.5, 4), (1.0, 3)]
    shares.lose("a")
    slow.adjust()
    shared.adjust()
    assert allowed(shared) == [(1.5, 3)], "half of what the relay takes is another job's"


def test_a_job_that_is_spread_claims_no_more_than_it_sends():
    def all_of(spread, *speeds):
        endpoint = Endpoint(host="", port=25, security="none", hello_name="")
        vias = [Via(name="", endpoint=endpoint, pace=paced(connections=4, messages_per_second=one)) for one in speeds]
        whole = pace_of_all(together(vias, spread))
        return whole.messages_per_second, whole.connections

    assert all_of(None, None, 2.0) == (None, 8)
    assert all_of(None, 3.0, 2.0) == (5.0, 8)
    assert all_of(0.5, None, 2.0) == (0.5, 5)
    assert all_of(50.0, 3.0, 2.0) == (5.0, 8)
    assert all_of(0.01, None) == (0.01, 1)
