"""Gathers what is wrong with an issue file while it is read, so that an editor sees all of it at once. Pure."""

from newsletter.issue.finding import Finding, IssueError, error
from subscribers.hints import meant, shown

__all__ = ["MOST", "Report", "meant", "shown"]

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
