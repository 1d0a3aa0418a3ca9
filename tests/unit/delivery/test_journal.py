import os
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery import journal
from newsletter.delivery.journal import HEADER, Journal, JournalError, decode, encode_outcome, encode_start
from newsletter.delivery.outcome import Event, Outcome
from newsletter.delivery.recovery import settlement

outcomes = st.builds(
    Outcome,
    delivery=st.integers(1, 2**62),
    event=st.sampled_from([Event.ACCEPT, Event.DEFER, Event.REFUSE, Event.EXPIRE, Event.LOSE]),
    code=st.none() | st.integers(200, 599),
    reason=st.sampled_from(["", "policy", "no-such-address"]),
    due_at=st.none() | st.integers(1, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    is_hard=st.booleans(),
)


@given(outcomes)
def test_an_outcome_survives_writing_and_reading(outcome):
    assert decode(HEADER + encode_outcome(outcome)).outcomes == {outcome.delivery: outcome}


def test_a_record_holds_no_reply_text():
    outcome = Outcome(delivery=1, event=Event.REFUSE, code=550, reply="no jan@example.org here", reason="refused")
    assert encode_outcome(outcome) == b"O 1 refuse 550 0 - refused\n"


def test_a_dot_without_an_outcome_is_open_and_one_with_it_is_not():
    account = decode(
        HEADER + encode_start(1) + encode_start(2) + encode_outcome(Outcome(delivery=1, event=Event.ACCEPT))
    )
    assert account.open_dots == {2}
    assert set(account.outcomes) == {1}


def test_a_second_dot_of_a_retried_delivery_opens_it_again():
    deferred = Outcome(delivery=1, event=Event.DEFER, due_at=datetime(2027, 1, 1, tzinfo=UTC))
    account = decode(HEADER + encode_start(1) + encode_outcome(deferred) + encode_start(1))
    assert account.open_dots == {1}
    assert not account.outcomes


@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=12), st.data())
def test_a_journal_cut_anywhere_forgets_only_its_end(steps, data):
    records = [
        encode_outcome(Outcome(delivery=n, event=Event.ACCEPT)) if done else encode_start(n) for n, done in steps
    ]
    content = HEADER + b"".join(records)
    cut = data.draw(st.integers(len(HEADER), len(content)))
    whole, length = 0, len(HEADER)
    while whole < len(records) and length + len(records[whole]) <= cut:
        length += len(records[whole])
        whole += 1
    account = decode(content[:cut])
    assert account == decode(HEADER + b"".join(records[:whole]))
    assert not account.is_damaged


@pytest.mark.parametrize(
    "bad", [b"X 1\n", b"S\n", b"S x\n", b"O 1 accept\n", b"O 1 nonsense 250 0 - -\n", b"\0\0\0\n", b"\n"]
)
def test_an_unreadable_record_is_damage(bad):
    assert decode(HEADER + encode_start(1) + bad).is_damaged


def test_a_foreign_file_is_damage_and_an_empty_one_is_not():
    assert decode(b"something else\nS 1\n").is_damaged
    assert not decode(b"").is_damaged
    assert not decode(HEADER[:5]).is_damaged


def test_settlement_knows_the_three_cases():
    account = decode(
        HEADER + encode_start(1) + encode_start(2) + encode_outcome(Outcome(delivery=2, event=Event.ACCEPT))
    )
    found = settlement({1, 2, 3}, account)
    assert {identity: outcome.event for identity, outcome in found.items()} == {1: Event.LOSE, 2: Event.ACCEPT}


def test_settlement_with_a_damaged_journal_leaves_nothing_queued():
    found = settlement({1, 2, 3}, decode(HEADER + encode_start(1) + b"\0\0\n"))
    assert {outcome.event for outcome in found.values()} == {Event.LOSE}
    assert set(found) == {1, 2, 3}


def test_settlement_touches_only_what_the_worker_still_holds():
    assert not settlement({5}, decode(HEADER + encode_start(1)))


def test_a_journal_on_disk_is_read_back(tmp_path):
    written = Journal(journal.path_of(tmp_path / "spool", 7, "abc"))
    written.start(1)
    written.finish(Outcome(delivery=1, event=Event.ACCEPT, code=250))
    written.start(2)
    written.close()
    [(worker, path)] = journal.left_behind(tmp_path / "spool", 7)
    assert worker == "abc"
    assert journal.read(path).open_dots == {2}
    assert path.stat().st_mode & 0o077 == 0
    assert not list(journal.left_behind(tmp_path / "spool", 77))
    written.remove()
    assert not list(journal.left_behind(tmp_path / "spool", 7))


def test_a_journal_that_cannot_be_made_or_written_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="cannot be written"):
        Journal(tmp_path / "file" / "1-a.journal")
    broken = Journal(tmp_path / "1-a.journal")
    os.close(broken._file)
    broken._file = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(JournalError, match="No space"):
        broken.start(1)
    os.close(broken._file)
    broken._file = os.open(tmp_path / "elsewhere", os.O_WRONLY | os.O_CREAT)
    with pytest.raises(JournalError):
        broken.start(2)  # after a failure nothing is written any more: records stay whole
    broken.close()
    assert (tmp_path / "elsewhere").read_bytes() == b""
