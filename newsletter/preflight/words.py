"""Texts of the source: subject, preheader, placeholders left behind, fields without a stand-in, weekdays. Pure."""

import re
from collections.abc import Iterator

from newsletter.issue.finding import Finding
from newsletter.issue.model import FieldRef, Issue, Mixed
from newsletter.preflight.messages import Messages
from newsletter.preflight.walk import every_field, every_words
from newsletter.preflight.weekdays import check_weekdays

MAXIMUM_SUBJECT = 60
"""Characters; what most telephones show."""
_TYPICAL_VALUE = 15

_PLACEHOLDER = re.compile(r"\blorem ipsum\b|\bTODO\b|\bTBD\b|\bXXX+\b|\[(?:invullen|fill in|naam|datum)\]")
_PLACEHOLDER_ANY_CASE = re.compile(r"\blorem ipsum\b", re.IGNORECASE)
_TO_FOLLOW = re.compile(r"\blinkt? (?:volgt|to follow|follows)\b|\bvolgt nog\b|\bn\.?t\.?b\.?\b", re.IGNORECASE)


def check_words(issue: Issue, messages: Messages) -> Iterator[Finding]:
    """Everything that can be said of texts without knowing what they mean."""
    yield from _subject(issue, messages)
    for words in every_words(issue):
        filler = _PLACEHOLDER.search(words.text) or _PLACEHOLDER_ANY_CASE.search(words.text)
        follows = _TO_FOLLOW.search(words.text)
        if filler:
            yield messages.finding("placeholder", words.line, text=filler[0])
        if follows:
            yield messages.finding("to-follow", words.line, text=follows[0])
        yield from check_weekdays(words, issue.date, messages)
    for field in dict.fromkeys(every_field(issue)):
        if all(step.name != "default" for step in field.filters):
            yield messages.finding("no-default", field.line, name=field.name)


def _subject(issue: Issue, messages: Messages) -> Iterator[Finding]:
    size = len(_typical(issue.subject))
    if size > MAXIMUM_SUBJECT:
        yield messages.finding("long-subject", 0, size=size)
    if not issue.preheader:
        yield messages.finding("no-preheader", 0)
    elif _compared(issue.preheader) == _compared(issue.subject):
        yield messages.finding("preheader-repeats", 0)


def _typical(mixed: Mixed) -> str:
    """A text with its fields filled by what readers may have."""
    return "".join(_typical_value(piece) if isinstance(piece, FieldRef) else piece for piece in mixed)


def _typical_value(field: FieldRef) -> str:
    default = next((step.argument or "" for step in field.filters if step.name == "default"), "")
    return default.ljust(_TYPICAL_VALUE)


def _compared(mixed: Mixed) -> str:
    return " ".join(re.sub(r"\W+", " ", _typical(mixed).casefold()).split())
