"""A real Exim as relay: STARTTLS, PIPELINING, DSN, its own queue, a Maildir; what it refuses is recorded (A18, A25)."""

import re
from dataclasses import replace

import pytest

from newsletter.delivery.attempt import Letter
from newsletter.delivery.outcome import State
from newsletter.delivery.relay_error import RelayError
from newsletter.delivery.worker import run_with
from newsletter.feedback.judging import Belief, judge
from newsletter.feedback.model import Kind
from newsletter.feedback.parse import parse_returned_mail
from newsletter.message.ids import DeliveryRef, message_ids
from subscribers.tokens import Keyring
from tests.support.exim import PASSWORD, USER, running_exim
from tests.support.sending import World, fresh_store, planned, short_letter
from tests.support.smtp import make_authority

pytestmark = pytest.mark.system("exim")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return make_authority(tmp_path_factory.mktemp("authority"))


def values(authority):
    return {"host": "localhost", "security": "starttls", "ca_file": authority.ca_file}


def rename(engine, number, address):
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE subscriber SET address = '{address}' WHERE id = {number}")


def test_exim_delivers_each_message_once_and_its_refusal_of_an_unknown_user_suppresses(tmp_path, authority):
    with fresh_store(tmp_path) as engine, running_exim(authority) as exim:
        world = World(engine, tmp_path)
        job = planned(engine, 40)
        rename(engine, 7, "nobody@example.org")
        result = world.run(job, exim.port, size=20_000, **values(authority))
        assert result.counts[State.SENT] == 39, exim.log
        assert result.counts[State.REFUSED] == 1
        mails = exim.wait_for(39)
        received = sorted(line for mail in mails for line in mail.split(b"\n") if line.startswith(b"To: "))
        assert received == sorted(f"To: {address}".encode() for address in world.addresses(job, State.SENT))
        assert all(b"with esmtps" in mail for mail in mails)
        assert all(mail.count(b"x" * 70) > 200 for mail in mails)
        with engine.connect() as connection:
            code, reply = connection.exec_driver_sql("SELECT code, reply FROM delivery WHERE state = 4").one()
    assert code == 550
    assert "nobody" not in reply


KEYRING = Keyring({1: b"k" * 32}, 1)
JOB = b"r" * 16


def envid(delivery: int) -> str:
    return message_ids(KEYRING, JOB, "example.org")(delivery)[1:-1]


def asking(claimed) -> Letter:
    return short_letter(claimed, 5_000)._replace(envid=envid(claimed.delivery))


def test_a18_a_failure_that_exim_finds_later_comes_back_under_our_name_with_headers_only(tmp_path, authority):
    with fresh_store(tmp_path) as engine, running_exim(authority, accepts_unknown=True) as exim:
        world = World(engine, tmp_path)
        job = planned(engine, 3)
        rename(engine, 2, "no+body@example.org")
        means = replace(world.means(exim.port, **values(authority)), write=asking)
        assert run_with(means, job).counts[State.SENT] == 3, exim.log
        returned = exim.wait_for(1, box="returned")
        assert len(returned) == 1, exim.log
        assert len(exim.wait_for(2)) == 2
    report = returned[0].decode()
    assert re.search(rf"^Original-Envelope-Id: {re.escape(envid(2))}$", report, re.MULTILINE | re.IGNORECASE), report
    assert re.search(r"^Original-Recipient: rfc822;no\+2Bbody@example\.org$", report, re.MULTILINE | re.IGNORECASE)
    assert "Message-ID: <2@example.org>" in report
    assert "x" * 70 not in report, "headers only"
    found = parse_returned_mail(returned[0], keyring=KEYRING)
    assert found.kind is Kind.BOUNCE
    assert found.evidence.message == DeliveryRef(2, JOB), "by the envelope: the Message-ID of these tests is not ours"
    assert judge(found, "no+body@example.org").belief is Belief.PROVEN
    assert judge(found, "body@example.org").belief is Belief.NOT_THIS_PERSON


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_a26_exim_takes_mail_from_who_signs_in_over_tls_and_from_nobody_else(tmp_path, authority, mechanism):
    with fresh_store(tmp_path) as engine, running_exim(authority, mechanism=mechanism) as exim:
        world = World(engine, tmp_path)
        job, other = planned(engine, 10), planned(engine, 0, slug="ander")
        with pytest.raises(RelayError, match="no way to log in"):
            world.run(job, exim.port, host="localhost", username=USER, password=PASSWORD)
        with pytest.raises(RelayError, match="refuses the user name or password"):
            world.run(job, exim.port, username=USER, password="verkeerd", **values(authority))
        assert world.counts(job) == {State.QUEUED: 10}
        sent = world.run(job, exim.port, username=USER, password=PASSWORD, **values(authority))
        assert sent.counts == {**sent.counts, State.SENT: 10}, exim.log
        assert len(exim.wait_for(10)) == 10
        assert exim.log.count("A=signing_in:nieuws@example.org") == 10
        assert world.run(other, exim.port, **values(authority)).counts[State.SENT] == 0
        assert exim.taken == 10
