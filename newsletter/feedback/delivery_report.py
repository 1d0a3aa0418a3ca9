"""Delivery status notifications: the machine-readable part of RFC 3464 and RFC 6533. Pure.

Read by its fields, not by its blank lines: servers lose those, double them, and leave the type of an address away.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from newsletter.feedback.addresses import field_address
from newsletter.feedback.headers import split_headers
from newsletter.feedback.mime import Part
from newsletter.feedback.model import Action

TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
MAXIMUM_RECIPIENTS = 500
MAXIMUM_CONTENT = 256 * 1024
"""Octets of the part that are read."""
_EMPTY_LINE = re.compile(rb"\n[ \t]*\n")
_IN_TEXT = re.compile(r"^Final-Recipient[ \t]*:[^\n]*@", re.MULTILINE | re.IGNORECASE)
_FIELD = re.compile(rb"^[A-Za-z][A-Za-z0-9-]{1,60}[ \t]*:", re.MULTILINE)
_OF_RECIPIENT = frozenset({"final-recipient", "original-recipient", "action", "status"})
_NAMES_RECIPIENT = ("final-recipient", "original-recipient", "x-actual-recipient")


@dataclass(frozen=True, slots=True)
class Group:
    """The fields about one recipient."""

    fields: dict[str, str] = field(default_factory=dict)

    @property
    def final(self) -> str | None:
        """The address that the last server knew."""
        return field_address(self.fields.get("final-recipient", ""))

    @property
    def original(self) -> str | None:
        """The address that was sent to."""
        return field_address(self.fields.get("original-recipient", ""))

    @property
    def action(self) -> Action | None:
        """What happened; where the word is none of the five, as the status says."""
        word = self.fields.get("action", "").split("(")[0].strip().lower()
        return _ACTIONS.get(word) or _BY_STATUS.get(self.fields.get("status", "").strip()[:1])

    @property
    def diagnostic(self) -> str:
        """What the last server said, without the type in front of it."""
        value = self.fields.get("diagnostic-code", "")
        head, separator, rest = value.partition(";")
        return (rest if separator and head.replace("-", "").replace("_", "").strip().isalnum() else value).strip()


_ACTIONS = {action.value: action for action in Action} | {"failure": Action.FAILED, "delay": Action.DELAYED}
_BY_STATUS = {"2": Action.DELIVERED, "4": Action.DELAYED, "5": Action.FAILED}


def is_report(part: Part) -> bool:
    """Whether the part is machine-readable delivery status."""
    return part.type in TYPES


def holds_fields(text: str) -> bool:
    """Whether the fields of a report stand in running text."""
    return bool(_IN_TEXT.search(text))


def read_groups(content: bytes) -> list[Group]:
    """The recipients of delivery status; without one there is nothing in the list."""
    groups: list[Group] = []
    for fields in _blocks(content):
        for block in _recipients(fields):
            is_alone = not any(name in block for name in _NAMES_RECIPIENT)
            if is_alone and groups and not set(block) & set(groups[-1].fields):
                groups[-1].fields.update(block)  # an empty line inside a group
            elif not is_alone or "action" in block:
                groups.append(Group(block))
    return groups[:MAXIMUM_RECIPIENTS]


def _blocks(content: bytes) -> Iterator[Iterable[tuple[str, str]]]:
    for block in _EMPTY_LINE.split(content[:MAXIMUM_CONTENT], MAXIMUM_RECIPIENTS):
        begin = _FIELD.search(block)
        if begin:
            yield split_headers(block[begin.start() :])[0].fields


def _recipients(fields: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """One block as recipients: a field about the recipient that comes again begins the next one."""
    blocks: list[dict[str, str]] = [{}]
    for name, value in fields:
        if name in _OF_RECIPIENT and name in blocks[-1]:
            blocks.append({})
        blocks[-1].setdefault(name, value)
    return blocks
