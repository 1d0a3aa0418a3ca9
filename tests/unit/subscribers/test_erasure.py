"""Which tables an erasure empties, in which order, derived from keys and declarations alone (I4, I5)."""

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table
from sqlalchemy.dialects import sqlite

from newsletter.store.migrate import metadata
from subscribers.erasure import SchemaError, check, hanging_on, rows_under, subscriber_plan, subscription_plan
from subscribers.schema import Keep, declared, impersonal, personal

SUBSCRIBER = personal("it", Keep.WITH_SUBSCRIBER)
SUBSCRIPTION = personal("it", Keep.WITH_SUBSCRIPTION)
NOTHING = impersonal(Keep.FOR_EVER)


def key(name: str, to: str | None = None, *, nullable: bool = False) -> Column:
    target = [ForeignKey(f"{to}.id")] if to else []
    return Column(name, Integer, *target, nullable=nullable, primary_key=not to, info=NOTHING)


def value(info: dict, name: str = "value") -> Column:
    return Column(name, Integer, info=info)


def schema(*more: tuple) -> MetaData:
    """A person on lists, and further tables (name, *columns)."""
    made = MetaData()
    Table("subscriber", made, key("id"), value(SUBSCRIBER))
    Table("subscription", made, key("id"), key("subscriber_id", "subscriber"), value(SUBSCRIPTION))
    for name, *columns in more:
        Table(name, made, key("id"), *columns)
    return made


def names(plan) -> list[str]:
    return [table.name for table in plan.tables]


def sql(condition) -> str:
    return " ".join(str(condition.compile(dialect=sqlite.dialect())).split())


def test_the_plans_of_the_real_schema() -> None:
    assert names(subscription_plan(metadata)) == ["delivery", "consent", "subscription"]
    assert names(subscriber_plan(metadata)) == ["suppression", "subscriber"]


def test_the_real_schema_leaves_no_personal_column_behind_rule_i5() -> None:
    check(metadata)
    emptied = {*subscription_plan(metadata).tables, *subscriber_plan(metadata).tables}
    for table in metadata.sorted_tables:
        if any(declared(column).personal for column in table.columns):
            assert table in emptied


def test_deliveries_are_tallied_by_job_and_state_rule_i7() -> None:
    (step,) = (step for step in subscription_plan(metadata).steps if step.table.name == "delivery")
    assert (step.tally.into.name, step.tally.by) == ("job_tally", ("job_id", "state"))


def test_a_table_far_away_is_deleted_before_what_it_hangs_on() -> None:
    made = schema(
        ("reply", key("delivery_id", "delivery"), value(SUBSCRIPTION)),
        ("delivery", key("subscription_id", "subscription"), value(SUBSCRIPTION)),
        ("word", key("reply_id", "reply"), value(SUBSCRIPTION)),
    )
    plan = subscription_plan(made)
    assert names(plan) == ["word", "reply", "delivery", "subscription"]
    assert sql(plan.steps[0].rows([1, 2])) == (
        "word.reply_id IN (SELECT reply.id FROM reply WHERE reply.delivery_id IN "
        "(SELECT delivery.id FROM delivery WHERE delivery.subscription_id IN (__[POSTCOMPILE_subscription_id_1])))"
    )


def test_a_table_without_anything_personal_goes_too_if_it_hangs_on_a_person() -> None:
    assert "mark" in names(subscription_plan(schema(("mark", key("subscription_id", "subscription")))))


def test_a_table_on_the_subscriber_alone_waits_for_the_subscriber() -> None:
    made = schema(("registration", key("subscriber_id", "subscriber"), value(SUBSCRIBER)))
    assert names(subscription_plan(made)) == ["subscription"]
    assert names(subscriber_plan(made)) == ["registration", "subscriber"]


def test_a_table_on_both_is_emptied_with_either() -> None:
    both = (key("subscriber_id", "subscriber"), key("subscription_id", "subscription", nullable=True))
    made = schema(("notice", *both, value(SUBSCRIBER)))
    assert names(subscription_plan(made)) == ["notice", "subscription"]
    assert names(subscriber_plan(made)) == ["notice", "subscriber"]


def test_a_table_with_two_keys_to_a_person_is_emptied_by_each() -> None:
    two = (key("from_id", "subscriber"), key("to_id", "subscriber", nullable=True))
    (step,) = subscriber_plan(schema(("forwarded", *two, value(SUBSCRIBER)))).steps
    assert sql(step.rows([1])).count(" OR ") == 1


@pytest.mark.parametrize(
    "columns",
    [
        lambda: ("note", value(SUBSCRIBER)),
        lambda: ("note", value(SUBSCRIPTION)),
        lambda: ("note", key("subscriber_id", "subscriber", nullable=True), value(SUBSCRIBER)),
        lambda: ("note", key("subscriber_id", "subscriber"), value(SUBSCRIPTION)),
        lambda: ("note", key("subscriber_id", "subscriber"), value(personal("it", Keep.FOR_EVER))),
        lambda: ("note", key("subscriber_id", "subscriber"), value(personal("it", Keep.WHILE_RUNNING))),
    ],
    ids=["no key", "no key either", "key may be empty", "wrong root", "for ever", "while running"],
)
def test_a_personal_table_that_erasure_would_miss_is_refused_rule_i4(columns) -> None:
    for look in (check, subscription_plan, subscriber_plan):
        with pytest.raises(SchemaError, match="note"):
            look(schema(columns()))


def test_a_tally_into_a_table_without_its_columns_is_refused() -> None:
    made = schema(("sums", value(NOTHING, "job")), ("delivery", key("subscription_id", "subscription")))
    made.tables["delivery"].info["tally"] = {"table": "sums", "by": ("job", "state")}
    with pytest.raises(SchemaError, match="sums"):
        subscription_plan(made)


def test_tables_that_point_at_each_other_do_not_lead_in_circles() -> None:
    made = schema(
        ("answer", key("question_id", "question"), key("subscriber_id", "subscriber"), value(SUBSCRIBER)),
        ("question", key("subscriber_id", "subscriber"), key("parent_id", "question", nullable=True)),
    )
    assert set(names(subscriber_plan(made))) == {"answer", "question", "subscriber"}


def test_everything_of_one_person_is_found_through_subscriptions() -> None:
    found = [table.name for table in hanging_on(metadata, "subscriber")]
    assert set(found) == {"subscriber", "subscription", "suppression", "consent", "delivery"}
    assert found[0] == "subscriber"
    assert found.index("subscription") < found.index("consent")
    assert "subscription.subscriber_id IN" in sql(rows_under(metadata, metadata.tables["consent"], 1))
    assert sql(rows_under(metadata, metadata.tables["receipt"], 1)) == "0", "nothing"
