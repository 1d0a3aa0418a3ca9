"""A private Postfix for tests: its own configuration, queue and port; mail for example.org goes to one Maildir."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.ports import free_port
from tests.support.smtp import Authority

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log/mail.log
maillog_file_prefixes = {folder}/log
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.example
mydestination =
mynetworks = 127.0.0.0/8
local_recipient_maps =
alias_maps =
virtual_mailbox_domains = example.org
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = regexp:{folder}/etc/boxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
"""

MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    folder: Path
    port: int

    @property
    def log(self) -> str:
        path = self.folder / "log" / "mail.log"
        return path.read_text() if path.exists() else ""

    @property
    def taken(self) -> int:
        """Messages that were received so far."""
        return self.log.count("message-id=")

    def delivered(self) -> list[bytes]:
        return [path.read_bytes() for path in (self.folder / "mail" / "box" / "new").glob("*")]

    def wait_for(self, number: int, seconds: float = 30) -> list[bytes]:
        end = time.monotonic() + seconds
        while len(self.delivered()) < number and time.monotonic() < end:
            time.sleep(0.05)
        return self.delivered()


def _postfix(folder: Path, command: str) -> None:
    done = subprocess.run(
        ["/usr/sbin/postfix", "-c", str(folder / "etc"), command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@contextmanager
def running_postfix(authority: Authority, main: str = "", master: str = "") -> Iterator[Postfix]:
    """Start it; stop it and remove its files at the end. p0@, p1@, ... and zoë@ exist; `main`, `master`: more lines."""
    folder = Path(tempfile.mkdtemp(prefix="newsletter-postfix-"))
    folder.chmod(0o755)
    owner = pwd.getpwnam("postfix")
    for name in ("etc", "queue", "data", "mail", "log"):
        (folder / name).mkdir(mode=0o755)
    for name in ("data", "mail"):
        os.chown(folder / name, owner.pw_uid, owner.pw_gid)
    port = free_port()
    values = {
        "folder": folder, "port": port, "uid": owner.pw_uid, "gid": owner.pw_gid,
        "certificate": folder / "etc" / "server.pem", "key": folder / "etc" / "server.key",
    }  # fmt: skip
    for name in ("server.pem", "server.key"):
        shutil.copy(authority.folder / name, folder / "etc" / name)
    (folder / "etc" / "main.cf").write_text(MAIN.format(**values) + main)
    (folder / "etc" / "master.cf").write_text(MASTER.format(**values) + master)
    (folder / "etc" / "boxes").write_text("/^(p[0-9]+|zoë)@example\\.org$/ box/\n")
    try:
        _postfix(folder, "start")
        try:
            yield Postfix(folder, port)
        finally:
            _postfix(folder, "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
