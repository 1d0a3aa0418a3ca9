"""The link to one's own preferences: in both parts of a mail (A6), never where nobody is known."""

from newsletter.compose.fields import fill
from newsletter.message.template import fill_web
from tests.support.mails import VALUES, an_issue, compile_

PAGE = "https://nieuws.example.org/voorkeuren/" + "A" * 48
WORDS = "Wijzig uw voorkeuren"


def test_both_parts_have_the_link_beside_the_way_out() -> None:
    compiled = compile_(an_issue()).compiled
    for part in (compiled.html, compiled.text):
        filled = fill(part, VALUES | {"preferences_url": PAGE})
        assert filled.count(PAGE) == 1
        assert WORDS in filled
        assert filled.rindex(VALUES["unsubscribe_url"]) < filled.index(PAGE)


def test_who_has_no_preferences_gets_no_link() -> None:
    compiled = compile_(an_issue()).compiled
    for part in (compiled.html, compiled.text):
        assert WORDS not in fill(part, VALUES)
        assert WORDS not in fill(part, VALUES | {"preferences_url": ""})


def test_the_web_version_has_no_link() -> None:
    page = fill_web(compile_(an_issue()).compiled, unsubscribe_url="https://nieuws.example.org/u/")
    assert WORDS not in page
    assert "voorkeuren" not in page
