"""Marks of erased addresses: a keyed hash and a date, never the address. Still about a person (B10).

Only if the organisation chooses it, and not for ever: an import or an operator's `add` may not bring back who was
erased; a person's own fresh sign-up may. Nothing else reads them: they decide about no mail.
"""

import hmac
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TypeAlias

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from subscribers.clock import require_aware
from subscribers.tables import address_mark
from subscribers.tokens import Keyring

_LABEL = "address-mark"
CHUNK = 500
"""Marks in one statement."""

Marker: TypeAlias = Callable[[str], tuple[bytes, ...]]
"""The marks of an address key: under the current key first, then under each older one."""


def marker_of(keyring: Keyring) -> Marker:
    """Marks under the keys of this project: nobody without `secret.key` can try addresses against them."""
    subkeys = keyring.subkeys(_LABEL)
    return lambda key: tuple(hmac.digest(subkey, key.encode(), "sha256") for subkey in subkeys)


@dataclass(frozen=True, kw_only=True)
class Marking:
    """Whether a deletion leaves marks, and for how long."""

    marker: Marker
    days: int | None = None
    """None leaves no mark, and ends those that were left."""

    def leave(self, connection: Connection, keys: Collection[str], now: datetime) -> None:
        """Mark these address keys, inside the transaction that deletes them.

        The date is that of the day, and no more: the hour of an erasure serves nothing.
        """
        if self.days is None or not keys:
            return
        today = datetime.combine(require_aware(now).date(), time(), tzinfo=UTC)
        until = today + timedelta(days=self.days)
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(address_mark)
        later = {"at": statement.excluded["at"], "erase_at": statement.excluded["erase_at"]}
        rows = [{"mark": self.marker(key)[0], "at": today, "erase_at": until} for key in sorted(keys)]
        connection.execute(statement.on_conflict_do_update(index_elements=["mark"], set_=later), rows)


def known(connection: Connection, keys: Iterable[str], marker: Marker) -> set[str]:
    """Those of the address keys whose owner was erased and is not to be brought back by an import."""
    of_mark = {mark: key for key in keys for mark in marker(key)}
    found: set[str] = set()
    for start in range(0, len(of_mark), CHUNK):
        chunk = list(of_mark)[start : start + CHUNK]
        query = select(address_mark.c.mark).where(address_mark.c.mark.in_(chunk))
        found.update(of_mark[mark] for mark in connection.scalars(query))
    return found


def forget(connection: Connection, key: str, marker: Marker) -> None:
    """Remove the mark of somebody who signed up again: it has served."""
    connection.execute(delete(address_mark).where(address_mark.c.mark.in_(marker(key))))


def apply_days(connection: Connection, days: int | None, now: datetime) -> int:
    """Bring the ends of marks forward where `days` is less than they were left for; None ends all of them now."""
    changed = 0
    for at in connection.scalars(select(address_mark.c.at).distinct()).all():
        end = require_aware(now) if days is None else at + timedelta(days=days)
        later = update(address_mark).where(address_mark.c.at == at, address_mark.c.erase_at > end)
        changed += connection.execute(later.values(erase_at=end)).rowcount
    return changed
