"""Whole mails: what must hold for every issue, whatever stands in it."""

import re
import socket
from contextlib import suppress
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from newsletter.compose.compiled import CompiledIssue, Escape, Field
from newsletter.compose.fields import fill
from newsletter.config_site import Limits
from newsletter.issue.finding import IssueError
from newsletter.issue.model import Article
from newsletter.issue.model_blocks import Heading, Paragraph
from newsletter.issue.model_text import FieldRef, Filter, Link, Text
from tests.support.mails import (
    BASE_URL,
    STARTERS,
    VALUES,
    a_list,
    an_issue,
    compile_,
    every_block,
    html_of,
    loader,
    picture,
    png,
    starter,
)

SAMPLES = ["nieuwsbrief", "uitnodiging"]


@pytest.fixture(autouse=True)
def _no_sockets(monkeypatch):
    """Composing opens no socket and asks no name server (I9)."""

    def refuse(*_args, **_kwargs):
        raise AssertionError("a socket was opened while composing")

    for name in ("socket", "create_connection", "getaddrinfo", "gethostbyname"):
        monkeypatch.setattr(socket, name, refuse)


def read(source: str):
    return lxml_html.document_fromstring(source)


def texts(source: str) -> str:
    return " ".join(read(source).text_content().split())


def paragraph(*content):
    return Paragraph(content=content, line=1)


# ---------------------------------------------------------------- structure


def check_structure(source: str) -> None:
    """A36-A40 on one mail."""
    assert source.startswith("<!doctype html>")
    tree = read(source)
    (wrapper,) = tree.xpath("/html/body/div[@role='article']")
    assert (tree.get("lang"), tree.get("dir")) == ("nl", "ltr")
    assert (wrapper.get("lang"), wrapper.get("dir")) == ("nl", "ltr")
    assert tree.findtext(".//title").strip()
    levels = [int(heading.tag[1]) for heading in tree.iter("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for table in tree.iter("table"):
        is_layout = table.get("role") == "presentation"
        assert is_layout is not bool(table.xpath("./thead//th | ./tbody/tr/th | ./tr/th"))
        assert not (is_layout and table.xpath("./caption"))
    for image in tree.iter("img"):
        assert image.get("alt") is not None
        assert int(image.get("width")) > 0
        assert int(image.get("height")) > 0
    assert not [element.tag for element in tree.iter() if str(element.tag).startswith(("mj", "script"))]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_has_the_structure_that_readers_need(name):
    check_structure(fill(starter(name).compiled.html, VALUES))


def test_every_block_renders_with_the_structure_that_readers_need():
    check_structure(html_of(*every_block()))


@pytest.mark.parametrize("block", every_block(), ids=lambda block: type(block).__name__)
def test_every_block_renders_alone(block):
    source = html_of(block)
    check_structure(source)
    assert "None" not in texts(source)


def test_an_issue_without_blocks_compiles():
    check_structure(html_of())


def test_headings_below_the_title_are_h2_however_they_were_written():
    source = html_of(*(Heading(level=level, content=(Text("Kop"),), line=1) for level in (4, 6, 4)))
    assert re.findall(r"<(h\d)[^>]*>Kop", source) == ["h2", "h3", "h2"]


def test_decorative_images_keep_their_empty_alt():
    assert 'alt=""' in html_of(picture(""))


def test_the_way_out_stands_near_the_top_and_in_the_footer():
    source = html_of(*every_block())
    places = [found.start() for found in re.finditer(re.escape(VALUES["unsubscribe_url"]), source)]
    assert len(places) == 2
    assert places[0] < source.index("<h1")
    assert source.index("/archive/nieuwsbrief/proef") < source.index("<h1")


def test_a_list_without_an_archive_links_to_none():
    made = compile_(an_issue(), mailing_list=a_list(archive="none"))
    assert "/archive/" not in str(made.compiled.html)


# ---------------------------------------------------------------- escaping (I8)


NASTY = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }} {% include 'x' %} {# weg #}",
    "<mj-raw><b>x</b></mj-raw></mj-text><mj-include path='/etc/passwd'/>",
    "--> <!-- ]]> &amp; &lt;b&gt; &#x41; &nbsp;",
    "qzfield0x00000z",
    "regel\r\nBcc: iemand@example.com",
    "</style></title></head>",
    "C:\\map\\n \xa0\xad\u200d\u0301 \U0001f469\u200d\U0001f469\u200d\U0001f467 \u6f22 \ud7fc",
]


