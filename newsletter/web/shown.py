"""The words beside the buttons whose press is evidence (B3): the pages show them, the store keeps them. Pure.

Raise a version when the words that it is about change; a test holds the two together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from newsletter.compose.enumerating import enumerated
from newsletter.web.texts import Language
from newsletter.web.texts_leaving import LEAVING
from newsletter.web.texts_signup import SIGN_UP
from subscribers.consent import Shown

CONFIRM_VERSION, IMPORTED_VERSION = "2", "imported 1"
"""Of the page that asks who signed up to confirm it, and of the one that asks who came in a file."""
CONFIRM_SOURCE, IMPORTED_SOURCE = "confirmation page", "confirmation page, after an import"

UNDO_VERSION = 2
"""Of the undo, on its own page and below a farewell."""
UNDO_SOURCE = "undo of leaving"
FAREWELL, FAREWELL_TO_ALL = "farewell", "farewell-to-all"
"""Values of the hidden field `shown`, before the language: below which farewell the button stood."""


def confirm_words(language: Language, names: Mapping[str, str], *, is_imported: bool) -> tuple[str, ...]:
    """Heading, sentence and button of the page behind a confirmation mail; `names`: `title` and `controller`."""
    s = SIGN_UP[language]
    asked = (s.ask_heading, s.ask, s.ask_button)
    if is_imported:
        asked = (s.imported_heading, s.imported, s.imported_button)
    return tuple(text.format_map(names) for text in asked)


def confirm_shown(language: Language, names: Mapping[str, str], *, is_imported: bool) -> Shown:
    """What whoever pressed the button of that page had before them."""
    return Shown(
        source=IMPORTED_SOURCE if is_imported else CONFIRM_SOURCE,
        wording="\n".join(confirm_words(language, names, is_imported=is_imported)),
        wording_version=IMPORTED_VERSION if is_imported else CONFIRM_VERSION,
    )


def undo_words(language: Language, titles: Sequence[str]) -> tuple[str, ...]:
    """Heading, sentence and button of the page of an undo: they name every list that returns, and no other."""
    x = LEAVING[language]
    return _filled((x.undo_ask_heading, x.undo_ask, x.undo_button), language, titles)


def farewell_words(language: Language, titles: Sequence[str], *, to_all: bool = False) -> tuple[str, ...]:
    """Heading, sentence and button of the undo below a farewell; to all lists: those that this site tells of."""
    x = LEAVING[language]
    return _filled(
        (x.undo_heading, x.undo_all if to_all else x.undo, x.undo_all_button if to_all else x.undo_button),
        language,
        titles,
    )


@dataclass(frozen=True, kw_only=True)
class UndoForm:
    """The way back below a farewell: where it stands, its words, and the lists that they name."""

    place: str
    words: tuple[str, ...]
    lists: tuple[str, ...]


def farewell_form(language: Language, titles: Mapping[str, str], *, to_all: bool) -> UndoForm:
    """The form with `farewell_words`; `titles` by the slug of their list."""
    words = farewell_words(language, list(titles.values()), to_all=to_all)
    return UndoForm(place=FAREWELL_TO_ALL if to_all else FAREWELL, words=words, lists=tuple(titles))


def _filled(texts: tuple[str, ...], language: Language, titles: Sequence[str]) -> tuple[str, ...]:
    names = enumerated(titles, language)
    return tuple(text.format(titles=names) for text in texts)


def undo_shown(shown: str, language: Language, titles: Sequence[str]) -> Shown:
    """What whoever pressed an undo had before them; `shown` is the form's own word, `language` that of the list."""
    place, _, spoken = shown.partition(".")
    below = next((code for code in LEAVING if code == spoken), None) if place in {FAREWELL, FAREWELL_TO_ALL} else None
    words = undo_words(language, titles)
    if below:
        words = farewell_words(below, titles, to_all=place == FAREWELL_TO_ALL)
    return Shown(source=UNDO_SOURCE, wording="\n".join(words), wording_version=str(UNDO_VERSION))
