"""Limits on sign-ups: bounded in number and memory, blind to who was counted, and fooled by no header (I7)."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config_signup import LOOPBACK
from newsletter.web.limits import HOUR, Limit, mailbox_of, network_of

TRUSTED = (*LOOPBACK, ip_network("10.0.0.0/8"))


def test_so_many_fit_and_then_one_more_with_every_part_of_the_period() -> None:
    limit = Limit(3, HOUR)
    assert [limit.take("a", 0) for _ in range(5)] == [True, True, True, False, False]
    assert not limit.take("a", HOUR / 3 - 1)
    assert [limit.take("a", HOUR / 3 + 1) for _ in range(2)] == [True, False]
    assert [limit.take("a", 10 * HOUR) for _ in range(4)] == [True, True, True, False]


def test_keys_do_not_touch_each_other_and_asking_counts_nothing() -> None:
    limit = Limit(1, HOUR)
    assert all(limit.has_room("a", 0) for _ in range(5))
    assert limit.take("a", 0)
    assert not limit.has_room("a", 1)
    assert limit.has_room("b", 1)
    assert len(limit) == 1


@given(st.lists(st.floats(0, 10_000), max_size=60), st.integers(1, 10))
def test_no_window_ever_holds_more_than_twice_the_number(moments: list[float], number: int) -> None:
    limit = Limit(number, HOUR)
    taken = [moment for moment in sorted(moments) if limit.take("a", moment)]
    for start in taken:
        assert sum(start <= moment <= start + HOUR for moment in taken) <= 2 * number


def test_memory_is_bounded_and_the_longest_idle_key_makes_room() -> None:
    limit = Limit(1, HOUR, capacity=100)
    for number in range(1000):
        limit.take(str(number), number)
    assert len(limit) == 100
    assert not limit.has_room("999", 999)


def test_nothing_that_is_counted_can_be_read_back_rule_i7() -> None:
    limit = Limit(1, HOUR)
    limit.take("203.0.113.0/24", 0)
    limit.take("jan@example.org", 0)
    kept = repr(limit._levels)
    assert "203.0.113" not in kept
    assert "jan" not in kept
    assert set(limit._levels).isdisjoint(Limit(1, HOUR)._levels)
    other = Limit(1, HOUR)
    other.take("jan@example.org", 0)
    assert set(limit._levels).isdisjoint(other._levels), "no table made once reads all of them"


@pytest.mark.parametrize(
    ("peer", "header", "expected"),
    [
        ("203.0.113.9", "", "203.0.113.0/24"),
        ("203.0.113.9", "198.51.100.7", "203.0.113.0/24"),
        ("127.0.0.1", "198.51.100.7", "198.51.100.0/24"),
        ("127.0.0.1", "192.0.2.66, 198.51.100.7", "198.51.100.0/24"),
        ("127.0.0.1", "192.0.2.66, 198.51.100.7, 10.1.2.3", "198.51.100.0/24"),
        ("127.0.0.1", "", "127.0.0.0/24"),
        ("127.0.0.1", "nonsense", ""),
        ("127.0.0.1", "198.51.100.7, nonsense", ""),
        ("127.0.0.1", "198.51.100.7:4711", "198.51.100.0/24"),
        ("::1", "2001:db8:1:2ff::7", "2001:db8:1:200::/56"),
        ("::1", "[2001:db8:1:2ff::7]:4711", "2001:db8:1:200::/56"),
        ("::ffff:127.0.0.1", "::ffff:198.51.100.7", "198.51.100.0/24"),
        ("", "198.51.100.7", ""),
    ],
)
def test_the_network_is_that_of_the_last_one_that_no_proxy_of_ours_speaks_for(
    peer: str, header: str, expected: str
) -> None:
    assert network_of(peer, header, TRUSTED) == expected


@given(st.text(max_size=200), st.ip_addresses())
def test_what_a_visitor_writes_before_our_proxy_never_changes_the_network(invented: str, visitor) -> None:
    if any(visitor in network for network in TRUSTED if network.version == visitor.version):
        return
    alone = network_of("127.0.0.1", str(visitor), TRUSTED)
    assert network_of("127.0.0.1", f"{invented}, {visitor}", TRUSTED) == alone
    assert alone
    plain = visitor.ipv4_mapped or visitor if visitor.version == 6 else visitor
    assert ip_address(str(plain)) in ip_network(alone)


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_peer_and_no_header_is_a_crash(peer: str, header: str) -> None:
    network_of(peer, header, TRUSTED)


def test_variants_of_an_address_are_one_mailbox() -> None:
    variants = ["jan.de.vries@example.org", "JanDeVries@example.org", "jandevries+nieuws@example.org"]
    assert {mailbox_of(variant) for variant in variants} == {"jandevries@example.org"}
    assert mailbox_of("+x@example.org") != mailbox_of("+y@example.org")
