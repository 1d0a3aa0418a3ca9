"""A private Dovecot for tests: IMAP by TLS and STARTTLS, one mailbox, a folder and a certificate of its own."""

import imaplib
import os
import pwd
import shutil
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.ports import free_port
from tests.support.smtp import Authority

USER, PASSWORD = "nieuws@example.org", "zeer-geheim"
CONFIGURATION = """\
protocols = imap
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
default_internal_user = {owner}
default_internal_group = {group}
default_login_user = {owner}
ssl = required
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.key
disable_plaintext_auth = yes
auth_mechanisms = plain login
mail_location = maildir:{folder}/mail
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
imap_capability = {capability}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""
"""One user for all: the tests are about the protocol, not about the separation of users."""


@dataclass(frozen=True)
class Dovecot:
    folder: Path
    port: int
    tls_port: int
    ca_file: Path

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text() if (self.folder / "log").exists() else ""

    @contextmanager
    def client(self) -> Iterator[imaplib.IMAP4]:
        context = ssl.create_default_context(cafile=self.ca_file)
        client = imaplib.IMAP4_SSL("localhost", self.tls_port, ssl_context=context)
        client.login(USER, PASSWORD)
        try:
            yield client
        finally:
            client.logout()

    def deliver(self, *mails: bytes, folder: str = "INBOX", when: str = "") -> None:
        """Put mails into a folder; `when`: their arrival as IMAP writes it."""
        with self.client() as client:
            for mail in mails:
                answer = client.append(folder, "", f'"{when}"' if when else None, mail)
                assert answer[0] == "OK", answer

    def mails(self, folder: str = "INBOX") -> list[bytes]:
        """The mails of a folder; none if there is no such folder."""
        with self.client() as client:
            if client.select(f'"{folder}"', readonly=True)[0] != "OK":
                return []
            found = client.uid("FETCH", "1:*", "(BODY.PEEK[])")[1]
            return [bytes(item[1]) for item in found if isinstance(item, tuple)]

    def unseen(self, folder: str = "INBOX") -> int:
        with self.client() as client:
            client.select(folder, readonly=True)
            return len(client.uid("SEARCH", "UNSEEN")[1][0].split())


@contextmanager
def running_dovecot(authority: Authority, capability: str = "", more: str = "") -> Iterator[Dovecot]:
    """Start it, and stop it and remove its files at the end.

    `capability`: what it offers instead of all it can; `more`: further lines of its configuration.
    """
    folder = Path(tempfile.mkdtemp(prefix="newsletter-imap-"))  # short: a socket's path has 107 octets
    folder.chmod(0o755)
    owner = pwd.getpwnam("dovecot")
    for name in ("run", "mail", "home"):
        (folder / name).mkdir(mode=0o755)
        os.chown(folder / name, owner.pw_uid, owner.pw_gid)
    for name in ("server.pem", "server.key"):
        shutil.copy(authority.folder / name, folder / name)
    server = Dovecot(folder, free_port(), free_port(), authority.ca_file)
    values = {
        "folder": folder, "owner": "dovecot", "group": "dovecot", "uid": owner.pw_uid, "gid": owner.pw_gid,
        "port": server.port, "tls_port": server.tls_port, "password": PASSWORD, "capability": capability,
    }  # fmt: skip
    file = folder / "dovecot.conf"
    file.write_text(CONFIGURATION.format(**values) + more)
    process = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", str(file)], stderr=subprocess.PIPE)
    try:
        _wait(server, process)
        yield server
    finally:
        process.terminate()
        process.communicate(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(server: Dovecot, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        try:
            with server.client():
                return
        except (OSError, imaplib.IMAP4.error):
            time.sleep(0.1)
    said = process.stderr.read() if process.poll() is not None else b""
    raise AssertionError(f"Dovecot did not start: {said!r} {server.log}")
