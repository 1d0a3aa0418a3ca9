"""The message that was sent, where a report carries it: as a part of its own or copied into the text. Pure.

A copy in the text is known by its shape: several lines in a row that are the headers of a mail. What servers write
above it differs by language and version and is not relied on.
"""

import re
from dataclasses import dataclass

from newsletter.feedback.headers import Headers, split_headers
from newsletter.feedback.mime import Part

_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,60})[ \t]{0,3}:(?!//)")
_OF_A_MAIL = frozenset(
    [
        "received",
        "from",
        "to",
        "cc",
        "subject",
        "date",
        "message-id",
        "return-path",
        "mime-version",
        "content-type",
        "reply-to",
        "dkim-signature",
        "delivered-to",
        "x-mailer",
        "user-agent",
        "sender",
        "content-transfer-encoding",
        "list-unsubscribe",
        "list-id",
        "precedence",
        "x-received",
        "received-spf",
        "authentication-results",
        "arc-seal",
        "x-google-smtp-source",
        "references",
        "in-reply-to",
    ]
)
_TELLING = frozenset(
    [
        "received",
        "message-id",
        "return-path",
        "dkim-signature",
        "delivered-to",
        "x-received",
        "received-spf",
        "arc-seal",
    ]
)
_RULE = re.compile(
    r"^[ \t>]{0,10}[-_=*#~]{2,}[^\n]{0,40}?\b(?:copy|original|returned|unsent|undelivered|headers?|kopie|kopf"
    r"|oorspronkelijk|urspr|originale?|copie|mensaje|mensagem|messaggio)\b[^\n]{0,80}$",
    re.IGNORECASE | re.MULTILINE,
)
_MARGIN = " \t>|"
"""What a quotation or an indentation puts before a line."""
_EXCERPT_LINES = 15
_COPY_LINES = 400
_NEEDED = 3
_WINDOW = 12
"""Header lines that are looked at from the first one on."""


@dataclass(frozen=True, slots=True)
class Divided:
    """A text in two: what the server says, and the headers of the message below it."""

    report: str
    headers: Headers


def returned_part(mail: Part) -> Headers:
    """The headers of the message in the first part of its kind; empty if there is none."""
    for part in mail.walk():
        if part is mail:
            continue
        if part.type == "text/plain" and part.is_returned:
            return part.headers
        if part.is_returned:
            return split_headers(part.content().lstrip(b"\n"))[0]
    return Headers()


def divide(text: str) -> Divided:
    """`text` without the copy of the message that it ends in, and the headers of that copy."""
    lines = text.split("\n")
    begins = [index for index in range(len(lines)) if _begins_mail(lines, index)]
    begin = next((index for index in begins if not _is_excerpt(lines, index)), len(lines))
    report, copy = "\n".join(lines[:begin]), lines[begin:] or (lines[begins[0] :] if begins else [])
    rule = _RULE.search(report)
    if rule and report[: rule.start()].strip():
        report = report[: rule.start()]
    return Divided(report, split_headers("\n".join(_unquoted(copy[:_COPY_LINES])).encode("utf-8", "replace"))[0])


def _is_excerpt(lines: list[str], index: int) -> bool:
    """Whether headers are set in among the words of a report, which goes on at the margin right below them."""
    if lines[index][:1] not in {" ", "\t"}:
        return False
    below = (line for line in lines[index : index + _EXCERPT_LINES] if line.strip())
    return any(line[:1] not in _MARGIN for line in below)


def _begins_mail(lines: list[str], index: int) -> bool:
    line = lines[index]
    found = _HEADER.match(line.lstrip(_MARGIN))
    if not found or found[1].lower() not in _OF_A_MAIL:
        return False
    names = _names(lines, index, indent=len(line) - len(line.lstrip(_MARGIN)))
    return len(names & _OF_A_MAIL) >= _NEEDED and bool(names & _TELLING or {"from", "date"} <= names)


def _names(lines: list[str], index: int, *, indent: int) -> set[str]:
    """The header names from line `index` on, as long as they stand at one depth or are folded."""
    names: set[str] = set()
    read = 0
    for line in lines[index : index + 3 * _WINDOW]:
        bare = line[indent:] if not line[:indent].strip(_MARGIN) else line
        found = _HEADER.match(bare)
        if found:
            names.add(found[1].lower())
            read += 1
        elif not bare.strip() or bare[:1] not in " \t":
            break
        if read >= _WINDOW:
            break
    return names


def _unquoted(lines: list[str]) -> list[str]:
    """The copy without the indentation or quotation marks of its first line."""
    first = lines[0] if lines else ""
    depth = len(first) - len(first.lstrip(_MARGIN))
    return [line[depth:] if not line[:depth].strip(_MARGIN) else line for line in lines]
