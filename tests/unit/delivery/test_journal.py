import asyncio
import os
import time
from datetime import UTC, datetime, timedelta
from io import BytesIO
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config_pace import Pace
from newsletter.delivery import journal
from newsletter.delivery.journal import HEADER, Journal, JournalError, decode, encode_outcome, encode_start
from newsletter.delivery.journal_format import Account, decode_lines, encode_header, encode_withdrawal
from newsletter.delivery.outcome import Event, Outcome
from newsletter.delivery.recovery import settlement
from newsletter.delivery.worker import is_power_safe

outcomes = st.builds(
    Outcome,
    delivery=st.integers(1, 2**62),
    event=st.sampled_from([Event.ACCEPT, Event.DEFER, Event.REFUSE, Event.EXPIRE, Event.LOSE]),
    code=st.none() | st.integers(200, 599),
    reason=st.sampled_from(["", "policy", "no-such-address"]),
    due_at=st.none() | st.integers(1, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    is_hard=st.booleans(),
    reply=st.just(""),
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


@pytest.mark.parametrize("content", [b"something else\nS 1\n", b"", HEADER[:5], b"newsletter-journal 2 x\n"])
def test_a_file_without_the_whole_header_is_damage(content):
    """The header is on the disk before anything is claimed: whoever holds a delivery and has none lost it."""
    assert decode(content).is_damaged


CLAIMED = datetime(2027, 1, 1, 9, tzinfo=UTC)


def held(*deliveries):
    return dict.fromkeys(deliveries, CLAIMED)


def header(boot="here", *, power_safe=False):
    return encode_header(boot, power_safe=power_safe)


def test_a_dot_that_was_not_written_after_all_leaves_nothing_open():
    account = decode(HEADER + encode_start(1) + encode_start(2) + encode_withdrawal(1))
    assert account.open_dots == {2}
    assert not account.is_damaged


@pytest.mark.parametrize("power_safe", [True, False])
@pytest.mark.parametrize("boot", ["here", ""])
def test_a_journal_of_this_start_of_the_machine_is_whole(boot, power_safe):
    """Also where the system tells no start from another."""
    account = decode(header(power_safe=power_safe) + encode_start(1), boot)
    assert (account.open_dots, account.is_damaged) == ({1}, False)
    assert not decode(header("", power_safe=power_safe), "here").is_damaged


def test_after_a_new_start_of_the_machine_only_a_power_safe_journal_is_whole():
    assert decode(header() + encode_start(1), "elsewhere").is_damaged
    assert not decode(header(power_safe=True) + encode_start(1), "elsewhere").is_damaged


@pytest.mark.parametrize("end", [b"\0" * 40 + b"\n", b"S x\n\xff\n", b"\0\0\0"])
def test_the_unreadable_end_of_a_power_safe_journal_was_never_synced(end):
    """No dot followed from it; before a new start it is damage, as is anything unreadable in the middle."""
    content = header(power_safe=True) + encode_start(1) + end
    assert not decode(content, "elsewhere").is_damaged
    assert decode(content, "here").is_damaged is end.endswith(b"\n")
    if end.endswith(b"\n"):
        assert decode(content + encode_start(2), "elsewhere").is_damaged


@given(st.binary(max_size=200), st.booleans(), st.sampled_from(["", "here", "elsewhere"]))
def test_any_bytes_make_an_account(rest, power_safe, boot):
    decode(rest, boot)
    decode(header(power_safe=power_safe) + rest, boot)


def test_only_what_is_asked_for_is_kept_in_mind():
    """The journal of a large job holds millions of outcomes that the store knows."""
    accepted = encode_outcome(Outcome(delivery=1, event=Event.ACCEPT))
    content = HEADER + encode_start(1) + accepted + encode_start(2) + encode_start(3) + b"S 4"
    account = decode_lines(BytesIO(content), among={2, 4})
    assert account == Account(open_dots=frozenset({2}))


def test_settlement_knows_the_three_cases():
    account = decode(
        HEADER + encode_start(1) + encode_start(2) + encode_outcome(Outcome(delivery=2, event=Event.ACCEPT))
    )
    found = settlement(held(1, 2, 3), account)
    assert {identity: outcome.event for identity, outcome in found.items()} == {1: Event.LOSE, 2: Event.ACCEPT}


def test_settlement_with_a_damaged_journal_leaves_nothing_queued():
    found = settlement(held(1, 2, 3), decode(HEADER + encode_start(1) + b"\0\0\n"))
    assert {outcome.event for outcome in found.values()} == {Event.LOSE}
    assert set(found) == {1, 2, 3}


def test_settlement_touches_only_what_the_worker_still_holds():
    assert not settlement(held(5), decode(HEADER + encode_start(1)))


def test_settlement_leaves_out_a_deferral_that_was_over_when_the_delivery_was_claimed():
    for seconds, is_settled in ((-1, False), (0, False), (1, True)):
        deferred = Outcome(delivery=1, event=Event.DEFER, due_at=CLAIMED + timedelta(seconds=seconds))
        assert bool(settlement(held(1), decode(HEADER + encode_outcome(deferred)))) is is_settled


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


def test_an_outcome_goes_to_the_disk_with_the_next_dot_or_when_it_is_asked(tmp_path):
    written = Journal(tmp_path / "1-a.journal")
    written.start(1)
    size = written.path.stat().st_size
    written.finish(Outcome(delivery=1, event=Event.ACCEPT, code=250))
    assert written.path.stat().st_size == size
    written.start(2)
    assert written.path.read_bytes().endswith(b"S 1\nO 1 accept 250 0 - -\nS 2\n")
    written.finish(Outcome(delivery=2, event=Event.ACCEPT, code=250))
    written.flush()
    assert written.path.read_bytes().endswith(b"S 2\nO 2 accept 250 0 - -\n")
    written.close()


def test_a_power_safe_journal_syncs_before_the_dot_and_shares_syncs(tmp_path, monkeypatch):
    synced = []
    ordinary = os.fdatasync

    def fdatasync(file):
        synced.append(os.fstat(file).st_size)
        time.sleep(0.01)
        ordinary(file)

    monkeypatch.setattr(os, "fdatasync", fdatasync)

    async def dots(number):
        written = Journal(tmp_path / "1-a.journal", power_safe=True)

        async def dot(delivery):
            await written.start(delivery)
            assert synced[-1] >= written.path.read_bytes().index(b"S %d\n" % delivery)

        await asyncio.gather(*(dot(delivery) for delivery in range(1, number + 1)))
        written.close()

    asyncio.run(dots(50))
    assert len(synced) == 1


def test_a_sync_that_fails_stops_every_dot_that_waits_for_it(tmp_path, monkeypatch):
    def fails(_file):
        raise OSError(5, "Input/output error")

    async def dots():
        written = Journal(tmp_path / "1-a.journal", power_safe=True)
        monkeypatch.setattr(os, "fdatasync", fails)
        found = await asyncio.gather(*(written.start(delivery) for delivery in (1, 2)), return_exceptions=True)
        assert [type(error) for error in found] == [JournalError, JournalError]
        with pytest.raises(JournalError):
            written.start(3)
        written.close()

    asyncio.run(dots())


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


@pytest.mark.parametrize(
    ("asked", "setting", "dialect", "expected"),
    [
        (None, None, "sqlite", False),
        (None, None, "postgresql", True),
        (None, True, "sqlite", True),
        (None, False, "postgresql", False),
        (True, None, "sqlite", True),
        (True, False, "sqlite", True),
    ],
)
def test_a_run_is_power_safe_as_asked_else_as_set_else_as_the_database_is(asked, setting, dialect, expected):
    sending = SimpleNamespace(
        power_safe=asked,
        configuration=SimpleNamespace(pace=Pace(power_safe=setting)),
        engine=SimpleNamespace(dialect=SimpleNamespace(name=dialect)),
    )
    assert is_power_safe(sending) is expected
