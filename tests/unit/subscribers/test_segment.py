"""What a segment may ask, of which type, and how its text is kept."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.segment import Segment, parse_segment
from subscribers.segment_tree import Compare, OneOf, Operator
from subscribers.segment_values import holds
from subscribers.segments import ConditionError, parse_condition
from subscribers.value_types import ValueType, folded, number_of, stored_day, stored_number

ATTRIBUTES = {"gemeente": ValueType.TEXT, "leden": ValueType.NUMBER, "lid-sinds": ValueType.DATE}


def segment(text: str, *, is_kept: bool = False) -> Segment:
    zone = ZoneInfo("Europe/Amsterdam")
    return parse_segment(text, list_slug="nieuws", language="nl", zone=zone, attributes=ATTRIBUTES, is_kept=is_kept)


def refused(text: str, *, is_kept: bool = False) -> ConditionError:
    with pytest.raises(ConditionError) as caught:
        segment(text, is_kept=is_kept)
    return caught.value


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("leden >= 10", Compare("leden", Operator.AT_LEAST, "10", ValueType.NUMBER)),
        ("leden < -3.50", Compare("leden", Operator.LESS, "-3.5", ValueType.NUMBER)),
        ("leden = '1,5'", Compare("leden", Operator.EQUAL, "1.5", ValueType.NUMBER)),
        ("lid-sinds <= 2027-06-14", Compare("lid-sinds", Operator.AT_MOST, "2027-06-14", ValueType.DATE)),
        ("lid-sinds > '14-6-2027'", Compare("lid-sinds", Operator.MORE, "2027-06-14", ValueType.DATE)),
        ("since >= 2027-06-14", Compare("since", Operator.AT_LEAST, "2027-06-14", ValueType.DATE)),
        ("gemeente < 'm'", Compare("gemeente", Operator.LESS, "m")),
        ("gemeente in ('a', \"b\")", OneOf("gemeente", ("a", "b"))),
        ("leden in (1, 2.0)", OneOf("leden", ("1", "2"), ValueType.NUMBER)),
    ],
)
def test_a_value_is_of_the_type_of_its_name(text: str, condition: object) -> None:
    found = segment(text)
    assert found.condition == condition
    assert parse_condition(str(found)) == condition, "a job stores the text"


@pytest.mark.parametrize(
    ("text", "position", "what", "remedy"),
    [
        ("gemeente = 12", 11, "stands where a text should", 'put it between quotes: "12"'),
        ("gemeente > 2027-01-01", 11, "stands where a text should", "quotes"),
        ("leden > 'veel'", 8, "is not a number", "leden > 12"),
        ("leden > veel", 8, "stands where a number should", "write such as 12"),
        ("leden > 2027-01-01", 8, "is not a number", "leden > 12"),
        ("leden ~ 1", 6, "leden is a number", "use ="),
        ("leden<-3", 5, "is not an operator", "use ="),
        ("lid-sinds = 2027-02-30", 12, "is not a date", "2027-06-14"),
        ("lid-sinds = 2027", 12, "is not a date", "2027-06-14"),
        ("gemeente in 'a'", 12, "stands where ( should", 'gemeente in ("a", "b")'),
        ("gemeente in ('a' 'b')", 17, "stands where ) should", "close the parenthesis"),
        ("gemeente in ()", 13, "stands where a text should", "write such as"),
        ("gemeente = 'a\x00b'", 11, "control character", "type it anew"),
        ("gemeente ≥ 'm'", 9, "is not an operator", "did you mean '>='?"),
        ("regio = 'noord'", 0, "unknown name 'regio'", "since"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, position: int, what: str, remedy: str) -> None:
    error = refused(text)
    assert (error.position, what in error.what, remedy in error.remedy) == (position, True, True), error


@pytest.mark.parametrize(
    ("text", "position"), [("email = 'x'", 0), ("has gemeente and name ~ 'Jan'", 17), ("gemeente ~ 'a@b'", 13)]
)
def test_what_a_job_keeps_says_nobodys_name_or_address(text: str, position: int) -> None:
    assert refused(text, is_kept=True).position == position
    assert segment(text)


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("leden > 9", {"leden": "10"}, True),
        ("leden > 9", {"leden": "veel"}, False),
        ("leden != 9", {}, True),
        ("leden < 9", {}, False),
        ("not leden < 9", {}, True),
        ("lid-sinds < 2027-06-14", {"lid-sinds": "2027-06-13"}, True),
        ("lid-sinds < 2027-06-14", {"lid-sinds": ""}, False),
        ("gemeente < 'm'", {"gemeente": "Aa"}, True),
        ("gemeente < 'm'", {}, False),
        ("gemeente in ('AA', 'b')", {"gemeente": "aa"}, True),
        ("gemeente = 'één'", {"gemeente": "ÉÉN"}, True),
    ],
)
def test_a_condition_holds_or_not(text: str, values: dict[str, str], *, expected: bool) -> None:
    assert holds(segment(text).condition, values) is expected


@given(st.text())
def test_folding_keeps_every_character_in_its_place(text: str) -> None:
    assert len(folded(text)) == len(text)
    assert folded(folded(text)) == folded(text)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("12", "12"),
        ("-3,50", "-3.5"),
        ("007", "7"),
        ("-0,0", "0"),
        ("1.000.000", None),
        ("120.000", None),
        ("1,250", None),
        ("0.125", "0.125"),
        ("3.1250", "3.1250"),
        ("1e3", None),
        ("", None),
    ],
)
def test_a_number_is_stored_in_one_form(written: str, stored: str | None) -> None:
    assert stored_number(written) == stored
    assert stored is None or number_of(stored) is not None


@pytest.mark.parametrize(
    ("written", "stored"),
    [("2027-06-14", "2027-06-14"), ("14-6-2027", "2027-06-14"), ("31/12/2027", "2027-12-31"), ("31-2-2027", None)],
)
def test_a_day_is_stored_in_one_form(written: str, stored: str | None) -> None:
    assert stored_day(written) == stored
