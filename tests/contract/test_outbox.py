"""The outbox of service mails on both databases: queued once, claimed by one, known after a death (A24)."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from newsletter.store import notices
from newsletter.store.notices import DueNotice, Written
from subscribers.notice import NoticeKind, NoticeState
from subscribers.outbox import count_since, queue_notice
from subscribers.retention import Period, RetentionPolicy, deadline
from subscribers.store import erase_subscriber
from subscribers.transactions import reading, writing
from tests.support.people import NOON, POLICIES, how_many, joined, person, rows

HOUR = timedelta(hours=1)
LISTS = ["nieuws", "agenda"]


def queued(engine: Engine, kind: NoticeKind = NoticeKind.MY_DATA, **more) -> bytes | None:
    owner = person(engine) or (joined(engine) and person(engine))
    values = {"kind": kind, "subscriber_id": owner.id, "list_slug": "nieuws", "now": NOON, "keep_days": 3}
    with writing(engine) as connection:
        return queue_notice(connection, **(values | more))


def claimed(engine: Engine, worker: str = "a", now=NOON) -> DueNotice:
    found = notices.claim_next(engine, LISTS, worker, now)
    assert found
    return found


def states(engine: Engine) -> list[str]:
    return [row.state for row in rows(engine, "notice")]


def test_a_notice_has_a_ref_of_its_own_and_the_end_of_a_day_as_its_deadline(engine: Engine) -> None:
    first, second = queued(engine), queued(engine)
    assert first != second
    assert first
    assert len(first) == 16
    assert {row.erase_at for row in rows(engine, "notice")} == {deadline(NOON, Period(3), RetentionPolicy().zone)}


def test_at_most_one_of_a_kind_per_period_and_person(engine: Engine) -> None:
    assert queued(engine, at_most_every=HOUR)
    assert queued(engine, at_most_every=HOUR, now=NOON + HOUR / 2, list_slug="agenda") is None
    assert queued(engine, NoticeKind.LEFT, at_most_every=HOUR, now=NOON + HOUR / 2)
    assert queued(engine, at_most_every=HOUR, now=NOON + HOUR)
    assert how_many(engine, "notice") == 3
    with reading(engine) as connection:
        kinds = frozenset({NoticeKind.MY_DATA, NoticeKind.LEFT})
        assert count_since(connection, person(engine).id, kinds, NOON - HOUR) == 3
        assert count_since(connection, person(engine).id, kinds, NOON, "nieuws") == 2


def test_twenty_requests_at_once_queue_one_notice(engine: Engine) -> None:
    joined(engine)
    found: list[bytes | None] = []
    threads = [threading.Thread(target=lambda: found.append(queued(engine, at_most_every=HOUR))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (len([ref for ref in found if ref]), how_many(engine, "notice")) == (1, 1)


def test_a_claimed_notice_knows_where_it_goes_and_nobody_else_gets_it(engine: Engine) -> None:
    ref = queued(engine)
    other = queued(engine, to_address="jan@new.example", subscription_id=rows(engine, "subscription")[0].id)
    first, second = claimed(engine), claimed(engine, "b")
    assert (first.ref, first.address, first.is_own_address, first.subscription_ref) == (
        (ref, "jan@example.org", True, None)
    )
    assert (second.ref, second.address, second.is_own_address) == (other, "jan@new.example", False)
    assert second.subscription_ref == rows(engine, "subscription")[0].ref
    assert notices.claim_next(engine, LISTS, "c", NOON) is None


def test_every_notice_is_claimed_exactly_once_by_competing_senders(engine: Engine) -> None:
    for _ in range(30):
        queued(engine)
    found: list[int] = []

    def work(name: str) -> None:
        while (due := notices.claim_next(engine, LISTS, name, NOON)) is not None:
            found.append(due.id)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(found) == [row.id for row in rows(engine, "notice")]


def test_only_what_is_due_useful_and_of_a_known_list_is_claimed(engine: Engine) -> None:
    queued(engine)
    assert notices.due_lists(engine, NOON - HOUR) == []
    assert notices.due_lists(engine, NOON) == ["nieuws"]
    end = rows(engine, "notice")[0].erase_at
    assert notices.due_lists(engine, end - HOUR) == [], "its link would be dead on arrival"
    assert notices.claim_next(engine, ["agenda"], "a", NOON) is None


@pytest.mark.parametrize("written", [NoticeState.SENT, NoticeState.REFUSED, NoticeState.UNKNOWN])
def test_what_became_of_it_is_final_rule_i3(engine: Engine, written: NoticeState) -> None:
    queued(engine)
    due = claimed(engine)
    assert notices.begin(engine, due.id, "a", NOON)
    notices.write_down(engine, due.id, "a", Written(state=written, code=250), NOON + HOUR)
    (row,) = rows(engine, "notice")
    assert (row.state, row.attempts, row.code, row.worker) == (written.value, 1, 250, None)
    assert row.sent_at == (NOON + HOUR if written is NoticeState.SENT else None)
    assert notices.due_lists(engine, NOON + HOUR) == []
    assert notices.recover(engine, ["a"], NOON + 10 * HOUR) == 0


def test_a_deferred_one_waits_and_is_claimed_again(engine: Engine) -> None:
    queued(engine)
    due = claimed(engine)
    notices.begin(engine, due.id, "a", NOON)
    notices.write_down(engine, due.id, "a", Written(state=NoticeState.QUEUED, due_at=NOON + HOUR), NOON)
    assert notices.claim_next(engine, LISTS, "b", NOON + HOUR / 2) is None
    assert claimed(engine, "b", NOON + HOUR).attempts == 1
    assert notices.recover(engine, ["b"], NOON + HOUR) == 0, "its last dot was answered"
    assert states(engine) == ["queued"]


def test_after_a_death_what_may_be_taken_is_unknown_and_the_rest_is_sent_again_rule_a24(engine: Engine) -> None:
    queued(engine)
    queued(engine)
    begun, waiting = claimed(engine), claimed(engine)
    notices.begin(engine, begun.id, "a", NOON)
    assert notices.recover(engine, ["z"], NOON) == 0, "somebody else's death is not ours"
    assert states(engine) == ["claimed", "claimed"]
    assert notices.has_claims(engine)
    assert notices.recover(engine, ["a"], NOON) == 1
    assert states(engine) == ["unknown", "queued"]
    assert claimed(engine, "b").id == waiting.id
    assert not notices.begin(engine, waiting.id, "a", NOON), "the dead one's dot is not written any more"


def test_a_lease_that_ran_out_frees_what_another_machine_held(engine: Engine) -> None:
    queued(engine)
    claimed(engine)
    notices.recover(engine, [], NOON + notices.LEASE - timedelta(seconds=1))
    assert states(engine) == ["claimed"]
    notices.recover(engine, [], NOON + notices.LEASE)
    assert states(engine) == ["queued"]


def test_release_gives_back_only_what_no_dot_was_written_for(engine: Engine) -> None:
    queued(engine)
    due = claimed(engine)
    notices.release(engine, due.id, "a")
    assert states(engine) == ["queued"]
    again = claimed(engine)
    notices.begin(engine, again.id, "a", NOON)
    notices.release(engine, again.id, "a")
    assert states(engine) == ["claimed"]


def test_who_is_erased_gets_no_dot_and_leaves_no_notice_rule_i5(engine: Engine) -> None:
    queued(engine)
    due = claimed(engine)
    values = {"policies": POLICIES, "now": NOON, "record": lambda _entries: None, "patience": 0.3}
    erase_subscriber(engine, "jan@example.org", **values)
    assert how_many(engine, "notice") == 0
    assert not notices.begin(engine, due.id, "a", NOON)
    notices.write_down(engine, due.id, "a", Written(state=NoticeState.SENT), NOON)


def test_lists_that_are_gone_give_up_what_waits_and_all_is_counted(engine: Engine) -> None:
    queued(engine)
    queued(engine, list_slug="weg")
    assert notices.refuse_lists(engine, ["weg"]) == 1
    assert notices.counts(engine) == {("nieuws", "my-data", "queued"): 1, ("weg", "my-data", "refused"): 1}
