"""What is shown of a mail besides its HTML: text part, source and headers, as text to read. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy

from newsletter.compose.fields import fill
from newsletter.message.recipient import Recipient
from newsletter.web.preview.choice import Sample, View
from newsletter.web.preview.look import Look, Piece
from newsletter.web.preview.samples import recipient_of

_BEFORE_BLOCK = re.compile(r"(?<=>)(?=<(?:head|body|style|meta|title|div|table|tr|td|th|h[1-6]|p|ul|ol|li|blockquote)\b)")
SHOWN_BY_GMAIL = 102 * 1024
"""Bytes of HTML after which Gmail cuts a mail off (A30)."""
SAMPLE_DATE = "Mon, 14 Jun 2027 09:30:00 +0200"


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Bytes of a mail, filled."""

    html: int
    text: int
    images: int
    number_of_images: int

    @property
    def is_cut_off(self) -> bool:
        """Whether Gmail hides the end."""
        return self.html > SHOWN_BY_GMAIL


@dataclass(frozen=True, kw_only=True)
class Header:
    """One header, decoded."""

    name: str
    value: str


def filled_html(look_base_url: str, piece: Piece, sample: Sample) -> str:
    """The HTML as one recipient gets it."""
    return fill(piece.compilation.compiled.html, _values(_recipient(look_base_url, piece, sample)))


def filled_text(base_url: str, piece: Piece, sample: Sample) -> str:
    """The text part as one recipient gets it."""
    return fill(piece.compilation.compiled.text, _values(_recipient(base_url, piece, sample)))


def filled_subject(base_url: str, piece: Piece, sample: Sample) -> str:
    """The subject as one recipient gets it."""
    return fill(piece.compilation.compiled.subject, _values(_recipient(base_url, piece, sample)))


def in_lines(html: str) -> str:
    """HTML with a new line before every block, for reading; nothing else is changed."""
    return _BEFORE_BLOCK.sub("\n", html)


def raw_headers(base_url: str, piece: Piece, sample: Sample) -> str:
    """The header of the message as it goes over the line. Raises UnsafeValueError (A4)."""
    message = piece.template().fill(_recipient(base_url, piece, sample), SAMPLE_DATE)
    return message.partition(b"\r\n\r\n")[0].decode("utf-8", "replace").replace("\r\n", "\n")


def read_headers(raw: str) -> tuple[Header, ...]:
    """The headers as a mail program shows them: unfolded and decoded."""
    message = message_from_bytes(raw.encode() + b"\n\n", policy=policy.default)
    return tuple(Header(name=name, value=str(value)) for name, value in message.items())


def sizes_of(base_url: str, piece: Piece, sample: Sample) -> Sizes:
    """How large the mail is."""
    files = piece.compilation.files
    return Sizes(
        html=len(filled_html(base_url, piece, sample).encode()),
        text=len(filled_text(base_url, piece, sample).encode()),
        images=sum(len(file.content) for file in files),
        number_of_images=len(files),
    )


def _recipient(base_url: str, piece: Piece, sample: Sample) -> Recipient:
    return recipient_of(sample, piece.mailing_list, piece.identity, base_url)


def _values(recipient: Recipient) -> Mapping[str, str]:
    return {**recipient.fields, "unsubscribe_url": recipient.unsubscribe_url}
