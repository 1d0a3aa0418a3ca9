"""Gathers what is wrong with an issue file while it is read, so that an editor sees all of it at once. Pure."""

from collections.abc import Iterable
from difflib import get_close_matches

from newsletter.issue.finding import Finding, IssueError, error

MOST = 200
"""More findings than this help nobody; the last one says that there are more."""


class Report:
    """The findings of one file, in the order of its lines."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._findings: dict[tuple[str, int, str], Finding] = {}

    def add(self, rule: str, line: int, what: str, remedy: str) -> None:
        """Note one thing that is wrong on `line` (from 1); the same thing twice counts once."""
        if len(self._findings) < MOST:
            self._findings.setdefault((rule, line, what), error(rule, self.file, line, what, remedy))
        else:
            self._findings.setdefault(
                ("limit", 0, ""),
                error("limit", self.file, 0, f"more than {MOST} errors", "mend these first"),
            )

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found, by line."""
        return tuple(sorted(self._findings.values(), key=lambda finding: finding.line))

    def raise_if_any(self) -> None:
        """Raise IssueError with every finding, if there is one."""
        if self._findings:
            raise IssueError(self.findings)


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
