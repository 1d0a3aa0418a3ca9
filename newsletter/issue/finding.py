"""One result of looking at an issue: what is wrong, where, and the remedy."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from subscribers.errors import InputError


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    """The issue may not be sent like this."""
    WARNING = "warning"
    """It may be sent; readers are better off if it is mended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`rule` is a number of the standard (A41) or a name; `line` counts from 1, 0 means the file as a whole."""

    severity: Severity
    rule: str
    file: str
    line: int
    what: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.severity} [{self.rule}] {self.what}\n    {self.remedy}"


class IssueError(InputError):
    """The issue file cannot be understood; carries every finding, not only the first."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(map(str, findings)))


def error(rule: str, file: str, line: int, what: str, remedy: str) -> Finding:
    """A finding of level error."""
    return Finding(severity=Severity.ERROR, rule=rule, file=file, line=line, what=what, remedy=remedy)


def warning(rule: str, file: str, line: int, what: str, remedy: str) -> Finding:
    """A finding of level warning."""
    return Finding(severity=Severity.WARNING, rule=rule, file=file, line=line, what=what, remedy=remedy)
