"""What is stored, in words: nothing is left out, nothing lacks a Dutch word, nothing runs in a spreadsheet (B8)."""

import csv
import io
import json
import re
import string
from dataclasses import asdict
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.retry import Reason
from newsletter.store.migrate import metadata
from newsletter.web.own_data import Words, as_csv, as_json, sections
from newsletter.web.texts_leaving import LEAVING
from newsletter.web.texts_mine import MINE
from newsletter.web.texts_moving import MOVING
from newsletter.web.texts_own_data import HEADINGS, LABELS
from subscribers.consent import ConsentEvent
from subscribers.erasure import FROM_SUBSCRIBER, hanging_on
from subscribers.schema import declared
from subscribers.subscription import EndedReason, State

ZONE = ZoneInfo("Europe/Amsterdam")
DUTCH = Words(language="nl", zone=ZONE, titles={"maand": "Maandbericht"})
ABOUT_PEOPLE = [
    (table.name, column.name)
    for table in hanging_on(metadata, FROM_SUBSCRIBER)
    for column in table.columns
    if declared(column).personal
]


@pytest.mark.parametrize(("table", "column"), ABOUT_PEOPLE, ids=".".join)
def test_every_column_about_a_person_has_a_dutch_word(table: str, column: str) -> None:
    said = declared(metadata.tables[table].columns[column]).label
    assert said in LABELS, f"newsletter/web/texts_own_data.py lacks {said!r}"
    assert table in HEADINGS["nl"]
    assert table in HEADINGS["en"]


def test_what_has_no_words_yet_is_shown_all_the_same() -> None:
    (section,) = sections({"new_table": [{"new_column": "value", "empty": "", "none": None}]}, DUTCH)
    assert section.heading == "New table"
    assert section.rows == ((("New column", "value"),),)


def test_an_attribute_is_shown_by_words_and_stored_by_its_name() -> None:
    person = {"attributes": {"aantal_inwoners": "12", "at": "x"}}
    (section,) = sections({"subscriber": [person]}, DUTCH)
    assert section.rows == ((("Aantal inwoners", "12"), ("At", "x")),)
    (section,) = sections({"notice": [{"details": {"organisation": "Gemeente"}}]}, DUTCH)
    assert section.rows == ((("Organisatie", "Gemeente"),),)
    assert json.loads(as_json({"subscriber": [person]})) == {"subscriber": [person]}


def test_moments_lists_and_coded_words_are_put_into_plain_language() -> None:
    row = {"list": "maand", "state": "ended", "ended_at": datetime(2027, 6, 14, 7, 30, tzinfo=UTC)}
    (section,) = sections({"subscription": [row]}, DUTCH)
    assert section.rows == (
        (("Lijst", "Maandbericht"), ("Toestand", "beëindigd"), ("Afgemeld op", "14 juni 2027 om 9.30 uur")),
    )


@pytest.mark.parametrize("word", [*State, *EndedReason, *ConsentEvent, *Reason])
def test_every_word_of_the_program_has_a_dutch_one(word: str) -> None:
    assert DUTCH.value("state", word.value) != word.value


texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40)


@given(st.dictionaries(st.sampled_from(["name", "organisation", "attributes"]), texts | st.dictionaries(texts, texts)))
def test_no_cell_of_the_csv_is_a_formula(row: dict) -> None:
    content = as_csv({"subscriber": [row]}, DUTCH).decode("utf-8-sig")
    for line in csv.reader(io.StringIO(content, newline=""), delimiter=";"):
        assert not [cell for cell in line if cell[:1] in {"=", "+", "-", "@", "\t", "\r"}]


def test_json_is_what_is_stored() -> None:
    moment = datetime(2027, 6, 14, 7, 30, tzinfo=UTC)
    known = {"subscriber": [{"name": "Zoë", "created_at": moment, "attributes": {"a": "b"}}]}
    assert json.loads(as_json(known)) == {
        "subscriber": [{"name": "Zoë", "created_at": "2027-06-14T07:30:00+00:00", "attributes": {"a": "b"}}]
    }


def _gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("sentences", [LEAVING, MINE, MOVING], ids=["leaving", "mine", "moving"])
def test_texts_have_the_same_gaps_in_both_languages_and_dutch_is_formal(sentences) -> None:
    dutch, english = asdict(sentences["nl"]), asdict(sentences["en"])
    for name in dutch:
        assert _gaps(dutch[name]) == _gaps(english[name]), name
    assert not re.search(r"\b(je|jij|jouw|jullie)\b", str(dutch), re.IGNORECASE)