@pytest.mark.parametrize("nasty", NASTY)
def test_what_looks_like_code_comes_out_as_text_in_every_place(nasty):
    check_comes_out_as_text(nasty)


ANY_TEXT = st.text(
    alphabet=st.one_of(st.sampled_from("<>&\"'{}%#;-mj/\\ \n\0\x85"), st.characters(exclude_categories=["Cs"])),
    max_size=40,
)


@settings(max_examples=25, deadline=None)
@given(ANY_TEXT)
def test_any_text_comes_out_as_text_in_every_place(text):
    check_comes_out_as_text(text)


def shape(source: str) -> list[str]:
    """Tags and attribute names of a mail: everything except its text and values."""
    return [f"{element.tag} {sorted(element.keys())}" for element in read(source).iter()]


def check_comes_out_as_text(text: str) -> None:
    """The same tags as with a harmless text, and the text itself as often."""
    marked = f"Ziehier{text}slot"
    made = html_of(*every_block(marked), title=marked, preheader=(marked,))
    plain = html_of(*every_block("Ziehier"), title="Ziehier", preheader=("Ziehier",))
    assert shape(made) == shape(plain)
    tree = read(made)
    shown = re.sub(
        "[\x00-\x08\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]", "\ufffd", re.sub(r"[ \t\r\n\f\v]+", " ", marked)
    )
    assert tree.text_content().count(shown) == read(plain).text_content().count("Ziehier")
    assert {image.get("alt") for image in tree.iter("img")} == {shown}
    assert tree.findtext(".//title") == shown


@pytest.mark.parametrize(
    "target",
    ["javascript:alert(1)", " JavaScript:x", "data:text/html,x", "file:///etc/passwd", "vb\x01script:x"],
)
def test_a_link_that_would_run_code_is_refused_with_its_line(target):
    with pytest.raises(IssueError, match=r"proef.md:9: error \[link\]"):
        html_of(paragraph(Link((target,), (Text("x"),), 9)))


@pytest.mark.parametrize("gap", ["\n", "\t", "\r", "\x00"])
def test_a_scheme_that_browsers_would_join_is_broken_or_refused(gap):
    with suppress(IssueError):
        source = html_of(paragraph(Link((f"java{gap}script:x",), (Text("x"),), 9)))
        (link,) = [item for item in read(source).iter("a") if item.text == "x"]
        assert not re.match(r"\s*javascript:", re.sub(r"[\t\r\n]", "", link.get("href")))


def test_link_targets_are_quoted_and_percent_encoded():
    source = html_of(paragraph(Link(('https://example.org/é?a=1&b="2"',), (Text("x"),), 1)))
    (link,) = [item for item in read(source).iter("a") if item.text == "x"]
    assert link.get("href") == 'https://example.org/%C3%A9?a=1&b="2"'


def test_an_empty_link_compiles_to_a_link_to_nowhere():
    assert 'href="#"' in html_of(paragraph(Link((), (Text("x"),), 1)))


# ---------------------------------------------------------------- fields


NAME = FieldRef("name", (Filter("default", "lezer"),))


def test_fields_are_escaped_for_the_place_where_they_stand():
    made = compile_(
        an_issue(paragraph(NAME, Link(("https://example.org/?n=", NAME), (NAME,), 1)), subject=("Dag ", NAME))
    )
    fields = [piece for piece in made.compiled.html if isinstance(piece, Field) and piece.name == "name"]
    # the heading shows the subject, then text, target and link text
    assert [field.escape for field in fields] == [Escape.HTML, Escape.HTML, Escape.URL, Escape.HTML]
    source = fill(made.compiled.html, VALUES | {"name": '<b>&"/'})
    assert "https://example.org/?n=%3Cb%3E%26%22%2F" in source
    assert "&lt;b&gt;&amp;&quot;/" in source
    assert made.compiled.subject == ("Dag ", Field("name", NAME.filters, Escape.TEXT))


def test_the_title_uses_defaults_only():
    made = compile_(an_issue(subject=("Dag ", NAME)))
    assert made.compiled.title == "Dag lezer"
    assert read(fill(made.compiled.html, VALUES)).findtext(".//title") == "Dag lezer"


def test_the_unsubscribe_url_is_filled_as_it_is():
    source = fill(compile_(an_issue()).compiled.html, VALUES | {"unsubscribe_url": "https://a.example/u/x?y=1&z=2"})
    assert 'href="https://a.example/u/x?y=1&amp;z=2"' in source


