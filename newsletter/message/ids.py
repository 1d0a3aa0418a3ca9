"""What a message is known by: Message-ID, envelope sender, and the two ways to leave. Pure.

Message-ID and envelope sender carry a delivery's number and a short MAC, so that what comes back by mail cannot be
invented (A18). Neither names a key: all keys of the ring are tried, the newest first.
"""

import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import quote

from newsletter.config_lists import MailingList
from subscribers.errors import ConfigurationError
from subscribers.macs import Mac
from subscribers.tokens import REF_OCTETS, Keyring

ADDRESS_OCTETS = 254
"""RFC 5321 section 4.5.3.1.3, without the angle brackets (A8)."""
_MESSAGE_ID_LABEL = "message id"
_VERP_LABEL = "envelope sender"
_MESSAGE_ID_MAC = 8
"""Hexadecimal digits; a Message-ID only finds a delivery, together with other evidence."""
_VERP_MAC = 20
"""Hexadecimal digits, 80 bits: a bounce to this address is evidence by itself."""
_MESSAGE_ID = re.compile(r"<?([1-9][0-9]{0,18})\.([0-9a-f]{32})\.([0-9a-f]{8})@[^@<>\s]+>?", re.ASCII | re.IGNORECASE)
_VERP = re.compile(r"<?b-([1-9][0-9]{0,18})-([0-9a-f]{20})@[^@<>\s]+>?", re.ASCII | re.IGNORECASE)
_NOTICE_ID_LABEL = "notice id"
_NOTICE_SENDER_LABEL = "notice sender"
_NOTICE_ID = re.compile(r"<?n\.([1-9][0-9]{0,18})\.([0-9a-f]{20})@[^@<>\s]+>?", re.ASCII | re.IGNORECASE)
_NOTICE_SENDER = re.compile(r"<?n-([1-9][0-9]{0,18})-([0-9a-f]{20})@[^@<>\s]+>?", re.ASCII | re.IGNORECASE)
_LONGEST_VERP = len("b-") + 19 + len("-") + _VERP_MAC + len("@")


@dataclass(frozen=True, slots=True)
class DeliveryRef:
    """One delivery as its Message-ID names it."""

    delivery: int
    job_ref: bytes


def message_ids(keyring: Keyring, job_ref: bytes, domain: str) -> Callable[[int], str]:
    """What makes `<{delivery}.{job ref}.{mac}@{domain}>`: the same for a delivery every time, also over retries.

    What all deliveries of a job share is made once.
    """
    job, mac = _job(job_ref), Mac(keyring.subkey(_MESSAGE_ID_LABEL))

    def make(delivery: int) -> str:
        body = f"{_number(delivery)}.{job}"
        return f"<{body}.{mac.digest(body.encode('ascii')).hex()[:_MESSAGE_ID_MAC]}@{domain}>"

    return make


def parse_message_id(keyring: Keyring, text: str) -> DeliveryRef | None:
    """The delivery that a Message-ID names, with or without angle brackets; None if we did not make it."""
    found = _MESSAGE_ID.fullmatch(text.strip())
    if not found:
        return None
    job = found[2].lower()
    if not _is_ours(keyring.subkeys(_MESSAGE_ID_LABEL), f"{found[1]}.{job}", found[3].lower()):
        return None
    return DeliveryRef(int(found[1]), bytes.fromhex(job))


def make_verp_sender(keyring: Keyring, delivery: int, domain: str) -> str:
    """`b-{delivery}-{mac}@{domain}`: at most 42 octets before the @ (A8), and letters of one case only (A18)."""
    return _verp_senders(keyring, domain)(delivery)


def _verp_senders(keyring: Keyring, domain: str) -> Callable[[int], str]:
    mac = Mac(keyring.subkey(_VERP_LABEL))

    def make(delivery: int) -> str:
        number = _number(delivery)
        return f"b-{number}-{mac.digest(number.encode('ascii')).hex()[:_VERP_MAC]}@{domain}"

    return make


def parse_verp_sender(keyring: Keyring, address: str) -> int | None:
    """The delivery whose envelope sender this is, in any case of letters; None if we did not make it."""
    found = _VERP.fullmatch(address.strip())
    if found and _is_ours(keyring.subkeys(_VERP_LABEL), found[1], found[2].lower()):
        return int(found[1])
    return None


