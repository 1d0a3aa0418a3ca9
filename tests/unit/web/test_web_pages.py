"""The pages as bytes: texts complete in both languages, everything escaped, a department's templates first."""

import re
import string
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config import load
from newsletter.shipped import templates_dir
from newsletter.web.app import page_loader
from newsletter.web.forms import EMPTY, parse_form
from newsletter.web.pages import Pages
from newsletter.web.texts import TEXTS, period_in_words
from subscribers.errors import ConfigurationError
from subscribers.retention import Period
from tests.support.web import TOML


def pages_of(folder: Path, extra: str = "", base_url: str = "https://nieuws.example.org") -> Pages:
    file = folder / "newsletter.toml"
    file.write_text(TOML.format(base_url=base_url) + extra, encoding="utf-8")
    configuration = load(file, {})
    return Pages(configuration, page_loader(configuration))


def _gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_texts_have_the_same_gaps_in_both_languages() -> None:
    dutch, english = asdict(TEXTS["nl"]), asdict(TEXTS["en"])
    assert dutch["errors"].keys() == english["errors"].keys()
    for name in dutch.keys() - {"errors", "lost"}:
        assert _gaps(dutch[name]) == _gaps(english[name]), name


def test_dutch_is_formal() -> None:
    assert not re.search(r"\b(je|jij|jouw|jullie)\b", str(TEXTS["nl"]), re.IGNORECASE)


@pytest.mark.parametrize(
    ("period", "dutch", "english"),
    [(Period(21), "21 dagen", "21 days"), (Period(1), "1 dag", "1 day"), (Period(None), "1 maand", "1 month")],
)
def test_period_is_written_in_words(period: Period, dutch: str, english: str) -> None:
    assert period_in_words(period, "nl") == dutch
    assert period_in_words(period, "en") == english


def test_a_page_speaks_the_language_of_its_list(tmp_path: Path) -> None:
    pages = pages_of(tmp_path)
    assert b'<html lang="nl"' in pages.ask["nieuwsbrief"]
    assert b'<html lang="en"' in pages.ask["bulletin"]
    assert b"1 month after you unsubscribe" in pages.ask["bulletin"]
    assert b'<html lang="nl"' in pages.ask[""]


def test_the_page_of_a_link_has_one_button_no_script_and_no_address_to_post_to(tmp_path: Path) -> None:
    for page in pages_of(tmp_path).ask.values():
        assert page.count(b"<button") == 1
        assert page.count(b"<form") == 1
        assert b"<script" not in page
        assert b"action=" not in page


def test_titles_are_escaped(tmp_path: Path) -> None:
    extra = """
[lists.scherp]
title = "<script>alert(1)</script> & {title} {{ 7*7 }}"
from = "a@example.org"
unsubscribe_mailbox = "b@example.org"
basis = "consent"
controller = "<b>Organisatie</b>"
privacy_url = "https://example.org/?a=1&b=\\"2"
"""
    pages = pages_of(tmp_path, extra)
    for page in (pages.ask["scherp"], pages.ended["scherp"], pages.home["nl"], pages.help["nl"]):
        assert b"<script>" not in page
        assert b"<b>Organ" not in page
    assert b"&lt;script&gt;alert(1)&lt;/script&gt; &amp; {title} {{ 7*7 }}" in pages.ask["scherp"]


def test_a_list_without_archive_is_not_shown_to_strangers(tmp_path: Path) -> None:
    pages = pages_of(tmp_path)
    for page in (*pages.home.values(), *pages.help.values()):
        assert b"Interne Berichten" not in page
        assert b"intern-af@" not in page


def test_links_keep_the_path_of_base_url(tmp_path: Path) -> None:
    pages = pages_of(tmp_path, base_url="https://example.org/nieuws")
    assert b'href="/nieuws/u/' in pages.home["nl"]
    assert b'href="/nieuws/"' in pages.home["nl"]


def test_a_department_replaces_one_template_and_keeps_the_others(tmp_path: Path) -> None:
    (tmp_path / "huis" / "pages").mkdir(parents=True)
    own = '{% extends "base.html" %}{% block title %}Eigen{% endblock %}{% block content %}<h1>Eigen</h1>{% endblock %}'
    (tmp_path / "huis" / "pages" / "help.html").write_text(own)
    pages = pages_of(tmp_path, '\n[theme]\nfolder = "huis"\n')
    assert b"<h1>Eigen</h1>" in pages.help["nl"]
    assert b"Afmelden voor" in pages.ask["nieuwsbrief"]


@pytest.mark.parametrize(
    ("template", "line"),
    [("<h1>\n{% if %}", 2), ("<h1>\n\n{{ nobody }}", 3), ('{% include "weg.html" %}', 1), ("\n{{ 1 / 0 }}", 2)],
)
def test_a_broken_template_is_named_with_its_line(tmp_path: Path, template: str, line: int) -> None:
    (tmp_path / "huis" / "pages").mkdir(parents=True)
    (tmp_path / "huis" / "pages" / "help.html").write_text(template)
    with pytest.raises(ConfigurationError) as caught:
        pages_of(tmp_path, '\n[theme]\nfolder = "huis"\n')
    assert caught.value.where.endswith(f"huis/pages/help.html:{line}")


def test_a_template_that_is_not_utf8_is_an_error_for_people(tmp_path: Path) -> None:
    (tmp_path / "huis" / "pages").mkdir(parents=True)
    (tmp_path / "huis" / "pages" / "help.html").write_bytes(b"<h1>Be\xebindigd</h1>")
    with pytest.raises(ConfigurationError, match="utf-8"):
        pages_of(tmp_path, '\n[theme]\nfolder = "huis"\n')


def test_built_in_templates_hold_no_script_and_no_foreign_address() -> None:
    files = [path for path in (templates_dir() / "pages").rglob("*") if path.is_file()]
    assert files
    for path in files:
        source = path.read_text(encoding="utf-8")
        assert "<script" not in source
        assert not re.search(r"https?://|@import|url\(", source)


@given(st.binary(max_size=300))
def test_any_body_is_some_form_or_an_empty_one(body: bytes) -> None:
    form = parse_form(body)
    assert all(isinstance(name, str) and isinstance(value, str) for name, value in form.items())


def test_a_form_is_read_as_utf8_and_the_first_of_two_counts() -> None:
    assert parse_form(b"list=nieuwsbrief&list=x") == {"list": "nieuwsbrief"}
    assert parse_form(b"name=Zo%C3%AB+de%20Vries") == {"name": "Zoë de Vries"}
    assert parse_form(b"List-Unsubscribe=One-Click") == {"List-Unsubscribe": "One-Click"}
    assert parse_form(b"&".join([b"a=1"] * 5000)) == EMPTY
    assert parse_form(b"\xff") == EMPTY
    assert len(parse_form(b"a=" + b"x" * 9000)["a"]) == 2000
