"""A6: HTML part and text part say the same and link to the same, word for word and in both directions.

Every place for text in every kind of block gets a word of its own, every link an address of its own: none may be
missing in either part. Both are read from the finished message, decoded and, the text, unflowed.
"""

import email
import itertools
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from newsletter.compose.compiled import CompiledIssue
from newsletter.compose.labels import LABELS
from newsletter.issue.model import Block, Only
from newsletter.issue.model_blocks import Contents
from newsletter.issue.model_text import FieldRef, Text
from newsletter.message.template import MessageTemplate
from subscribers.segments import parse_condition
from tests.support.flowed import unflow
from tests.support.mails import an_issue, compile_, every_block, starter
from tests.support.messages import DATE, identity, normalised, recipient

ONLY_HTML = {LABELS["nl"].when, LABELS["nl"].what}
"""Heads of the agenda's columns, which lines of text have no need of."""
ONLY_TEXT = {LABELS["nl"].image, LABELS["nl"].place, LABELS["nl"].audience}
"""Before an image's description, which HTML has in `alt`, and before what an agenda's layout explains."""
NUMBER = re.compile(r"^ *\d+\. ", re.MULTILINE)
"""Of a list; HTML has it in `start`."""
_URL = re.compile(r"(?:https?://|mailto:)[^\s()<>]+")
_WORD = re.compile(r"[^\W_]+(?:[.,’'][^\W_]+)*")  # noqa: RUF001 - typography


def parts(compiled: CompiledIssue) -> tuple[str, str]:
    """HTML and text of the message that somebody gets."""
    raw = MessageTemplate.build(compiled, identity()).fill(recipient("Noor"), DATE)
    found = {part.get_content_type(): part for part in email.message_from_bytes(raw).walk()}
    html, text = (normalised(found[name].get_payload(decode=True).decode()) for name in ("text/html", "text/plain"))
    assert found["text/plain"].get_param("format") == ("flowed" if compiled.text_is_flowed else None)
    return html, unflow(text) if compiled.text_is_flowed else text


def of_html(html: str) -> tuple[set[str], set[str]]:
    """Words that are read or read out, and addresses; what is hidden is the preheader, which is for the inbox."""
    body = lxml_html.document_fromstring(html).body
    hidden = {element for element in body.iter() if "display:none" in (element.get("style") or "")}
    texts = [text for element in body.iter() if element not in hidden for text in _own_texts(element)]
    links = {str(link).strip() for link in body.xpath("//a/@href") if not link.startswith("#")}
    return set(_WORD.findall(" ".join(texts))), links


def _own_texts(element: Any) -> Iterator[str]:
    if isinstance(element.tag, str):
        yield from (element.text or "", element.get("alt") or "")
    yield element.tail or ""


def of_text(text: str) -> tuple[set[str], set[str]]:
    return set(_WORD.findall(_URL.sub(" ", NUMBER.sub("", text)))), {link.rstrip(".,") for link in _URL.findall(text)}


def assert_same(compiled: CompiledIssue) -> tuple[set[str], set[str]]:
    """Words and links of both parts are the same sets, labels excepted; they are returned."""
    html, text = parts(compiled)
    (html_words, html_links), (text_words, text_links) = of_html(html), of_text(text)
    assert html_words - text_words <= set(_WORD.findall(" ".join(ONLY_HTML))), html_words - text_words
    assert text_words - html_words <= set(_WORD.findall(" ".join(ONLY_TEXT))), text_words - html_words
    assert html_links == text_links
    return html_words, html_links


def named(value: Any, count: Iterator[int]) -> Any:
    """`value` with a word of its own in each place for text, and an address of its own in each link."""
    match value:
        case str():
            number = next(count)
            return f"https://example.org/{number}" if value.startswith("https:") else f"woord{number:04}"
        case tuple():
            items = [named(item, count) for item in value]
            is_inline = any(isinstance(item, Text | FieldRef) for item in items)
            return tuple(part for item in items for part in ((item, Text(" ")) if is_inline else (item,)))
        case _ if is_dataclass(value):
            kept = {"line", "condition", "source", "name", "filters", "image_side", "align", "kind", "id", "file"}
            changes = {
                field.name: named(getattr(value, field.name), count)
                for field in fields(value)
                if field.name not in kept and getattr(value, field.name) not in ("", ())
            }
            return replace(value, **changes)
    return value


def words_and_links(value: Any) -> Iterator[str]:
    """What `named` put there."""
    match value:
        case str():
            yield from [value] if re.fullmatch(r"woord\d{4}|https://example.org/\d+", value) else []
        case tuple():
            for item in value:
                yield from words_and_links(item)
        case _ if is_dataclass(value):
            is_off = getattr(value, "is_cancelled", False)  # nobody can sign up for it any more
            for field in fields(value):
                if is_off and field.name in {"link", "link_text"}:
                    continue
                yield from words_and_links(getattr(value, field.name))


_KINDS = [block for block in every_block() if not isinstance(block, Contents)]
_ONLY = Only(condition=parse_condition('organisation ~ "gemeente"'), blocks=(), line=1)
_BLOCKS = st.sampled_from(_KINDS) | st.lists(st.sampled_from(_KINDS), min_size=1, max_size=2).map(
    lambda blocks: replace(_ONLY, blocks=tuple(blocks))
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_BLOCKS, min_size=1, max_size=4))
def test_no_word_and_no_link_is_lost_in_either_part_a6(blocks):
    count = itertools.count(1)
    issue = an_issue(*named(tuple(blocks), count))
    words, links = assert_same(compile_(issue).compiled)
    wanted = set(words_and_links(issue.blocks))
    assert wanted - words - links == set()


@pytest.mark.parametrize("block", _KINDS, ids=lambda block: type(block).__name__)
def test_each_block_says_the_same_in_both_parts_a6(block: Block):
    issue = an_issue(*named((block,), itertools.count(1)))
    words, links = assert_same(compile_(issue).compiled)
    assert set(words_and_links(issue.blocks)) - words - links == set()


@pytest.mark.parametrize("name", ["nieuwsbrief", "uitnodiging"])
def test_the_samples_say_the_same_in_both_parts_a6(name):
    assert_same(starter(name).compiled)