def make_notice_id(keyring: Keyring, notice: int, domain: str) -> str:
    """`<n.{notice}.{mac}@{domain}>`: the Message-ID of a service mail, the same over retries."""
    body = f"n.{_number(notice)}"
    return f"<{body}.{_mac(keyring.subkey(_NOTICE_ID_LABEL), body, _VERP_MAC)}@{domain}>"


def parse_notice_id(keyring: Keyring, text: str) -> int | None:
    """The notice that a Message-ID names, with or without angle brackets; None if we did not make it."""
    found = _NOTICE_ID.fullmatch(text.strip())
    if found and _is_ours(keyring.subkeys(_NOTICE_ID_LABEL), f"n.{found[1]}", found[2].lower()):
        return int(found[1])
    return None


def make_notice_sender(keyring: Keyring, notice: int, mailing_list: MailingList) -> str:
    """MAIL FROM of a service mail: one per notice (`verp`, `n-{notice}-{mac}@domain`), or the mailbox for all."""
    mailbox = mailing_list.bounce_mailbox or mailing_list.sender
    if mailing_list.envelope == "fixed":
        return mailbox.address
    number = _number(notice)
    return f"n-{number}-{_mac(keyring.subkey(_NOTICE_SENDER_LABEL), number, _VERP_MAC)}@{mailbox.parsed.domain}"


def parse_notice_sender(keyring: Keyring, address: str) -> int | None:
    """The notice whose envelope sender this is, in any case of letters; None if we did not make it."""
    found = _NOTICE_SENDER.fullmatch(address.strip())
    if found and _is_ours(keyring.subkeys(_NOTICE_SENDER_LABEL), found[1], found[2].lower()):
        return int(found[1])
    return None


def envelope_senders(keyring: Keyring, list_slug: str, mailing_list: MailingList) -> Callable[[int], str]:
    """MAIL FROM of each delivery of a list: one per delivery (`verp`), or one mailbox for all (`fixed`).

    Raises ConfigurationError for a bounce domain so long that the address would be more than mail allows (A8).
    """
    mailbox = mailing_list.bounce_mailbox or mailing_list.sender
    if mailing_list.envelope == "fixed":
        return lambda _delivery: mailbox.address
    domain = mailbox.parsed.domain
    if _LONGEST_VERP + len(domain) > ADDRESS_OCTETS:
        raise ConfigurationError(
            "the bounce domain is too long for an envelope sender",
            where=f"[lists.{list_slug}] bounce_mailbox",
            remedy=f"use a domain of at most {ADDRESS_OCTETS - _LONGEST_VERP} octets",
        )
    return _verp_senders(keyring, domain)


def unsubscribe_url(base_url: str, token: str) -> str:
    """The page where the bearer of `token` leaves, and the address that one-click posts to (A10)."""
    return f"{base_url}/u/{token}"


def preferences_url(base_url: str, token: str) -> str:
    """The page where the bearer of `token` changes how they are mailed."""
    return f"{base_url}/voorkeuren/{token}"


def unsubscribe_mailto(mailbox: str, token: str) -> str:
    """The mail that makes the bearer of `token` leave (RFC 6068): the token stands in the subject (A15)."""
    return unsubscribe_mailtos(mailbox)(token)


def unsubscribe_mailtos(mailbox: str) -> Callable[[str], str]:
    """`unsubscribe_mailto` for many tokens and one mailbox."""
    start = f"mailto:{quote(mailbox, safe='@!$*+')}?subject=unsubscribe%20"
    return lambda token: start + token


def _number(delivery: int) -> str:
    if not 0 < delivery < 2**63:
        msg = f"{delivery} is not the number of a delivery"
        raise ValueError(msg)
    return str(delivery)


def _job(job_ref: bytes) -> str:
    if len(job_ref) != REF_OCTETS:
        msg = f"a job's ref has {REF_OCTETS} bytes, not {len(job_ref)}"
        raise ValueError(msg)
    return job_ref.hex()


def _mac(key: bytes, body: str, digits: int) -> str:
    return hmac.digest(key, body.encode("ascii"), "sha256").hex()[:digits]


def _is_ours(keys: Iterable[bytes], body: str, mac: str) -> bool:
    """Whether one of `keys` made `mac`; compares all of them, each in constant time."""
    return sum(hmac.compare_digest(_mac(key, body, len(mac)), mac) for key in keys) > 0
