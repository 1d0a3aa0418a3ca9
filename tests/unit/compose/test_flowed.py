"""`format=flowed` (RFC 3676): what a reader makes of the text is what the issue says, whatever stands in it."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.compose.compiled import Field
from newsletter.compose.fields import fill
from newsletter.compose.flowed import is_flowed, stuffed
from newsletter.compose.lines import BREAK, WIDTH, as_pieces, joined, prefixed, quoted, wrap
from newsletter.message.template import MessageTemplate
from tests.support.flowed import unflow
from tests.support.mails import starter
from tests.support.messages import DATE, identity, issue, recipient

_WORDS = st.sampled_from(
    ["--", ">", ">>", "From", "-", "> x", "een", "subsidieronde", "https://example.org/" + "x" * 90]
)
PARAGRAPHS = st.lists(_WORDS | st.text("abé >-", min_size=1, max_size=20), min_size=1, max_size=60)
LONG = "woord " * 40


def written(*groups) -> str:
    return fill(as_pieces(stuffed(joined(groups))), {"name": "> Noor"})


def said(words: list[str]) -> str:
    return " ".join(" ".join(words).split())


@settings(max_examples=200)
@given(st.lists(PARAGRAPHS, min_size=1, max_size=4))
def test_paragraphs_come_back_whole_whatever_they_begin_with(paragraphs):
    wanted = [said(words) for words in paragraphs if said(words)]
    text = written(wrap([LONG], WIDTH), *(wrap([said(words)], WIDTH) for words in paragraphs))
    assert unflow(text) == "\n\n".join([LONG.strip(), *wanted]) + "\n"
    for line in text.split("\n"):
        assert line != "-- ", "the line that begins a signature"
        assert len(line.rstrip()) <= WIDTH + 1 or "https:" in line or ">" in line or "From" in line


@given(PARAGRAPHS, st.integers(1, 3))
def test_quotations_keep_their_depth_and_do_not_flow(words, depth):
    lines = wrap([said(words)], 40)
    for _ in range(depth):
        lines = quoted(lines)
    shown = unflow(written(wrap([LONG], WIDTH), lines)).split("\n\n", 1)[1] if lines else ""
    assert all(line.startswith(">" * depth + " ") for line in shown.splitlines())
    assert said([line.removeprefix(">" * depth) for line in shown.splitlines()]) == said(words)


def test_soft_breaks_come_only_between_the_lines_of_one_paragraph():
    text = written(wrap(["a " * 60, BREAK, "slot"], WIDTH), prefixed(wrap(["b " * 60], 70), "- ", "  "))
    assert [line.endswith(" ") for line in text.splitlines()] == [True, False, False, False, False, False]
    assert text.splitlines()[1:3] == ["a " * 23 + "a", "slot"]


def test_a_table_stays_aligned_where_stuffed_spaces_are_not_taken_off():
    table = [("  Wat",), ("Zaal",)]
    assert written(wrap([LONG], WIDTH), table).endswith("\n\n   Wat\n Zaal\n")


def test_a_line_that_begins_with_a_value_is_stuffed_since_nobody_knows_what_it_is():
    text = written(wrap([Field("name"), ", ", LONG], WIDTH))
    assert text.startswith(" > Noor, woord")
    assert unflow(text).startswith("> Noor, woord")
    inside = written(wrap(["x" * 66, " ", Field("name"), " ", LONG], WIDTH))
    assert not re.search(r" \n ", inside), "no stuffed line after a soft break"


def test_a_text_without_long_lines_is_not_flowed_and_nothing_is_stuffed():
    pieces = as_pieces(stuffed([("> kort",), (" in",)]))
    assert not is_flowed(pieces)
    assert fill(pieces, {}) == "> kort\n in\n"


@pytest.mark.parametrize("name", ["nieuwsbrief", "uitnodiging"])
def test_the_samples_are_flowed_and_say_so_and_their_spaces_survive_transport(name):
    compiled = starter(name).compiled
    assert compiled.text_is_flowed
    raw = MessageTemplate.build(compiled, identity()).fill(recipient(), DATE)
    assert b"Content-Type: text/plain; charset=utf-8; format=flowed\r\n" in raw
    assert b"=20\r\n" in raw
    assert not re.search(rb"[ \t]\r\n", raw)


def test_a_text_that_does_not_flow_is_not_called_flowed():
    assert b"format=" not in MessageTemplate.build(issue(), identity()).fill(recipient(), DATE)
