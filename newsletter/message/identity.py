"""Who a mailing comes from: the headers that are equal for every recipient, frozen with the issue (I6). Pure.

Not among them: Auto-Submitted, which is for confirmations and other answers (A17); whatever may change while a job
runs without changing what readers get, such as relay, bounce mailbox and unsubscribe mailbox.
"""

import hashlib
import json
import re
import unicodedata
from dataclasses import asdict, dataclass
from functools import cached_property

from newsletter.compose.compiled import CompiledIssue
from newsletter.config_lists import MailingList
from newsletter.message import headers
from subscribers.address import AddressError, parse_address
from subscribers.errors import ConfigurationError

FORMAT = 1
"""Version of the JSON; a program reads its own and older ones."""
ONE_CLICK = "List-Unsubscribe=One-Click"
"""The value of List-Unsubscribe-Post (RFC 8058 section 3.1, A10)."""
PRECEDENCE = "list"
LIST_ID_OCTETS = 255
"""Of the whole value of List-Id (RFC 2919 section 3, A9)."""

_PLAIN_SIGNS = str.maketrans(
    {"\u2013": "-", "\u2014": "-", "\u2018": "'", "\u2019": "'"}  # dashes and single quotation marks
    | dict.fromkeys('“”„"', "'")
    | {"€": "EUR", "\\": "/", "ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O"}
)
_NOT_PLAIN = re.compile(r"[^ -~]|=\?")


@dataclass(frozen=True, kw_only=True)
class MailIdentity:
    """Sender, reply address and list, as they stand in the headers."""

    sender_name: str
    sender_address: str
    reply_to_name: str = ""
    reply_to_address: str = ""
    """Empty: answers go to the sender."""
    list_id: str
    """`slug.domain`: the list's name for mail programs, stable as long as the list lives."""
    list_phrase: str
    """The list's title in plain ASCII: encoded-words have no place in List-* headers (A3)."""
    domain: str
    """Right-hand side of Message-IDs."""

    @cached_property
    def content(self) -> bytes:
        """Canonical JSON: sorted keys, no spaces, UTF-8."""
        value = asdict(self) | {"format": FORMAT}
        return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_content(cls, content: bytes) -> "MailIdentity":
        """The inverse of `content`; raises ValueError for another format."""
        value = json.loads(content)
        if value.pop("format", None) != FORMAT:
            msg = "the mail identity was written by another version of this program"
            raise ValueError(msg)
        return cls(**value)

    @cached_property
    def lines(self) -> bytes:
        """The header lines, CRLF after each. Raises UnsafeValueError for what cannot stand in a header (A4)."""
        lines = [headers.mailbox("From", self.sender_name, self.sender_address)]
        if self.reply_to_address:
            lines.append(headers.mailbox("Reply-To", self.reply_to_name, self.reply_to_address))
        lines += [
            headers.list_id(self.list_phrase, self.list_id),
            headers.tokens("List-Unsubscribe-Post", ONE_CLICK),
            headers.tokens("Precedence", PRECEDENCE),
        ]
        return b"".join(lines)


def identity_of(list_slug: str, mailing_list: MailingList) -> MailIdentity:
    """The identity of a configured list; raises ConfigurationError for a domain that no List-Id can hold (A9)."""
    domain = _domain(list_slug, mailing_list)
    list_id = f"{list_slug}.{domain}"
    reply_to = mailing_list.reply_to
    return MailIdentity(
        sender_name=mailing_list.sender.name,
        sender_address=mailing_list.sender.address,
        reply_to_name=reply_to.name if reply_to else "",
        reply_to_address=reply_to.address if reply_to else "",
        list_id=list_id,
        list_phrase=_plain(mailing_list.title, LIST_ID_OCTETS - len(list_id) - len('"" <>')),
        domain=domain,
    )


def job_digest(compiled: CompiledIssue, identity: MailIdentity) -> str:
    """SHA-256 (hex) over issue and headers: what a job freezes, and what every recipient gets (I6)."""
    parts = (hashlib.sha256(part).digest() for part in (compiled.content, identity.content))
    return hashlib.sha256(b"newsletter job 1\n" + b"".join(parts)).hexdigest()


def _domain(list_slug: str, mailing_list: MailingList) -> str:
    """The list's domain as A-label, short enough for a List-Id."""
    where = f"[lists.{list_slug}] domain"
    try:
        domain = parse_address(f"x@{mailing_list.id_domain}").domain
    except AddressError as error:
        raise ConfigurationError(
            f"{mailing_list.id_domain!r} is not a domain: {error.what}", where=where, remedy="such as example.org"
        ) from None
    if len(f"<{list_slug}.{domain}>") > LIST_ID_OCTETS:
        raise ConfigurationError(
            f"a List-Id has at most {LIST_ID_OCTETS} octets, and this domain is too long for it",
            where=where,
            remedy="use a shorter domain for this list",
        )
    return domain


def _plain(title: str, limit: int) -> str:
    """`title` in printable ASCII with single spaces, at most `limit` long; accents and typography are simplified."""
    decomposed = unicodedata.normalize("NFKD", title.translate(_PLAIN_SIGNS))
    ascii_only = _NOT_PLAIN.sub("", decomposed)
    return " ".join(ascii_only.split())[: max(limit, 0)].strip()
