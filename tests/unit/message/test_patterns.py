import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.message import encoding, headers, ids
from newsletter.message.patterns import PatternError, pattern

LENGTH = 48
tokens = st.text(alphabet=string.ascii_letters + string.digits + "-_", min_size=LENGTH, max_size=LENGTH)
paths = st.text(alphabet=string.ascii_lowercase + "./?&=é", max_size=120)


@given(paths, tokens)
def test_an_encoded_link_is_that_of_the_encoder(path: str, token: str) -> None:
    def layout(word: str) -> bytes:
        return encoding.quoted_printable(f"https://nieuws.example.org/{path}/{word}")

    assert pattern(layout, LENGTH)(token) == layout(token)


@given(st.integers(1, 80), tokens)
def test_a_header_with_the_token_twice_is_that_of_its_module(size: int, token: str) -> None:
    def layout(word: str) -> bytes:
        url = f"https://{'n' * size}.example/u/{word}"
        return headers.uris("List-Unsubscribe", url, ids.unsubscribe_mailto("afmelden@example.org", word))

    assert pattern(layout, LENGTH)(token) == layout(token)


@pytest.mark.parametrize(
    "layout", [lambda word: word.upper().encode(), lambda word: word.encode() * (1 + ("b" in word))]
)
def test_what_depends_on_more_than_the_characters_of_the_token_is_refused(layout) -> None:
    with pytest.raises(PatternError):
        pattern(layout, LENGTH)
