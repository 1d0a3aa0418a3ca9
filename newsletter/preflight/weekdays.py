"""Weekdays that do not fit their dates: "dinsdag 18 mei 2022" was a Wednesday. Dutch and English. Pure."""

import re
from collections.abc import Iterator
from datetime import date

from newsletter.compose.dates import LOCALES, names_of_days, names_of_months
from newsletter.issue.finding import Finding
from newsletter.preflight.messages import Messages
from newsletter.preflight.walk import Words

_DAYS = {name: index for language in LOCALES for index, name in enumerate(names_of_days(language))}
_MONTHS = {name: index for language in LOCALES for index, name in enumerate(names_of_months(language), start=1)}
_D, _M = "|".join(_DAYS), "|".join(_MONTHS)
_WRITTEN = re.compile(
    rf"\b({_D})\b,?\s+(?:de\s+|the\s+)?(?:(\d{{1,2}})(?:st|nd|rd|th|e)?\s+(?:of\s+)?({_M})"
    rf"|({_M})\s+(\d{{1,2}})(?:st|nd|rd|th)?)\b(?:,?\s+(\d{{4}})\b)?",
    re.IGNORECASE | re.ASCII,
)


def check_weekdays(words: Words, issue_date: date, messages: Messages) -> Iterator[Finding]:
    """Findings for one text; a date without a year is taken to be the one nearest to the issue's."""
    for found in _WRITTEN.finditer(words.text):
        text = " ".join(found[0].split())
        month, number = _MONTHS[(found[3] or found[4]).casefold()], int(found[2] or found[5])
        day = _on(int(found[6]), month, number) if found[6] else _nearest(issue_date, month, number)
        if day is None:
            yield messages.finding("no-such-day", words.line, text=text)
        elif day.weekday() != _DAYS[found[1].casefold()]:
            right = names_of_days(messages.language)[day.weekday()]
            name = "wrong-weekday" if found[6] else "doubtful-weekday"
            yield messages.finding(name, words.line, text=text, right=right, year=day.year)


def _on(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None


def _nearest(issue_date: date, month: int, number: int) -> date | None:
    years = range(max(1, issue_date.year - 1), min(9999, issue_date.year + 1) + 1)
    days = [day for day in (_on(year, month, number) for year in years) if day]
    return min(days, key=lambda day: abs(day - issue_date), default=None)
