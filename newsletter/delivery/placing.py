"""Who of a claimed batch may begin when, and who is set aside. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from newsletter.delivery.lines import admit
from newsletter.delivery.pacing import Slot
from newsletter.delivery.receivers import Receivers


@dataclass(frozen=True, slots=True)
class Place:
    """One message's instant, in the pacer's time."""

    at: int
    is_aside: bool = False
    """Its slot is so far away that it does not wait in memory."""


def place(receivers: Receivers, domains: Sequence[str], now: int, *, due: int = 0) -> list[Place]:
    """A place for each message to these domains, in their order; the first `due` of them were set aside before."""
    receivers.make_room(now)
    keyed = [(receivers.lines_of(domain), number < due) for number, domain in enumerate(domains)]
    found: list[Place] = []
    for (_, is_due), run in groupby(keyed, key=lambda item: (tuple(map(id, item[0])), item[1])):
        members = list(run)
        lines = members[0][0]
        if not lines:
            found += [Place(now)] * len(members)
            continue
        admitted = admit(lines, len(members), now, is_due=is_due)
        found += _spread(admitted.begin, is_aside=False)
        found += _spread(admitted.aside, is_aside=True)
    return found


def _spread(slots: Sequence[Slot], *, is_aside: bool) -> list[Place]:
    return [Place(at, is_aside) for at, count in slots for _ in range(count)]
