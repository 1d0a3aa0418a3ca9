"""Makes findings: looks a message up by its name, fills in its values, in one language. Pure."""

import re

from newsletter.issue.finding import Finding
from newsletter.issue.report import shown
from newsletter.preflight.wording.links import LINKS
from newsletter.preflight.wording.mailing import MAILING
from newsletter.preflight.wording.message import Mended, Message
from newsletter.preflight.wording.structure import STRUCTURE
from newsletter.preflight.wording.words import WORDS

MESSAGES: dict[str, Message] = STRUCTURE | LINKS | WORDS | MAILING
"""Every finding that preflight can make, by its name."""

RULES = frozenset(message.rule for message in MESSAGES.values())
"""Every rule that preflight can report."""


_THOUSANDS = re.compile(r"\b\d{1,3}(?:,\d{3})+\b")


class _Quoted(str):
    """A text of the issue that `{text!r}` writes between quotes, on one line and not too long."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"'{shown(self)}'"


class Messages:
    """Makes findings about one file in one language, `nl` or `en`."""

    def __init__(self, language: str, file: str) -> None:
        self.language = language
        self.file = file

    def finding(self, name: str, line: int, /, **values: object) -> Finding:
        """The finding called `name`, on `line` (0: the file as a whole); `values` fill its texts."""
        message = MESSAGES[name]
        shown_values = {key: _Quoted(value) if isinstance(value, str) else value for key, value in values.items()}
        what, remedy = (text.format(**shown_values) for text in (message.nl if self.language == "nl" else message.en))
        is_elsewhere = message.mended is not Mended.ISSUE
        return Finding(
            severity=message.severity,
            rule=message.rule,
            file=message.mended.value if is_elsewhere else self.file,
            line=0 if is_elsewhere else line,
            what=self._numbers(what),
            remedy=self._numbers(remedy),
        )

    def _numbers(self, text: str) -> str:
        return _dutch_thousands(text) if self.language == "nl" else text


def _dutch_thousands(text: str) -> str:
    """Python writes 100,000; Dutch writes 100.000."""
    return _THOUSANDS.sub(lambda found: found[0].replace(",", "."), text)
