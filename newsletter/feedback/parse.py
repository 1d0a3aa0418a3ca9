"""A mail's bytes in, a ReturnedMail out. Pure.

The order is the order of certainty: feedback report, delivery report, receipt, a server's own words, automatic reply,
request to leave. What is none of them is for a person.
"""

from collections.abc import Sequence
from dataclasses import replace

from newsletter.feedback import automatic, complaint, delivery_report, failures, notification, signs
from newsletter.feedback.addresses import mailboxes
from newsletter.feedback.commands import asks_to_leave, is_request
from newsletter.feedback.evidence import find_evidence
from newsletter.feedback.headers import Headers, decode_words
from newsletter.feedback.letter import Letter, read_letter
from newsletter.feedback.model import Evidence, Kind, Recipient, ReturnedMail
from subscribers.tokens import Keyring


def parse_returned_mail(
    raw: bytes,
    *,
    keyring: Keyring | None = None,
    envelope_to: Sequence[str] = (),
    titles: Sequence[str] = (),
) -> ReturnedMail:
    """Understand one mail; never raises, whatever the bytes.

    `envelope_to`: the RCPT TO addresses it arrived at, where the edge knows them (LMTP, SMTP). Without `keyring` no
    evidence is looked for. `titles`: of the lists; people name them when they ask to leave.
    """
    letter = read_letter(raw)
    evidence = Evidence()
    if keyring:
        texts = [*letter.texts, raw[: 2 * 1024 * 1024].decode("latin-1")]
        evidence = find_evidence(keyring, letter.headers, letter.returned, texts, envelope_to)
    found = _understand(letter, raw, evidence, titles)
    return replace(
        found,
        evidence=evidence,
        is_automatic=found.kind in _BY_ROBOTS or automatic.is_automatic(letter.headers),
        sender=next(iter(mailboxes([letter.headers.first("from")])), None),
        authentication=tuple(letter.headers.all("authentication-results"))[:20],
    )


LONGEST_NAME = 100
"""Characters of a display name that are looked at."""
_BY_ROBOTS = frozenset({Kind.BOUNCE, Kind.COMPLAINT, Kind.AUTO_REPLY})


def _understand(letter: Letter, raw: bytes, evidence: Evidence, titles: Sequence[str]) -> ReturnedMail:
    for reading in (_complaint, _delivery_report, _notification):
        found = reading(letter)
        if found:
            return found
    if automatic.is_receipt(letter.mail):
        return ReturnedMail(kind=Kind.AUTO_REPLY)
    if signs.is_report(letter):
        recipients = failures.of_text(letter, raw)
        if recipients:
            return ReturnedMail(kind=Kind.BOUNCE, recipients=recipients)
        return ReturnedMail(kind=Kind.BOUNCE, problem="a server reports a failure, and nobody can tell for whom")
    return _written(letter, evidence, titles)


def _complaint(letter: Letter) -> ReturnedMail | None:
    part = letter.part_of_type(complaint.TYPE)
    report = complaint.read_report(part, letter.returned) if part else None
    report = report or complaint.read_older_form(letter.headers, letter.returned)
    if not report:
        return None
    return ReturnedMail(
        kind=Kind.OTHER if report.problem else Kind.COMPLAINT,
        recipients=tuple(Recipient(address=address, source=report.source) for address in report.recipients),
        feedback_type=report.feedback_type,
        problem=report.problem,
    )


def _delivery_report(letter: Letter) -> ReturnedMail | None:
    parts = [part for part in letter.mail.walk() if delivery_report.is_report(part)]
    groups = [group for part in parts for group in delivery_report.read_groups(part.content())]
    if not groups and _holds_fields(letter):
        groups = delivery_report.read_groups(letter.report.encode("utf-8", "replace"))
    recipients = failures.of_groups(letter, groups[: delivery_report.MAXIMUM_RECIPIENTS])
    return ReturnedMail(kind=Kind.BOUNCE, recipients=recipients) if recipients else None


def _holds_fields(letter: Letter) -> bool:
    """Whether the fields of RFC 3464 stand in the text of a server's report, not in a part of their own."""
    return delivery_report.holds_fields(letter.report) and signs.is_report(letter)


def _notification(letter: Letter) -> ReturnedMail | None:
    return notification.read_notification(letter.report, letter.headers)


def _written(letter: Letter, evidence: Evidence, titles: Sequence[str]) -> ReturnedMail:
    """A mail by a person, or by a robot in a person's name."""
    headers, text = letter.headers, letter.report
    has_token = evidence.token is not None
    if _is_robot(letter) and not (has_token and _is_request_of_a_program(letter)):
        return ReturnedMail(kind=Kind.AUTO_REPLY)
    is_machine = automatic.is_automatic(headers) and not automatic.is_by_button(headers)
    asks = not is_machine and asks_to_leave(headers.subject, text, [*titles, *_own_names(headers)])
    if not asks and not has_token:
        return ReturnedMail(kind=Kind.OTHER)
    return ReturnedMail(
        kind=Kind.UNSUBSCRIBE,
        recipients=tuple(Recipient(address=address) for address in mailboxes([headers.first("from")])[:1]),
        asks_to_leave=asks,
    )


def _own_names(headers: Headers) -> list[str]:
    """What the writer is called, whole and word by word: people sign the line with it."""
    name = decode_words(headers.first("from")).partition("<")[0][:LONGEST_NAME].strip(' "')
    return [name, *name.split()] if name and "@" not in name else []


def _is_robot(letter: Letter) -> bool:
    headers = letter.headers
    if automatic.is_automatic_reply(headers) or automatic.has_null_sender(headers):
        return True
    return automatic.is_automatic(headers) and automatic.reads_like_absence(letter.report)


def _is_request_of_a_program(letter: Letter) -> bool:
    """Whether a mail program wrote it for a person: the bare request, no answer and no absence notice (A15)."""
    return is_request(letter.headers.subject) and not automatic.is_absence(letter.headers, letter.report)
