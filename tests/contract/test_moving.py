"""A change of address: both mailboxes agree, or nothing changes; nobody learns who is known. On both databases."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, event, update

from subscribers.address import parse_address
from subscribers.confirming import Confirmation, ConfirmOutcome, confirm
from subscribers.leaving import suppress
from subscribers.ledger_entry import nowhere
from subscribers.moving import MOST_MAILS, MOST_TO_ONE, Step, agree, ask_to_move, find_change, refuse
from subscribers.scrubbing import erase_subscriber, run_retention
from subscribers.sessions import MOST_LINKS, open_session, queue_data_link
from subscribers.signup import MailLimit, SignUp, sign_up
from subscribers.subscription import Actor
from subscribers.suppression import SuppressionReason
from subscribers.tables import notice
from subscribers.transactions import reading, writing
from tests.support.people import NOON, POLICIES, Remembering, joined, leave, person, rows

ZONE = ZoneInfo("Europe/Amsterdam")
NEW = "jan.nieuw@example.org"


def ask(engine: Engine, new: str = NEW, *, who: str = "jan@example.org", at=NOON, **more: Any) -> bool:
    with writing(engine) as connection:
        number = person(engine, who).id
        return ask_to_move(connection, number, parse_address(new), list_slug="nieuws", now=at, zone=ZONE, **more)


def ends(engine: Engine) -> tuple[bytes, bytes]:
    (row,) = rows(engine, "address_change")
    return bytes(row.old_ref), bytes(row.new_ref)


def yes(engine: Engine, ref: bytes, *, at=NOON, record=nowhere) -> Step:
    with writing(engine) as connection:
        return agree(connection, ref, now=at, policies=POLICIES, record=record)


def moved(engine: Engine, new: str = NEW, record=nowhere) -> Step:
    ask(engine, new)
    old_ref, new_ref = ends(engine)
    yes(engine, old_ref)
    return yes(engine, new_ref, record=record)


def test_both_ends_get_a_mail_and_nothing_changes(engine: Engine) -> None:
    joined(engine)
    assert ask(engine)
    assert [(row.kind, row.to_address) for row in rows(engine, "notice")] == [
        ("address-old", None),
        ("address-new", NEW),
    ]
    assert person(engine) is not None
    assert person(engine, NEW) is None


@pytest.mark.parametrize("first", [0, 1])
def test_one_yes_changes_nothing_and_the_second_moves(engine: Engine, first: int) -> None:
    ref, ledger = joined(engine), Remembering()
    ask(engine)
    both = ends(engine)
    assert yes(engine, both[first]) is Step.WAITING
    assert yes(engine, both[first]) is Step.WAITING
    assert person(engine) is not None
    assert yes(engine, both[1 - first], record=ledger) is Step.MOVED
    assert person(engine) is None
    assert person(engine, NEW).on("nieuws").ref == ref
    assert ledger.said == [("moved", person(engine, NEW).ref)]
    assert rows(engine, "address_change") == []
    assert yes(engine, both[0]) is Step.GONE


@pytest.mark.parametrize("which", [0, 1])
def test_either_end_can_refuse(engine: Engine, which: int) -> None:
    joined(engine)
    ask(engine)
    both = ends(engine)
    yes(engine, both[1 - which])
    with writing(engine) as connection:
        assert refuse(connection, both[which], now=NOON) is Step.REFUSED
    assert yes(engine, both[which]) is Step.GONE
    assert yes(engine, both[1 - which]) is Step.GONE
    assert person(engine) is not None


def test_a_session_of_the_old_mailbox_has_agreed(engine: Engine) -> None:
    joined(engine)
    ask(engine, old_agrees=True)
    assert yes(engine, ends(engine)[1]) is Step.MOVED
    assert person(engine, NEW) is not None


def test_a_request_grows_old_and_is_erased(engine: Engine) -> None:
    joined(engine)
    ask(engine)
    old_ref, _ = ends(engine)
    due = rows(engine, "address_change")[0].erase_at
    assert timedelta(days=7) <= due - NOON <= timedelta(days=8)
    assert yes(engine, old_ref, at=due) is Step.GONE
    with reading(engine) as connection:
        assert find_change(connection, old_ref, now=due) is None
    run_retention(engine, policies=POLICIES, now=due, record=nowhere)
    assert rows(engine, "address_change") == []
    assert person(engine) is not None


def test_asking_again_takes_the_place_of_the_earlier_request(engine: Engine) -> None:
    joined(engine)
    ask(engine, "een@example.org")
    before = ends(engine)
    ask(engine, "twee@example.org")
    assert [yes(engine, ref) for ref in before] == [Step.GONE, Step.GONE]
    (row,) = rows(engine, "address_change")
    assert row.new_address == "twee@example.org"


def test_nobody_is_flooded(engine: Engine) -> None:
    joined(engine)
    asked = [ask(engine, f"slachtoffer{number}@example.org") for number in range(10)]
    assert asked.count(True) == MOST_MAILS // 2
    assert ask(engine, "later@example.org", at=NOON + timedelta(days=1, minutes=1))


def test_the_same_address_asks_nothing(engine: Engine) -> None:
    joined(engine)
    assert not ask(engine, "jan@example.org")
    assert rows(engine, "notice") == []


def test_b15_a_known_new_address_is_asked_like_an_unknown_one(engine: Engine) -> None:
    joined(engine)
    joined(engine, NEW)
    assert ask(engine)
    assert len(rows(engine, "notice")) == 2


def test_an_address_that_is_not_mailed_is_asked_nothing_and_never_completed(engine: Engine) -> None:
    joined(engine)
    joined(engine, NEW)
    with writing(engine) as connection:
        why = {"reason": SuppressionReason.COMPLAINT, "actor": Actor.SYSTEM}
        suppress(connection, person(engine, NEW).id, **why, policies=POLICIES, now=NOON, record=nowhere)
    assert ask(engine)
    assert [row.kind for row in rows(engine, "notice")] == ["address-old"]


def test_an_address_that_is_suppressed_meanwhile_stops_the_move(engine: Engine) -> None:
    joined(engine)
    joined(engine, NEW, "agenda")
    ask(engine)
    both = ends(engine)
    yes(engine, both[0])
    with writing(engine) as connection:
        why = {"reason": SuppressionReason.COMPLAINT, "actor": Actor.SYSTEM}
        suppress(connection, person(engine, NEW).id, **why, policies=POLICIES, now=NOON, record=nowhere)
    assert yes(engine, both[1]) is Step.GONE
    assert person(engine).on("nieuws").state == "active"


def test_two_people_who_are_one_are_put_together(engine: Engine) -> None:
    """The subscription that the new address lacks moves with its links; the one that both have goes on once."""
    here, there = {"gemeente": "Ede", "inwoners": "120000"}, {"gemeente": "Lunteren", "regio": "Oost", "inwoners": ""}
    only_old, both_old = joined(engine, slug="derde", attributes=here), joined(engine, organisation="Gemeente")
    both_new = joined(engine, NEW, name="", attributes=there)
    assert moved(engine) is Step.MOVED
    now, before = person(engine, NEW), person(engine)
    assert {item.list: (item.ref, item.state.value) for item in now.subscriptions} == {
        "derde": (only_old, "active"),
        "nieuws": (both_new, "active"),
    }
    assert [(item.ref, item.ended_reason.value) for item in before.subscriptions] == [(both_old, "moved")]
    assert (now.name, now.organisation) == ("Jan de Vries", "Gemeente")
    assert now.attributes == {"gemeente": "Lunteren", "regio": "Oost", "inwoners": "120000"}


def test_who_had_left_at_the_new_address_is_back_there_by_both_agreements(engine: Engine) -> None:
    joined(engine)
    theirs = joined(engine, NEW)
    leave(engine, theirs)
    assert moved(engine) is Step.MOVED
    assert person(engine, NEW).on("nieuws").state == "active"
    assert "returned" in [row.event for row in rows(engine, "consent")]


def test_the_old_address_is_erased_when_its_period_is_over(engine: Engine) -> None:
    joined(engine)
    joined(engine, NEW)
    moved(engine)
    run_retention(engine, policies=POLICIES, now=NOON + timedelta(days=25), record=nowhere)
    assert person(engine) is None
    assert person(engine, NEW) is not None


def test_another_spelling_of_the_same_address_moves_too(engine: Engine) -> None:
    joined(engine)
    assert moved(engine, "Jan@Example.org") is Step.MOVED
    assert person(engine).address == "Jan@example.org"


def test_both_ends_at_the_same_moment_move_once(engine: Engine) -> None:
    joined(engine)
    ask(engine)
    both = ends(engine)
    with ThreadPoolExecutor(4) as pool:
        steps = list(pool.map(lambda ref: yes(engine, ref), [*both, *both]))
    assert steps.count(Step.MOVED) == 1
    assert person(engine, NEW) is not None


def of_agenda(at: datetime) -> SignUp:
    """What somebody filled in for the list agenda, under the old address."""
    return SignUp(
        address=parse_address("jan@example.org"),
        list="agenda",
        details={},
        basis="consent",
        source="form",
        wording="Ja",
        wording_version="1",
        at=at,
    )


def test_links_in_the_old_mailbox_open_nothing_of_the_new_one(engine: Engine) -> None:
    joined(engine)
    with writing(engine) as connection:
        who = person(engine).id
        ref = queue_data_link(connection, who, list_slug="nieuws", now=NOON, zone=ZONE)
        sign_up(connection, of_agenda(NOON), POLICIES["agenda"], MailLimit(pause=timedelta(hours=1), mails=5))
        connection.execute(update(notice).values(state="sent"))
    (confirming,) = [bytes(row.ref) for row in rows(engine, "notice") if row.kind == "confirm"]
    assert moved(engine) is Step.MOVED
    said = Confirmation(source="page", wording="Ja", wording_version="1", basis="consent")
    with writing(engine) as connection:
        assert open_session(connection, ref, now=NOON) is None
        assert confirm(connection, confirming, said, now=NOON, record=nowhere).outcome is ConfirmOutcome.GONE
    assert {row.list: row.state for row in rows(engine, "subscription")} == {"nieuws": "active", "agenda": "pending"}


def test_b3_a_link_in_the_old_mailbox_brings_nobody_back_to_a_list_at_the_new_address(engine: Engine) -> None:
    """They had left that list, somebody filled in its form again, and then the address changed."""
    joined(engine)
    leave(engine, joined(engine, slug="agenda"))
    form = of_agenda(NOON + timedelta(hours=1))
    with writing(engine) as connection:
        sign_up(connection, form, POLICIES["agenda"], MailLimit(pause=timedelta(minutes=5), mails=9))
        connection.execute(update(notice).values(state="sent"))
    (confirming,) = [bytes(row.ref) for row in rows(engine, "notice")]
    assert moved(engine) is Step.MOVED
    said = Confirmation(source="page", wording="Ja", wording_version="1", basis="consent")
    with writing(engine) as connection:
        late = NOON + timedelta(hours=2)
        assert confirm(connection, confirming, said, now=late, record=nowhere).outcome is ConfirmOutcome.GONE
    assert {row.list: row.state for row in rows(engine, "subscription")} == {"nieuws": "active", "agenda": "ended"}


def test_a_stranger_is_not_flooded_by_many_who_name_their_address(engine: Engine) -> None:
    for number in range(5):
        joined(engine, f"p{number}@example.org")
        assert ask(engine, who=f"p{number}@example.org", new="Ander@Example.org" if number % 2 else "ander@example.org")
    mailed = [row.to_address for row in rows(engine, "notice") if row.kind == "address-new"]
    assert len(mailed) == MOST_TO_ONE


def test_i5_an_erased_address_is_in_nobody_elses_request_either(engine: Engine) -> None:
    joined(engine)
    joined(engine, "piet@example.org")
    ask(engine, "Piet@example.org")
    erase_subscriber(engine, "piet@example.org", policies=POLICIES, now=NOON, record=nowhere)
    assert rows(engine, "address_change") == []
    assert [(row.kind, row.to_address) for row in rows(engine, "notice")] == [("address-old", None)]
    assert person(engine) is not None


def test_a_known_address_is_not_flooded_with_links_to_its_data(engine: Engine) -> None:
    joined(engine)
    who = person(engine).id
    for number in range(100):
        with writing(engine) as connection:
            queue_data_link(connection, who, list_slug="nieuws", now=NOON + timedelta(minutes=10 * number), zone=ZONE)
    assert len(rows(engine, "notice")) == MOST_LINKS


# ---------------------------------------------------------------- at the same moment


@contextmanager
def meeting_after_the_first_lock(engine: Engine) -> Iterator[None]:
    """Two transactions go on once both have locked somebody; one that has to wait for the other lets it go on."""
    barrier, met = threading.Barrier(2), threading.local()

    def wait(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if "FOR UPDATE" in statement and "FROM subscriber" in statement and not hasattr(met, "once"):
            met.once = True
            with contextlib.suppress(threading.BrokenBarrierError):
                barrier.wait(0.5)

    event.listen(engine, "after_cursor_execute", wait)
    try:
        yield
    finally:
        event.remove(engine, "after_cursor_execute", wait)


def asked(engine: Engine, who: str, new: str) -> Callable[[], Step]:
    """A request to which only the last yes is wanting."""
    number = person(engine, who).id
    ask(engine, new, who=who)
    (row,) = [row for row in rows(engine, "address_change") if row.subscriber_id == number]
    yes(engine, bytes(row.old_ref))
    return lambda: yes(engine, bytes(row.new_ref))


def together(engine: Engine, *acts: Callable[[], Any]) -> list[Any]:
    with meeting_after_the_first_lock(engine), ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(20) for future in [pool.submit(act) for act in acts]]


@pytest.mark.parametrize("first", [0, 1])
def test_two_changes_that_cross_do_not_wait_for_each_other(engine: Engine, first: int) -> None:
    two = ("een@example.org", "twee@example.org")
    for address in two:
        joined(engine, address)
    acts = [asked(engine, *two), asked(engine, *reversed(two))]
    assert together(engine, acts[first], acts[1 - first]) == [Step.MOVED, Step.MOVED]
    assert [row.state for row in rows(engine, "subscription")].count("active") == 1


@pytest.mark.parametrize("known", [[NEW], []])
def test_two_changes_to_one_address_end_up_as_one_person(engine: Engine, known: list[str]) -> None:
    people = ["een@example.org", "twee@example.org", *known]
    for address in people:
        joined(engine, address)
    acts = [asked(engine, address, NEW) for address in people[:2]]
    assert together(engine, *acts) == [Step.MOVED, Step.MOVED]
    assert person(engine, NEW).on("nieuws").state == "active"
    assert [row.state for row in rows(engine, "subscription")].count("active") == 1


def test_an_erasure_of_who_has_the_new_address_does_not_wait_for_the_change(engine: Engine) -> None:
    joined(engine)
    joined(engine, NEW)
    act = asked(engine, "jan@example.org", NEW)

    def erase() -> bool:
        return erase_subscriber(engine, NEW, policies=POLICIES, now=NOON, record=nowhere).was_known

    step, was_known = together(engine, act, erase)
    assert was_known
    assert step in {Step.MOVED, Step.GONE}
