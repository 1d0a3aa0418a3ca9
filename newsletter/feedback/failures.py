"""Recipients of a report with their status, class and diagnostic: from its fields, or from its words. Pure."""

from collections.abc import Sequence

from newsletter.delivery.reply import scrub
from newsletter.feedback import second_opinion, signs, text_report
from newsletter.feedback.addresses import field_address, key, mailboxes
from newsletter.feedback.codes import best_status, find_codes, precision, read_status
from newsletter.feedback.delivery_report import Group
from newsletter.feedback.letter import Letter
from newsletter.feedback.model import Action, Recipient, Source
from newsletter.feedback.policy import Failure, classify

MAXIMUM_RECIPIENTS = 100
TEXT_OF_FAILURE = 4000
"""Characters of a report that the class of one failure is read from."""


def of_groups(letter: Letter, groups: Sequence[Group]) -> tuple[Recipient, ...]:
    """The recipients of a delivery-status part, each once; the last word about one counts."""
    found: dict[str, Recipient] = {}
    for group in groups:
        address = group.final or group.original or _other_address(group) or _only_recipient(letter)
        if address:
            found[key(address)] = _of_group(letter, group, address, is_alone=len(groups) == 1)
    return tuple(found.values())


def of_text(letter: Letter, raw: bytes) -> tuple[Recipient, ...]:
    """The recipients of a report in words only; empty if it names nobody."""
    addresses, source = _named(letter, raw)
    action = Action.DELAYED if signs.is_delay(letter.headers.subject, letter.report) else Action.FAILED
    keys = [key(address) for address in addresses]
    return tuple(
        _recipient(address, action, None, "", _words(letter, address, keys), source)
        for address in addresses[:MAXIMUM_RECIPIENTS]
    )


def _of_group(letter: Letter, group: Group, address: str, *, is_alone: bool) -> Recipient:
    said = group.diagnostic
    words = said
    status = read_status(group.fields.get("status", ""))
    if not said or precision(status) < 3:  # noqa: PLR2004 - 5.1.1
        words = f"{said}\n{_words(letter, address, [] if is_alone else [key(address), '@'])}"
    original = group.original if group.original and key(group.original) != key(address) else None
    return _recipient(address, group.action, status, said, words, Source.STANDARD, original)


def _recipient(
    address: str,
    action: Action | None,
    status: str | None,
    said: str,
    words: str,
    source: Source,
    original: str | None = None,
) -> Recipient:
    words = words[:TEXT_OF_FAILURE]
    codes = find_codes(said) if find_codes(said).enhanced or find_codes(said).replies else find_codes(words)
    status = status if precision(status) == 3 else best_status((*filter(None, (status,)), *codes.enhanced))  # noqa: PLR2004 - 5.1.1
    failure = Failure(action=action, status=status, codes=codes, text=words)
    return Recipient(
        address=address,
        action=action,
        status=status,
        reply_code=codes.reply,
        bounce_class=classify(failure),
        diagnostic=scrub(said or words, address),
        original=original,
        source=source,
    )


def _named(letter: Letter, raw: bytes) -> tuple[list[str], Source]:
    """Whom a report in words is about, and where that was found."""
    if failed := mailboxes(letter.headers.all("x-failed-recipients")):
        return list({key(address): address for address in failed}.values()), Source.TEXT
    wanted = {key(address) for address in mailboxes(letter.returned.all("to", "cc", "delivered-to"))}
    found = text_report.recipients(text_report.mentions(letter.report), _senders(letter), wanted)
    if found:
        return found, Source.TEXT
    if address := _only_recipient(letter):
        return [address], Source.ORIGINAL
    return second_opinion.ask(raw), Source.SECOND_OPINION


def _senders(letter: Letter) -> set[str]:
    """Keys of who sent the message and of who wrote the report."""
    ours = mailboxes(letter.headers.all("to", "cc", "from", "reply-to", "delivered-to", "x-original-to", "return-path"))
    theirs = mailboxes(letter.returned.all("from", "sender", "reply-to", "return-path"))
    return {key(address) for address in (*ours, *theirs)}


def _only_recipient(letter: Letter) -> str | None:
    """Whom the returned message was for, if that is one person; our own are always."""
    found = {key(address): address for address in mailboxes(letter.returned.all("to", "cc"))}
    return next(iter(found.values())) if len(found) == 1 else None


def _other_address(group: Group) -> str | None:
    return field_address(group.fields.get("x-actual-recipient", ""))


def _words(letter: Letter, address: str, keys: Sequence[str]) -> str:
    """What a report says about one of its recipients; all it says, if there is only one."""
    if len(keys) <= 1:
        return letter.report
    return text_report.section(letter.report, address, keys)
