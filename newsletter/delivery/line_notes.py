"""Lines in words, for progress and logs; names groups and configured domains only (I7). Pure."""

from newsletter.delivery.lines import Line
from newsletter.delivery.receivers import Receivers

ANOTHER = "another domain"


def notes_of(receivers: Receivers, now: int) -> tuple[str, ...]:
    """Who is slowed, and who is at its limit."""
    slow = [f"{public_name(line)} slowed to {speed_of(line)}" for line in receivers.every() if line.speed]
    full = [
        f"{public_name(line)} at its limit of {' and '.join(map(str, line.limits))}"
        for line in receivers.every()
        if not line.speed and line.has_queue(now)
    ]
    return tuple(dict.fromkeys([*slow, *full]))


def public_name(line: Line) -> str:
    """Its name if that may be seen."""
    return line.name if line.is_public else ANOTHER


def speed_of(line: Line) -> str:
    """How fast it is now."""
    if line.speed is None:
        return "as fast as its limits allow"
    return f"{line.speed:.0f} per second" if line.speed >= 1 else f"{60 * line.speed:.1f} per minute"
