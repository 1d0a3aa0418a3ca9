"""The MessageTemplate: an issue as MIME bytes, encoded once for everyone, with gaps filled per recipient. Pure.

    headers of the recipient     To, Subject, Date, Message-ID, List-Unsubscribe
    headers of the list          MailIdentity.lines
    multipart/alternative        text first, HTML last (A6), both quoted-printable: 7-bit for any relay (A5)
      text/plain                 format=flowed where its lines are (RFC 3676)
      text/html                  inside multipart/related with its images, if they are embedded

Boundaries come from the digest, so every recipient gets the same (I6). They start with `=_`, which neither
quoted-printable nor base64 can produce, so no content can hold one.

Audience blocks are encoded with the rest, fences at their edges; whoever does not get one, gets empty bytes in its
place. A condition is asked once per recipient, however often its block stands in the message.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from newsletter.compose.compiled import Asset, CompiledIssue, Field, Pieces
from newsletter.compose.fields import (
    PREFERENCES,
    UNSUBSCRIBE,
    fill,
    fill_for_web,
    with_list,
)
from newsletter.message import encoding, headers
from newsletter.message.headers import UnsafeValueError
from newsletter.message.identity import MailIdentity, job_digest
from newsletter.message.parts import Choice, Gap, Part, merge, text_entity
from newsletter.message.recipient import Recipient

__all__ = ["UNSUBSCRIBE", "MessageTemplate", "fill_web", "sample_recipient"]

_EOL = b"\r\n"
_NAME_FIELD = "name"
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>")
_DATE = re.compile(rb"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")
_ASSET_NAME = re.compile(r"[0-9a-z]+\.[0-9a-z]+")


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """One issue of one list, ready to be filled. Immutable, so threads and tasks may share it."""

    digest: str
    """What the job froze (I6): `job_digest` of issue and identity."""
    subject: bytes | Pieces
    """The header line, or its pieces if fields stand in it."""
    is_ascii: bool
    """Whether the headers of the list are plain ASCII."""
    _parts: tuple[bytes, ...] = field(repr=False)
    """The message; empty where the headers of the recipient (first) and the gaps are."""
    _gaps: tuple[Gap, ...] = field(repr=False)
    _choices: tuple[Choice, ...] = field(repr=False)
    _list: tuple[str, str] = field(repr=False)
    """Slug and language, which conditions may ask for."""

    @classmethod
    def build(
        cls, compiled: CompiledIssue, identity: MailIdentity, assets: Mapping[str, bytes] | None = None
    ) -> "MessageTemplate":
        """Encode `compiled`; `assets` holds the bytes of its embedded images by name (KeyError if one is missing).

        Raises UnsafeValueError for what cannot stand in a header (A4).
        """
        digest = job_digest(compiled, identity)
        parts = [identity.lines, *_body(compiled, assets or {}, digest)]
        merged, gaps, choices = merge(parts)
        subject, about = _subject(compiled.subject), (compiled.list_slug, compiled.language)
        return cls(digest, subject, identity.lines.isascii(), (b"", *merged), gaps, choices, about)

    def fill(self, recipient: Recipient, date: bytes | str) -> bytes:
        """The complete message: every byte of it, lines ended by CRLF, no line starting with a dot.

        `date` is the value of Date (`headers.format_date`). Raises UnsafeValueError if a value of this recipient
        cannot stand in a header (A4): nothing is sent then, and the others are not concerned.
        """
        ways = {UNSUBSCRIBE: recipient.unsubscribe_url, PREFERENCES: recipient.preferences_url}
        values = {**recipient.fields, **ways}
        parts = list(self._parts)
        parts[0] = self._personal_headers(recipient, values, date)
        encoded = dict(recipient.encoded)
        for gap in self._gaps:
            text = gap.text(values)
            value = encoded.get(text)
            if value is None:
                value = encoded[text] = encoding.quoted_printable(text)
            for place in gap.places:
                parts[place] = value
        if self._choices:
            self._leave_out(parts, with_list(values, *self._list))
        return b"".join(parts)

    def needs_smtputf8(self, recipient: Recipient) -> bool:
        """Whether this message has headers or addresses outside ASCII, which only SMTPUTF8 servers take (A7)."""
        return not (self.is_ascii and recipient.address.isascii())

    def _leave_out(self, parts: list[bytes], values: Mapping[str, str]) -> None:
        """Empty the parts of audience blocks that are not for this recipient."""
        for choice in self._choices:
            if not choice.holds(values):
                for run, nothing in choice.runs:
                    parts[run] = nothing

    def _personal_headers(self, recipient: Recipient, values: Mapping[str, str], date: bytes | str) -> bytes:
        subject = self.subject
        return b"".join(
            (
                headers.mailbox("To", values.get(_NAME_FIELD, ""), recipient.address),
                subject if isinstance(subject, bytes) else headers.unstructured("Subject", fill(subject, values)),
                _stamp(date, recipient.message_id),
                recipient.list_unsubscribe
                or headers.uris("List-Unsubscribe", recipient.unsubscribe_url, recipient.unsubscribe_mailto),
            )
        )


def sample_recipient(
    *,
    base_url: str,
    mailbox: str,
    domain: str,
    address: str = "lezer@example.org",
    fields: Mapping[str, str] | None = None,
) -> Recipient:
    """Somebody who does not exist, for looking at a message that nobody is sent: its links lead to the help page."""
    return Recipient(
        address=address,
        fields=fields or {},
        unsubscribe_url=f"{base_url}/u/",
        preferences_url=f"{base_url}/voorkeuren/",
        unsubscribe_mailto=f"mailto:{mailbox}?subject=unsubscribe",
        message_id=f"<sample@{domain}>",
        envelope_sender=mailbox,
    )


def fill_web(compiled: CompiledIssue, *, unsubscribe_url: str, media_url: str = "") -> str:
    """The HTML of the web archive: nobody's values, so every field is its default; `unsubscribe_url` is the help page.

    Audience blocks are left out unless they are marked for the web.
    With `media_url` (`https://…/media`) images that the mail carries inside it are shown from there.
    """
    html = fill_for_web(compiled.html, {UNSUBSCRIBE: unsubscribe_url})
    if media_url:
        for asset in compiled.assets:
            html = html.replace(f"cid:{asset.name}", f"{media_url}/{asset.name}")
    return html


def _subject(pieces: Pieces) -> bytes | Pieces:
    """The encoded line, once for everyone, if no field stands in it."""
    if any(isinstance(piece, Field) for piece in pieces):
        headers.require_safe("Subject", "".join(piece for piece in pieces if isinstance(piece, str)))
        return pieces
    return headers.unstructured("Subject", fill(pieces, {}))


@lru_cache(maxsize=4)
def _day(date: bytes | str) -> bytes:
    """The value of Date, looked at once per second."""
    day = date.encode("ascii", "replace") if isinstance(date, str) else date
    if not _DATE.fullmatch(day):
        raise UnsafeValueError("Date", "not a date of RFC 5322")
    return day


def _stamp(date: bytes | str, message_id: str) -> bytes:
    if not _MESSAGE_ID.fullmatch(message_id) or len(message_id) > headers.HARD_LIMIT - len("Message-ID: "):
        raise UnsafeValueError("Message-ID", "not a message id")
    return b"Date: %b\r\nMessage-ID: %b\r\n" % (_day(date), message_id.encode("ascii"))


# ---------------------------------------------------------------- the body, once per issue


def _body(compiled: CompiledIssue, assets: Mapping[str, bytes], digest: str) -> Iterator[Part]:
    """Everything from MIME-Version on, as encoded bytes and gaps."""
    embedded = [asset for asset in compiled.assets if asset.embedded]
    html = list(text_entity("html", compiled.html))
    if embedded:
        html = list(_related(html, [_image(asset, assets[asset.name]) for asset in embedded], f"=_{digest[:30]}_r"))
    yield b"MIME-Version: 1.0\r\n"
    text = list(text_entity("plain", compiled.text, "; format=flowed" if compiled.text_is_flowed else ""))
    yield from _multipart("alternative", [text, html], f"=_{digest[:30]}_a")
    yield _EOL


def _related(html: list[Part], images: list[bytes], boundary: str) -> Iterator[Part]:
    attached: list[list[Part]] = [[image] for image in images]
    return _multipart("related", [html, *attached], boundary, '; type="text/html"')


def _multipart(subtype: str, entities: Iterable[list[Part]], boundary: str, parameters: str = "") -> Iterator[Part]:
    """Header and body of a multipart without the line end after it (RFC 2046 section 5.1.1)."""
    yield headers.tokens("Content-Type", f'multipart/{subtype}{parameters}; boundary="{boundary}"')
    for entity in entities:
        yield f"\r\n--{boundary}\r\n".encode("ascii")
        yield from entity
    yield f"\r\n--{boundary}--".encode("ascii")


def _image(asset: Asset, data: bytes) -> bytes:
    """An embedded image, found by `cid:` and its name (RFC 2392)."""
    if not _ASSET_NAME.fullmatch(asset.name):
        raise UnsafeValueError("Content-ID", "not the name of an image")
    stem, _, extension = asset.name.partition(".")
    lines = (
        headers.tokens("Content-Type", asset.media_type),
        headers.tokens("Content-Transfer-Encoding", "base64"),
        headers.tokens("Content-ID", f"<{asset.name}>"),
        headers.tokens("Content-Disposition", f'inline; filename="{stem[:16]}.{extension}"'),
    )
    return b"".join(lines) + _EOL + encoding.base64_lines(data)
