"""What one line of a mail log says, in words that Postfix and Exim have in common. Pure."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a line says of a message, of a connection, or of the log itself."""

    FOREIGN = "foreign"
    """Of another program: it does not show that the relay's lines are here."""
    LOSS = "loss"
    """Of the machine's log service: lines were dropped."""
    OTHER = "other"
    """Of the relay, and of no interest."""
    OPENED = "opened"
    """Postfix gives a queue id to a message that is to come."""
    RECEIVED = "received"
    """Postfix read the Message-ID: by itself no proof that the rest came, nor that it did not."""
    REFUSED = "refused"
    """The message of this queue id was answered with an error after its content, and thrown away."""
    QUEUED = "queued"
    """What only happens to a message that Postfix answered for: queue manager, delivery, bounce."""
    REMOVED = "removed"
    """The same, and the queue id is free for another message."""
    ARRIVED = "arrived"
    """Exim took the message with this Message-ID: it writes the line before it answers."""
    CONNECTED = "connected"
    CUT = "cut"
    """The connection ended amid the content of a message."""
    CLOSED = "closed"


class Said(NamedTuple):
    """A line, read."""

    kind: Kind
    machine: str = ""
    """As it calls itself; empty in Exim's own files, which name none."""
    instance: str = ""
    """Of several Postfix on one machine: each has its own queue ids."""
    process: str = ""
    queue_id: str = ""
    text: str = ""
    """The Message-ID; for CLOSED how many recipients, contents begun, and messages the connection took: `2 2 1`."""


_SENT_BY = re.compile(r"(\S+) ([^\s\[\]:]+)(?:\[(\d+)\])?: ")
_ABOUT = re.compile(r"([0-9A-Za-z]+): ")
_MESSAGE_ID = re.compile(r"([0-9A-Za-z]+): message-id=(\S*)")
_REFUSED = {
    "cleanup": re.compile(r"([0-9A-Za-z]+): (?:milter-)?reject: (?!RCPT )"),
    "smtpd": re.compile(r"([0-9A-Za-z]+): (?:milter-)?reject: (?:DATA|END-OF-MESSAGE) "),
}
_OPENED = {
    "smtpd": re.compile(r"([0-9A-Za-z]+): client="),
    "pickup": re.compile(r"([0-9A-Za-z]+): uid="),
}
_CUT = re.compile(r"[\w ]+ after DATA \(\d+ bytes\) from ")
_CLOSED = re.compile(r"disconnect from .*\] .*?\brcpt=(\d+)(?:/\d+)? data=(\d+)(?:/(\d+))?(?:\s|$)")
_QUEUE_PARTS = frozenset(
    (
        "qmgr",
        "nqmgr",
        "oqmgr",
        "postsuper",
        "smtp",
        "lmtp",
        "local",
        "virtual",
        "pipe",
        "error",
        "retry",
        "bounce",
        "trace",
    )
)
_EXIM_ID = r"[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4}"
_EXIM_ARRIVED = re.compile(rf"(?:^| ){_EXIM_ID} <= \S+ .*? id=(\S+)")
_EXIM_LINE = re.compile(
    rf"(?:\[\d+\] )?(?:{_EXIM_ID} (?:<=|=>|->|>>|\*>|\*\*|==|Completed|H=|Message )|exim [\d.]+ daemon|"
    r"(?:Start|End) queue run: |SMTP |H=|no (?:host name|IP address) found)"
)
"""Exim's own files name no program, so its lines are known by how they begin."""
_EXIM_REFUSED = re.compile(r" rejected (?:after|during) ")
_LOSS = re.compile(
    r"\bsuppressed \d+ messages|\bmessages (?:were )?(?:lost|dropped|discarded)|\brate-limiting|\bto drop messages|"
    r"\b(?:missed|lost|dropped|discarded) \d+ messages",
    re.IGNORECASE,
)
_NAMED = re.compile(r"(?:\bid[=:] ?|\bmsgid[=:] ?|<)<?([^\s<>,;\"()]+@[^\s<>,;\"()]+)", re.IGNORECASE)


def read_line(rest: str) -> Said:
    """What a line says; `rest` is what stands after its time."""
    if _EXIM_LINE.match(rest):
        return _exim(rest, "")
    found = _SENT_BY.match(rest)
    if found is None:
        return Said(Kind.LOSS if _LOSS.search(rest) else Kind.FOREIGN)
    machine, program, process = found[1], found[2], found[3] or ""
    text = rest[found.end() :]
    if program.startswith("postfix"):
        instance, _, part = program.partition("/")
        kind, queue_id, detail = _postfix(part.rpartition("/")[2], text)
        return Said(kind, machine, instance, process, queue_id, detail)
    if program.startswith("exim"):
        return _exim(text, machine)
    is_loss = program != "kernel" and _LOSS.search(text)
    return Said(Kind.LOSS if is_loss else Kind.FOREIGN, machine)


def message_ids_in(rest: str) -> Iterator[str]:
    """Every Message-ID that a line of whatever program names."""
    return (found[1] for found in _NAMED.finditer(rest))


def _postfix(part: str, text: str) -> tuple[Kind, str, str]:
    """Kind, queue id, and the rest."""
    if part in _QUEUE_PARTS and (found := _ABOUT.match(text)):
        is_last = text.startswith("removed", found.end())
        return (Kind.REMOVED if is_last else Kind.QUEUED), found[1], ""
    if part == "cleanup" and (found := _MESSAGE_ID.match(text)):
        return Kind.RECEIVED, found[1], found[2]
    if part in _OPENED and (found := _OPENED[part].match(text)):
        return Kind.OPENED, found[1], ""
    if part in _REFUSED and (found := _REFUSED[part].match(text)):
        return Kind.REFUSED, found[1], ""
    return _connection(text) if part == "smtpd" else (Kind.OTHER, "", "")


def _connection(text: str) -> tuple[Kind, str, str]:
    if text.startswith("connect from "):
        return Kind.CONNECTED, "", ""
    if _CUT.match(text):
        return Kind.CUT, "", ""
    if text.startswith("disconnect from "):
        found = _CLOSED.match(text)
        return Kind.CLOSED, "", f"{found[1]} {found[3] or found[2]} {found[2]}" if found else ""
    return Kind.OTHER, "", ""


def _exim(text: str, machine: str) -> Said:
    if found := _EXIM_ARRIVED.search(text):
        return Said(Kind.ARRIVED, machine, text=found[1])
    return Said(Kind.REFUSED if _EXIM_REFUSED.search(text) else Kind.OTHER, machine)
