"""MetaData and the helpers by which every column says what it holds and how long it stays.

Erasure, a person's export, the record of processing and the privacy page are derived from these declarations, so a
table added later cannot be forgotten by any of them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Dialect, Integer, MetaData, Table
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer(), "sqlite")
"""Integer keys: SQLite's rowid, PostgreSQL's bigint. AUTOINCREMENT, so that no id ever means two things."""


class Keep(StrEnum):
    """How long a value stays."""

    WITH_SUBSCRIBER = "with-subscriber"
    """Until the last subscription of the person is erased."""
    WITH_SUBSCRIPTION = "with-subscription"
    """Until the deadline of the subscription that the row belongs to."""
    FOR_EVER = "for-ever"
    """Holds nothing about a person and proves what was done (receipts, compiled issues)."""
    WHILE_RUNNING = "while-running"
    """Housekeeping of running processes: leases, marks."""
    OWN_DEADLINE = "own-deadline"
    """Until the deadline that the row itself carries (`own_deadline`): such a row needs no subscriber to hang on."""


@dataclass(frozen=True, kw_only=True)
class Holds:
    """What one column holds: shown to the subject (`label`), erased by rule (`keep`)."""

    personal: bool
    keep: Keep
    label: str = ""


def personal(label: str, keep: Keep) -> dict[str, Any]:
    """`Column.info` of a value that is about a person; `label` names it in exports and statements."""
    return {"holds": Holds(personal=True, keep=keep, label=label)}


def impersonal(keep: Keep) -> dict[str, Any]:
    """`Column.info` of a value that is about nobody."""
    return {"holds": Holds(personal=False, keep=keep)}


@dataclass(frozen=True, kw_only=True)
class OwnDeadline:
    """Rows of a table carry a deadline of their own: every retention run erases what is past it, by `rule`.

    `rule` is the name in `newsletter retention status`, in receipts and in the privacy statement. The instant stands in
    `column` of the table itself; or, with `via`, of the table that this foreign key leads to. With `event` it is not
    set by who writes the row, but by every retention run, counted from that column under the rule's period.
    """

    rule: str
    column: str = "erase_at"
    via: str = ""
    event: str = ""
    days: int = 0
    """How long a row stays at most, where no configuration says so."""


def own_deadline(rule: str, column: str = "erase_at", days: int = 0) -> dict[str, Any]:
    """`Table.info` (or a part of it) of a table whose rows are erased at the instant in `column`, by the rule `rule`.

    Null in `column` means: no deadline of its own, the row goes with its subscriber. A table that hangs on nobody
    must not allow null. Count the instant with `subscribers.retention.deadline`, so that erasures fall together.
    """
    return {"deadline": OwnDeadline(rule=rule, column=column, days=days)}


def deadline_of(table: Table) -> OwnDeadline | None:
    """What the table says about deadlines of its own rows."""
    said = table.info.get("deadline")
    return said if isinstance(said, OwnDeadline) else None


def declared(column: Column[Any]) -> Holds:
    """What `column` declares; raises TypeError for a column that declares nothing."""
    holds = column.info.get("holds")
    if not isinstance(holds, Holds):
        msg = f"{column.table.name}.{column.name} does not say whether it is personal and how long it stays"
        raise TypeError(msg)
    return holds


class Moment(TypeDecorator[datetime]):
    """An aware instant, stored in UTC; naive values are refused (I10)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC; SQLite keeps no zone, so the value is written as UTC without one."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"naive datetime {value.isoformat()} for the store"
            raise ValueError(msg)
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Give every instant its zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
