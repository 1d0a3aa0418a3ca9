"""Recipients in the words of servers that follow no standard: found by where an address stands. Pure.

Every server writes the failing address in one of a few places: alone on a line, at the beginning of a line with the
reason behind it, behind a label (`Recipient:`, `RCPT TO:`), or behind a reply code. An address in running text, or
behind "from", is a sender, a postmaster or a help desk.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import IntEnum

from newsletter.feedback.addresses import Found, find_addresses, key
from newsletter.feedback.wording import any_of

MAXIMUM_LINES = 1500
SECTION_LINES = 12
"""Lines behind an address that may say what happened to it."""


class Place(IntEnum):
    """How an address stands in a report, the more telling the higher."""

    SENDER = 0
    """Behind "from", "sender", "contact": not a recipient."""
    SENTENCE = 1
    """In the middle of words."""
    LABELLED = 2
    """Behind a word such as "to" or "recipient", or a reply code."""
    LEADING = 3
    """Alone on a line, or the first word of one."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One address in a report."""

    address: str
    place: Place
    line: int


_OPENED = r"""\s{0,3}[:=]{0,2}\s{0,3}[<\[("']{0,2}$"""
"""What may stand between a word and the address behind it."""
_SENDER = any_of(
    r"\bfrom|\bsender|\bby|\bf|\bauthenticated|message-id|reply-?to|return-path|mailto:|https?:\S{0,200}",
    r"\bvan|\bafzender|\bvon|\babsender|expéditeur|remitente|mittente",
    r"\bcontact|\bhelp|\be-?mail at|\bwrite to|\bsend (?:an )?e?-?mail to",
    r"\bfor (?:more|further|assistance)[^\n]{0,40}",
    after=_OPENED,
)
_LABEL = any_of(
    r"\bto|\bt|\bfor|\bin|\bthan|\brcpt|\brecipients?(?: address)?|\baddress(?:ee)?|\buser|\bmailbox|account|attempts?",
    r"\baan|\bvoor|ontvanger|geadresseerde|\ban|\bfür|empfänger|\bà|\bpour|destinataire|\ba|\bpara|destinatario",
    r"кому|宛先|收件人",
    after=_OPENED,
)
_CODE = re.compile(r"(?:^|[\s:<(-])[45]\d\d(?:[ -]+[45]\.\d{1,3}\.\d{1,3})?[ -:]{0,4}<?$")
_BEFORE = re.compile(r"[\s<(\[\"'*•·>|-]{0,40}(?:rfc822;|smtp:|to:)?\s{0,2}<?", re.IGNORECASE)


def mentions(report: str) -> list[Mention]:
    """Every address of a report in its order, with the place it stands in."""
    found: list[Mention] = []
    for number, line in enumerate(report.split("\n")[:MAXIMUM_LINES]):
        if "@" in line:
            found += [Mention(item.address, _place(line, item), number) for item in find_addresses(line[:2000])]
    return found


def recipients(found: Iterable[Mention], senders: Collection[str], wanted: Collection[str]) -> list[str]:
    """The failing addresses among `found`: those that stand best.

    `senders`: keys of who sent the message and who wrote the report; they count only where nothing else is named.
    `wanted`: keys of the recipients of the message that came back; one of them in any place is better than others.
    """
    found = list(found)
    writers = {key(item.address) for item in found if item.place is Place.SENDER}
    usable = [
        item for item in found if item.place >= Place.LEADING or (item.place and key(item.address) not in writers)
    ]
    others = [item for item in usable if key(item.address) not in senders]
    for choice in (others, [item for item in usable if item.place >= Place.LABELLED]):
        best = max((item.place for item in choice), default=Place.SENDER)
        picked = [item.address for item in choice if item.place is best]
        known = [item.address for item in choice if key(item.address) in wanted]
        if best < Place.LABELLED and known:
            picked = known
        if picked:
            return _unique(picked)
    return []


def section(report: str, address: str, others: Collection[str]) -> str:
    """What a report says about `address`: its lines, and those below each until another address of `others`."""
    lines = report.split("\n")[:MAXIMUM_LINES]
    wanted = key(address)
    taken: dict[int, str] = {}
    for number, line in enumerate(lines):
        if "@" not in line or wanted not in line.casefold():
            continue
        for behind in range(number, min(number + SECTION_LINES, len(lines))):
            text = lines[behind].casefold()
            if behind > number and any(other in text for other in others if other != wanted):
                break
            taken[behind] = lines[behind]
    return "\n".join(taken[number] for number in sorted(taken))


def _place(line: str, item: Found) -> Place:
    before = line[max(0, item.start - 260) : item.start]
    if _BEFORE.fullmatch(before):
        return Place.LEADING if _ends_well(line[item.end :]) else Place.LABELLED
    if _SENDER.search(before):
        return Place.SENDER
    return Place.LABELLED if _LABEL.search(before) or _CODE.search(before) else Place.SENTENCE


def _ends_well(after: str) -> bool:
    """Whether a reason or nothing stands behind the address, not another one or the rest of a greeting."""
    rest = after.lstrip(">)]\"'")
    return not rest.lstrip().startswith((",", "!", "您")) and "@" not in rest[:3]


def _unique(addresses: Iterable[str]) -> list[str]:
    found: dict[str, str] = {}
    for address in addresses:
        found.setdefault(key(address), address)
    return list(found.values())
