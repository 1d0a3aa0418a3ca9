"""The built-in mail catcher, and a whole job of a project through it: template, tokens, Message-IDs."""

import email
import smtplib
import socket
from email.policy import default

import pytest

from newsletter.config import load
from newsletter.delivery.catcher import Catcher
from newsletter.delivery.outcome import State
from newsletter.delivery.worker import Sending, run_job
from newsletter.message.ids import parse_message_id
from newsletter.store import jobs
from subscribers.errors import InputError, ServiceError
from subscribers.ledger_entry import nowhere
from subscribers.tokens import Keyring, Purpose
from tests.support.cli import newsletter
from tests.support.sending import World, fresh_store, issue, people

TOML = """
[site]
base_url = "http://127.0.0.1:8080"
[relays.main]
host = "127.0.0.1"
port = {port}
security = "none"
connections = 2
[lists.nieuws]
title = "Nieuws"
from = "Organisatie Voorbeeld <nieuws@example.org>"
unsubscribe_mailbox = "afmelden@example.org"
basis = "consent"
controller = "Organisatie Voorbeeld"
privacy_url = "https://example.org/privacy"
"""


def files(folder):
    return list((folder / "new").iterdir())


def test_a_mail_is_kept_whole_with_its_envelope_on_top(tmp_path):
    heard = []
    with Catcher(tmp_path / "mail", on_mail=heard.append) as catcher, smtplib.SMTP("127.0.0.1", catcher.port) as client:
        client.sendmail("van@example.org", ["aan@example.org"], b"Subject: x\r\n\r\n.punt\r\n..twee\r\n")
    [path] = files(tmp_path / "mail")
    assert path.read_bytes() == (
        b"Return-Path: <van@example.org>\r\nDelivered-To: aan@example.org\r\nSubject: x\r\n\r\n.punt\r\n..twee\r\n"
    )
    assert heard == [path]
    assert not list((tmp_path / "mail" / "tmp").iterdir())


def test_it_listens_on_this_machine_only(tmp_path):
    for host in ("0.0.0.0", "192.0.2.1", "example.org"):  # noqa: S104 - must be refused
        with pytest.raises(InputError, match="not an address of this machine"):
            Catcher(tmp_path / "mail", host=host)


def test_a_port_in_use_is_a_service_error(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServiceError, match="cannot listen"):
            Catcher(tmp_path / "mail", port=port)
        refused = newsletter("mailcatcher", "mail", "--port", str(port), cwd=tmp_path).expect(3)
    assert "--port" in refused.err
    assert "[relays.main] port" in refused.err
    assert not (tmp_path / "mail").exists()


def test_a_folder_that_cannot_be_made_is_an_input_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="Maildir"):
        Catcher(tmp_path / "file" / "mail")


def test_a_job_of_a_project_arrives_filled_for_each_person(tmp_path):
    keyring = Keyring({1: b"k" * 32}, 1)
    with fresh_store(tmp_path) as engine, Catcher(tmp_path / "mail") as catcher:
        (tmp_path / "newsletter.toml").write_text(TOML.format(port=catcher.port))
        configuration = load(tmp_path / "newsletter.toml", {})
        people(engine, 25)
        world = World(engine, tmp_path)
        job = jobs.plan_job(engine, nowhere, issue(), now=world.clock())[1]
        seen = []
        sending = Sending(configuration=configuration, engine=engine, remember=nowhere, keyring=keyring)
        result = run_job(sending, job, report=seen.append)
    assert result.exit_status == 0
    assert result.counts[State.SENT] == 25
    assert (seen[-1].done, seen[-1].audience, seen[-1].handled) == (25, 25, 25)
    mails = [email.message_from_bytes(path.read_bytes(), policy=default) for path in files(tmp_path / "mail")]
    assert {mail["Delivered-To"] for mail in mails} == {f"p{number}@example.org" for number in range(25)}
    assert all(mail["To"].addresses[0].addr_spec == mail["Delivered-To"] for mail in mails)
    assert {parse_message_id(keyring, mail["Message-ID"]).job_ref for mail in mails} == {job.ref}
    assert len({parse_message_id(keyring, mail["Message-ID"]).delivery for mail in mails}) == 25
    links = {mail["List-Unsubscribe"].partition(">")[0].rpartition("/")[2] for mail in mails}
    assert len({keyring.verify(Purpose.UNSUBSCRIBE, token) for token in links} - {None}) == 25
