"""Joining, leaving and knowing, on both databases."""

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, insert, text, update
from sqlalchemy.exc import IntegrityError

from subscribers.address import AddressError
from subscribers.deadlines import anything_overdue, apply_policies, retention_status
from subscribers.errors import ServiceError
from subscribers.ledger_entry import nowhere
from subscribers.retention import Period, RetentionPolicy
from subscribers.store import (
    AddOutcome,
    EndOutcome,
    end_many,
    end_subscription,
    find,
    find_by_id,
    find_subscription,
    known_about,
    suppress,
)
from subscribers.subscription import Actor, EndedReason, State
from subscribers.suppression import SuppressionReason
from subscribers.tables import subscription
from subscribers.transactions import reading, writing
from tests.support.people import NOON, POLICIES, Remembering, how_many, join, joined, leave, person, rows, sent_to


def suppressed(engine: Engine, record=nowhere) -> bool:
    with writing(engine) as connection:
        return suppress(
            connection,
            find(connection, "jan@example.org").id,
            reason=SuppressionReason.HARD_BOUNCE,
            actor=Actor.SYSTEM,
            policies=POLICIES,
            now=NOON,
            record=record,
        )


def test_adding_stores_person_subscription_and_evidence(engine: Engine) -> None:
    ref = joined(engine, "Jan@Example.ORG", wording="Ja, graag", wording_version="3")
    found = person(engine, "JAN@example.org")
    assert (found.address, found.name) == ("Jan@example.org", "Jan de Vries")
    assert (found.on("nieuws").ref, found.on("nieuws").state) == (ref, State.ACTIVE)
    (evidence,) = rows(engine, "consent")
    assert (evidence.event, evidence.wording, evidence.wording_version) == ("granted", "Ja, graag", "3")
    assert (evidence.at, evidence.actor) == (NOON, "operator")


def test_adding_twice_changes_nothing(engine: Engine) -> None:
    first = joined(engine)
    again = join(engine, "JAN@EXAMPLE.ORG", name="Somebody Else")
    assert (again.outcome, again.subscription_ref, again.is_refused) == (AddOutcome.ALREADY_ACTIVE, first, False)
    assert (person(engine).name, how_many(engine, "consent")) == ("Jan de Vries", 1)


def test_adding_to_a_second_list_fills_in_what_was_not_known(engine: Engine) -> None:
    join(engine, name="", attributes={"municipality": "Voorbeeldstad"})
    join(engine, slug="agenda", name="Jan", organisation="Gemeente", attributes={"municipality": "x", "role": "y"})
    found = person(engine)
    assert (found.name, found.organisation) == ("Jan", "Gemeente")
    assert found.attributes == {"municipality": "Voorbeeldstad", "role": "y"}
    assert [item.list for item in found.subscriptions] == ["agenda", "nieuws"]


def test_an_ended_subscription_is_not_revived_by_adding(engine: Engine) -> None:
    ref = joined(engine)
    leave(engine, ref)
    again = join(engine)
    assert (again.outcome, again.subscription_ref, again.is_refused) == (AddOutcome.ENDED_BEFORE, ref, True)
    assert person(engine).on("nieuws").state is State.ENDED


def test_fresh_consent_revives_with_the_same_reference_and_no_deadline(engine: Engine) -> None:
    ref = joined(engine)
    leave(engine, ref)
    again = join(engine, fresh_consent=True, now=NOON + timedelta(days=1))
    back = person(engine).on("nieuws")
    assert (again.outcome, again.subscription_ref) == (AddOutcome.REVIVED, ref)
    assert (back.state, back.ended_at, back.ended_reason, back.erase_at) == (State.ACTIVE, None, None, None)
    assert [row.event for row in rows(engine, "consent")] == ["granted", "withdrawn", "granted"]


