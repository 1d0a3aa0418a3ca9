"""Sessions on one's own data, and the requests that an operator must answer within a month; on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from newsletter.store.known import everything_about
from subscribers.errors import InputError
from subscribers.ledger_entry import nowhere
from subscribers.notice import NoticeKind
from subscribers.outbox import queue_notice
from subscribers.requests import (
    RequestKind,
    add_request,
    finish_erasures,
    finish_request,
    list_requests,
)
from subscribers.scrubbing import erase_subscriber, run_retention
from subscribers.sessions import LIFE, close_session, form_token, is_form_token, open_session, who_is_in
from subscribers.transactions import reading, writing
from tests.support.people import NOON, POLICIES, joined, person, rows

ZONE = ZoneInfo("Europe/Amsterdam")


def a_link(engine: Engine, kind: NoticeKind = NoticeKind.MY_DATA) -> bytes:
    with writing(engine) as connection:
        ref = queue_notice(
            connection, kind=kind, subscriber_id=person(engine).id, list_slug="nieuws", now=NOON, keep_days=1
        )
    assert ref
    return ref


def enter(engine: Engine, ref: bytes, at=NOON) -> str | None:
    with writing(engine) as connection:
        return open_session(connection, ref, now=at)


def inside(engine: Engine, secret: str, at=NOON) -> int | None:
    with reading(engine) as connection:
        return who_is_in(connection, secret, now=at)


def test_a_link_opens_one_session_and_no_second(engine: Engine) -> None:
    joined(engine)
    ref = a_link(engine)
    secret = enter(engine, ref)
    assert secret
    assert inside(engine, secret) == person(engine).id
    assert enter(engine, ref) is None


def test_of_many_who_press_at_once_one_gets_in(engine: Engine) -> None:
    joined(engine)
    ref = a_link(engine)
    with ThreadPoolExecutor(8) as pool:
        secrets = [secret for secret in pool.map(lambda _: enter(engine, ref), range(20)) if secret]
    assert len(secrets) == 1


def test_a_link_of_another_kind_opens_nothing(engine: Engine) -> None:
    joined(engine)
    assert enter(engine, a_link(engine, NoticeKind.LEFT)) is None
    assert enter(engine, b"x" * 16) is None


def test_a_link_is_too_old_when_its_notice_is_due(engine: Engine) -> None:
    joined(engine)
    ref = a_link(engine)
    due = rows(engine, "notice")[0].erase_at
    assert due - NOON < timedelta(days=2)
    assert enter(engine, ref, at=due) is None


def test_a_session_ends_by_itself_and_by_logging_out(engine: Engine) -> None:
    joined(engine)
    secret = enter(engine, a_link(engine))
    assert secret
    assert inside(engine, secret, NOON + LIFE - timedelta(seconds=1)) is not None
    assert inside(engine, secret, NOON + LIFE) is None
    with writing(engine) as connection:
        close_session(connection, secret)
    assert inside(engine, secret) is None
    assert rows(engine, "data_session") == []


def test_the_secret_itself_is_not_stored(engine: Engine) -> None:
    joined(engine)
    secret = enter(engine, a_link(engine))
    assert secret
    (row,) = rows(engine, "data_session")
    assert secret.encode() not in bytes(row.secret_hash)
    assert inside(engine, secret[:-1]) is None
    assert inside(engine, bytes(row.secret_hash).hex()) is None


def test_old_sessions_are_tidied_without_a_scrub(engine: Engine) -> None:
    joined(engine)
    assert enter(engine, a_link(engine))
    run_retention(engine, policies=POLICIES, now=NOON + timedelta(days=3), record=nowhere)
    assert rows(engine, "data_session") == []


def test_an_erasure_ends_the_session(engine: Engine) -> None:
    joined(engine)
    secret = enter(engine, a_link(engine))
    assert secret
    erase_subscriber(engine, "jan@example.org", policies=POLICIES, now=NOON, record=nowhere)
    assert inside(engine, secret) is None


def test_a_form_belongs_to_one_session() -> None:
    key = b"k" * 32
    token = form_token(key, "a")
    assert is_form_token(key, "a", token)
    assert not is_form_token(key, "b", token)
    assert not is_form_token(b"l" * 32, "a", token)
    assert not is_form_token(key, "a", "")
    assert not is_form_token(key, "a", token[:-1] + ("0" if token[-1] != "0" else "1"))


# ---------------------------------------------------------------- requests to an operator


def asked(engine: Engine, kind: RequestKind = RequestKind.ACCESS, at=NOON, ref=None, reference: str = "") -> int:
    with writing(engine) as connection:
        what = {"kind": kind, "received_at": at, "zone": ZONE, "subscriber_ref": ref}
        return add_request(connection, **what, reference=reference)


@pytest.mark.parametrize(
    ("received", "overdue_from"),
    [
        (datetime(2027, 1, 31, 12, tzinfo=UTC), datetime(2027, 2, 28, 23, tzinfo=UTC)),
        (datetime(2028, 1, 31, 12, tzinfo=UTC), datetime(2028, 2, 29, 23, tzinfo=UTC)),
        (datetime(2027, 3, 10, 12, tzinfo=UTC), datetime(2027, 4, 10, 22, tzinfo=UTC)),
        (datetime(2027, 12, 15, 12, tzinfo=UTC), datetime(2028, 1, 15, 23, tzinfo=UTC)),
    ],
)
def test_rule_12_3_a_request_is_due_one_month_after_it_arrived(engine: Engine, received, overdue_from) -> None:
    asked(engine, at=received)
    with reading(engine) as connection:
        (item,) = list_requests(connection)
        assert item.due_at == overdue_from
        assert not item.is_overdue(overdue_from - timedelta(seconds=1))
        assert item.is_overdue(overdue_from)


def test_a_request_that_is_done_is_listed_no_more_and_keeps_who_and_when(engine: Engine) -> None:
    number = asked(engine)
    for when in (NOON + timedelta(days=3), NOON + timedelta(days=4)):
        with writing(engine) as connection:
            done = finish_request(connection, number, by="privacy desk", now=when)
    assert (done.done_by, done.done_at) == ("privacy desk", NOON + timedelta(days=3))
    with reading(engine) as connection:
        assert list_requests(connection) == []
        assert list_requests(connection, with_done=True) == [done]


def test_a_request_done_after_its_month_says_so(engine: Engine) -> None:
    number = asked(engine)
    with writing(engine) as connection:
        done = finish_request(connection, number, by="x", now=NOON + timedelta(days=40))
    assert done.was_late
    assert not done.is_overdue(NOON + timedelta(days=41))


def test_an_unknown_number_is_an_error_for_people(engine: Engine) -> None:
    with writing(engine) as connection, pytest.raises(InputError, match="no request 7"):
        finish_request(connection, 7, by="x", now=NOON)


@pytest.mark.parametrize("reference", ["jan@example.org", "x" * 61])
def test_i7_a_reference_is_no_address(engine: Engine, reference: str) -> None:
    with pytest.raises(InputError, match="not an address"):
        asked(engine, reference=reference)


def test_a_request_outlives_its_person_and_then_names_nobody(engine: Engine) -> None:
    joined(engine)
    asked(engine, RequestKind.ERASURE, ref=person(engine).ref, reference="2027-113")
    with reading(engine) as connection:
        assert list_requests(connection)[0].address == "jan@example.org"
        assert everything_about(connection, person(engine).id)["request"][0]["kind"] == "erasure"
    ref = person(engine).ref
    erase_subscriber(engine, "jan@example.org", policies=POLICIES, now=NOON, record=nowhere)
    with writing(engine) as connection:
        assert finish_erasures(connection, ref, by="operator", now=NOON) == 1
        assert finish_erasures(connection, ref, by="operator", now=NOON) == 0
        (item,) = list_requests(connection, with_done=True)
    assert (item.address, item.reference, item.done_by) == ("", "2027-113", "operator")


def test_b8_all_that_is_stored_names_the_state_of_deliveries_in_words(engine: Engine) -> None:
    from tests.support.people import sent_to

    sent_to(engine, joined(engine), states=[3])
    with reading(engine) as connection:
        (row,) = everything_about(connection, person(engine).id)["delivery"]
    assert row["state"] == "sent"
    assert row["send_job_slug"] == "zomer"
