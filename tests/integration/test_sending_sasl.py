"""A real submission service: Postfix that takes mail over TLS from who signs in, asked of Dovecot (A26)."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from newsletter.delivery.access_token import FromCommand, Given
from newsletter.delivery.outcome import State
from newsletter.delivery.relay_error import RelayError
from tests.support.dovecot import PASSWORD, USER, running_dovecot
from tests.support.ports import free_port
from tests.support.postfix import running_postfix
from tests.support.sending import IMPATIENT, World, fresh_store, paced, planned
from tests.support.smtp import make_authority

pytestmark = [pytest.mark.system("postfix"), pytest.mark.system("dovecot")]

TOKEN = "een.toegangs.bewijs"
SASL = """
service auth {{
  inet_listener {{
    address = 127.0.0.1
    port = {port}
  }}
}}
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
"""
BY_TOKEN = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {file}
}}
"""
SUBMISSION = """
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{port}
smtpd_tls_auth_only = yes
mynetworks = 192.0.2.0/24
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
smtpd_client_restrictions =
smtpd_sasl_mechanism_filter = plain, login, xoauth2
"""
OTHER_PORT = "127.0.0.1:{port} inet n - n - - smtpd\n  -o smtpd_sasl_mechanism_filter={mechanism}\n"

PATIENT = paced(timeouts=replace(IMPATIENT.timeouts, greeting=40))
"""It answers a wrong password after some seconds."""


OTHER_PORTS = {"login": free_port(), "cram-md5": free_port()}


@contextmanager
def introspection() -> Iterator[int]:
    """A service that knows one token, as the provider's would (RFC 7662)."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_known = f"token={TOKEN}&" in self.path
            body = json.dumps({"active": is_known, "username": USER} if is_known else {"active": False}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def submission(authority, tmp_path_factory):
    """Takes PLAIN, LOGIN and XOAUTH2, over TLS only; on other ports LOGIN alone, and CRAM-MD5."""
    port, file = free_port(), tmp_path_factory.mktemp("oauth2") / "oauth2.conf"
    with introspection() as service:
        file.write_text(
            f"introspection_url = http://127.0.0.1:{service}/?token=\nintrospection_mode = get\n"
            "active_attribute = active\nactive_value = true\nusername_attribute = username\n"
        )
        more = SASL.format(port=port, mechanisms="plain login cram-md5 xoauth2") + BY_TOKEN.format(file=file)
        master = "".join(OTHER_PORT.format(port=other, mechanism=name) for name, other in OTHER_PORTS.items())
        main = SUBMISSION.format(port=port)
        with running_dovecot(authority, more=more), running_postfix(authority, main, master) as postfix:
            yield postfix


@pytest.fixture
def world(tmp_path):
    with fresh_store(tmp_path) as engine:
        yield World(engine, tmp_path)


def run(world, submission, authority, job, **login):
    values = {"host": "localhost", "security": "starttls", "ca_file": authority.ca_file, **login}
    return world.run(job, submission.port, pace=PATIENT, **values)


def test_who_signs_in_by_password_may_send(world, submission, authority):
    job = planned(world.engine, 20)
    result = run(world, submission, authority, job, username=USER, password=PASSWORD)
    assert result.counts[State.SENT] == 20, submission.log
    assert f"sasl_method=PLAIN, sasl_username={USER}" in submission.log


@pytest.mark.parametrize("mechanism", OTHER_PORTS)
def test_a26_it_signs_in_by_what_the_relay_offers(world, submission, authority, mechanism):
    job, there = planned(world.engine, 3), replace(submission, port=OTHER_PORTS[mechanism])
    assert run(world, there, authority, job, username=USER, password=PASSWORD).counts[State.SENT] == 3, submission.log
    assert f"sasl_method={mechanism.upper()}, sasl_username={USER}" in submission.log


def test_who_signs_in_by_token_may_send(world, submission, authority):
    job = planned(world.engine, 20)
    token = FromCommand(("/bin/echo", TOKEN), world.folder)
    result = run(world, submission, authority, job, username=USER, token=token)
    assert result.counts[State.SENT] == 20, submission.log
    assert f"sasl_method=XOAUTH2, sasl_username={USER}" in submission.log


@pytest.mark.parametrize(
    ("login", "said"),
    [
        ({"password": "verkeerd"}, "refuses the user name or password"),
        ({"token": Given(lambda: "verlopen")}, "refuses the access token"),
    ],
)
def test_a_wrong_secret_is_named_and_everything_stays_queued(world, submission, authority, login, said):
    job = planned(world.engine, 2)
    with pytest.raises(RelayError, match=said):
        run(world, submission, authority, job, username=USER, **login)
    assert world.counts(job) == {State.QUEUED: 2}


def test_who_does_not_sign_in_sends_nothing(world, submission, authority):
    job = planned(world.engine, 2)
    counts = run(world, submission, authority, job).counts
    assert counts[State.SENT] == 0
    assert counts[State.REFUSED] + counts[State.DEFERRED] == 2


def test_a26_without_tls_it_offers_no_sign_in_and_hears_no_password(world, submission):
    job = planned(world.engine, 1)
    with pytest.raises(RelayError, match="no way to log in"):
        world.run(job, submission.port, host="localhost", username=USER, password=PASSWORD)
    assert world.counts(job) == {State.QUEUED: 1}
