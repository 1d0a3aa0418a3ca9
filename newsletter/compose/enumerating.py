"""Several names in one sentence, Dutch and English. Pure."""

from collections.abc import Sequence

from babel.lists import format_list

from newsletter.compose.dates import LOCALES


def enumerated(names: Sequence[str], language: str) -> str:
    """`A`, `A en B`, `A, B en C`; the last comma and the "and" as the language has them."""
    return str(format_list(list(names), locale=LOCALES[language]))
