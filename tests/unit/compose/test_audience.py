"""Audience blocks from the issue to the bytes: whole sections and rows, for whom they are, never compiled again."""

import email
import re
from collections.abc import Mapping
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from newsletter.compose.compiled import CompiledIssue, Conditional, Field
from newsletter.compose.fields import fill, values_for
from newsletter.compose.folders import folder_templates
from newsletter.compose.marks import MarkError, Marks, nested
from newsletter.issue.finding import IssueError
from newsletter.issue.model import Article, Block, Note, Only, Quote
from newsletter.issue.model_blocks import Heading, Paragraph
from newsletter.issue.model_text import Text
from newsletter.message.template import MessageTemplate, fill_web
from subscribers.segments import parse_condition
from tests.support.flowed import unflow
from tests.support.mails import VALUES, an_issue, compile_, every_block
from tests.support.messages import DATE, identity, issue, normalised, recipient

GEMEENTE = parse_condition('organisation ~ "gemeente"')
NOORD = parse_condition('region = "noord"')
SOMEBODY = {"name": "Noor", "organisation": "Gemeente Voorbeeld", "region": "noord"}
NOBODY = {"name": "", "organisation": "", "region": ""}
_OUTLOOK = re.compile(r"<!--\[if mso \| IE\]>(.*?)<!\[endif\]-->", re.DOTALL)
_NOT_OUTLOOK = re.compile(r"<!--\[if !mso[^>]*>(?:<!-->)?|<!--<!\[endif\]-->|<!--\[if.*?<!\[endif\]-->", re.DOTALL)
_TAG = re.compile(r"<(/?)([a-z0-9]+)\b[^>]*?(/?)>")
_VOID = frozenset({"br", "hr", "img", "meta", "link", "input"})


def paragraph(text: str) -> Paragraph:
    return Paragraph(content=(Text(text),), line=1)


def only(*blocks: Block, condition=GEMEENTE, on_web: bool = False) -> Only:
    return Only(condition=condition, blocks=blocks, on_web=on_web, line=1)


def filled(compiled: CompiledIssue, fields: Mapping[str, str]) -> tuple[str, str]:
    values = values_for(compiled, fields, VALUES["unsubscribe_url"])
    return fill(compiled.html, values), fill(compiled.text, values)


def assert_well_formed(html: str) -> None:
    """Every tag is closed where it should be, for Outlook (which reads its comments) and for everybody else."""
    body = html[html.index("<body") : html.index("</html>")]
    for seen in (_OUTLOOK.sub(r"\1", body), _NOT_OUTLOOK.sub("", body)):
        stack: list[str] = []
        for closing, name, is_empty in _TAG.findall(re.sub(r"<!--.*?-->", "", seen, flags=re.DOTALL)):
            if closing:
                assert stack, f"</{name}> closes nothing"
                assert stack.pop() == name
            elif name not in _VOID and not is_empty:
                stack.append(name)
        assert not stack
    assert not re.search(r"<!--(?:(?!-->).)*<!--", _OUTLOOK.sub("", body), re.DOTALL), "a comment in a comment"


# ---------------------------------------------------------------- around any block


@pytest.mark.parametrize("block", every_block(), ids=lambda block: type(block).__name__)
def test_any_block_can_stand_in_an_audience_block_and_leaves_nothing_behind(block):
    compiled = compile_(an_issue(paragraph("Voor"), only(block), paragraph("Na"))).compiled
    with_block = compile_(an_issue(paragraph("Voor"), block, paragraph("Na"))).compiled
    for fields, wanted in ((SOMEBODY, with_block), (NOBODY, without_any())):
        html, text = filled(compiled, fields)
        assert_well_formed(html)
        assert unflow(text) == unflow(filled(wanted, fields)[1])
        assert words_of(html) == words_of(filled(wanted, fields)[0])
        assert "qzfield" not in html


@cache
def without_any() -> CompiledIssue:
    return compile_(an_issue(paragraph("Voor"), paragraph("Na"))).compiled


def words_of(html: str) -> list[str]:
    return " ".join(lxml_html.document_fromstring(html).body.itertext()).split()


def test_audience_blocks_beside_each_other_first_last_and_alone_stay_well_formed():
    left = Article(
        image_side="left",
        picture=every_block()[11].picture,
        blocks=(only(paragraph("Binnen"), condition=NOORD),),
        line=1,
    )
    blocks = (
        only(left),
        only(left, paragraph("a"), condition=NOORD),
        Note(blocks=(only(paragraph("b")),), line=1),
        only(left),
    )
    compiled = compile_(an_issue(*blocks)).compiled
    for fields in (SOMEBODY, NOBODY, {**NOBODY, "region": "noord"}, {**SOMEBODY, "region": ""}):
        assert_well_formed(filled(compiled, fields)[0])
        assert_well_formed(fill_web(compiled, unsubscribe_url="https://e.org/u"))
    html, text = filled(compiled, {**SOMEBODY, "region": ""})
    assert "Binnen" not in html + text
    assert len(re.findall("Binnen", filled(compiled, SOMEBODY)[0])) == 3


def test_the_empty_line_before_an_audience_block_goes_with_it():
    compiled = compile_(
        an_issue(paragraph("Een"), only(paragraph("Twee")), only(paragraph("Drie"), condition=NOORD))
    ).compiled
    assert "Een\n\nTwee\n\nDrie\n\n* * *" in filled(compiled, SOMEBODY)[1]
    assert "Een\n\n* * *" in filled(compiled, NOBODY)[1]
    assert "Een\n\nDrie\n\n* * *" in filled(compiled, {**NOBODY, "region": "noord"})[1]


