"""One mail as the readings of it share it: its parts, its text without what it quotes, the message it returns. Pure."""

from dataclasses import dataclass
from functools import cached_property

from newsletter.feedback.headers import Headers
from newsletter.feedback.html_text import html_to_text
from newsletter.feedback.mime import Part, parse_mail
from newsletter.feedback.returned import divide, returned_part

MAXIMUM_TEXTS = 10


@dataclass(frozen=True)
class Letter:
    """A mail, read once."""

    mail: Part

    @property
    def headers(self) -> Headers:
        """The headers of the mail itself."""
        return self.mail.headers

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The texts that the sender of this mail wrote; HTML where there is no plain text."""
        return tuple(self._texts("text/plain") or self._texts("text/html"))

    @cached_property
    def report(self) -> str:
        """What the mail says, without a copy of another message below it."""
        return "\n".join(divide(text).report for text in self.texts)

    @cached_property
    def returned(self) -> Headers:
        """The headers of the message that it returns, from a part of its own or from the text."""
        found = returned_part(self.mail)
        copies = (found, *(divide(text).headers for text in self.texts))
        return next((headers for headers in copies if headers.fields), Headers())

    def part_of_type(self, kind: str) -> Part | None:
        """The first part of that type."""
        return next((part for part in self.mail.walk() if part.type == kind), None)

    def _texts(self, kind: str) -> list[str]:
        parts = [part for part in self.mail.walk() if part.type == kind and (part is self.mail or not part.is_returned)]
        texts = (part.text() for part in parts[:MAXIMUM_TEXTS])
        return [html_to_text(text) if kind == "text/html" else text for text in texts if text.strip()]


def read_letter(raw: bytes) -> Letter:
    """The mail in `raw`."""
    return Letter(parse_mail(raw))