def test_a_suppressed_person_is_not_added_even_with_fresh_consent(engine: Engine) -> None:
    joined(engine)
    assert suppressed(engine)
    for slug in ("nieuws", "agenda"):
        assert join(engine, slug=slug, fresh_consent=True).outcome is AddOutcome.SUPPRESSED
    assert [item.list for item in person(engine).subscriptions] == ["nieuws"]


def test_adding_what_is_no_address_is_refused_and_stores_nothing(engine: Engine) -> None:
    with pytest.raises(AddressError):
        join(engine, "jan at example.org")
    assert how_many(engine, "subscriber") == 0


def test_a_naive_moment_is_refused_rule_i10(engine: Engine) -> None:
    with pytest.raises(ValueError, match="naive"):
        join(engine, now=datetime(2027, 3, 10, 12))  # noqa: DTZ001 - that is the point


def test_two_who_add_the_same_person_at_once_make_one_person(engine: Engine) -> None:
    outcomes: list[AddOutcome] = []
    start = threading.Barrier(4)

    def one(number: int) -> None:
        start.wait()
        outcomes.append(join(engine, slug="nieuws" if number % 2 else "agenda").outcome)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == sorted([AddOutcome.ADDED] * 2 + [AddOutcome.ALREADY_ACTIVE] * 2)
    assert (how_many(engine, "subscriber"), how_many(engine, "subscription")) == (1, 2)


def test_leaving_sets_reason_deadline_and_evidence(engine: Engine) -> None:
    ref = joined(engine, slug="agenda", basis="public-task")
    (result,) = leave(engine, ref, at=datetime(2027, 3, 10, 23, 30, tzinfo=UTC))  # 11 March in Amsterdam
    due = datetime(2027, 3, 19, tzinfo=ZoneInfo("Europe/Amsterdam"))
    assert (result.outcome, result.list, result.erase_at) == (EndOutcome.ENDED, "agenda", due)
    (row,) = rows(engine, "subscription")
    assert (row.state, row.ended_reason, row.erase_at, row.period) == ("ended", "unsubscribed", due, "7 days")
    evidence = rows(engine, "consent")[-1]
    assert (evidence.event, evidence.basis, evidence.actor) == ("withdrawn", "public-task", "subscriber")


def test_leaving_again_changes_nothing_and_keeps_the_first_deadline(engine: Engine) -> None:
    ref = joined(engine)
    (first,) = leave(engine, ref)
    ledger = Remembering()
    (again,) = leave(engine, ref, at=NOON + timedelta(days=5), record=ledger)
    assert (again.outcome, again.erase_at) == (EndOutcome.ALREADY_ENDED, first.erase_at)
    assert (how_many(engine, "consent"), ledger.entries) == (2, [])


def test_leaving_what_is_not_there_is_unknown_and_no_error(engine: Engine) -> None:
    (result,) = leave(engine, b"x" * 16)
    assert (result.outcome, result.erase_at) == (EndOutcome.UNKNOWN, None)


def test_a_group_of_requests_is_answered_one_by_one_in_order(engine: Engine) -> None:
    refs = [joined(engine, f"p{number}@example.org") for number in range(3)]
    leave(engine, refs[1])
    ledger = Remembering()
    results = leave(engine, refs[2], refs[1], b"?" * 16, refs[0], refs[2], record=ledger)
    assert [item.outcome.value for item in results] == ["ended", "already-ended", "unknown", "ended", "ended"]
    assert sorted(ledger.said) == sorted([("ended", refs[0]), ("ended", refs[2])])


@pytest.mark.parametrize("days", [(0, 3), (3, 0)])
def test_of_two_requests_in_a_group_the_earlier_one_counts(engine: Engine, days: tuple[int, int]) -> None:
    ref = joined(engine)
    with writing(engine) as connection:
        requests = [(ref, NOON + timedelta(days=number)) for number in days]
        end_many(
            connection,
            requests,
            reason=EndedReason.UNSUBSCRIBED,
            actor=Actor.SUBSCRIBER,
            policies=POLICIES,
            record=nowhere,
        )
    assert person(engine).on("nieuws").ended_at == NOON


