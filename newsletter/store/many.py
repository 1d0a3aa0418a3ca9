"""Many rows to and from the database in one step: as one JSON value, however many they are.

The driver of SQLite lets go of the interpreter's lock around every row that it reads or writes. Beside a busy event
loop each of them then waits for the loop's next pause. As one value they are one step, and the loop runs on meanwhile.
PostgreSQL is asked in the same way, so that there is one way.

Statements are made per dialect, by functions that the callers cache: building one costs more than running it.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    Executable,
    FromClause,
    LargeBinary,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.types import TypeEngine

POSTGRESQL = "postgresql"
ROWS = "many_rows"
"""Name of the parameter that holds the JSON of `told`."""

Row: TypeAlias = list[Any]


def as_json(dialect: str, query: Select[Any]) -> Executable:
    """The statement that brings all rows of `query` as one value: an array of arrays.

    Octets come as hexadecimal digits, JSON as its text, everything else as what JSON has for it.
    """
    rows = query.subquery("rows_found")
    columns = [_in_json(dialect, column) for column in rows.c]
    if dialect == POSTGRESQL:
        return select(cast(func.json_agg(func.json_build_array(*columns)), Text))
    return select(func.json_group_array(func.json_array(*columns), type_=Text))


def fetch(connection: Connection, statement: Executable, values: dict[str, Any]) -> list[Row]:
    """The rows that a statement of `as_json` finds."""
    found: list[Row] = json.loads(connection.scalar(statement, values) or "[]")
    return found


def ids_of(dialect: str, ids: Iterable[int] | str) -> Select[Any]:
    """A subquery with these ids, to be used with IN, however many they are; or with those of the parameter `ids`."""
    listed = bindparam(ids, type_=Text) if isinstance(ids, str) else bindparam(None, json.dumps(list(ids)), type_=Text)
    if dialect == POSTGRESQL:
        found = func.json_array_elements_text(cast(listed, JSON)).table_valued("value")
        return select(cast(found.c.value, BigInteger))
    return select(func.json_each(listed).table_valued("value").c.value)


def told(dialect: str, types: Sequence[TypeEngine[Any]]) -> tuple[FromClause, list[ColumnElement[Any]]]:
    """The rows of the parameter ROWS (JSON, an array of arrays) as a table to update from, and its columns."""
    given = bindparam(ROWS, type_=Text)
    if dialect == POSTGRESQL:
        table = func.json_array_elements(cast(given, JSON)).table_valued("value", name="told")
        text_at = [table.c.value.op("->>")(literal_column(str(place))) for place in range(len(types))]
        return table, [cast(text, type_) for text, type_ in zip(text_at, types, strict=True)]
    table = func.json_each(given).table_valued("value", name="told")
    return table, [func.json_extract(table.c.value, f"$[{place}]", type_=type_) for place, type_ in enumerate(types)]


def _in_json(dialect: str, column: ColumnElement[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, LargeBinary):
        return func.encode(column, "hex") if dialect == POSTGRESQL else func.hex(column)
    return cast(column, Text) if isinstance(column.type, JSON) else column
