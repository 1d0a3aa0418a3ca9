"""The words beside the buttons whose press is evidence (B3): the pages show them, the store keeps them. Pure.

Raise a version when the words that it is about change; a test holds the two together.
"""

from collections.abc import Mapping

from newsletter.web.texts import Language
from newsletter.web.texts_leaving import LEAVING
from newsletter.web.texts_signup import SIGN_UP
from subscribers.consent import Shown

CONFIRM_VERSION, IMPORTED_VERSION = "2", "imported 1"
"""Of the page that asks who signed up to confirm it, and of the one that asks who came in a file."""
CONFIRM_SOURCE, IMPORTED_SOURCE = "confirmation page", "confirmation page, after an import"

UNDO_VERSION = 1
"""Of the undo, on its own page and below a farewell."""
UNDO_SOURCE = "undo of leaving"
FAREWELL = "farewell"
"""Value of the hidden field `shown`, before the language: the button stood below a farewell."""


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


def undo_words(language: Language, title: str) -> tuple[str, ...]:
    """Heading, sentence and button of the page behind a mailed undo; no `title`: a list that is not there any more."""
    x = LEAVING[language]
    if not title:
        return x.undo_heading, x.undo_ask_unknown, x.undo_button
    return x.undo_ask_heading.format(title=title), x.undo_ask.format(title=title), x.undo_button


def farewell_words(language: Language) -> tuple[str, ...]:
    """Heading, sentence and button of the undo below a farewell."""
    x = LEAVING[language]
    return x.undo_heading, x.undo, x.undo_button


def undo_shown(shown: str, language: Language, title: str) -> Shown:
    """What whoever pressed an undo had before them; `shown` is the form's own word, `language` that of the list."""
    place, _, spoken = shown.partition(".")
    below = next((code for code in LEAVING if code == spoken), None) if place == FAREWELL else None
    words = farewell_words(below) if below else undo_words(language, title)
    return Shown(source=UNDO_SOURCE, wording="\n".join(words), wording_version=str(UNDO_VERSION))
