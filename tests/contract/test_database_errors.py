"""What a person is told of a failing database names kind and constraint, and no value of anybody (I7)."""

import pytest
from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import DBAPIError, StatementError

from newsletter.store.engine import explain
from subscribers.tables import address_mark, subscriber
from subscribers.transactions import writing
from tests.support.people import NOON, joined

SECRET = "jan.geheim@example.org"
ROW = {"ref": b"r" * 16, "address_key": SECRET, "address": SECRET, "created_at": NOON}


def failing(engine: Engine, statement: object, values: dict[str, object] | None = None) -> DBAPIError:
    with pytest.raises(DBAPIError) as caught, writing(engine) as connection:
        connection.execute(statement, values)  # type: ignore[call-overload] # a statement of either kind
    return caught.value


def test_a_double_address_is_told_by_its_constraint_alone_rule_i7(engine: Engine) -> None:
    joined(engine, SECRET)
    error = failing(engine, insert(subscriber).values(ROW))
    said = str(explain(error))
    assert "address_key" in said
    assert SECRET not in said
    if engine.dialect.name == "postgresql":
        assert SECRET in str(error.orig), "its details quote it, so they must not be told"
        assert "UniqueViolation (23505) at uq_subscriber_address_key" in said


def test_a_missing_value_is_told_by_its_column_alone_rule_i7(engine: Engine) -> None:
    said = str(explain(failing(engine, insert(subscriber).values(ROW | {"address": None}))))
    assert "subscriber.address" in said
    assert SECRET not in said


def test_a_text_that_is_no_number_is_not_repeated_rule_i7(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        return  # it takes any text for a number
    error = failing(engine, text("SELECT CAST(:value AS integer)"), {"value": SECRET})
    assert SECRET in str(error.orig).splitlines()[0]
    assert SECRET not in str(explain(error))


def test_parameters_are_in_no_error_at_all_rule_i7(engine: Engine) -> None:
    values = {"mark": b"m" * 32, "at": SECRET, "erase_at": NOON}
    with pytest.raises(StatementError) as caught, writing(engine) as connection:
        connection.execute(insert(address_mark), values)
    assert SECRET not in str(caught.value)


def test_what_is_wrong_with_the_schema_is_still_said(engine: Engine) -> None:
    assert "no_such" in str(explain(failing(engine, text("SELECT 1 FROM no_such"))))
