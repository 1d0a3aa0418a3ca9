"""Words that help with a mistake: what was meant, and what was found, short enough for a message. Pure."""

from collections.abc import Iterable
from difflib import get_close_matches


def meant(found: str, known: Iterable[str], otherwise: str = "") -> str:
    """`did you mean 'x'?`, or the known words."""
    words = sorted(known)
    close = get_close_matches(found.casefold(), words, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return otherwise or f"use one of: {', '.join(words)}"


def shown(text: str, limit: int = 60) -> str:
    """`text` as it may stand in a message: on one line and not too long."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
