"""What leaves the machine is signed, and so is what `test` and `build` show of it (A14, A21)."""

import json
import re
import shutil
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from newsletter.config import load
from newsletter.store.dkim_keys import signer_of
from tests.support.cli import newsletter
from tests.support.dkim import dkimpy_verifies, mailauth_verdicts, records_of
from tests.support.smtp import ScriptedServer

KEYS = """
[dkim.rsa2027]
domain = "example.org"
selector = "rsa2027"
key_file = "dkim/rsa2027.pem"

[dkim.ed2027]
domain = "example.org"
selector = "ed2027"
key_file = "dkim/ed2027.pem"
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp_path = tmp_path_factory.mktemp("signed")
    newsletter("init", "p", cwd=tmp_path).expect(0)
    folder = tmp_path / "p"
    file = folder / "newsletter.toml"
    text = file.read_text().replace("[lists.nieuwsbrief]", '[lists.nieuwsbrief]\ndkim = ["rsa2027", "ed2027"]', 1)
    file.write_text(text + KEYS)
    newsletter("doctor", "--new-dkim-key", "rsa2027", cwd=folder).expect(0)
    newsletter("doctor", "--new-dkim-key", "ed2027", "--ed25519", cwd=folder).expect(0)
    return folder


@pytest.fixture
def project(finished: Path, tmp_path: Path) -> Path:
    """A copy with three subscribers; a database must not be copied."""
    folder = Path(shutil.copytree(finished, tmp_path / "p"))
    (folder / "lezers.csv").write_text(
        "email,name\n" + "".join(f"p{n}@example.org,Lezer Ünïcode {n}\n" for n in range(3))
    )
    newsletter(
        "subscribers", "import", "lezers.csv", "--list", "nieuwsbrief", "--basis", "consent", "--source", "form",
        "--consented-at", "2026-01-01", cwd=folder,
    ).expect(0)  # fmt: skip
    return folder


def records(project: Path) -> dict[str, str]:
    return records_of(*signer_of(load(project / "newsletter.toml"), "nieuwsbrief").keys)


def is_signed_twice(message: bytes, known: dict[str, str]) -> bool:
    """The first signature verifies, and both cover the unsubscribe headers (A14); dkimpy knows RSA only."""
    signatures = message_from_bytes(message, policy=policy.compat32).get_all("DKIM-Signature")
    covered = [
        re.search(r"h=([^;]+)", value)[1].replace(" ", "").replace("\r\n", "").split(":") for value in signatures
    ]
    assert all(names.count("list-unsubscribe") == 2 and "list-unsubscribe-post" in names for names in covered)
    return len(signatures) == 2 and dkimpy_verifies(message, known)


def arrived(server: ScriptedServer) -> list[bytes]:
    return [message.removesuffix(b".\r\n") for message in server.messages]


@pytest.mark.system("node")
def test_a21_everything_that_is_sent_arrives_signed_by_every_key(project: Path, node_tools: Path) -> None:
    known = records(project)
    with ScriptedServer(extensions=("PIPELINING", "SIZE 10000000", "DSN")) as server:
        relay = {"NEWSLETTER__RELAYS__MAIN__PORT": str(server.port)}
        newsletter("test", "issues/nieuwsbrief.md", "--to", "jan@example.org", cwd=project, env=relay).expect(0)
        done = newsletter("send", "issues/nieuwsbrief.md", "--yes", "--json", cwd=project, env=relay).expect(0)
        said = b"".join(server.lines).decode()
    events = [json.loads(line) for line in done.out.splitlines()]
    assert [events[0]["event"], events[-1]["event"], events[-1]["counts"]["sent"]] == ["start", "end", 3]
    assert "@" not in done.out
    assert len(server.messages) == 4
    assert all(is_signed_twice(message, known) for message in arrived(server))
    assert mailauth_verdicts(node_tools, arrived(server), known) == [["pass", "pass"]] * 4
    changed = arrived(server)[1].replace(b"Subject: ", b"Subject: x", 1)
    assert not dkimpy_verifies(changed, known)
    asked = re.findall(
        r"^MAIL FROM:<\S+> SIZE=\d+ RET=HDRS ENVID=(\d+\.[0-9a-f]{32}\.[0-9a-f]{8}@\S+)", said, re.MULTILINE
    )
    assert len(set(asked)) == 3, "a test mail asks for no report, each delivery under its own name"
    assert said.count("NOTIFY=FAILURE ORCPT=rfc822;") == 3


def test_a21_build_writes_what_would_be_sent_and_says_so_when_the_key_is_not_here(project: Path) -> None:
    known = records(project)
    newsletter("build", "issues/nieuwsbrief.md", "--out", "out", cwd=project).expect(0)
    assert is_signed_twice((project / "out" / "message.eml").read_bytes(), known)
    (project / "dkim" / "rsa2027.pem").unlink()
    shown = newsletter("build", "issues/nieuwsbrief.md", "--out", "out", cwd=project).expect(0)
    assert "Not signed with DKIM" in shown.err
    assert b"DKIM-Signature" not in (project / "out" / "message.eml").read_bytes()


def test_without_its_key_nothing_is_planned(project: Path) -> None:
    (project / "dkim" / "rsa2027.pem").unlink()
    with ScriptedServer() as server:
        relay = {"NEWSLETTER__RELAYS__MAIN__PORT": str(server.port)}
        shown = newsletter("send", "issues/nieuwsbrief.md", "--yes", cwd=project, env=relay).expect(2)
    assert "--new-dkim-key" in shown.err
    assert not server.messages
    assert "1" not in newsletter("jobs", cwd=project).expect(0).out.split()


def test_what_is_larger_than_the_relay_takes_is_refused_before_anything_is_planned(project: Path) -> None:
    with ScriptedServer(extensions=("PIPELINING", "SIZE 9000")) as server:
        relay = {"NEWSLETTER__RELAYS__MAIN__PORT": str(server.port)}
        shown = newsletter("send", "issues/nieuwsbrief.md", "--yes", cwd=project, env=relay).expect(1)
        assert "the relay takes at most 9000 octets" in shown.err
        assert not any(line.startswith(b"MAIL") for line in server.lines)
    assert "1" not in newsletter("jobs", cwd=project).expect(0).out.split()


def test_of_several_relays_the_one_that_cannot_take_the_issue_is_named_before_the_question(project: Path) -> None:
    toml = project / "newsletter.toml"
    text = toml.read_text().replace("[lists.nieuwsbrief]\n", '[lists.nieuwsbrief]\nrelay = ["main", "second"]\n', 1)
    more = '\n[relays.second]\nhost = "127.0.0.1"\nport = 1\nsecurity = "none"\n'
    toml.write_text(text + more)
    with (
        ScriptedServer(extensions=("PIPELINING", "SIZE 9000")) as small,
        ScriptedServer(extensions=("PIPELINING", "SIZE 9000000")) as large,
    ):
        main, second = "NEWSLETTER__RELAYS__MAIN__PORT", "NEWSLETTER__RELAYS__SECOND__PORT"
        both_small = {main: str(small.port), second: str(small.port)}
        shown = newsletter("send", "issues/nieuwsbrief.md", "--yes", cwd=project, env=both_small).expect(1)
        assert "relay second takes no message of this issue: 5.3.4 the relay takes at most 9000" in shown.err
        ports = {main: str(large.port), second: str(small.port)}
        shown = newsletter("send", "issues/nieuwsbrief.md", cwd=project, env=ports).expect(2)
        assert "Note: relay second takes no message of this issue: 5.3.4 the relay takes at most 9000" in shown.err
    assert not any(line.startswith(b"MAIL") for line in small.lines + large.lines)
