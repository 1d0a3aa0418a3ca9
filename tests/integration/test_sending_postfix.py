"""A real Postfix as relay: STARTTLS, PIPELINING, its own queue, a Maildir; what it refuses is recorded."""

import pytest

from newsletter.delivery.outcome import State
from tests.support.postfix import running_postfix
from tests.support.sending import World, fresh_store, planned
from tests.support.smtp import make_authority

pytestmark = pytest.mark.system("postfix")


def test_a7_postfix_delivers_each_message_once_and_its_refusal_of_an_unknown_user_suppresses(tmp_path):
    authority = make_authority(tmp_path / "authority")
    with fresh_store(tmp_path) as engine, running_postfix(authority) as postfix:
        world = World(engine, tmp_path)
        job = planned(engine, 60)
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE subscriber SET address = 'nobody@example.org' WHERE id = 7")
            connection.exec_driver_sql("UPDATE subscriber SET address = 'zoë@example.org' WHERE id = 8")
        result = world.run(
            job, postfix.port, size=20_000, host="localhost", security="starttls", ca_file=authority.ca_file
        )
        assert result.counts[State.SENT] == 59, postfix.log
        assert result.counts[State.REFUSED] == 1
        mails = postfix.wait_for(59)
        received = sorted(line for mail in mails for line in mail.split(b"\n") if line.startswith(b"To: "))
        expected = sorted(f"To: {address}".encode() for address in world.addresses(job, State.SENT))
        assert received == expected
        assert sorted({b"with ESMTPS " in mail for mail in mails}) == [False, True]
        assert [b"zo\xc3\xab@" in mail for mail in mails if b"with UTF8SMTPS " in mail] == [True], "only who needs it"
        with engine.connect() as connection:
            refused = connection.exec_driver_sql("SELECT code, reason, reply FROM delivery WHERE state = 4").one()
            suppressed = connection.exec_driver_sql("SELECT subscriber_id, reason FROM suppression").one()
    assert (refused[0], refused[1]) == (550, "no-such-address")
    assert "nobody" not in refused[2]
    assert tuple(suppressed) == (7, "hard-bounce")
