"""Whose mail waits the most, by group of receivers: for who watches a job. Pure.

A large receiver says nothing about a person; the domain of one person does (I7). So groups are named, and domains that
the configuration names; any other domain only when many of its mails wait, and else it is one of the others.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from newsletter.delivery.receivers import Receivers

FEWEST = 10
"""A domain that nobody configured is named when so many of its mails wait."""
MOST = 5
"""Names that are shown."""
OTHERS = "other domains"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The mail to one group of receivers that waits: set aside, or refused for now."""

    name: str
    count: int
    until: datetime | None = None
    """When the last of them is due."""
    is_slowed: bool = False
    """Its receivers asked for less: whose turn comes is asked again, and may have to wait for another one."""


def slowest(rows: Iterable[tuple[str, int, datetime | None]], receivers: Receivers) -> tuple[Waiting, ...]:
    """The groups with the most that waits, then all others together; `rows` are domains, numbers and last moments."""
    groups: dict[str, list[Waiting]] = {}
    for domain, count, until in rows:
        name = receivers.name_of(domain)
        one = Waiting(name=name, count=count, until=until, is_slowed=_is_slowed(name, receivers))
        groups.setdefault(name, []).append(one)
    public = {*receivers.groups.values(), *receivers.limits}
    found = sorted((_together(name, some) for name, some in groups.items()), key=lambda one: (-one.count, one.name))
    named = [one for one in found if one.name in public or one.count >= FEWEST][:MOST]
    rest = [one for one in found if one not in named]
    return (*named, _together(OTHERS, rest)) if rest else tuple(named)


def _together(name: str, some: Collection[Waiting]) -> Waiting:
    until = max((one.until for one in some if one.until), default=None)
    is_slowed = any(one.is_slowed for one in some)
    return Waiting(name=name, count=sum(one.count for one in some), until=until, is_slowed=is_slowed)


def _is_slowed(name: str, receivers: Receivers) -> bool:
    return any(line and line.speed is not None for line in (receivers.lines.get(name), receivers.relay))
