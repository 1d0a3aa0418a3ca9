"""The form of what preflight says: its rule, how much it matters, where it is mended, both languages. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from newsletter.issue.finding import Severity


class Mended(StrEnum):
    """Where the remedy is applied; `newsletter check` names that file."""

    ISSUE = ""
    """The issue itself."""
    LIST = "newsletter.toml"
    THEME = "theme.toml"
    TEMPLATES = "templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What was found and the remedy: texts with the values of a finding in braces."""

    severity: Severity
    rule: str
    nl: tuple[str, str]
    en: tuple[str, str]
    mended: Mended = Mended.ISSUE


def error(rule: str, *, nl: tuple[str, str], en: tuple[str, str], mended: Mended = Mended.ISSUE) -> Message:
    """A message that keeps the issue from being sent."""
    return Message(severity=Severity.ERROR, rule=rule, nl=nl, en=en, mended=mended)


def warning(rule: str, *, nl: tuple[str, str], en: tuple[str, str], mended: Mended = Mended.ISSUE) -> Message:
    """A message that is advice."""
    return Message(severity=Severity.WARNING, rule=rule, nl=nl, en=en, mended=mended)
