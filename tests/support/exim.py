"""A private Exim for tests. Debian's package cannot stand beside Postfix's, so its files live in a folder of their own.

`.ci/exim` unpacks them without installing anything; Exim runs there in a chroot, which gives it the user, the
configuration and the spool that it was built to look for.
"""

import os
import shutil
import socket
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
UNPACKED = Path(os.environ.get("NEWSLETTER_EXIM") or Path(__file__).resolve().parents[2] / "build" / "exim")
"""The files of exim4-daemon-light and of the libraries that only it needs."""
PROGRAM = "usr/sbin/exim4"
OWNER = 6001
"""User and group of its files; it needs no name on this machine."""

CONFIGURATION = """\
primary_hostname = relay.example
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
log_file_path = /var/log/exim4/%slog
log_selector = +all_parents +smtp_connection
keep_environment =
domainlist local_domains = example.org
dsn_advertise_hosts = *
tls_advertise_hosts = *
tls_certificate = /etc/exim4/server.pem
tls_privatekey = /etc/exim4/server.key
host_lookup =
rfc1413_hosts =
smtp_accept_max = 200
smtp_accept_max_per_connection = 0
smtp_receive_timeout = 1m
never_users =
queue_run_max = 2
acl_smtp_rcpt = check_recipient
acl_smtp_data = check_message
{main}
begin acl
check_recipient:
  deny message = relay not permitted
       !domains = +local_domains
  {verify}
  accept
check_message:
  accept
begin routers
box:
  driver = accept
  domains = +local_domains
  local_parts = ^p[0-9]+\\$
  transport = maildir
returned:
  driver = accept
  senders = :
  transport = returned
begin transports
maildir:
  driver = appendfile
  directory = /var/mail/box
  maildir_format
  user = Debian-exim
  envelope_to_add
  return_path_add
returned:
  driver = appendfile
  directory = /var/mail/returned
  maildir_format
  user = Debian-exim
  envelope_to_add
begin retry
* * F,1h,1m
begin authenticators
{authenticators}
"""
VERIFY = "deny message = no such user\n       !verify = recipient"
SIGNED_IN = "deny message = sign in first\n       !authenticated = *"
AUTHENTICATORS = {
    "PLAIN": """driver = plaintext
  server_condition = ${{if and{{{{eq{{$auth2}}{{{user}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2""",
    "LOGIN": """driver = plaintext
  server_prompts = Username:: : Password::
  server_condition = ${{if and{{{{eq{{$auth1}}{{{user}}}}}{{eq{{$auth2}}{{{password}}}}}}}}}
  server_set_id = $auth1""",
    "CRAM-MD5": """driver = cram_md5
  server_secret = ${{if eq{{$auth1}}{{{user}}}{{{password}}}fail}}
  server_set_id = $auth1""",
}
OVER_TLS = "auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}\n"


@dataclass(frozen=True)
class Exim:
    folder: Path
    port: int

    @property
    def log(self) -> str:
        path = self.folder / "var" / "log" / "exim4" / "mainlog"
        return path.read_text() if path.exists() else ""

    @property
    def taken(self) -> int:
        """Messages that entered its queue so far."""
        return self.log.count(" <= ")

    def delivered(self, box: str = "box") -> list[bytes]:
        return [path.read_bytes() for path in (self.folder / "var" / "mail" / box / "new").glob("*")]

    def wait_for(self, number: int, seconds: float = 60, box: str = "box") -> list[bytes]:
        end = time.monotonic() + seconds
        while len(self.delivered(box)) < number and time.monotonic() < end:
            time.sleep(0.05)
        return self.delivered(box)


def is_unpacked() -> bool:
    return (UNPACKED / PROGRAM).exists()


