"""Who was let begin and has not yet: what they took of their limits is given back when they come late. Pure.

Room is taken when a message is claimed. If the relay hangs, messages that were let begin one by one come to it all at
once; so whoever is looked at again longer than a moment after its instant is placed anew, at the head of the queue.
One that is about to begin takes over the place of one that is not: else a relay that needs longer for a message than a
period would never get any.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from newsletter.delivery.lines import Line, admit_again
from newsletter.delivery.pacing import SECOND
from newsletter.delivery.receivers import Receivers

MOMENT = SECOND
"""A message begins so long after its instant at most, and a quarter of a second: limits hold as exactly as that."""
SURE = SECOND // 2
"""So long after it was looked at a message is looked at again before it begins (newsletter/delivery/feeder.py)."""
NEVER = -(10**18)


@dataclass(slots=True, kw_only=True)
class Charge:
    """What a message took."""

    at: int
    domain: str
    seen: int
    """When it was last said that it may begin."""


@dataclass(slots=True, kw_only=True, eq=False)
class Charges:
    """All that were let begin by this run and have no outcome."""

    receivers: Receivers
    begun: Collection[int]
    """Deliveries whose dot was written."""
    _given: dict[int, Charge] = field(default_factory=dict)

    def give(self, delivery: int, domain: str, at: int, now: int) -> None:
        """It may begin at `at`."""
        self._given[delivery] = Charge(at=at, domain=domain, seen=NEVER if at > now else now)

    def see(self, deliveries: Iterable[int], now: int) -> None:
        """It was said again that they may begin."""
        for delivery in deliveries:
            if charge := self._given.get(delivery):
                charge.seen = now

    def forget(self, deliveries: Iterable[int]) -> None:
        """They have their outcomes."""
        for delivery in deliveries:
            self._given.pop(delivery, None)

    def late(self, asked: Iterable[tuple[int, str]], now: int) -> list[tuple[int, str]]:
        """Of deliveries and their domains those that are to be placed anew: they come late, or a line is closed."""
        return [(delivery, domain) for delivery, domain in asked if self._is_late(delivery, domain, now)]

    def _is_late(self, delivery: int, domain: str, now: int) -> bool:
        lines, charge = self.receivers.lines_of(domain), self._given.get(delivery)
        if not lines:
            return False
        is_closed = any(line.closed_until > now for line in lines)
        return is_closed or charge is None or not -MOMENT <= now - charge.at <= MOMENT

    def place_anew(self, late: Sequence[tuple[int, str]], asked: Collection[int], now: int) -> dict[int, int]:
        """Delivery → its slot, of those that may not begin now; `asked` are all that are looked at together."""
        for delivery, _ in late:
            self._give_back(delivery)
        groups: dict[tuple[str, ...], list[tuple[int, str]]] = {}
        for delivery, domain in late:
            groups.setdefault(tuple(line.name for line in self.receivers.lines_of(domain)), []).append(
                (delivery, domain)
            )
        found: dict[int, int] = {}
        for members in groups.values():
            lines = self.receivers.lines_of(members[0][1])
            self._carry(lines, len(members), asked, now)
            admitted = admit_again(lines, len(members), now)
            begin = sum(count for _, count in admitted.begin)
            for delivery, domain in members[:begin]:
                self.give(delivery, domain, now, now)
            slots = (at for at, count in admitted.aside for _ in range(count))
            found |= {delivery: at for (delivery, _), at in zip(members[begin:], slots, strict=True)}
        return found

    def _carry(self, lines: Sequence[Line], wanted: int, asked: Collection[int], now: int) -> None:
        """Make room for `wanted` by taking it from those of the same lines that are certain to be looked at again."""
        windows = [window for line in lines for window in line.windows]
        if any(line.closed_until > now for line in lines):
            return
        for delivery in self._others(lines, asked, now):
            if min((window.room(now) for window in windows), default=wanted) >= wanted:
                return
            self._give_back(delivery)

    def _others(self, lines: Sequence[Line], asked: Collection[int], now: int) -> list[int]:
        """The last ones first."""
        nearest = now - max(window.limit.seconds for line in lines for window in line.windows) * SECOND

        def fit() -> Iterator[tuple[int, int]]:
            for delivery, charge in self._given.items():
                is_free = delivery not in asked and delivery not in self.begun and charge.seen < now - SURE
                if is_free and charge.at >= nearest and self.receivers.lines_of(charge.domain) == lines:
                    yield charge.at, delivery

        return [delivery for _, delivery in sorted(fit(), reverse=True)]

    def _give_back(self, delivery: int) -> None:
        if charge := self._given.pop(delivery, None):
            for line in self.receivers.lines_of(charge.domain):
                for window in line.windows:
                    window.give_back(charge.at)
