"""Which tables an erasure empties, in which order, derived from keys and declarations alone (I4, I5)."""

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table
from sqlalchemy.dialects import sqlite

from newsletter.store.migrate import metadata
from subscribers.erasure import (
    SchemaError,
    check,
    hanging_on,
    own_plans,
    rows_under,
    subscriber_plan,
    subscription_plan,
)
from subscribers.schema import Keep, Moment, OwnDeadline, declared, impersonal, own_deadline, personal

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
    below_subscription, below_subscriber = names(subscription_plan(metadata)), names(subscriber_plan(metadata))
    assert {"delivery", "consent", "notice"} <= set(below_subscription)
    assert {"suppression", "notice"} <= set(below_subscriber)
    assert (below_subscription[-1], below_subscriber[-1]) == ("subscription", "subscriber")
    assert "subscription" not in below_subscriber


def test_the_real_schema_leaves_no_personal_column_behind_rule_i5() -> None:
    check(metadata)
    own = {table for plan in own_plans(metadata) for table in plan.tables}
    emptied = {*subscription_plan(metadata).tables, *subscriber_plan(metadata).tables, *own}
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
    assert {"subscriber", "subscription", "suppression", "consent", "delivery", "notice"} <= set(found)
    assert found[0] == "subscriber"
    assert found.index("subscription") < found.index("consent")
    assert "subscription.subscriber_id IN" in sql(rows_under(metadata, metadata.tables["consent"], 1))
    assert sql(rows_under(metadata, metadata.tables["receipt"], 1)) == "0", "nothing"


# ---------------------------------------------------------------- rows with a deadline of their own

OWN = personal("it", Keep.OWN_DEADLINE)


def moment(name: str = "erase_at", *, nullable: bool = False) -> Column:
    return Column(name, Moment, nullable=nullable, info=NOTHING)


def with_deadline(made: MetaData, table: str, said: OwnDeadline | None = None) -> MetaData:
    made.tables[table].info.update({"deadline": said} if said else own_deadline("letters"))
    return made


def test_a_table_with_a_deadline_of_its_own_needs_nobody_to_hang_on() -> None:
    made = with_deadline(schema(("letter", moment(), value(OWN))), "letter")
    check(made)
    (plan,) = own_plans(made)
    assert (names(plan), plan.rule, plan.is_personal) == (["letter"], "letters", True)
    assert "letter" not in names(subscriber_plan(made))


def test_what_hangs_on_such_a_row_goes_with_it() -> None:
    below = ("page", key("letter_id", "letter"), value(SUBSCRIBER), key("subscriber_id", "subscriber"))
    made = with_deadline(schema(("letter", moment(), value(OWN)), below), "letter")
    (plan,) = own_plans(made)
    assert names(plan) == ["page", "letter"]
    assert names(subscriber_plan(made)) == ["page", "subscriber"]


def test_a_row_may_have_both_a_person_and_a_deadline() -> None:
    hangs = (key("subscriber_id", "subscriber"), moment(nullable=True), value(SUBSCRIBER))
    made = with_deadline(schema(("notice", *hangs)), "notice")
    assert names(own_plans(made)[0]) == ["notice"]
    assert names(subscriber_plan(made)) == ["notice", "subscriber"]


def test_a_table_without_anything_personal_is_tidied_without_a_scrub() -> None:
    made = with_deadline(schema(("turn", moment())), "turn")
    assert not own_plans(made)[0].is_personal


def test_the_deadline_may_stand_in_the_row_that_a_key_leads_to() -> None:
    mail = ("mail", moment("until", nullable=True), moment("done_at", nullable=True))
    sent = ("sent", key("mail_id", "mail"), key("subscription_id", "subscription"), value(SUBSCRIPTION))
    said = OwnDeadline(rule="sent", column="until", via="mail_id", event="done_at")
    made = with_deadline(schema(mail, sent), "sent", said)
    (plan,) = own_plans(made)
    assert (plan.holder.name, plan.instant.name, names(plan)) == ("mail", "until", ["sent"])


@pytest.mark.parametrize(
    "said",
    [
        OwnDeadline(rule="x", column="nothing"),
        OwnDeadline(rule="x", column="value"),
        OwnDeadline(rule="x", via="nothing"),
        OwnDeadline(rule="x", via="value"),
        OwnDeadline(rule="x", event="nothing"),
    ],
)
def test_a_deadline_that_is_no_moment_of_the_table_is_refused(said: OwnDeadline) -> None:
    with pytest.raises(SchemaError, match="letter"):
        check(
            with_deadline(
                schema(("letter", moment(), value(SUBSCRIBER), key("subscriber_id", "subscriber"))), "letter", said
            )
        )


@pytest.mark.parametrize("nullable", [True, False])
def test_a_personal_table_that_hangs_on_nobody_must_always_have_its_deadline_rule_i4(nullable: bool) -> None:  # noqa: FBT001 - a parameter
    made = schema(("letter", moment(nullable=nullable), value(OWN)))
    if not nullable:
        check(with_deadline(made, "letter"))
        return
    for these in (made, with_deadline(made, "letter")):
        with pytest.raises(SchemaError, match="no deadline that is always filled"):
            check(these)


def test_deliveries_are_tallied_also_when_they_grow_old_rule_i7() -> None:
    (plan,) = (plan for plan in own_plans(metadata) if plan.root.name == "delivery")
    assert (plan.rule, plan.tally.into.name) == ("deliveries", "job_tally")
