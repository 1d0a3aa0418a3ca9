"""What one recipient gets in the place of a field, and which audience blocks."""

from html import unescape
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.compose.compiled import Conditional, Escape, Field
from newsletter.compose.fields import evaluate, fill, fill_for_web, holds, in_language, values_for, with_every_part
from newsletter.compose.filters import in_form, title
from newsletter.issue.fields import DATE_FORMS
from newsletter.issue.finding import IssueError
from newsletter.issue.model_text import Filter
from newsletter.issue.parse import KnownNames, parse_issue
from subscribers.segments import parse_condition
from tests.support.issue_texts import HEAD
from tests.support.messages import issue

ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)

# ---------------------------------------------------------------- filters


@pytest.mark.parametrize(
    "name",
    [
        *("Jan van den Berg", "Van den Berg", "IJsbrand de Boer", "'s-Hertogenbosch", "’s-Gravenhage", "'t Hart"),  # noqa: RUF001 - as text processors write it
        *("Jan 't Hart", "J.P. van 't Hof", "Th. van Dijk", "M.J. de Vries-IJzerman", "O'Neill", "Piet d'Ancona"),
        *("Bergen op Zoom", "Alphen aan den Rijn", "Wijk bij Duurstede", "Berg en Dal", "Noord-Holland", "Den Haag"),
        *("Gemeente Den Haag", "Gemeente De Bilt", "Gemeente 's-Hertogenbosch", "Súdwest-Fryslân", "IJmuiden"),
        *("Capelle aan den IJssel", "Utrecht/Nieuwegein", "Hollands Kroon (Noord)", "Élise", "Foto's"),
    ],
)
def test_title_writes_dutch_names_and_places_as_dutch_does(name):
    assert title(name.lower()) == name
    assert title(name.upper()) == name
    assert title(name) == name


@pytest.mark.parametrize("name", ["McDonald", "Gemeente VNG", "iDEAL", "DeVries", "Jan van den Berg", ""])
def test_title_keeps_capitals_that_somebody_typed(name):
    assert title(name) == name


@given(ANYTHING)
def test_title_changes_nothing_but_capitals(value):
    assert title(value).casefold() == value.casefold()
    if len(value.upper()) == len(value) and value.upper() != value:
        assert title(title(value)) in {title(value), title(value.lower())}


@pytest.mark.parametrize(
    ("form", "dutch", "english"),
    [
        ("short", "14-06-2027", "14/06/2027"),
        ("medium", "14 jun 2027", "14 Jun 2027"),
        ("long", "14 juni 2027", "14 June 2027"),
        ("full", "maandag 14 juni 2027", "Monday, 14 June 2027"),
        ("EEEE d MMMM", "maandag 14 juni", "Monday 14 June"),
        ("d MMMM 'om' HH.mm", "14 juni om 09.30", "14 June om 09.30"),
    ],
)
def test_dates_are_written_in_the_language_of_the_list(form, dutch, english):
    assert in_form("2027-06-14T09:30", form, "nl") == dutch
    assert in_form(" 2027-06-14 09:30:00+02:00", form, "en") == english


@pytest.mark.parametrize("value", ["2027-06-14", "14-06-2027", "14-6-2027", "14/6/2027", "14.06.2027"])
def test_dates_are_read_as_people_in_the_netherlands_write_them(value):
    assert in_form(value, "long", "nl") == "14 juni 2027"


@pytest.mark.parametrize("value", ["", "medio juni", "31-6-2027", "2027", "99-99-9999", "0000-00-00"])
def test_a_value_that_is_no_date_stays_as_it_is(value):
    assert in_form(value, "long", "nl") == value


@given(ANYTHING, st.sampled_from([*DATE_FORMS, "EEE d MMM yy, HH:mm"]))
def test_no_value_breaks_a_date(value, form):
    assert isinstance(in_form(value, form, "nl"), str)


def test_the_language_travels_with_the_fields_that_need_one():
    day = Field("start", (Filter("date", "full"),))
    pieces = (day, Field("name"), Conditional(parse_condition("has name"), (day,)))
    assert fill(in_language(pieces, "en"), {"start": "2027-06-14"}) == "Monday, 14 June 2027"
    assert in_language(pieces, "en")[1] == Field("name")