def test_no_mark_is_left_and_two_readers_differ_only_in_fields():
    pieces = compile_(an_issue(*every_block())).compiled.html
    assert "qzfield" not in fill(pieces, VALUES)
    assert {piece.name for piece in pieces if isinstance(piece, Field)} == {"name", "unsubscribe_url"}


# ---------------------------------------------------------------- images


def test_hosted_images_stand_under_the_sites_own_address():
    made = compile_(an_issue(*every_block()))
    urls = {image.get("src") for image in read(fill(made.compiled.html, VALUES)).iter("img")}
    assert urls == {f"{BASE_URL}/media/{asset.name}" for asset in made.compiled.assets}
    assert [file.asset for file in made.files] == list(made.compiled.assets)


def test_embedded_images_are_named_by_content_id():
    made = compile_(an_issue(picture()), mailing_list=a_list(images="embedded"))
    (asset,) = made.compiled.assets
    assert asset.embedded
    assert f'src="cid:{asset.name}"' in fill(made.compiled.html, VALUES)


def test_a_logo_is_loaded_only_when_the_list_has_one():
    made = compile_(an_issue(), mailing_list=a_list(logo="logo.png"), load_image=loader({"/logo": png(400, 100)}))
    (image,) = read(fill(made.compiled.html, VALUES)).iter("img")
    assert (image.get("alt"), image.get("width"), image.get("height")) == ("Nieuwsbrief Voorbeeld", "160", "40")


def test_every_bad_image_is_named_with_line_and_remedy():
    files = {"foto.png": b"<svg/>", "groot.png": png(400, 400)}
    bad = (picture(), picture(), Article(image_side="left", picture=picture(), blocks=(), line=7))
    with pytest.raises(IssueError) as caught:
        compile_(an_issue(*bad), load_image=loader(files))
    assert [(finding.line, finding.rule) for finding in caught.value.findings] == [(3, "image")] * 3
    with pytest.raises(IssueError, match=r"foto\.png is missing"):
        compile_(an_issue(picture()), load_image=loader({}))
    with pytest.raises(IssueError, match="megapixels"):
        compile_(an_issue(picture()), load_image=loader({"foto.png": png()}), limits=Limits(image_megapixels=1))


# ---------------------------------------------------------------- the whole


@pytest.mark.parametrize("name", SAMPLES)
def test_the_same_issue_has_the_same_digest_and_survives_storing(name):
    first, second = starter(name), starter(name)
    assert first == second
    assert CompiledIssue.from_content(first.compiled.content).digest == second.compiled.digest


def test_another_word_has_another_digest():
    assert (
        compile_(an_issue(paragraph(Text("a")))).compiled.digest
        != compile_(an_issue(paragraph(Text("b")))).compiled.digest
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_names_no_third_party_host_and_is_far_below_the_limit(name):
    made = starter(name)
    source = fill(made.compiled.html, VALUES)
    hosts = set(re.findall(r"https?://([^/\"'\s>]+)", re.sub(r'xmlns(:\w+)?="[^"]*"', "", source)))
    assert hosts <= {"nieuws.example.org", "example.org"}
    assert "@import" not in source
    assert "<link" not in source
    assert len(source.encode()) < 60_000  # A30 allows 100,000


def test_media_queries_and_conditions_for_outlook_survive_and_styles_are_inlined():
    source = html_of(*every_block())
    assert "@media (prefers-color-scheme: dark)" in source
    assert "@media only screen and (max-width: 539px)" in source
    assert "!important" in source
    assert "<!--[if mso" in source
    assert re.search(r"<h2 id=.tekst-tekst. style='[^']*font-size:25px", source)
    assert 'name="color-scheme"' in source
    assert "Ubuntu" not in source


def test_the_preheader_is_hidden_and_comes_first():
    (first, *_) = read(html_of(preheader=("Kort en goed",))).body
    assert first.text == "Kort en goed"
    assert "display:none" in first.get("style")


def test_composing_writes_nothing_to_logs_or_the_terminal(capfd, caplog):
    compile_(an_issue(*every_block()))
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_what_starters_promise_lies_in_the_future():
    for name in SAMPLES:
        assert starter(name).compiled.date > date(2027, 1, 1)
    for file in (STARTERS / "issues").iterdir():
        assert file.suffix == ".md" or file.stat().st_size < 60_000
