"""Whose mail waits the most: groups by name, and domains only when many of their mails wait (I7)."""

from datetime import UTC, datetime, timedelta

from newsletter.delivery.lines import Line
from newsletter.delivery.pacing import Rate, microseconds
from newsletter.delivery.receivers import Receivers, grouped
from newsletter.delivery.slowest import FEWEST, MOST, OTHERS, Waiting, slowest

NOON = datetime(2027, 6, 14, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=3)
SOME = Receivers(groups=grouped({"gmail": ["gmail.com", "googlemail.com"]}), limits={"klein.example": [Rate(1, 60)]})


def test_the_domains_of_a_group_are_counted_together_and_the_most_come_first() -> None:
    rows = [("gmail.com", 30, NOON), ("stad.example", 40, None), ("googlemail.com", 20, LATER)]
    assert slowest(rows, SOME) == (
        Waiting(name="gmail", count=50, until=LATER),
        Waiting(name="stad.example", count=40),
    )


def test_a_domain_of_a_few_is_not_named_unless_the_configuration_does() -> None:
    rows = [("jansen.example", FEWEST - 1, NOON), ("pietersen.example", 1, LATER), ("gmail.com", 1, NOON)]
    rows += [("klein.example", 2, NOON), ("stad.example", FEWEST, NOON)]
    found = slowest(rows, SOME)
    assert [one.name for one in found] == ["stad.example", "klein.example", "gmail", OTHERS]
    assert found[-1] == Waiting(name=OTHERS, count=FEWEST, until=LATER)


def test_no_more_than_a_few_are_named_and_none_is_left_out_of_the_sum() -> None:
    found = slowest([(f"d{number}.example", 100 + number, None) for number in range(20)], SOME)
    assert len(found) == MOST + 1
    assert sum(one.count for one in found) == sum(100 + number for number in range(20))


def test_who_is_slowed_is_known_and_with_a_slowed_relay_all_are() -> None:
    relay = Line(name="relay main")
    some = Receivers(groups=SOME.groups, limits={}, relay=relay)
    rows = [("gmail.com", 50, NOON), ("stad.example", 40, None), ("jansen.example", 1, None)]
    some.made("gmail").push_back(microseconds(NOON))
    some.made("stad.example")
    assert [one.is_slowed for one in slowest(rows, some)] == [True, False, False]
    some.made("jansen.example").push_back(microseconds(NOON))
    assert [one.is_slowed for one in slowest(rows, some)] == [True, False, True]
    relay.push_back(microseconds(NOON))
    assert all(one.is_slowed for one in slowest(rows, some))


def test_where_nobody_waits_nobody_is_named() -> None:
    assert slowest([], SOME) == ()
