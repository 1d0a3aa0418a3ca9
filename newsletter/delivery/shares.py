"""Several relays for one job: each gets its share by weight, and the others' when they are gone. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

LEAD = 20
"""Messages that a relay may be ahead of its share, so that none waits for the other's every message."""


@dataclass(slots=True, kw_only=True, eq=False)
class Shares:
    """How much each relay took, and which are alive."""

    weights: Mapping[str, int]
    """A relay of weight 0 stands by: it takes messages when no other one is alive."""
    taken: dict[str, int] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    resting: set[str] = field(default_factory=set)
    """Those that did not take their share for a while: nobody waits for them until they take again."""
    away: set[str] = field(default_factory=set)
    """Those that live and ended, since nothing was left for them: nobody waits for them until they are called again."""

    def may_take(self, name: str) -> bool:
        """Whether the relay `name` may take a message now: nobody with a weight is further behind its share."""
        active = self._active()
        if name in self.resting:
            return name not in self.dead
        if name not in active:
            return False
        mine = self.taken.get(name, 0) / active[name]
        return all(mine <= (self.taken.get(other, 0) + LEAD) / weight for other, weight in active.items())

    def take(self, name: str) -> None:
        """The relay takes one; one that rested begins at the share of the others, and makes up for nothing."""
        if name in self.resting:
            active = self._active()
            part = max((self.taken.get(other, 0) / weight for other, weight in active.items()), default=0.0)
            self.taken[name] = max(self.taken.get(name, 0), int(part * (self.weights[name] or 1)))
            self.resting.discard(name)
        self.taken[name] = self.taken.get(name, 0) + 1

    def wait_no_longer(self, name: str) -> None:
        """The relay `name` waited long enough for those that are behind; who stands by waits as long as they live."""
        active = self._active()
        if name not in active:
            return
        mine = self.taken.get(name, 0) / active[name]
        self.resting |= {other for other, w in active.items() if other != name and self.taken.get(other, 0) / w < mine}

    def give_back(self, name: str) -> None:
        """It could not use it."""
        self.taken[name] -= 1

    def lose(self, name: str) -> None:
        """The relay is gone; its share is the others' now."""
        self.dead.add(name)

    def leave(self, name: str) -> None:
        """It ended; it is called again for what comes back afterwards."""
        self.away.add(name)

    def come(self, name: str) -> None:
        """It begins, or is called again."""
        self.away.discard(name)

    @property
    def at_work(self) -> list[str]:
        """Those that live and did not end."""
        gone = self.dead | self.away
        return [name for name in self.weights if name not in gone]

    def waits_in_vain(self, name: str) -> bool:
        """Whether the relay `name` stands by for those that ended: its turn does not come before they are called."""
        able = self._able()
        return name not in able and self.away >= able.keys()

    def part(self, name: str) -> float:
        """At which part of the speed of a spread job the relay `name` may send; it lives, as do those beside it.

        All of it for those that stand by, together: beside one with a weight they send only what that one passed on.
        """
        alive = [weight for other, weight in self.weights.items() if other not in self.dead]
        weight = self.weights[name]
        return weight / sum(alive) if weight else 1 / alive.count(0)

    def takers(self, refused_by: Collection[str]) -> frozenset[str]:
        """Who may take what those in `refused_by` cannot: living relays, who stands by only if it is them alone.

        Empty if no other one lives.
        """
        left = {name: weight for name, weight in self.weights.items() if name not in self.dead | set(refused_by)}
        return frozenset(name for name, weight in left.items() if weight) or frozenset(left)

    def _active(self) -> dict[str, int]:
        """Those whose share counts now."""
        gone = self.resting | self.away
        return {name: weight for name, weight in self._able().items() if name not in gone}

    def _able(self) -> dict[str, int]:
        """Those that live and have a weight; those that stand by only if there is none, all alike."""
        alive = {name: weight for name, weight in self.weights.items() if name not in self.dead}
        return {name: weight for name, weight in alive.items() if weight} or dict.fromkeys(alive, 1)
