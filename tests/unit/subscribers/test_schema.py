"""Every column says what it holds; a time without a zone never reaches the store."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, Integer, MetaData, Table
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.store.migrate import metadata
from subscribers.erasure import check
from subscribers.schema import Holds, Keep, Moment, declared, impersonal, personal

COLUMNS = [column for table in metadata.sorted_tables for column in table.columns]
DIALECTS = [sqlite.dialect(), postgresql.dialect()]


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: f"{column.table.name}.{column.name}")
def test_every_column_declares_whether_it_is_personal_and_how_long_it_stays(column: Column) -> None:
    holds = declared(column)
    assert isinstance(holds.keep, Keep)
    assert bool(holds.label) is holds.personal, "what is personal has a name that its subject understands"


def test_a_column_that_declares_nothing_is_an_error_that_names_it() -> None:
    table = Table("note", MetaData(), Column("id", Integer, primary_key=True, info=impersonal(Keep.FOR_EVER)))
    table.append_column(Column("text", Integer))
    for look in (lambda: declared(table.c.text), lambda: check(table.metadata)):
        with pytest.raises(TypeError, match=r"note\.text does not say"):
            look()


def test_no_column_is_personal_and_kept_for_ever_rule_i4() -> None:
    for column in COLUMNS:
        if declared(column).personal:
            assert declared(column).keep in {Keep.WITH_SUBSCRIBER, Keep.WITH_SUBSCRIPTION, Keep.OWN_DEADLINE}


def test_declarations_are_values() -> None:
    assert personal("name", Keep.WITH_SUBSCRIBER) == {
        "holds": Holds(personal=True, keep=Keep.WITH_SUBSCRIBER, label="name")
    }
    assert impersonal(Keep.FOR_EVER) == {"holds": Holds(personal=False, keep=Keep.FOR_EVER)}


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_an_instant_comes_back_as_it_was_in_utc_rule_i10(dialect) -> None:
    summer = datetime(2027, 6, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    stored = Moment().process_bind_param(summer, dialect)
    assert Moment().process_result_value(stored, dialect) == summer
    assert Moment().process_result_value(stored, dialect).tzinfo is UTC
    assert Moment().process_bind_param(None, dialect) is None
    assert Moment().process_result_value(None, dialect) is None


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_naive_instant_is_refused_rule_i10(dialect) -> None:
    with pytest.raises(ValueError, match="naive"):
        Moment().process_bind_param(datetime(2027, 6, 1), dialect)  # noqa: DTZ001 - that is the point
