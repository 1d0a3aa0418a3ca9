"""The words of a condition: what stands in its text, piece by piece, each with its place. Pure."""

import re
from dataclasses import dataclass

from subscribers.hints import shown

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>"[^"]*"|'[^']*')
    |(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}(?![\w-]))
    |(?P<number>-?[0-9]+(?:\.[0-9]+)?(?![\w-]))
    |(?P<word>\w[\w-]*)
    |(?P<sign>[(),]|[^\w\s()"',]+|["'])
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a condition."""

    kind: str
    """`text`, `date`, `number`, `word`, `sign`, or `end`."""
    value: str
    """As it is written, quotes included."""
    position: int
    """From 0."""


def tokens(text: str) -> list[Token]:
    """All pieces of `text`; the last is its end."""
    found = [
        Token(str(match.lastgroup), match[str(match.lastgroup)], match.start(str(match.lastgroup)))
        for match in _TOKEN.finditer(text)
    ]
    return [*found, Token("end", "", len(text))]


def shown_token(token: Token) -> str:
    """The piece as a message shows it."""
    return "the end" if token.kind == "end" else shown(token.value) if token.kind == "text" else repr(token.value[:60])