def test_leaving_is_undone_when_the_ledger_cannot_be_written_rule_i11(engine: Engine) -> None:
    ref = joined(engine)

    def full_disk(_entries: object) -> None:
        raise ServiceError("the ledger cannot be written")

    with pytest.raises(ServiceError):
        leave(engine, ref, record=full_disk)
    assert person(engine).on("nieuws").state is State.ACTIVE


def test_ending_one_subscription_takes_one_policy(engine: Engine) -> None:
    ref, other = joined(engine), joined(engine, slug="agenda")
    with writing(engine) as connection:
        result = end_subscription(
            connection,
            ref,
            reason=EndedReason.BY_OPERATOR,
            actor=Actor.OPERATOR,
            policy=RetentionPolicy(period=Period(None)),
            arrived_at=NOON,
            record=nowhere,
            source="telephone",
        )
        assert find_subscription(connection, other).state is State.ACTIVE
    assert result.erase_at == datetime(2027, 4, 9, 22, tzinfo=UTC)
    assert rows(engine, "consent")[-1].source == "telephone"


def test_a_suppression_ends_every_subscription_with_a_deadline_and_is_in_the_ledger(engine: Engine) -> None:
    refs = [joined(engine), joined(engine, slug="agenda")]
    ledger = Remembering()
    assert suppressed(engine, ledger)
    found = person(engine)
    assert found.suppressed == "hard-bounce"
    assert {item.ended_reason for item in found.subscriptions} == {EndedReason.HARD_BOUNCE}
    assert all(item.erase_at for item in found.subscriptions)
    assert sorted(ledger.said) == sorted([("suppressed", found.ref), *(("ended", ref) for ref in refs)])
    assert not suppressed(engine)


def test_the_database_itself_refuses_a_row_without_deadline_that_is_not_active_rule_i4(engine: Engine) -> None:
    joined(engine)
    for state in ("ended", "pending", "asleep"):
        with pytest.raises(IntegrityError), writing(engine) as connection:
            connection.execute(text("UPDATE subscription SET state = :state"), {"state": state})


def test_everything_known_of_a_person_is_derived_from_the_schema_rule_b8(engine: Engine) -> None:
    ref = joined(engine, attributes={"municipality": "Voorbeeldstad"})
    joined(engine, "other@example.org")
    sent_to(engine, ref, states=[3])
    with reading(engine) as connection:
        known = known_about(connection, find(connection, "jan@example.org").id)
    assert set(known) == {"subscriber", "subscription", "consent", "delivery"}
    assert known["subscriber"][0]["attributes"] == {"municipality": "Voorbeeldstad"}
    assert (known["delivery"][0]["state"], known["delivery"][0]["send_job_slug"]) == (3, "zomer")
    assert [len(found) for found in known.values()] == [1, 1, 1, 1]
    assert "ref" not in known["subscriber"][0]


def test_nothing_is_known_of_nobody(engine: Engine) -> None:
    with reading(engine) as connection:
        assert known_about(connection, 1) == {}
        assert find(connection, "jan@example.org") is None
        assert find_by_id(connection, 1) is None
        assert find_subscription(connection, b"x" * 16) is None


def test_the_status_counts_per_list_and_rule_and_names_the_nearest_deadline(engine: Engine) -> None:
    leave(engine, joined(engine, "a@example.org"), at=NOON)
    leave(engine, joined(engine, "b@example.org"), at=NOON + timedelta(days=2))
    joined(engine)
    suppressed(engine)
    found = retention_status(engine, policies=POLICIES, now=NOON)
    rules = {(rule.list, rule.rule): rule for rule in found.rules}
    assert {key: (rule.period, rule.waiting) for key, rule in rules.items() if rule.waiting} == {
        ("nieuws", "hard-bounced"): ("21 days", 1),
        ("nieuws", "unsubscribed"): ("21 days", 2),
    }
    assert rules["agenda", "unsubscribed"].period == "7 days"
    assert {rule.overdue for rule in found.rules} == {0}
    assert rules["nieuws", "unsubscribed"].nearest == datetime(2027, 3, 31, 22, tzinfo=UTC)
    assert not found.is_overdue


