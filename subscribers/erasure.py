"""What must be deleted when a subscription or a subscriber goes, derived from the schema. Pure: no database is asked.

Two roots: `subscription` and `subscriber`. A table hangs on a root when foreign keys lead from it there, over any
number of tables. A table with personal columns that hangs on neither, or only by a key that may be empty, could keep
a person for ever: it is refused, and a test holds every table of the project to that (I4, I5).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Column, ColumnElement, MetaData, Table, false, or_, select

from subscribers.schema import Holds, Keep, declared

FROM_SUBSCRIPTION = "subscription"
FROM_SUBSCRIBER = "subscriber"

Path: TypeAlias = tuple[Column[Any], ...]
"""Foreign key columns from a table to a root: (delivery.subscription_id,) or (reply.delivery_id, delivery....)."""


class SchemaError(TypeError):
    """A table holds personal data that no erasure would reach, or says something about itself that cannot be."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Before rows are deleted they are counted by the columns `by` into the table `into`: sums stay true (I7)."""

    into: Table
    by: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Step:
    """Delete the rows of `table` that any of `paths` leads from; count them first if there is a `tally`."""

    table: Table
    paths: tuple[Path, ...]
    tally: Tally | None = None

    def rows(self, ids: Sequence[int]) -> ColumnElement[bool]:
        """The condition that selects the rows hanging on the roots with these ids."""
        return or_(*(_along(path, ids) for path in self.paths))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Deletions below one root, in an order that every foreign key allows; the root itself comes after them."""

    root: Table
    steps: tuple[Step, ...]

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table that the plan deletes from, the root last."""
        return (*(step.table for step in self.steps), self.root)


def subscription_plan(metadata: MetaData) -> Plan:
    """What goes when a subscription goes."""
    return _plan(metadata, FROM_SUBSCRIPTION, beside=None)


def subscriber_plan(metadata: MetaData) -> Plan:
    """What goes when a subscriber goes, after all subscriptions went."""
    return _plan(metadata, FROM_SUBSCRIBER, beside=FROM_SUBSCRIPTION)


def check(metadata: MetaData) -> None:
    """Raise SchemaError for a personal table that erasure would not empty, TypeError for an undeclared column."""
    for table in metadata.sorted_tables:
        holds = [declared(column) for column in table.columns]
        if any(item.personal for item in holds):
            _check_personal(metadata, table, holds)


def hanging_on(metadata: MetaData, root: str) -> tuple[Table, ...]:
    """The root and every table that hangs on it, parents first."""
    return tuple(table for table in metadata.sorted_tables if table.name == root or _paths(table, root))


def rows_under(metadata: MetaData, table: Table, subscriber_id: int) -> ColumnElement[bool]:
    """The condition that selects everything of one subscriber in `table`."""
    root = metadata.tables[FROM_SUBSCRIBER]
    if table is root:
        return root.c.id == subscriber_id
    paths = _paths(table, FROM_SUBSCRIBER)
    return or_(*(_along(path, [subscriber_id]) for path in paths)) if paths else false()


def _plan(metadata: MetaData, root: str, beside: str | None) -> Plan:
    check(metadata)
    steps = [
        Step(table=table, paths=paths, tally=_tally(metadata, table))
        for table in reversed(metadata.sorted_tables)
        if (paths := tuple(_paths(table, root, beside=beside))) and table.name != beside
    ]
    return Plan(root=metadata.tables[root], steps=tuple(steps))


def _paths(table: Table, root: str, *, beside: str | None = None) -> list[Path]:
    """Every way from `table` to `root` by foreign keys, not through `beside`, not in circles."""
    return sorted(_walk(table, root, (table.name, beside)), key=str)


def _walk(table: Table, root: str, been: tuple[str | None, ...]) -> Iterator[Path]:
    if table.name == root:
        return
    for key in table.foreign_keys:
        parent = key.column.table
        if parent.name == root:
            yield (key.parent,)
        elif parent.name not in been:
            for rest in _walk(parent, root, (*been, parent.name)):
                yield (key.parent, *rest)


def _along(path: Path, ids: Sequence[int]) -> ColumnElement[bool]:
    first, *rest = path
    if not rest:
        return first.in_(ids)
    (key,) = first.foreign_keys
    return first.in_(select(key.column).where(_along(tuple(rest), ids)))


def _check_personal(metadata: MetaData, table: Table, holds: Sequence[Holds]) -> None:
    for root, keep in ((FROM_SUBSCRIPTION, Keep.WITH_SUBSCRIPTION), (FROM_SUBSCRIBER, Keep.WITH_SUBSCRIBER)):
        promised = any(item.personal and item.keep is keep for item in holds)
        if promised and not _always_reaches(metadata, table, root):
            raise SchemaError(f"{table.name} is kept {keep}, but no key that is always filled leads to {root}")
    if any(item.personal and item.keep not in {Keep.WITH_SUBSCRIPTION, Keep.WITH_SUBSCRIBER} for item in holds):
        raise SchemaError(f"{table.name} has a personal column that is kept with neither subscription nor subscriber")


def _always_reaches(metadata: MetaData, table: Table, root: str) -> bool:
    if table is metadata.tables[root]:
        return True
    return any(all(not column.nullable for column in path) for path in _paths(table, root))


def _tally(metadata: MetaData, table: Table) -> Tally | None:
    said = table.info.get("tally")
    if said is None:
        return None
    into = metadata.tables.get(said["table"])
    if into is None or not {*said["by"], "count"} <= {*into.c.keys()}:
        raise SchemaError(f"{table.name} is tallied into {said['table']}, which has no such columns")
    return Tally(into=into, by=tuple(said["by"]))
