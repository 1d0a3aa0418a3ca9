"""Which of our messages and subscriptions a mail is about: our own marks in it, verified with our keys. Pure (A18).

Looked for in the order of trust: where the mail was sent to, then the headers of the message it returns, then anywhere.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from newsletter.feedback.headers import Headers, split_headers
from newsletter.feedback.mime import plain_lines
from newsletter.feedback.model import Evidence
from newsletter.message.ids import (
    DeliveryRef,
    parse_message_id,
    parse_notice_id,
    parse_notice_sender,
    parse_verp_sender,
)
from subscribers.tokens import Keyring, Purpose

MAXIMUM_TRIED = 20
"""Candidates of each kind that are verified; a mail with more is no mail of ours."""
QUICK_LOOK = 128 * 1024
"""Octets of a mail that `is_signed` looks at."""
_VERP = re.compile(r"(?<![A-Za-z0-9._-])b-[1-9][0-9]{0,18}-[0-9a-f]{20}@[A-Za-z0-9.-]{1,253}", re.ASCII | re.IGNORECASE)
_MESSAGE_ID = re.compile(
    r"(?<![A-Za-z0-9.])[1-9][0-9]{0,18}\.[0-9a-f]{32}\.[0-9a-f]{8}@[A-Za-z0-9.-]{1,253}", re.ASCII | re.IGNORECASE
)
_NOTICE = re.compile(
    r"(?<![A-Za-z0-9._-])n[.-][1-9][0-9]{0,18}[.-][0-9a-f]{20}@[A-Za-z0-9.-]{1,253}", re.ASCII | re.IGNORECASE
)
_TOKEN = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{48}(?![A-Za-z0-9_-])", re.ASCII)
_ENVELOPE = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "x-rcpt-to", "to", "cc")
_REPLY_TO_OURS = ("in-reply-to", "references", "x-original-message-id", "original-message-id")


def find_evidence(
    keyring: Keyring, headers: Headers, returned: Headers, texts: Iterable[str], envelope_to: Sequence[str] = ()
) -> Evidence:
    """Our envelope sender, Message-ID and unsubscribe token in a mail; forged ones are not seen."""
    addressed = [*envelope_to, *headers.all(*_ENVELOPE)]
    everywhere = list(texts)
    envelope = _envelope(keyring, [*addressed, *returned.all("return-path", "sender"), *everywhere])
    about = [*returned.all("message-id"), *headers.all(*_REPLY_TO_OURS), *returned.all("references"), *everywhere]
    return Evidence(
        envelope=envelope,
        message=_message(keyring, about),
        notice=_notice(keyring, [*addressed, *returned.all("return-path", "message-id"), *everywhere]),
        token=_token(keyring, [*addressed, headers.subject]),
    )


def is_signed(keyring: Keyring, raw: bytes, envelope_to: Sequence[str] = ()) -> bool:
    """Whether a mail carries a mark of ours, as far as a quick look at its beginning tells: nothing is decoded."""
    beginning = plain_lines(raw[:QUICK_LOOK])
    texts = [beginning.decode("ascii", "replace")]
    found = find_evidence(keyring, split_headers(beginning)[0], Headers(), texts, envelope_to)
    return any(mark is not None for mark in (found.envelope, found.message, found.notice, found.token))


def _envelope(keyring: Keyring, texts: Iterable[str]) -> int | None:
    found = (parse_verp_sender(keyring, text) for text in _candidates(_VERP, texts))
    return next((delivery for delivery in found if delivery is not None), None)


def _message(keyring: Keyring, texts: Iterable[str]) -> DeliveryRef | None:
    found = (parse_message_id(keyring, text) for text in _candidates(_MESSAGE_ID, texts))
    return next((ref for ref in found if ref), None)


def _notice(keyring: Keyring, texts: Iterable[str]) -> int | None:
    found = (
        parse_notice_sender(keyring, text) or parse_notice_id(keyring, text) for text in _candidates(_NOTICE, texts)
    )
    return next((notice for notice in found if notice is not None), None)


def _token(keyring: Keyring, texts: Iterable[str]) -> bytes | None:
    found = (keyring.verify(Purpose.UNSUBSCRIBE, text) for text in _candidates(_TOKEN, texts))
    return next((ref for ref in found if ref), None)


def _candidates(pattern: re.Pattern[str], texts: Iterable[str]) -> Iterator[str]:
    found = (match[0] for text in texts for match in islice(pattern.finditer(text), 50))
    return islice(dict.fromkeys(found), MAXIMUM_TRIED)
