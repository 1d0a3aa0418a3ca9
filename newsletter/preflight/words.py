"""Texts of the source: subject, preheader, what was left behind, fields without a stand-in, weekdays. Pure."""

import re
from collections.abc import Iterator
from datetime import date

from newsletter.compose.dates import day_in_words
from newsletter.issue.finding import Finding
from newsletter.issue.model import Issue
from newsletter.issue.model_text import FieldRef, Mixed
from newsletter.preflight.messages import Messages
from newsletter.preflight.walk import Content, Words
from newsletter.preflight.weekdays import check_weekdays

MAXIMUM_SUBJECT = 60
"""Characters; what most telephones show."""
MAXIMUM_PREHEADER = 150
"""Characters; what the widest inbox shows of subject and preheader together, and some more."""
_TYPICAL_VALUE = 15

_PLACEHOLDER = re.compile(
    r"\bTODO\b|\bTBD\b|\bFIXME\b|\bXXX+\b|\bX{1,2}-X{1,2}-\w+|"
    r"\[(?:invullen|vul in|naam|datum|titel|tijd|link|locatie|fill in|name|date|title|time|place)\]|"
    r"(?i:\blorem ipsum\b|\bdolor sit amet\b|\b(?:tekst|link|foto|titel|datum) invullen\b|\bvoorbeeldtekst\b|"
    r"\bplaceholder\b|\binsert (?:text|link|title) here\b)|\?\?\?"
)
_STARTER = frozenset(
    {
        *("naam van de bijeenkomst", "eerste onderwerp", "voor wie de bijeenkomst is"),
        *("lees meer over het eerste onderwerp", "meld u aan voor de bijeenkomst"),
        "eén of twee zinnen die in de inbox achter het onderwerp staan.",
    }
)
"""What stands in the starter that `newsletter new` copies, and is meant to be replaced."""
_TO_FOLLOW = re.compile(
    r"\blinkt? (?:volgt|to follow|follows)\b|\bvolgt nog\b|\bvolgt binnenkort\b|\bn\.?t\.?b\.?\b|"
    r"\bnog (?:niet )?bekend te maken\b|\bto be (?:announced|confirmed|determined)\b|\bto follow\b",
    re.IGNORECASE,
)
_CLUES = (
    *("todo", "tbd", "fixme", "xx", "x-x", "[", "lorem", "dolor sit", "invullen", "voorbeeldtekst", "placeholder"),
    *("insert ", "???", "volgt", "follow", "ntb", "n.t.b", "nt.b", "n.tb", "nog ", "to be "),
)
"""Of each of these patterns a part that is quick to find: nearly every text has none of them."""
_NO_NEWS = re.compile(
    r"(?:de |onze |het |the |our )?(?:nieuwsbrief|nieuwsflits|nieuws|update|newsletter|news|mailing)"
    r"(?: (?:van|voor|of|for))?(?: \w+)?(?: (?:nr\.?|nummer|no\.?|number|editie|issue|#))?(?: ?\d{1,4})?(?: \d{4})?",
    re.IGNORECASE,
)


def check_words(content: Content, messages: Messages) -> Iterator[Finding]:
    """Everything that can be said of texts without knowing what they mean."""
    yield from _subject(content.issue, messages)
    yield from _preheader(content.issue, messages)
    for words in content.words:
        yield from _left_behind(words, messages)
        yield from check_weekdays(words, content.issue.date, messages)
    for field, line in dict.fromkeys(content.fields):
        if all(step.name != "default" for step in field.filters):
            yield messages.finding("no-default", line, name=field.name)


def check_day(issue: Issue, today: date, messages: Messages) -> Iterator[Finding]:
    """Whether the issue is dated before `today`."""
    if issue.date < today:
        yield messages.finding(
            "issue-past", issue.lines.get("date", 0), day=day_in_words(issue.date, messages.language)
        )


def _subject(issue: Issue, messages: Messages) -> Iterator[Finding]:
    line, text = issue.lines.get("subject", 0), _typical(issue.subject)
    if len(text) > MAXIMUM_SUBJECT:
        yield messages.finding("long-subject", line, size=len(text), limit=MAXIMUM_SUBJECT)
    if _NO_NEWS.fullmatch(text.strip()):
        yield messages.finding("subject-says-nothing", line, text=text)


def _preheader(issue: Issue, messages: Messages) -> Iterator[Finding]:
    line, text = issue.lines.get("preheader", 0), _compared(issue.preheader)
    if not text:
        yield messages.finding("no-preheader", line or issue.lines.get("subject", 0))
    elif text == _compared(issue.subject):
        yield messages.finding("preheader-repeats", line)
    elif len(size := _typical(issue.preheader)) > MAXIMUM_PREHEADER:
        yield messages.finding("long-preheader", line, size=len(size), limit=MAXIMUM_PREHEADER)


def _left_behind(words: Words, messages: Messages) -> Iterator[Finding]:
    lowered = words.text.casefold()
    if any(clue in lowered for clue in _CLUES):
        if filler := _PLACEHOLDER.search(words.text):
            yield messages.finding("placeholder", words.line, text=filler[0])
        if follows := _TO_FOLLOW.search(words.text):
            yield messages.finding("to-follow", words.line, text=follows[0])
    if lowered.strip() in _STARTER:
        yield messages.finding("starter-text", words.line, text=words.text.strip())


def _typical(mixed: Mixed) -> str:
    """A text with its fields filled by what readers may have."""
    return "".join(_typical_value(piece) if isinstance(piece, FieldRef) else piece for piece in mixed)


def _typical_value(field: FieldRef) -> str:
    default = next((step.argument or "" for step in field.filters if step.name == "default"), "")
    return default.ljust(_TYPICAL_VALUE)


def _compared(mixed: Mixed) -> str:
    return " ".join(re.sub(r"\W+", " ", _typical(mixed).casefold()).split())
