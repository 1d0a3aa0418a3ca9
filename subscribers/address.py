"""E-mail addresses: which are valid, how they are sent to, and when two are the same person. Pure.

Identity: the domain as A-label and the whole casefolded, as the unique key; the spelling given is kept for sending.
Limits are 64, 255 and 256 octets (A8, RFC 5321 section 4.5.3.1). An address with a local part outside ASCII is valid
but needs SMTPUTF8 of every server on its way (A7, RFC 6531).
"""

import re
import unicodedata
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from subscribers.errors import InputError

MAXIMUM_OCTETS = 254
"""RFC 5321 allows a path of 256 octets, which counts the angle brackets."""
LOCAL_OCTETS = 64
"""RFC 5321 section 4.5.3.1.1."""

# Plain ASCII dot-atoms on an ordinary domain: the other 99.9 % skip the long way. Same answers, tested.
_PLAIN = re.compile(
    r"(?=.{6,254}\Z)(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}",
    re.ASCII,
)


class AddressError(InputError):
    """The text is not an e-mail address that mail can be sent to. Nothing of the text is repeated (I7)."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"not an e-mail address: {reason}", remedy="write it as name@domain")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Address:
    """One e-mail address: `spelling` for the wire (domain as A-label), `key` to compare with."""

    spelling: str
    key: str

    @property
    def domain(self) -> str:
        """The domain as A-label, lower case."""
        return self.key.rpartition("@")[2]

    @property
    def needs_smtputf8(self) -> bool:
        """Whether the local part is outside ASCII, so that only SMTPUTF8 servers can take it (A7)."""
        return not self.spelling.isascii()


def parse_address(text: str) -> Address:
    """Read one bare address (no display name, no angle brackets); raise AddressError with the reason."""
    if _PLAIN.fullmatch(text) and "xn--" not in text and "--" not in text.rpartition("@")[2]:
        local, _, domain = text.rpartition("@")
        return Address(f"{local}@{domain.lower()}", text.casefold())
    return _parse_unusual(text.strip())


def _parse_unusual(text: str) -> Address:
    try:
        valid = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        # Its message quotes what it refuses, and so a part of the address.
        raise AddressError(_reason(text)) from None
    domain = (valid.ascii_domain or valid.domain).lower()
    spelling = f"{valid.local_part}@{domain}"
    if reason := _too_long(valid.local_part, domain):
        raise AddressError(reason)
    return Address(spelling, spelling.casefold())


def _too_long(local: str, domain: str) -> str:
    """Which limit of RFC 5321 is passed, in octets; empty if none is (A8)."""
    octets = len(local.encode("utf-8", "replace"))
    if octets > LOCAL_OCTETS:
        return f"the part before the @ has {octets} octets, and mail allows {LOCAL_OCTETS}"
    octets += 1 + len(domain.encode("utf-8", "replace"))
    return f"it has {octets} octets, and mail allows {MAXIMUM_OCTETS}" if octets > MAXIMUM_OCTETS else ""


def _reason(text: str) -> str:
    """Why `text` is no address, in words that hold nothing of it."""
    local, _, domain = text.rpartition("@")
    reasons = (
        (not text, "it is empty"),
        ("@" not in text, "it has no @"),
        (not local, "nothing stands before the @"),
        (not domain, "nothing stands after the @"),
        (any(unicodedata.category(character) in {"Cc", "Cs"} for character in text), "it holds a control character"),
        (any(character.isspace() for character in text), "it holds a space"),
        (text.count("@") > 1, "it has more than one @"),
    )
    found = next((reason for is_so, reason in reasons if is_so), "") or _too_long(local, domain)
    if found:
        return found
    try:
        validate_email(f"{local}@example.org", check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return "before the @ stands what mail does not allow there"
    return "after the @ stands no name of a domain"
