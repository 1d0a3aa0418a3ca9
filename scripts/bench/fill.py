"""How long filling one message takes, against building the same message with the standard library.

    python scripts/bench/fill.py [--json PATH] [--rounds N]

Medians over rounds in which both take turns, in microseconds per message; the ratio matters more than the figures.
"""

import argparse
import datetime as dt
import json
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from newsletter.compose import fields
from newsletter.compose.compiled import CompiledIssue, Conditional, Escape, Field
from newsletter.issue.model_text import Filter
from newsletter.message.headers import format_date
from newsletter.message.identity import MailIdentity
from newsletter.message.recipient import Recipient
from newsletter.message.template import MessageTemplate
from subscribers.segments import parse_condition

SENTENCE = "Vanaf maandag kunnen gemeenten subsidie aanvragen voor één project van vrijwilligers in de buurt. "
OR_READER = (Filter("default", "lezer"),)
DATE = format_date(dt.datetime(2027, 6, 14, 7, 30, tzinfo=dt.UTC))
TOKEN = "AQEB" + "k" * 44
IDENTITY = MailIdentity(
    sender_name="Programma Voorbeeld",
    sender_address="nieuwsbrief@example.org",
    reply_to_name="Redactie Coöperatie",
    reply_to_address="redactie@example.org",
    list_id="nieuwsbrief.example.org",
    list_phrase="Nieuwsbrief Voorbeeld",
    domain="example.org",
)


def issue(kilobytes: int) -> CompiledIssue:
    """An issue whose message has about this size: a fifth of it text, the rest HTML, four gaps in each."""
    paragraphs = max(1, kilobytes * 1024 // 5 // (len(SENTENCE) + 3) // 2)
    text = f"{SENTENCE}\n" * paragraphs
    style = (
        "margin:0 0 16px;font-family:Arial,sans-serif;font-size:16px;line-height:1.6;color:#1a1a1a;mso-line-height-rule"
    )
    cell = f'<p style="{style}:exactly">{SENTENCE}</p>\n' * int(paragraphs * 1.5)
    return CompiledIssue(
        list_slug="nieuwsbrief",
        slug="zomer",
        language="nl",
        date=dt.date(2027, 6, 14),
        title="Zomereditie",
        subject=("Zomereditie: één nieuwe subsidieronde",),
        preheader=(),
        html=_with_gaps("<!doctype html><html lang='nl'><body>", cell, Escape.HTML),
        text=_with_gaps("", text, Escape.TEXT),
    )


def _with_gaps(start: str, middle: str, escape: Escape) -> tuple[str | Field, ...]:
    link = Field("unsubscribe_url", (), Escape.HTML if escape is Escape.HTML else Escape.TEXT)
    return (
        start,
        link,
        "\n",
        Field("name", OR_READER, escape),
        middle,
        Field("organisation", (), escape),
        middle,
        link,
    )


def recipients(count: int) -> list[Recipient]:
    """People with and without accents in their names, one link each."""
    rng = random.Random(1)
    names = ("Jan Jansen", "Daniëlle de Groot", "M. van den Berg", "Zoë", "")
    return [
        Recipient(
            address=f"persoon{number}@gemeente.example",
            fields={"name": rng.choice(names), "organisation": "Gemeente Voorbeeld"},
            unsubscribe_url=f"https://nieuws.example.org/u/{TOKEN}",
            unsubscribe_mailto=f"mailto:afmelden@example.org?subject=unsubscribe%20{TOKEN}",
            message_id=f"<{number + 1}.{'0f' * 16}.89abcdef@example.org>",
            envelope_sender="nieuwsbrief@example.org",
        )
        for number in range(count)
    ]


def build_with_standard_library(compiled: CompiledIssue, recipient: Recipient) -> bytes:
    """The same message, the way a program without a template makes it."""
    values = fields.values_for(compiled, recipient.fields, recipient.unsubscribe_url)
    message = EmailMessage(policy=SMTP)
    name = recipient.fields["name"]
    message["To"] = f'"{name}" <{recipient.address}>' if name else recipient.address
    message["Subject"] = fields.fill(compiled.subject, values)
    message["Date"] = DATE.decode()
    message["Message-ID"] = recipient.message_id
    message["From"] = f"{IDENTITY.sender_name} <{IDENTITY.sender_address}>"
    message["Reply-To"] = f"{IDENTITY.reply_to_name} <{IDENTITY.reply_to_address}>"
    message["List-Id"] = f"{IDENTITY.list_phrase} <{IDENTITY.list_id}>"
    message["List-Unsubscribe"] = f"<{recipient.unsubscribe_url}>, <{recipient.unsubscribe_mailto}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Precedence"] = "list"
    message.set_content(fields.fill(compiled.text, values), cte="quoted-printable")
    message.add_alternative(fields.fill(compiled.html, values), subtype="html", cte="quoted-printable")
    return message.as_bytes()


def microseconds(work: Callable[[Recipient], object], people: list[Recipient]) -> float:
    """Per message, once through all of `people`."""
    start = time.perf_counter()
    for person in people:
        work(person)
    return (time.perf_counter() - start) / len(people) * 1e6


def with_audiences(compiled: CompiledIssue) -> CompiledIssue:
    """The issue with half of each part in an audience block, and a second condition that never holds."""
    gemeente, nobody = parse_condition('organisation ~ "gemeente" and language = "nl"'), parse_condition("has absent")
    html, text = (
        (*pieces[:4], Conditional(gemeente, pieces[4:5]), Conditional(nobody, pieces[4:6]), *pieces[5:])
        for pieces in (compiled.html, compiled.text)
    )
    return replace(compiled, html=html, text=text)


def measure(kilobytes: int, rounds: int, *, has_audiences: bool = False) -> dict[str, float]:
    """Medians of both for one size, and their ratio."""
    compiled = with_audiences(issue(kilobytes)) if has_audiences else issue(kilobytes)
    template = MessageTemplate.build(compiled, IDENTITY)
    many, few = recipients(2000), recipients(20)
    ours, theirs, built = [], [], []
    for _ in range(rounds):
        ours.append(microseconds(lambda person: template.fill(person, DATE), many))
        theirs.append(microseconds(lambda person: build_with_standard_library(compiled, person), few))
        built.append(microseconds(lambda _: MessageTemplate.build(compiled, IDENTITY), few[:3]))
    fill, build = statistics.median(ours), statistics.median(theirs)
    return {
        "audience_blocks": 4 * has_audiences,
        "octets": len(template.fill(many[0], DATE)),
        "fill_microseconds": round(fill, 2),
        "email_message_microseconds": round(build, 1),
        "ratio": round(build / fill, 1),
        "template_build_milliseconds": round(statistics.median(built) / 1000, 2),
    }


def main() -> None:
    """Measure, print the table and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="PATH", help="also write the figures as JSON")
    parser.add_argument("--rounds", type=int, default=9, help="rounds that the medians are taken over (9)")
    arguments = parser.parse_args()
    results = [
        measure(kilobytes, arguments.rounds, has_audiences=has_audiences)
        for kilobytes in (5, 64)
        for has_audiences in (False, True)
    ]
    table = Table(title="One message filled, microseconds (medians)", title_justify="left")
    for head in (
        "audience blocks",
        "octets",
        "MessageTemplate.fill",
        "email.message",
        "ratio",
        "template built once, ms",
    ):
        table.add_column(head, justify="right")
    for result in results:
        table.add_row(*map(str, result.values()))
    Console().print(table)
    if arguments.json:
        report = {"bench": "fill", "python": platform.python_version(), "rounds": arguments.rounds, "results": results}
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
