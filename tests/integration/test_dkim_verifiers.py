"""Signed newsletters before verifiers that are not ours (A21): npm's mailauth for both algorithms, OpenDKIM for RSA."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.message.dkim import Signer
from newsletter.message.template import MessageTemplate
from tests.support import messages, node
from tests.support.dkim import dkimpy_verifies, ed25519_key, mailauth_verdicts, records_of, rsa_key
from tests.support.dns import as_text, name_server

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
"""In the past: verifiers refuse signatures of the future."""
BOTH = (rsa_key(), ed25519_key())


def newsletters(count: int = 40) -> list[bytes]:
    """Messages as they are sent, with every awkward subject and name."""
    return [_newsletter(*pair) for pair in zip(messages.subjects(count), messages.names(count), strict=True)]


def _newsletter(subject: str, name: str) -> bytes:
    template = MessageTemplate.build(messages.issue(subject=(subject,)), messages.identity())
    return template.fill(messages.recipient(name=name), messages.DATE)


@pytest.mark.system("node")
def test_a21_mailauth_passes_both_signatures_of_every_newsletter() -> None:
    signed = [Signer(BOTH).signed(message, NOON) for message in newsletters()]
    verdicts = mailauth_verdicts(node.installed(), signed, records_of(*BOTH))
    assert verdicts == [["pass", "pass"]] * len(signed)


@pytest.mark.system("node")
def test_a21_mailauth_fails_a_newsletter_of_which_a_byte_changed() -> None:
    signed = Signer(BOTH).signed(newsletters(1)[0], NOON)
    changed = [signed.replace(b"Mon, 14 Jun", b"Tue, 15 Jun"), signed[:-20] + b"x" + signed[-19:]]
    verdicts = mailauth_verdicts(node.installed(), changed, records_of(*BOTH))
    assert all(verdict != "pass" for found in verdicts for verdict in found)


def test_a21_dkimpy_verifies_every_newsletter() -> None:
    signer = Signer((rsa_key(),))
    assert all(dkimpy_verifies(signer.signed(message, NOON), records_of(rsa_key())) for message in newsletters())


def opendkim_says(message: bytes, resolver: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The verdict of `opendkim-testmsg`, in a mount namespace of its own whose resolver is ours."""
    settings = folder / "resolv.conf"
    settings.write_text(f"nameserver {resolver}\n")
    script = f"mount --bind {settings} /etc/resolv.conf && exec opendkim-testmsg"
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", script],
        input=message.replace(b"\r\n", b"\n").decode("ascii"),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.system("root")
@pytest.mark.system("opendkim")
def test_a21_opendkim_verifies_rsa_and_refuses_a_change(tmp_path: Path) -> None:
    signed = Signer((rsa_key(),)).signed(newsletters(1)[0], NOON)
    records = {(name, "TXT"): (as_text(text),) for name, text in records_of(rsa_key()).items()}
    with name_server(records, "127.53.53.53", 53) as (resolver, _port):
        good = opendkim_says(signed, resolver, tmp_path)
        bad = opendkim_says(signed.replace(b"Mon, 14 Jun", b"Tue, 15 Jun"), resolver, tmp_path)
    assert (good.returncode, good.stderr) == (0, "")
    assert bad.returncode != 0
