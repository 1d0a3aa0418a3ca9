"""Who uses which relay at this moment, so that its limits hold for all jobs of the store together (edge).

A row per relay in the table of the pace; runs that died are forgotten at once where that can be seen, else when their
time is up (subscribers/leases.py).
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from newsletter.delivery.pacing import SECOND, microseconds
from newsletter.delivery.portions import Portion, Use, portion, told
from newsletter.store import pace
from subscribers import leases
from subscribers.transactions import reading, writing

LEASE = 60 * SECOND
"""How long a run is believed to be there without being heard of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One run looks what it may use."""

    relay: str
    holder: str
    most: int
    """Connections that the relay takes in all."""
    mine: Portion
    """What it had until now."""
    is_open: int
    """Connections that it has open."""


def look(engine: Engine, asking: Asking, now: datetime) -> Portion:
    """What this run may use of the relay now; the others see it in the same moment."""
    with reading(engine) as connection:
        before = _uses(connection, asking.relay)
    after, mine = _agree(before, asking, microseconds(now))
    if after == before:
        return mine
    with writing(engine) as connection:
        pace.begin(connection, {_name(asking.relay): {"runs": []}})
        after, mine = _agree(_uses(connection, asking.relay), asking, microseconds(now))
        _save(connection, asking.relay, after)
    return mine


def leave(engine: Engine, relay: str, holder: str) -> None:
    """This run does not use the relay any more."""
    with writing(engine) as connection:
        _save(connection, relay, [use for use in _uses(connection, relay) if use.holder != holder])


def _agree(uses: Sequence[Use], asking: Asking, at: int) -> tuple[list[Use], Portion]:
    """All who are there, this run among them, and its portion."""
    there = [use for use in uses if use.holder == asking.holder or (use.until > at and not leases.is_dead(use.holder))]
    if all(use.holder != asking.holder for use in there):
        there.append(Use(holder=asking.holder, until=at + LEASE))
    mine = portion(there, asking.holder, asking.most, asking.mine)
    return [_kept(told(use, mine, asking.is_open), at) if use.holder == asking.holder else use for use in there], mine


def _kept(use: Use, at: int) -> Use:
    """Said again before its time is up."""
    return use if use.until - at > LEASE // 2 else replace(use, until=at + LEASE)


def _name(relay: str) -> str:
    return f"uses of {relay}"


def _uses(connection: Connection, relay: str) -> list[Use]:
    state = pace.load(connection, [_name(relay)]).get(_name(relay), {"runs": []})
    return [Use(holder=holder, until=until, parts=parts) for holder, until, parts in state["runs"]]


def _save(connection: Connection, relay: str, uses: Sequence[Use]) -> None:
    pace.save(connection, {_name(relay): {"runs": [list(astuple(use)) for use in uses]}})
