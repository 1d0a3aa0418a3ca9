"""One statement for many rows, at the driver's own speed: SQLAlchemy writes the SQL once, the driver gets the values.

Core's executemany costs more per row than the row itself in the loops that touch every delivery of a job; this costs a
third. Values are always bound, never written into the text.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql.dml import UpdateBase

Values: TypeAlias = Mapping[str, Any]
_Processor: TypeAlias = Callable[[Any], Any]
_Prepared: TypeAlias = tuple[str, Sequence[str] | None, dict[str, Any], dict[str, _Processor]]
"""SQL text; order of the parameters if they have no names; values in the statement itself; how to convert values."""


class BulkStatement:
    """An INSERT, UPDATE or DELETE with bound parameters, compiled once per kind of database."""

    def __init__(self, statement: UpdateBase) -> None:
        self._statement = statement
        self._compiled: dict[str, _Prepared] = {}

    def execute(self, connection: Connection, rows: Sequence[Values], same: Values) -> int:
        """Run it for each of `rows`; `same` holds the values that all rows share. How many rows it changed."""
        if not rows:
            return 0
        text, order, defaults, processors = self._prepared(connection.dialect)
        shared = defaults | _processed(same, processors)
        full = [shared | _processed(row, processors) for row in rows]
        if order is None:
            return connection.exec_driver_sql(text, full).rowcount
        return connection.exec_driver_sql(text, [tuple([row[name] for name in order]) for row in full]).rowcount

    def _prepared(self, dialect: Dialect) -> _Prepared:
        if dialect.name not in self._compiled:
            compiled = self._statement.compile(dialect=dialect)
            processors: dict[str, _Processor] = {
                name: processor
                for name, bind in compiled.binds.items()
                if (processor := bind.type.dialect_impl(dialect).bind_processor(dialect))
            }
            order = compiled.positiontup if compiled.positional else None
            defaults = _processed({**compiled.params}, processors)
            self._compiled[dialect.name] = str(compiled), order, defaults, processors
        return self._compiled[dialect.name]


def _processed(values: Values, processors: Mapping[str, _Processor]) -> dict[str, Any]:
    ready = dict(values)
    for name in processors.keys() & ready.keys():
        if ready[name] is not None:
            ready[name] = processors[name](ready[name])
    return ready