def _libraries() -> list[Path]:
    """The shared objects of Exim, its own ones included."""
    own = ":".join(str(path) for path in {file.parent for file in UNPACKED.rglob("lib*.so*")})
    done = subprocess.run(
        ["ldd", UNPACKED / PROGRAM], env={**os.environ, "LD_LIBRARY_PATH": own}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert "not found" not in done.stdout, done.stdout
    return [Path(word) for word in done.stdout.split() if word.startswith("/")]


def _furnish(folder: Path) -> None:
    """All that a program looks for in its root."""
    for name in ("etc/exim4", "usr/sbin", "var/spool/exim4", "var/log/exim4", "var/mail", "dev", "run", "tmp"):
        (folder / name).mkdir(parents=True)
    shutil.copy(UNPACKED / PROGRAM, folder / PROGRAM)
    (folder / PROGRAM).chmod(0o4755)  # it becomes root again to deliver
    for library in _libraries():
        inside = str(library).removeprefix(str(UNPACKED)).lstrip("/")
        (folder / inside).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, folder / inside)
    loader = {Path(str(item).removeprefix(str(UNPACKED))).parent for item in _libraries()}
    (folder / "etc" / "ld.so.conf").write_text("\n".join(map(str, loader)) + "\n")
    subprocess.run(["/sbin/ldconfig", "-r", folder], check=True)
    (folder / "dev" / "null").touch()
    (folder / "dev" / "null").chmod(0o666)
    (folder / "tmp").chmod(0o1777)
    (folder / "etc" / "passwd").write_text(f"root:x:0:0::/:/bin/false\nDebian-exim:x:{OWNER}:{OWNER}::/:/bin/false\n")
    (folder / "etc" / "group").write_text(f"root:x:0:\nmail:x:8:\nDebian-exim:x:{OWNER}:\n")
    (folder / "etc" / "nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files\n")
    (folder / "etc" / "hosts").write_text("127.0.0.1 localhost\n")
    shutil.copy(Path("/etc/localtime"), folder / "etc" / "localtime")
    for name in ("var/spool/exim4", "var/log/exim4", "var/mail"):
        os.chown(folder / name, OWNER, OWNER)


@contextmanager
def running_exim(
    authority: Authority, main: str = "", *, accepts_unknown: bool = False, mechanism: str = ""
) -> Iterator[Exim]:
    """Start it, and stop it and remove its files at the end. Only p0@, p1@, ... of example.org exist.

    `main`: more lines of its main part; `accepts_unknown`: it finds out later, and says so by mail; `mechanism`: it
    takes mail from who signs in by it, over TLS, as USER with PASSWORD.
    """
    folder = Path(tempfile.mkdtemp(prefix="newsletter-exim-"))
    folder.chmod(0o755)
    process: subprocess.Popen[bytes] | None = None
    try:
        _furnish(folder)
        exim = Exim(folder, free_port())
        (folder / "etc" / "exim4" / "exim4.conf").write_text(
            CONFIGURATION.format(
                port=exim.port,
                main=main + OVER_TLS * bool(mechanism),
                verify=SIGNED_IN if mechanism else "" if accepts_unknown else VERIFY,
                authenticators=_authenticator(mechanism),
            )
        )
        for name in ("server.pem", "server.key"):
            shutil.copy(authority.folder / name, folder / "etc" / "exim4" / name)
            os.chown(folder / "etc" / "exim4" / name, OWNER, OWNER)
        process = subprocess.Popen(
            ["chroot", folder, f"/{PROGRAM}", "-bdf", "-q1s"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        _wait(exim, process)
        yield exim
    finally:
        if process:
            process.terminate()
            process.communicate(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


def _authenticator(mechanism: str) -> str:
    if not mechanism:
        return ""
    settings = AUTHENTICATORS[mechanism].format(user=USER, password=PASSWORD)
    return f"signing_in:\n  public_name = {mechanism}\n  {settings}\n"


def _wait(exim: Exim, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", exim.port), 5) as opened:
                assert opened.recv(3) == b"220"
                return
        except OSError:
            time.sleep(0.05)
    said = process.stdout.read() if process.poll() is not None else b""
    raise AssertionError(f"Exim did not start: {said!r} {exim.log}")
