"""Whole messages read by parsers that are not ours: Python's, Perl's MIME tools, npm's postal-mime (A3, A9, A10).

3,000 messages with a Dutch or English subject and a display name each; every parser must give back the same text.
"""

import email
import email.policy
import json
import random
import re
import subprocess
from dataclasses import replace
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path

import pytest

from newsletter.compose import fields
from newsletter.compose.compiled import CompiledIssue, Conditional, Field
from newsletter.compose.flowed import stuffed
from newsletter.compose.lines import as_pieces, joined, prefixed, quoted, wrap
from newsletter.message.template import MessageTemplate
from subscribers.segments import parse_condition
from tests.support.flowed import unflow
from tests.support.messages import (
    DATE,
    identity,
    issue,
    names,
    normalised,
    random_issue,
    random_line,
    recipient,
    subjects,
)

pytestmark = pytest.mark.xdist_group("parsers")  # the messages are made once

COUNT = 3000
SUPPORT = Path(__file__).resolve().parent.parent / "support"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def flowed_issue(rng: random.Random) -> CompiledIssue:
    """Paragraphs that flow, quotations and lists, some of them for some readers only."""
    groups = []
    for _ in range(rng.randint(2, 9)):
        lines = wrap([random_line(rng, most=60), " ", Field("organisation"), " ", random_line(rng)], 72)
        lines = rng.choice([lines, quoted(lines), quoted(quoted(lines)), prefixed(lines, "- ", "  ")])
        condition = parse_condition(rng.choice(["has organisation", 'organisation ~ "provincie"']))
        groups.append([(Conditional(condition, ()),), *lines, (None,)] if rng.random() < 0.3 else lines)
    text = as_pieces(stuffed([*wrap(["Beste lezer, " * 8], 72), (), *joined([[("x",)], *groups])]))
    return issue(text=text, text_is_flowed=True)


@pytest.fixture(scope="module")
def expected() -> dict[str, dict[str, str]]:
    """What each message says, by file name."""
    rng = random.Random(99)
    found = {}
    for index, (subject, name) in enumerate(zip(subjects(COUNT), names(COUNT), strict=True)):
        compiled = (random_issue(rng), flowed_issue(rng), issue())[index % 3]
        to = recipient(name, address=f"jan.{index}@gemeente.example")
        values = {**to.fields, "unsubscribe_url": to.unsubscribe_url}
        found[f"{index:05}"] = {
            "compiled": replace(compiled, subject=(subject,)),
            "recipient": to,
            "subject": subject,
            "name": re.sub(" +", " ", name),
            "address": to.address,
            "list_id": "Nieuwsbrief Voorbeeld <nieuwsbrief.example.org>",
            "list_unsubscribe": f"<{to.unsubscribe_url}>, <{to.unsubscribe_mailto}>",
            "text/plain": normalised(fields.fill(compiled.text, values)),
            "text/html": normalised(fields.fill(compiled.html, values)),
        }
    return found


@pytest.fixture(scope="module")
def folder(expected, tmp_path_factory) -> Path:
    """The messages as files."""
    place = tmp_path_factory.mktemp("mails")
    for name, mail in expected.items():
        assets = {asset.name: PNG for asset in mail["compiled"].assets}
        template = MessageTemplate.build(mail["compiled"], identity(), assets)
        (place / f"{name}.eml").write_bytes(template.fill(mail["recipient"], DATE))
    return place


def assert_same(found: list[dict[str, str]], expected: dict[str, dict[str, str]]) -> None:
    assert len(found) == len(expected)
    for mail in found:
        wanted = expected[mail["file"]]
        for key in ("subject", "name", "address", "list_id", "list_unsubscribe"):
            assert mail[key] == wanted[key], mail["file"]
        for key in ("text/plain", "text/html"):
            # Whether the last line end belongs to the part or to the boundary is seen differently.
            assert (mail[key] or "").rstrip("\n") == wanted[key].rstrip("\n"), mail["file"]


def run(*command: str | Path) -> list[dict[str, str]]:
    done = subprocess.run([str(part) for part in command], capture_output=True, check=True, timeout=240)
    return [json.loads(line) for line in done.stdout.splitlines()]


def name_as_python_reads_it(raw: bytes, mail: EmailMessage) -> str:
    """The modern parser puts a space between two encoded-words of a name (it should not); the older one reads them."""
    to = re.sub(r"\r\n(?=[ \t])", "", raw.partition(b"\r\nSubject:")[0].decode("ascii"))
    if to.count("=?utf-8?") > 1:
        return str(make_header(decode_header(parseaddr(to.removeprefix("To: "))[0])))
    return mail["To"].addresses[0].display_name


def test_python_reads_every_message_as_it_was_meant_a3(folder, expected):
    found = []
    for path in folder.iterdir():
        raw = path.read_bytes()
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        texts = [part for part in mail.walk() if part.get_content_maintype() == "text"]
        found.append(
            {
                "file": path.stem,
                "subject": str(mail["Subject"]),
                "name": name_as_python_reads_it(raw, mail),
                "address": mail["To"].addresses[0].addr_spec,
                "list_id": str(mail["List-Id"]),
                "list_unsubscribe": str(mail["List-Unsubscribe"]),
                **{part.get_content_type(): normalised(part.get_content()) for part in texts},
            }
        )
    assert_same(found, expected)


@pytest.mark.system("perl")
def test_perl_reads_every_message_as_it_was_meant_a3(folder, expected):
    assert_same(run("perl", SUPPORT / "parse_mails.pl", folder), expected)


@pytest.mark.system("node")
def test_postal_mime_reads_every_message_as_it_was_meant_a3(folder, expected, node_tools):
    """It also joins the lines that flow (RFC 3676), which the others leave to who shows the mail."""
    shown = {
        name: mail | ({"text/plain": unflow(mail["text/plain"])} if mail["compiled"].text_is_flowed else {})
        for name, mail in expected.items()
    }
    assert_same(run("node", SUPPORT / "parse_mails.mjs", node_tools, folder), shown)


def test_python_reads_sender_and_reply_address_as_they_were_meant(folder):
    mail = email.message_from_bytes(next(folder.iterdir()).read_bytes(), policy=email.policy.default)
    assert mail["From"].addresses[0].display_name == "Programma Voorbeeld"
    assert mail["Reply-To"].addresses[0].display_name == "Redactie Coöperatie"