def test_a_quotation_and_a_note_hold_an_audience_block_in_the_text():
    blocks = (
        Note(blocks=(paragraph("Let op"), only(paragraph("Binnen"))), line=1),
        Quote(blocks=(only(paragraph("x")),), line=1),
    )
    compiled = compile_(an_issue(*blocks)).compiled
    assert "| Let op\n|\n| Binnen\n\n> x\n" in filled(compiled, SOMEBODY)[1]
    assert "| Let op\n\n" in filled(compiled, NOBODY)[1]


def test_a_note_that_begins_with_an_audience_block_has_no_empty_line_for_who_does_not_get_it():
    note = Note(blocks=(only(paragraph("a")), only(paragraph("b"), condition=NOORD), paragraph("c")), line=1)
    compiled = compile_(an_issue(note)).compiled
    assert "\n| a\n|\n| b\n|\n| c\n" in filled(compiled, SOMEBODY)[1]
    assert "\n\n| b\n|\n| c\n" in filled(compiled, {**NOBODY, "region": "noord"})[1]
    assert "\n\n| c\n" in filled(compiled, NOBODY)[1]


def test_headings_keep_their_levels_whoever_reads():
    compiled = compile_(
        an_issue(only(Heading(level=2, content=(Text("A"),), line=1)), Heading(level=3, content=(Text("B"),), line=1))
    ).compiled
    assert "<h2" in filled(compiled, SOMEBODY)[0]
    assert "<h3" in filled(compiled, NOBODY)[0]


def test_the_web_archive_shows_the_blocks_that_are_marked_for_it():
    compiled = compile_(an_issue(only(paragraph("Besloten")), only(paragraph("Openbaar"), on_web=True))).compiled
    page = fill_web(compiled, unsubscribe_url="https://e.org/u")
    assert "Openbaar" in page
    assert "Besloten" not in page


def test_compiling_twice_gives_the_same_digest_and_json_keeps_everything_i6():
    blocks = [only(block) for block in every_block()]
    one, two = (compile_(an_issue(*blocks)).compiled for _ in range(2))
    assert one.digest == two.digest
    assert CompiledIssue.from_content(one.content) == one


# ---------------------------------------------------------------- marks


def test_marks_of_a_block_that_a_template_loses_are_an_error_that_names_it():
    marks = Marks("")
    text = f"a<!--{marks.begin(GEMEENTE, on_web=True)}-->b<!--{marks.end()}-->c"
    assert marks.split(text, marks.count(text)) == ("a", Conditional(GEMEENTE, ("b",), on_web=True), "c")
    with pytest.raises(MarkError, match=":::only"):
        marks.split("abc", marks.count(text))


@pytest.mark.parametrize("pieces", [(Conditional(GEMEENTE, ()), "a"), ("a", None), (None, Conditional(GEMEENTE, ()))])
def test_a_beginning_without_an_end_is_an_error(pieces):
    with pytest.raises(MarkError):
        nested(pieces)


# ---------------------------------------------------------------- the message


def decoded(raw: bytes) -> dict[str, str]:
    parts = [part for part in email.message_from_bytes(raw).walk() if part.get_content_maintype() == "text"]
    return {part.get_content_type(): normalised(part.get_payload(decode=True).decode()) for part in parts}


_LITERALS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1, max_size=90)
_PIECES = st.recursive(
    st.lists(st.one_of(_LITERALS, st.just(Field("name")), st.just(Field("organisation"))), max_size=4),
    lambda inner: st.lists(
        st.one_of(_LITERALS, st.builds(Conditional, st.sampled_from([GEMEENTE, NOORD]), inner.map(tuple))), max_size=5
    ),
    max_leaves=8,
).map(tuple)


@settings(max_examples=300, deadline=None)
@given(text=_PIECES, html=_PIECES, fields=st.sampled_from([SOMEBODY, NOBODY, {**NOBODY, "region": "Noord"}]))
def test_a_message_decodes_to_what_filling_says_whatever_is_left_out(text, html, fields):
    compiled = issue(text=text, html=html)
    raw = MessageTemplate.build(compiled, identity()).fill(recipient(fields=fields), DATE)
    values = values_for(compiled, fields, "")
    assert decoded(raw) == {"text/plain": fill(text, values), "text/html": fill(html, values)}
    for line in raw.partition(b"\r\n\r\n")[2].split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith((b".", b"From "))


def test_nothing_is_rendered_per_recipient_and_every_other_byte_is_the_same():
    compiled = compile_(an_issue(paragraph("Een"), only(paragraph("Twee")))).compiled
    template = MessageTemplate.build(compiled, identity())
    shown, hidden = (template.fill(recipient(fields=fields), DATE) for fields in ({**SOMEBODY, "name": ""}, NOBODY))
    assert b"Twee" in shown
    assert b"Twee" not in hidden
    assert set(hidden.split(b"\r\n")) <= set(shown.split(b"\r\n"))


def test_a_department_template_that_cuts_a_block_in_two_is_refused(tmp_path):
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks" / "note.mjml.j2").write_text(
        '<p>{{ ((flow(block.blocks)|string).split("-->")[0] ~ ("-->"|safe)) }}</p>'
    )
    templates = folder_templates([tmp_path])
    with pytest.raises(IssueError, match=":::only"):
        compile_(an_issue(Note(blocks=(only(paragraph("x")),), line=1)), templates=templates)
