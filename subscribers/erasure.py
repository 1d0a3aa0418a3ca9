"""What must be deleted when a subscription or a subscriber goes, derived from the schema. Pure: no database is asked.

Two roots: `subscription` and `subscriber`. A table hangs on a root when foreign keys lead from it there, over any
number of tables. A table whose rows carry a deadline of their own (`schema.own_deadline`) is a root besides: its rows
go at that instant, with what hangs on them, whether their person stays or not. A table with personal columns that
hangs on nothing, or only by a key that may be empty, could keep a person for ever: it is refused, and a test holds
every table of the project to that (I4, I5).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Column, ColumnElement, ForeignKey, MetaData, Table, false, or_, select

from subscribers.schema import Holds, Keep, Moment, OwnDeadline, deadline_of, declared

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
    tally: Tally | None = None
    """Of the root's own rows."""

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table that the plan deletes from, the root last."""
        return (*(step.table for step in self.steps), self.root)


@dataclass(frozen=True, kw_only=True)
class OwnPlan(Plan):
    """Deletions of rows past a deadline of their own, and of what hangs on them."""

    said: OwnDeadline

    @property
    def rule(self) -> str:
        """Name of the rule they go by."""
        return self.said.rule

    @property
    def holder(self) -> Table:
        """The table in which the deadline stands."""
        return _holder(self.root, self.said)

    @property
    def instant(self) -> Column[Any]:
        """The column with the deadline."""
        return self.holder.c[self.said.column]

    @property
    def is_personal(self) -> bool:
        """Whether anything about a person goes, so that the store must be scrubbed; mere housekeeping needs none."""
        return any(declared(column).personal for table in self.tables for column in table.columns)


def own_plans(metadata: MetaData) -> tuple[OwnPlan, ...]:
    """One plan per table whose rows carry a deadline of their own, children before their parents."""
    check(metadata)
    tables = [(table, said) for table in reversed(metadata.sorted_tables) if (said := deadline_of(table))]
    return tuple(
        OwnPlan(root=table, steps=_steps(metadata, table.name), tally=_tally(metadata, table), said=said)
        for table, said in tables
    )


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
        _check_deadline(table)
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
    table = metadata.tables[root]
    return Plan(root=table, steps=_steps(metadata, root, beside=beside), tally=_tally(metadata, table))


def _steps(metadata: MetaData, root: str, *, beside: str | None = None) -> tuple[Step, ...]:
    return tuple(
        Step(table=table, paths=paths, tally=_tally(metadata, table))
        for table in reversed(metadata.sorted_tables)
        if (paths := tuple(_paths(table, root, beside=beside))) and table.name != beside
    )


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
    kept = {item.keep for item in holds if item.personal}
    if Keep.OWN_DEADLINE in kept and not _always_has_deadline(table):
        raise SchemaError(f"{table.name} is kept {Keep.OWN_DEADLINE}, but has no deadline that is always filled")
    if kept - {Keep.WITH_SUBSCRIPTION, Keep.WITH_SUBSCRIBER, Keep.OWN_DEADLINE}:
        raise SchemaError(f"{table.name} has a personal column that is kept with neither subscription nor subscriber")


def _always_has_deadline(table: Table) -> bool:
    said = deadline_of(table)
    return said is not None and not said.via and not table.c[said.column].nullable


def _holder(table: Table, said: OwnDeadline) -> Table:
    if not said.via:
        return table
    (key,) = table.c[said.via].foreign_keys
    return key.column.table


def _check_deadline(table: Table) -> None:
    """Raise SchemaError unless the deadline that the table promises is a moment that is there."""
    said = deadline_of(table)
    if said is None:
        return
    there = {table.name} if not said.via else {key.column.table.name for key in _keys(table, said.via)}
    columns = _holder(table, said).c if there else table.c
    wanted = {said.column, *([said.event] if said.event else [])}
    if not there or not all(name in columns and isinstance(columns[name].type, Moment) for name in wanted):
        raise SchemaError(f"{table.name} has no moment {said.column!r} as its own deadline")


def _keys(table: Table, name: str) -> Iterable[ForeignKey]:
    return table.c[name].foreign_keys if name in table.c else ()


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
