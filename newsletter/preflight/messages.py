"""Makes findings: looks a message up by its name, fills in its values, in one language. Pure."""

from collections.abc import Iterable

from newsletter.issue.finding import Finding
from newsletter.issue.report import shown
from newsletter.preflight.wording.links import LINKS
from newsletter.preflight.wording.mailing import MAILING
from newsletter.preflight.wording.message import Message
from newsletter.preflight.wording.structure import STRUCTURE
from newsletter.preflight.wording.words import WORDS

MESSAGES: dict[str, Message] = STRUCTURE | LINKS | WORDS | MAILING
"""Every finding that preflight can make, by its name."""


class _Quoted(str):
    """A text of the issue that `{text!r}` writes between quotes, on one line and not too long."""

    __slots__ = ()

    def __repr__(self) -> str:
        text = shown(self)
        return f'"{text}"' if "'" in text else f"'{text}'"


class _DutchNumber(int):
    """A number that `{size:,}` writes as 100.000."""

    def __format__(self, form: str) -> str:
        return format(int(self), form).replace(",", ".")


class Messages:
    """Makes findings about one file in one language, `nl` or `en`."""

    def __init__(self, language: str, file: str) -> None:
        self.language = language
        self.file = file

    def finding(self, name: str, line: int, /, **values: object) -> Finding:
        """The finding called `name`, on `line` (0: the file as a whole); `values` fill its texts."""
        message = MESSAGES[name]
        ready = {key: self._ready(value) for key, value in values.items()}
        what, remedy = (text.format(**ready) for text in (message.nl if self.language == "nl" else message.en))
        return Finding(
            severity=message.severity,
            rule=message.rule,
            file=message.mended.value or self.file,
            line=0 if message.mended.value else line,
            what=what,
            remedy=remedy,
        )

    def lines(self, found: Iterable[int]) -> str:
        """`regel 7`, `regels 7, 12`, `line 7`."""
        numbers = [str(number) for number in dict.fromkeys(found)]
        word = "regel" if self.language == "nl" else "line"
        return f"{word}{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"

    def _ready(self, value: object) -> object:
        if isinstance(value, str):
            return _Quoted(value)
        if isinstance(value, int) and self.language == "nl":
            return _DutchNumber(value)
        return value
