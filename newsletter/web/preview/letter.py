"""A mail as one recipient gets it: HTML, text, headers and sizes, as text to look at. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from functools import cached_property

from newsletter.compose.fields import fill, values_for
from newsletter.message.recipient import Recipient
from newsletter.web.preview.choice import Sample
from newsletter.web.preview.look import Mail
from newsletter.web.preview.samples import recipient_of

SHOWN_BY_GMAIL = 102 * 1024
"""Bytes of HTML after which Gmail cuts a mail off (A30)."""
SAMPLE_DATE = "Mon, 14 Jun 2027 09:30:00 +0200"
_BEFORE_BLOCK = re.compile(
    r"(?<=>)(?=<(?:head|body|style|meta|title|div|table|tr|td|th|h[1-6]|p|ul|ol|li|blockquote)\b)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """One header, unfolded and decoded as a mail program shows it."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Bytes of a mail."""

    html: int
    text: int
    images: int
    number_of_images: int

    @property
    def is_cut_off(self) -> bool:
        """Whether Gmail hides the end."""
        return self.html > SHOWN_BY_GMAIL


class Letter:
    """`mail`, filled for a recipient who does not exist."""

    def __init__(self, mail: Mail, sample: Sample) -> None:
        self._piece = mail.piece
        self._recipient: Recipient = recipient_of(sample, mail.piece.mailing_list, mail.piece.identity, mail.base_url)

    @property
    def _values(self) -> Mapping[str, str]:
        compiled, recipient = self._piece.compilation.compiled, self._recipient
        return values_for(compiled, recipient.fields, recipient.unsubscribe_url, recipient.preferences_url)

    @cached_property
    def html(self) -> str:
        """The HTML part."""
        return fill(self._piece.compilation.compiled.html, self._values)

    @cached_property
    def text(self) -> str:
        """The text part."""
        return fill(self._piece.compilation.compiled.text, self._values)

    @cached_property
    def subject(self) -> str:
        """The subject."""
        return fill(self._piece.compilation.compiled.subject, self._values)

    @property
    def preheader(self) -> str:
        """What mail programs show after the subject."""
        return fill(self._piece.compilation.compiled.preheader, self._values)

    @cached_property
    def raw_headers(self) -> str:
        """The header as it goes over the line. Raises UnsafeValueError (A4)."""
        message = self._piece.template().fill(self._recipient, SAMPLE_DATE)
        return message.partition(b"\r\n\r\n")[0].decode("utf-8", "replace").replace("\r\n", "\n")

    @property
    def headers(self) -> tuple[Header, ...]:
        """Each header. Raises UnsafeValueError (A4)."""
        message = message_from_bytes(self.raw_headers.encode() + b"\n\n", policy=policy.default)
        return tuple(Header(name=name, value=str(value)) for name, value in message.items())

    @property
    def source(self) -> str:
        """The HTML with a new line before every block, for reading; nothing else is changed."""
        return _BEFORE_BLOCK.sub("\n", self.html)

    @property
    def sizes(self) -> Sizes:
        """How large it is."""
        files = self._piece.compilation.files
        return Sizes(
            html=len(self.html.encode()),
            text=len(self.text.encode()),
            images=sum(len(file.content) for file in files),
            number_of_images=len(files),
        )