@pytest.mark.parametrize(
    ("field", "what", "remedy"),
    [
        ('region | date("lang")', "'lang' is not a form of a date", "did you mean 'long'?"),
        ('region | date("")', "is not a form", "write date("),
        ('region | date("dddd")', "is not a form", "write date("),
        ("""region | date("d 'juni")""", "is not", ""),
        ("region | date", "is not how date is written", 'date("...")'),
        ('region | title("x")', "is not how title is written", "title alone"),
        ("region | titel", "unknown filter 'titel'", "did you mean 'title'?"),
    ],
)
def test_an_unknown_filter_or_argument_is_a_finding_on_its_line(field, what, remedy):
    known = KnownNames(lists={"nieuwsbrief": frozenset({"region"})})
    with pytest.raises(IssueError) as caught:
        parse_issue(f"{HEAD}a\n\nb {{{{ {field} }}}}", file="x.md", slug="x", known=known)
    (finding, *_) = caught.value.findings
    assert finding.line == HEAD.count("\n") + 3
    assert what in finding.what
    assert remedy in finding.remedy


# ---------------------------------------------------------------- escaping


@given(ANYTHING, st.sampled_from(["title", "upper", "lower", "date"]))
def test_a_value_is_text_wherever_it_stands_i8(value, name):
    filters = (Filter("default", "<b>"), Filter(name, "full" if name == "date" else None))
    plain = evaluate(Field("x", filters), {"x": value})
    html = evaluate(Field("x", filters, Escape.HTML), {"x": value})
    url = evaluate(Field("x", filters, Escape.URL), {"x": value})
    assert not set(html) & set("<>\"'")
    assert unescape(html) == plain or "&" in plain
    assert url.isascii()
    assert not set(url) & set("<>\"'&/?#: ")
    assert unquote(url) == plain


# ---------------------------------------------------------------- conditions


@pytest.mark.parametrize(
    ("text", "is_met"),
    [
        ('organisation ~ "GEMEENTE"', True),
        ('organisation = "gemeente voorbeeld"', True),
        ('organisation != "Gemeente Voorbeeld"', False),
        ('organisation ~ "provincie"', False),
        ("has region", False),
        ("empty region", True),
        ("empty absent", True),
        ('absent = ""', True),
        ('absent != "x"', True),
        ('not (list = "nieuwsbrief" and language = "nl")', False),
        ('list = "nieuwsbrief" or has region', True),
        ('language = "NL"', True),
    ],
)
def test_a_condition_is_met_or_not(text, is_met):
    fields = {"organisation": "Gemeente Voorbeeld", "region": ""}
    assert holds(parse_condition(text), values_for(issue(), fields, "https://e.org/u")) is is_met


def test_a_recipients_language_goes_before_that_of_the_list_and_no_attribute_is_the_list():
    values = values_for(issue(), {"language": "fy", "list": "x", "unsubscribe_url": "x"}, "https://e.org/u")
    assert values == {
        "language": "fy",
        "list": "nieuwsbrief",
        "unsubscribe_url": "https://e.org/u",
        "preferences_url": "",
    }
    assert values_for(issue(), {"language": ""}, "")["language"] == "nl"


def test_audience_blocks_are_filled_for_whom_they_are_and_on_the_web_if_marked():
    inner = Conditional(parse_condition("has name"), ("binnen",), on_web=True)
    pieces = ("a ", Conditional(parse_condition('list = "x"'), ("[", Field("name"), inner, "]"), on_web=True), " b")
    assert fill(pieces, {"list": "x", "name": "Noor"}) == "a [Noorbinnen] b"
    assert fill(pieces, {"list": "y", "name": "Noor"}) == "a  b"
    assert fill(pieces, {"list": "x"}) == "a [] b"
    assert fill_for_web(pieces, {}) == "a [binnen] b"
    assert fill(with_every_part(pieces), {}) == "a [binnen] b"


def test_audience_blocks_and_languages_survive_json_and_change_the_digest_i6():
    block = Conditional(parse_condition("has name"), ("a", Field("name", (Filter("date", "long"),), language="en")))
    first, second = issue(html=("x", block)), issue(html=("x", Conditional(block.condition, block.pieces, on_web=True)))
    for compiled in (first, second, issue(text_is_flowed=True)):
        assert type(compiled).from_content(compiled.content) == compiled
        assert type(compiled).from_content(compiled.content).digest == compiled.digest
    assert len({first.digest, second.digest, issue(html=("x",)).digest, issue(text_is_flowed=True).digest}) == 4


@pytest.mark.parametrize(
    ("written", "stored"),
    [("Coo\u0308rdinatie", "Coördinatie"), ("Gemeente Utrecht", "Gemeente\u00a0Utrecht"), ("GEMEENTE", "gemeente")],
)
def test_a_condition_finds_a_value_whatever_way_the_editor_typed_it(written, stored):
    condition = parse_condition(f'organisation ~ "{written}"')
    assert holds(condition, {"organisation": stored})
