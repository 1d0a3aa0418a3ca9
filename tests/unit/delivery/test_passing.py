"""What one relay of a job does not take goes to another one, each at most once, and never waits for nobody."""

from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.passing import MOST, Passed
from newsletter.delivery.shares import Shares
from newsletter.delivery.stock import Held
from newsletter.store.claims import Claimed


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
