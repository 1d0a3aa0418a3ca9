"""Quoted-printable: exact, 7-bit, safe on every relay (A1, A5)."""

import base64
import quopri
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.message import encoding
from tests.support.messages import normalised, random_line

TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.text(st.sampled_from(" .F=rom\té\r\n_-ab"), max_size=400)


def decoded(data: bytes) -> str:
    return quopri.decodestring(data).decode().replace("\r\n", "\n")


def assert_safe(data: bytes) -> None:
    for line in data.split(b"\r\n"):
        assert len(line) <= 76
        assert b"\r" not in line
        assert b"\n" not in line
        assert not line.endswith((b" ", b"\t"))
        assert not line.startswith((b".", b"From "))
        assert line.isascii()
    assert b"=_" not in data


@settings(max_examples=1000)
@given(TEXTS)
def test_every_text_is_exact_and_safe_a5(text):
    data = encoding.quoted_printable(text)
    assert_safe(data)
    assert decoded(data) == normalised(text)


@settings(max_examples=500)
@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_pieces_between_fences_say_what_they_say_together(pieces):
    data = encoding.FENCE.join(map(encoding.quoted_printable, pieces))
    assert_safe(data)
    assert decoded(data) == "".join(map(normalised, pieces))


def test_long_lines_of_mail_are_exact():
    rng = random.Random(5)
    text = "\n".join(random_line(rng, most=200) for _ in range(300))
    data = encoding.quoted_printable(text)
    assert_safe(data)
    assert decoded(data) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", b""),
        ("Jan Jansen", b"Jan Jansen"),
        ("a = b", b"a =3D b"),
        (".", b"=2E"),
        ("a.b", b"a.b"),
        ("a\n.b", b"a\r\n=2Eb"),
        ("From hier", b"=46rom hier"),
        ("From", b"From"),
        ("a \nb", b"a=20\r\nb"),
        ("a\t", b"a=09"),
        ("é", b"=C3=A9"),
        ("a\rb\r\nc\nd", b"a\r\nb\r\nc\r\nd"),
        ("x" * 75 + "y", b"x" * 75 + b"=\r\ny"),
        ("x" * 74 + "é", b"x" * 74 + b"=\r\n=C3=A9"),
        ("x" * 75 + ".y", b"x" * 75 + b"=\r\n=2Ey"),
    ],
)
def test_places_that_need_care(text, expected):
    assert encoding.quoted_printable(text) == expected


def test_half_a_character_is_refused():
    with pytest.raises(UnicodeEncodeError):
        encoding.quoted_printable("\ud83c")


@given(st.binary(max_size=500))
def test_base64_lines_are_short_and_exact_a5(data):
    lines = encoding.base64_lines(data)
    assert all(len(line) <= 76 for line in lines.split(b"\r\n"))
    assert base64.b64decode(lines) == data
