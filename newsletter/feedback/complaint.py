"""Complaints: feedback reports (RFC 5965) and Microsoft's older form. Pure.

A20: Feedback-Type, User-Agent and Version exactly once, or a person reads it. A redacted recipient is no reason for
that: our envelope sender or Message-ID names the delivery (newsletter/feedback/evidence.py). Which of them is enough to
end a subscription is decided in newsletter/feedback/judging.py.
"""

from dataclasses import dataclass

from newsletter.feedback.addresses import field_address, mailboxes
from newsletter.feedback.headers import Headers, split_headers
from newsletter.feedback.mime import Part
from newsletter.feedback.model import Source

TYPE = "message/feedback-report"
_EXACTLY_ONCE = ("feedback-type", "user-agent", "version")
_RECIPIENTS = ("original-rcpt-to", "x-hmxmroriginalrecipient", "removal-recipient")
_JMRP_SUBJECT = "complaint about message from"
MAXIMUM_RECIPIENTS = 100


@dataclass(frozen=True, slots=True)
class Report:
    """A feedback report: its type, whom it is about, and why it cannot be believed, if so."""

    feedback_type: str
    recipients: tuple[str, ...]
    problem: str = ""
    source: Source = Source.STANDARD
    """ORIGINAL if the provider names nobody, and these are only whom the mail itself was addressed to."""


def read_report(part: Part, returned: Headers) -> Report:
    """The feedback-report part; `returned` are the headers of the message that it complains about."""
    fields = split_headers(part.content().lstrip(b"\n"))[0]
    wrong = [name for name in _EXACTLY_ONCE if len(list(fields.all(name))) != 1]
    problem = f"a feedback report must have {', '.join(wrong)} exactly once (RFC 5965)" if wrong else ""
    kind = fields.first("feedback-type").split(";")[0].strip().lower()
    if named := _recipients(fields) or _recipients(returned):
        return Report(kind, named, problem)
    return Report(kind, _addressees(returned), problem, Source.ORIGINAL)


def read_older_form(top: Headers, returned: Headers) -> Report | None:
    """Microsoft's junk mail reports before they were feedback reports; None for any other mail."""
    if not top.subject.strip().lower().startswith(_JMRP_SUBJECT):
        return None
    recipients = _recipients(returned)
    return Report("abuse", recipients) if recipients else None


def _recipients(fields: Headers) -> tuple[str, ...]:
    found = (field_address(value) for value in fields.all(*_RECIPIENTS))
    return tuple(dict.fromkeys(address for address in found if address))[:MAXIMUM_RECIPIENTS]


def _addressees(returned: Headers) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mailboxes(returned.all("to"))))[:MAXIMUM_RECIPIENTS]
