from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.compose.compiled import Escape, Field
from newsletter.compose.marks import MarkError, Marks, as_pieces, with_defaults
from newsletter.issue.model_text import FieldRef, Filter

NAME = FieldRef("name", (Filter("default", "lezer"),))


def test_marks_come_out_as_the_fields_that_went_in():
    marks = Marks("")
    html = f"<p>Beste {marks.put(NAME, Escape.HTML)}, <a href='x?n={marks.put(NAME, Escape.URL)}'></a>"
    assert marks.split(html, marks.count(html)) == (
        "<p>Beste ",
        Field("name", NAME.filters, Escape.HTML),
        ", <a href='x?n=",
        Field("name", NAME.filters, Escape.URL),
        "'></a>",
    )


def test_a_ready_made_url_is_never_percent_encoded_again():
    marks = Marks("")
    mark = marks.put(FieldRef("unsubscribe_url"), Escape.URL)
    assert marks.split(mark, marks.count(mark)) == (Field("unsubscribe_url", (), Escape.HTML),)


@given(st.text(alphabet="qzfield0123456789xQZ", max_size=80))
def test_a_mark_never_stands_in_the_source(source):
    marks = Marks(source)
    mark = marks.put(NAME, Escape.HTML)
    assert mark not in source.casefold()
    assert mark.isascii()
    assert mark.isalnum()
    text = source + mark + source
    found = [piece for piece in marks.split(text, marks.count(text)) if isinstance(piece, Field)]
    assert len(found) == 1


@pytest.mark.parametrize("spoil", [lambda _mark: "", lambda mark: mark * 2, lambda mark: mark[:-2]])
def test_a_lost_doubled_or_broken_mark_is_an_error_that_names_the_field(spoil):
    marks = Marks("")
    mark = marks.put(NAME, Escape.HTML)
    with pytest.raises(MarkError, match="name"):
        marks.split(spoil(mark), Counter({mark[-6:-1]: 1}))


def test_equal_input_gives_equal_marks():
    assert Marks("zelfde").put(NAME, Escape.HTML) == Marks("zelfde").put(NAME, Escape.HTML)


def test_a_subject_keeps_its_fields_and_a_title_takes_their_defaults():
    subject = ("Nieuws voor ", NAME)
    assert as_pieces(subject) == ("Nieuws voor ", Field("name", NAME.filters, Escape.TEXT))
    assert with_defaults(subject) == "Nieuws voor lezer"
