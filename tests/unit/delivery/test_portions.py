"""Several jobs over one relay: together they never use more than it takes, and none is forgotten."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.delivery.portions import Portion, Use, portion, told

NOTHING = Portion(connections=0)


class Relay:
    """What the store says of a relay, and what each run has open; runs look and close as the test says."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.uses: list[Use] = []
        self.portions: dict[str, Portion] = {}
        self.open: dict[str, int] = {}

    def look(self, name: str) -> None:
        """One look of a run, in one transaction: what it may have, and what the others must know of it."""
        if name not in self.portions:
            self.uses.append(Use(holder=name, until=0))
            self.portions[name], self.open[name] = NOTHING, 0
        mine = portion(self.uses, name, self.most, self.portions[name])
        self.uses = [told(use, mine, self.open[name]) if use.holder == name else use for use in self.uses]
        self.portions[name] = mine
        self.open[name] = max(self.open[name], mine.connections)

    def close(self, name: str) -> None:
        """It closes what is more than its portion."""
        if name in self.portions:
            self.open[name] = self.portions[name].connections

    def leave(self, name: str) -> None:
        """It is done."""
        self.uses = [use for use in self.uses if use.holder != name]
        self.portions.pop(name, None)
        self.open.pop(name, None)

    def speed(self) -> float:
        """Of all that send."""
        return sum(item.speed(1.0) or 0 for item in self.portions.values() if item.connections)


@settings(max_examples=300, deadline=None)
@given(
    st.integers(1, 6),
    st.lists(st.tuples(st.sampled_from(["look", "look", "close", "leave"]), st.sampled_from("abcde")), max_size=60),
)
def test_together_they_never_use_more_than_the_relay_takes(most: int, steps: list[tuple[str, str]]) -> None:
    relay = Relay(most)
    for act, name in steps:
        getattr(relay, act)(name)
        assert sum(relay.open.values()) <= most
        assert relay.speed() <= 1 + 1e-9
    for _ in range(4):
        for name in list(relay.portions):
            relay.look(name)
            relay.close(name)
    given_out = [item.connections for item in relay.portions.values()]
    if given_out:
        assert sum(given_out) == most, "none of it lies idle"
        assert max(given_out) - min(given_out) <= 1
        assert sorted(given_out, reverse=True) == given_out, "first come, first served"


def test_one_alone_has_all_of_it() -> None:
    found = portion([Use(holder="a", until=0)], "a", 4, NOTHING)
    assert found == Portion(connections=4)
    assert (found.speed(20), found.speed(None)) == (20, None)


def test_who_comes_new_waits_until_there_is_room() -> None:
    first, second = Use(holder="a", until=0, parts=1), Use(holder="b", until=0)
    assert portion([first, second], "b", 4, NOTHING).connections == 0
    assert portion([first, second], "a", 4, Portion(connections=4)) == Portion(connections=2, parts=2, runs=2)
    assert portion([replace(first, parts=2), second], "b", 4, NOTHING) == Portion(connections=2, parts=2, runs=2)


def test_with_fewer_connections_than_runs_the_last_one_waits() -> None:
    uses = [Use(holder="a", until=0, parts=2), Use(holder="b", until=0)]
    assert portion(uses, "a", 1, Portion(connections=1)) == Portion(connections=1, runs=2)
    assert portion(uses, "b", 1, NOTHING).connections == 0