def test_the_status_turns_overdue_at_the_deadline_and_not_before(engine: Engine) -> None:
    (result,) = leave(engine, joined(engine))
    for moment, late in ((result.erase_at - timedelta(seconds=1), False), (result.erase_at, True)):
        assert retention_status(engine, policies=POLICIES, now=moment).is_overdue is late
        with reading(engine) as connection:
            assert anything_overdue(connection, now=moment) is late


def test_a_shorter_period_brings_deadlines_forward_and_a_longer_one_never_back(engine: Engine) -> None:
    leave(engine, joined(engine))
    joined(engine, "stays@example.org")

    def due_under(period: Period) -> tuple[int, datetime]:
        changed = apply_policies(engine, policies={"nieuws": RetentionPolicy(period=period)})
        return changed, person(engine).on("nieuws").erase_at

    before = person(engine).on("nieuws").erase_at
    assert due_under(Period(None)) == (0, before)
    assert due_under(Period(21)) == (0, before)
    assert due_under(Period(3)) == (1, datetime(2027, 3, 13, 23, tzinfo=UTC))
    assert due_under(Period(27)) == (0, datetime(2027, 3, 13, 23, tzinfo=UTC))


def test_a_deadline_that_is_nearer_already_stays_where_it_is(engine: Engine) -> None:
    leave(engine, joined(engine))
    soon = NOON + timedelta(days=1)
    with writing(engine) as connection:
        connection.execute(update(subscription).values(erase_at=soon))
    assert apply_policies(engine, policies={"nieuws": RetentionPolicy(period=Period(3))}) == 0
    assert person(engine).on("nieuws").erase_at == soon


def test_a_month_that_was_promised_is_shortened_to_days(engine: Engine) -> None:
    ref = joined(engine)
    with writing(engine) as connection:
        policy = RetentionPolicy(period=Period(None))
        why = {"reason": EndedReason.UNSUBSCRIBED, "actor": Actor.SUBSCRIBER, "record": nowhere}
        end_subscription(connection, ref, policy=policy, arrived_at=NOON, **why)
    assert apply_policies(engine, policies=POLICIES) == 1
    assert rows(engine, "subscription")[0].period == "21 days"


def test_deadlines_of_a_list_that_vanished_follow_the_default(engine: Engine) -> None:
    ref = joined(engine, slug="oud")
    with writing(engine) as connection:
        why = {"reason": EndedReason.UNSUBSCRIBED, "actor": Actor.SUBSCRIBER, "record": nowhere}
        end_subscription(connection, ref, policy=RetentionPolicy(period=Period(27)), arrived_at=NOON, **why)
    assert apply_policies(engine, policies={}) == 1
    assert rows(engine, "subscription")[0].period == "21 days"


def test_ids_are_never_used_twice(engine: Engine) -> None:
    joined(engine)
    with writing(engine) as connection:
        connection.execute(text("DELETE FROM consent"))
        connection.execute(text("DELETE FROM subscription"))
        row = {"ref": b"y" * 16, "subscriber_id": 1, "list": "nieuws", "state": "active", "actor": "operator"}
        new = connection.execute(insert(subscription).values(**row, created_at=NOON)).inserted_primary_key[0]
    assert new == 2


def test_a_domain_outside_ascii_and_its_a_label_are_one_person(engine: Engine) -> None:
    ref = joined(engine, "Jan@gemeente-één.example")
    again = join(engine, f"jan@{'gemeente-één'.encode('idna').decode()}.example")
    assert (again.outcome, again.subscription_ref) == (AddOutcome.ALREADY_ACTIVE, ref)
