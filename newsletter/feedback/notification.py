"""Notifications of mail services in JSON, mailed instead of a report. Pure.

Known by their shape: `{"notificationType": "Bounce", "bounce": {"bouncedRecipients": [...]}}`, as Amazon's are.
"""

import json
from typing import Any

from newsletter.delivery.reply import scrub
from newsletter.feedback.addresses import first_address
from newsletter.feedback.codes import find_codes, read_status
from newsletter.feedback.headers import Headers
from newsletter.feedback.model import Action, Kind, Recipient, ReturnedMail, Source
from newsletter.feedback.policy import Failure, classify

MAXIMUM_RECIPIENTS = 100
_LISTS = {"bounce": "bouncedRecipients", "complaint": "complainedRecipients", "delivery": "recipients"}


def read_notification(text: str, headers: Headers) -> ReturnedMail | None:
    """The notification that a mail consists of; None for any other mail."""
    body = text.lstrip()
    if not body.startswith("{") or "otificationType" not in body[:2000] or not headers.has("from"):
        return None
    value = _parsed(body)
    if isinstance(value.get("Message"), str):  # wrapped by the service that mails it
        value = _parsed(value["Message"])
    word = str(value.get("notificationType", "")).lower()
    about = value.get(word)
    if word not in _LISTS or not isinstance(about, dict):
        return None
    people = about.get(_LISTS[word])
    entries = people[:MAXIMUM_RECIPIENTS] if isinstance(people, list) else []
    recipients = tuple(found for entry in entries if (found := _recipient(word, entry)))
    if word == "complaint":
        kind = str(about.get("complaintFeedbackType") or "abuse").lower()
        return ReturnedMail(kind=Kind.COMPLAINT, recipients=recipients, feedback_type=kind)
    return ReturnedMail(kind=Kind.BOUNCE, recipients=recipients)


def _parsed(body: str) -> dict[str, Any]:
    """The JSON object that `body` begins with; mail breaks its long lines with `!` and a line end."""
    try:
        value, _ = json.JSONDecoder().raw_decode(body.replace("!\n ", "").replace("\n", ""))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _recipient(word: str, entry: object) -> Recipient | None:
    fields = entry if isinstance(entry, dict) else {"emailAddress": entry}
    address = first_address(str(fields.get("emailAddress", ""))[:400])
    if not address:
        return None
    if word != "bounce":
        action = Action.DELIVERED if word == "delivery" else None
        return Recipient(address=address, action=action, source=Source.STANDARD)
    said = str(fields.get("diagnosticCode", ""))[:2000]
    codes = find_codes(said)
    status = read_status(str(fields.get("status", ""))) or codes.status
    action = Action.DELAYED if str(fields.get("action", "")).lower() == "delayed" else Action.FAILED
    return Recipient(
        address=address,
        action=action,
        status=status,
        reply_code=codes.reply,
        bounce_class=classify(Failure(action=action, status=status, codes=codes, text=said)),
        diagnostic=scrub(said, address),
        source=Source.STANDARD,
    )
