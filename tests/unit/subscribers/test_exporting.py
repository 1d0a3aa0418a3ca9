"""Exports: nothing that a spreadsheet runs, nothing lost."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.exporting import Exported, csv_header, csv_lines, defuse_text, json_lines, restore_text

SINCE = datetime(2027, 6, 14, 9, 30, tzinfo=UTC)


def person(name: str = "Jan de Vries", **more: str) -> Exported:
    values = {"email": "jan@example.org", "organisation": "", "state": "active"} | more
    return Exported(name=name, attributes={"gemeente": "Voorbeeldstad"}, since=SINCE, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["=1+1", "+31 groep", "-", "@SUM(A1)", "\t=1", "\r=1", "'=1"])
def test_a_formula_gets_an_apostrophe_in_front(text: str) -> None:
    assert defuse_text(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Jan", "'t Hart", "'s-Gravenhage", "a=b", "1+1"])
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert defuse_text(text) == text


@given(st.text() | st.from_regex(r"'{0,3}[=+@\t\r-]?.*"))
def test_defusing_loses_nothing_and_leaves_no_formula(text: str) -> None:
    cell = defuse_text(text)
    assert restore_text(cell) == text
    assert cell[:1] not in {"=", "+", "-", "@", "\t", "\r"}


def test_a_page_of_people_is_csv_under_its_header() -> None:
    text = csv_header(["gemeente"]) + csv_lines([person('De "Vries", =J'), person("=1+1")], ["gemeente"])
    found = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["name"] for row in found] == ['De "Vries", =J', "'=1+1"]
    assert found[0]["gemeente"] == "Voorbeeldstad"
    assert found[0]["since"] == "2027-06-14T09:30:00+00:00"


def test_lines_end_as_rfc_4180_says() -> None:
    assert csv_lines([person()], []).endswith("\r\n")


def test_json_lines_hold_one_person_each_unescaped() -> None:
    text = json_lines([person("Zoë"), person("=1+1")])
    assert [json.loads(line)["name"] for line in text.splitlines()] == ["Zoë", "=1+1"]
    assert "Zoë" in text
