"""What the filters of a field make of a value: `default`, `title`, `upper`, `lower`, `date`. Pure.

`title` is for names and places that were typed in lower case or in capitals, and knows how Dutch writes them: particles
stay small within a name (Jan van den Berg) and are capital where a name begins with them (Van den Berg, Den Haag),
IJ is one letter (IJsbrand), the first letters of 's-Hertogenbosch and 't Hart stay small. A word with capitals of its
own (McDonald, VNG) is left as it is, unless all of the value is in capitals.
"""

import re
from datetime import date, datetime
from functools import lru_cache

from newsletter.issue.model_text import Filter


def apply(step: Filter, value: str, language: str) -> str:
    """`value` after one filter; raises ValueError for a filter that there is not."""
    match step.name:
        case "default":
            return value or step.argument or ""
        case "title":
            return title(value)
        case "upper":
            return value.upper()
        case "lower":
            return value.lower()
        case "date":
            return in_form(value, step.argument or "", language)
        case other:
            msg = f"unknown filter {other!r}"
            raise ValueError(msg)


# ---------------------------------------------------------------- dates

_DUTCH_DAY = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")


@lru_cache(maxsize=1024)
def in_form(value: str, form: str, language: str) -> str:
    """A date as text in a named form or a pattern; a value that is no date stays what it is."""
    from newsletter.compose.dates import moment_in_form  # Babel is slow to load, and few issues need it

    moment = read_moment(value)
    return value if moment is None else moment_in_form(moment, form, language or "nl")


def read_moment(value: str) -> datetime | None:
    """The moment in `2027-06-14`, `2027-06-14 09:30`, `14-06-2027` or `14-6-2027`, as its clock shows it."""
    text = value.strip()
    dutch = _DUTCH_DAY.fullmatch(text)
    try:
        if dutch:
            found: date = date(int(dutch[3]), int(dutch[2]), int(dutch[1]))
        elif "-" in text[:6]:
            found = datetime.fromisoformat(text).replace(tzinfo=None)
        else:
            return None
    except ValueError:
        return None
    return found if isinstance(found, datetime) else datetime(found.year, found.month, found.day)  # noqa: DTZ001 - no zone is known


# ---------------------------------------------------------------- names and places


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split(" "))


_PARTICLES = _words(
    "aan af bij d da de degli dei del della den der des di do dos du e el en het in la las le les lo los met "
    "onder op over te ten ter tot uit uut van vander vanden vom von voor zu zum zur"
)
_SMALL = _words("s t n k")
"""What stands behind an apostrophe and is never capital: 's, 't, 'n, 'k."""
_PLACE_WORDS = _words("gemeente gemeenten provincie stad")
"""After these an article begins the name of a place: Gemeente De Bilt."""
_ARTICLES = _words("de den het")
_APOSTROPHES = "'\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"
_PART = re.compile(rf"[^\s\-/&+()]*[^\s\-/&+(){_APOSTROPHES}.,;:][^\s\-/&+()]*")
_SMALL_START = re.compile(rf"[{_APOSTROPHES}]([{''.join(sorted(_SMALL))}])(?![^\W\d_])", re.IGNORECASE)
_ELIDED = re.compile(rf"(\w)[{_APOSTROPHES}](?=\w{{2}})")
_INITIALS = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]?\.?")


def title(value: str) -> str:
    """`value` with the capitals of a Dutch name."""
    is_shouted = value == value.upper()
    before = ""
    parts: list[str] = []
    end = 0
    for found in _PART.finditer(value):
        word = found[0].lower() if is_shouted else found[0]
        parts += [value[end : found.start()], _capitalised(word, before)]
        before, end = found[0].lower(), found.end()
    return "".join((*parts, value[end:]))


def _capitalised(word: str, before: str) -> str:
    """One word, or one part of a word with hyphens; `before` is the one before it, "" at the start."""
    if word != word.lower():
        return word
    if _SMALL_START.match(word):
        return word
    if word in _PARTICLES and before and not (before in _PLACE_WORDS and word in _ARTICLES):
        return word
    if _INITIALS.fullmatch(word):
        return ".".join(part[:1].upper() + part[1:] for part in word.split("."))
    elided = _ELIDED.match(word)
    if elided:
        first = word[: elided.end()]
        is_small = elided[1] in {"d", "l"} and before
        return (first if is_small else first.capitalize()) + _first_letter(word[elided.end() :])
    return _first_letter(word)


def _first_letter(word: str) -> str:
    """`word` with its first letter in capitals, if it begins with one; ij is one letter."""
    start = next((index for index, letter in enumerate(word) if letter.isalnum()), len(word))
    size = 2 if word[start : start + 2] == "ij" else 1
    first = "IJ" if size > 1 else word[start : start + 1].title()
    return word[:start] + first + word[start + size :]
