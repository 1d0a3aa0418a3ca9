"""The words at buttons whose press is evidence, and their versions (B3)."""

from hashlib import sha256

import pytest

from newsletter.web.shown import (
    CONFIRM_VERSION,
    IMPORTED_VERSION,
    UNDO_VERSION,
    confirm_shown,
    farewell_words,
    undo_shown,
    undo_words,
)

NAMES = {"title": "Nieuws", "controller": "Organisatie Voorbeeld"}


def digest(*words: object) -> str:
    return sha256(repr(words).encode()).hexdigest()[:16]


def test_a_wording_that_changes_gets_a_new_version() -> None:
    """Raise the version in newsletter/web/shown.py, then put the new digest here."""
    confirm = digest(*(confirm_shown(code, NAMES, is_imported=False).wording for code in ("nl", "en")))
    imported = digest(*(confirm_shown(code, NAMES, is_imported=True).wording for code in ("nl", "en")))
    lists = ["Nieuws", "Agenda"]
    undo = digest(
        *(
            (undo_words(code, lists), farewell_words(code, lists), farewell_words(code, lists, to_all=True))
            for code in ("nl", "en")
        )
    )
    assert {CONFIRM_VERSION: confirm, IMPORTED_VERSION: imported, UNDO_VERSION: undo} == {
        "2": "4bd287ce7ec76fba",
        "imported 1": "1f89f796edbcd9b1",
        2: "de5c0ac3371e1b0f",
    }


@pytest.mark.parametrize("shown", ["", "page", "farewell", "farewell.", "farewell.de", "x" * 2000])
def test_a_form_that_says_nothing_we_know_is_that_of_the_page_behind_the_link(shown: str) -> None:
    assert undo_shown(shown, "nl", ["Nieuws"]).wording.split("\n") == list(undo_words("nl", ["Nieuws"]))


def test_the_undo_below_a_farewell_is_known_by_its_form() -> None:
    assert undo_shown("farewell.en", "nl", ["A"]).wording.split("\n") == list(farewell_words("en", ["A"]))
    below = undo_shown("farewell-to-all.en", "nl", ["A", "B"]).wording.split("\n")
    assert below == list(farewell_words("en", ["A", "B"], to_all=True))


@pytest.mark.parametrize("to_all", [False, True])
def test_b3_the_words_of_an_undo_name_each_list_that_returns(*, to_all: bool) -> None:
    for words in (undo_words("nl", ["A", "B", "C"]), farewell_words("nl", ["A", "B", "C"], to_all=to_all)):
        assert "A, B en C" in " ".join(words)
