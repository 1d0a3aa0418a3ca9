"""Counts in sentences: one row, two rows."""

from newsletter.cli.common import number


def counted(count: int, one: str, more: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number(count)} {plural(count, one, more)}"


def plural(count: int, one: str, more: str) -> str:
    """The word that fits the count."""
    return one if count == 1 else more
