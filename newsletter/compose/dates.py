"""Days and times in words, Dutch and English: what readers see, never what is stored. Pure."""

from datetime import date, datetime, time

from babel.dates import format_date, format_datetime, get_day_names, get_month_names

from newsletter.issue.fields import DATE_FORMS

LOCALES = {"nl": "nl_NL", "en": "en_GB"}
"""The languages that readers are written to in."""


def day_in_words(day: date, language: str) -> str:
    """`14 juni 2027`, `14 June 2027`."""
    return format_date(day, "d MMMM y", locale=LOCALES[language])


def weekday_in_words(day: date, language: str) -> str:
    """`maandag 14 juni 2027`, `Monday 14 June 2027`."""
    return format_date(day, "EEEE d MMMM y", locale=LOCALES[language])


def times_in_words(start: time | None, end: time | None, language: str) -> str:
    """`9.30-11.00 uur`, `9:30-11:00`; "" without a start."""
    if start is None:
        return ""
    mark = "." if language == "nl" else ":"
    times = "\N{EN DASH}".join(f"{moment.hour}{mark}{moment.minute:02}" for moment in (start, end) if moment)
    return f"{times} uur" if language == "nl" else times


def moment_in_words(day: date, start: time | None, end: time | None, language: str) -> str:
    """`maandag 21 juni 2027, 9.30-11.00 uur`, `Monday 21 June 2027, 9:30-11:00`."""
    parts = (weekday_in_words(day, language), times_in_words(start, end, language))
    return ", ".join(part for part in parts if part)


def moment_in_form(moment: datetime, form: str, language: str) -> str:
    """A moment in a form of newsletter.issue.fields: `long`, or a pattern such as `EEEE d MMMM`."""
    if form in DATE_FORMS:
        return format_date(moment, form, locale=LOCALES[language])
    return format_datetime(moment, form, locale=LOCALES[language])


def names_of_days(language: str) -> list[str]:
    """`maandag` ... `zondag`, as they are compared: without capitals."""
    names = get_day_names("wide", locale=LOCALES[language])
    return [names[number].casefold() for number in range(7)]


def names_of_months(language: str) -> list[str]:
    """`januari` ... `december`, without capitals."""
    names = get_month_names("wide", locale=LOCALES[language])
    return [names[number].casefold() for number in range(1, 13)]
