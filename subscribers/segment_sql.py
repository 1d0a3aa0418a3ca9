"""A segment as a clause of SQL, for SQLite and PostgreSQL: the meaning of subscribers/segment_values.py, in bulk.

Whatever the condition holds reaches the database as a bound value, and names only by way of the columns below.
Capitals: PostgreSQL is given the same table of characters that this program folds by; SQLite calls this program.
"""

import sqlite3
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from operator import eq, ge, gt, le, lt
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, and_, case, cast, collate, func, literal, not_, or_, true
from sqlalchemy.types import BigInteger, Numeric

from subscribers.segment import DOMAIN, EMAIL, NAME, ORGANISATION, SINCE, Segment
from subscribers.segment_tree import AllOf, AnyOf, Compare, Condition, Has, Not, OneOf, Operator
from subscribers.segments import LANGUAGE, LIST
from subscribers.tables import subscriber, subscription
from subscribers.value_types import DATE, NUMBER, ValueType, fold_table, folded, number_of

Clause: TypeAlias = ColumnElement[bool]
Value: TypeAlias = ColumnElement[Any]

_FOLD, _NUMBER = "segment_fold", "segment_number"
_DAY_GLOB = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2900, 1, 1)
"""Nobody subscribed before or after; the calendar of time zones ends somewhere."""
_ASCII, _TIERS = 0x7F, (0xFF, 0x24F)
"""PostgreSQL looks every character up from the beginning: texts in Latin letters get a short table."""
_COLUMNS = {ORGANISATION: "organisation", NAME: "name", EMAIL: "address"}
_ORDER: dict[Operator, Callable[[Any, Any], Any]] = {
    Operator.LESS: lt,
    Operator.AT_MOST: le,
    Operator.MORE: gt,
    Operator.AT_LEAST: ge,
    Operator.EQUAL: eq,
}


def add_functions(connection: sqlite3.Connection) -> None:
    """Teach an SQLite connection to fold texts and to read numbers as conditions do."""
    connection.create_function(_FOLD, 1, folded, deterministic=True)
    connection.create_function(_NUMBER, 1, number_of, deterministic=True)


def clause_of(segment: Segment, dialect: str) -> Clause:
    """For whom the segment holds, over `subscriber` joined with `subscription`; `dialect` is sqlite or postgresql."""
    return _Compiler(segment, is_sqlite=dialect == "sqlite").clause(segment.condition)


class _Compiler:
    """One segment for one database. Every clause is true or false, never null: `not` means the opposite."""

    def __init__(self, segment: Segment, *, is_sqlite: bool) -> None:
        self._segment = segment
        self._is_sqlite = is_sqlite

    def clause(self, condition: Condition) -> Clause:
        match condition:
            case Compare(name):
                return self._since(condition) if name == SINCE else self._comparison(condition)
            case OneOf(name, texts, kind):
                return or_(*(self.clause(Compare(name, Operator.EQUAL, text, kind)) for text in texts))
            case Has(name):
                return true() if name == SINCE else self._text(name) != literal("")
            case Not(inner):
                return not_(self.clause(inner))
            case AllOf(conditions):
                return and_(*map(self.clause, conditions))
            case AnyOf(conditions):
                return or_(*map(self.clause, conditions))

    def _comparison(self, test: Compare) -> Clause:
        match test.type:
            case ValueType.TEXT:
                return self._compared_text(test)
            case ValueType.NUMBER:
                return _compared(self._number(test.name), test.operator, self._number_literal(test.text))
            case ValueType.DATE:
                return _compared(self._day(test.name), test.operator, self._ordered(literal(test.text)))

    def _compared_text(self, test: Compare) -> Clause:
        text = self._text(test.name)
        found, wanted = self._folded(text), literal(folded(test.text))
        match test.operator:
            case Operator.EQUAL:
                return found == wanted
            case Operator.UNEQUAL:
                return found != wanted
            case Operator.CONTAINS:
                place = func.instr if self._is_sqlite else func.strpos
                return place(found, wanted) > literal(0)
            case operator:
                return and_(text != literal(""), _ORDER[operator](self._ordered(found), wanted))

    def _since(self, test: Compare) -> Clause:
        """A day of the list's calendar is the instants between two midnights."""
        day = min(max(date.fromisoformat(test.text), _FIRST_DAY), _LAST_DAY)
        begun = subscription.c.created_at
        first, after = self._midnight(day), self._midnight(day + timedelta(days=1))
        match test.operator:
            case Operator.LESS:
                return begun < first
            case Operator.AT_MOST:
                return begun < after
            case Operator.MORE:
                return begun >= after
            case Operator.AT_LEAST:
                return begun >= first
            case Operator.UNEQUAL:
                return or_(begun < first, begun >= after)
            case _:
                return and_(begun >= first, begun < after)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), tzinfo=self._segment.zone).astimezone(UTC)

    def _text(self, name: str) -> Value:
        """The value of somebody as text; empty if there is none."""
        if column := _COLUMNS.get(name):
            return subscriber.c[column]
        if name == DOMAIN:
            return self._domain()
        if name == LIST:
            return literal(self._segment.list_slug)
        if name == LANGUAGE:
            return func.coalesce(func.nullif(self._attribute(name), ""), literal(self._segment.language))
        return self._attribute(name)

    def _attribute(self, name: str) -> Value:
        return func.coalesce(subscriber.c.attributes[name].as_string(), "")

    def _domain(self) -> Value:
        key = subscriber.c.address_key
        if self._is_sqlite:
            return func.substr(key, func.instr(key, "@") + 1)
        return func.split_part(key, "@", 2)

    def _folded(self, text: Value) -> Value:
        if self._is_sqlite:
            return func.segment_fold(text)
        small = func.lower(collate(text, "C"))
        tiers = [
            (text.regexp_match(f"^[\x01-{chr(last)}]*$"), func.translate(small, *_fold_strings(last)))
            for last in _TIERS
        ]
        is_ascii = text.regexp_match("^[\x01-\x7f]*$")
        return case((is_ascii, small), *tiers, else_=func.translate(small, *_fold_strings(sys.maxunicode)))

    def _ordered(self, text: Value) -> Value:
        """Texts in the order of their characters' numbers, whatever the database's language."""
        return text if self._is_sqlite else collate(text, "C")

    def _number(self, name: str) -> Value:
        text = self._text(name)
        if self._is_sqlite:
            return func.segment_number(text, type_=BigInteger())
        return case((text.regexp_match(f"^{NUMBER}$"), cast(text, Numeric)), else_=None)

    def _number_literal(self, text: str) -> Value:
        return literal(number_of(text), BigInteger()) if self._is_sqlite else literal(Decimal(text), Numeric)

    def _day(self, name: str) -> Value:
        text = self._text(name)
        is_day = text.op("GLOB")(_DAY_GLOB) if self._is_sqlite else text.regexp_match(f"^{DATE}$")
        return case((is_day, self._ordered(text)), else_=None)


def _compared(found: Value, operator: Operator, wanted: Value) -> Clause:
    """What is not of the type is equal to nothing, and neither less nor more."""
    if operator is Operator.UNEQUAL:
        return or_(found.is_(None), found != wanted)
    return and_(found.is_not(None), _ORDER[operator](found, wanted))


@cache
def _fold_strings(last: int) -> tuple[str, str]:
    """What PostgreSQL has to replace by what, beyond ASCII and up to the character `last`."""
    table = {code: other for code, other in fold_table().items() if _ASCII < code <= last}
    return "".join(map(chr, table)), "".join(map(chr, table.values()))
