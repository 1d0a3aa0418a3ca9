"""Contents, recordings, figures, downloads, portraits, credits and calendar links as HTML and as text."""

import re
from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest
from PIL import Image

from newsletter.compose.downloads import KINDS, size_in_words
from newsletter.compose.fields import fill
from newsletter.config_site import Limits
from newsletter.issue.finding import IssueError
from newsletter.issue.model import Article, Note, Quote
from newsletter.issue.model_blocks import Contents, Download, Heading, Recording
from newsletter.issue.model_meetings import Agenda, AgendaEntry, Invitation
from newsletter.issue.model_text import Link, Text
from tests.support.mails import BASE_URL, VALUES, a_list, an_issue, compile_, every_block, html_of, loader, picture, png

PDF = b"%PDF-1.7\n" + b"x" * 1_234_000
FILES = loader({"gids.pdf": PDF, "foto.png": png(), "leeg.pdf": b"", "nep.pdf": b"<html>", "a.html": b"<html>"})
MEETING = AgendaEntry(title="Werkdag één", date=date(2027, 6, 24), line=1)


def text_of(*blocks, **changes) -> str:
    return fill(compile_(an_issue(*blocks), **changes).compiled.text, VALUES)


def heading(text: str, level: int = 2) -> Heading:
    return Heading(level=level, content=(Text(text),), line=2)


# ---------------------------------------------------------------- contents


def test_contents_link_to_headings_of_the_same_mail():
    html = html_of(
        Contents(line=1), heading("Één"), Article(image_side="none", picture=None, blocks=(heading("Twee"),), line=3)
    )
    targets = re.findall(r'href="#([^"]+)"', html)
    assert targets == ["een", "twee"]
    assert all(html.count(f'id="{name}"') == 1 for name in targets)


def test_contents_hold_no_link_within_a_link():
    linked = Heading(level=2, content=(Link(("https://e.org/",), (Text("Kop"),), 2),), line=2)
    assert '<a href="#kop"' in html_of(Contents(line=1), linked)
    assert re.search(r'href="#kop"[^>]*>Kop</a>', html_of(Contents(line=1), linked))


def test_contents_without_a_heading_leave_nothing():
    assert "In deze mail" not in html_of(Contents(line=1))
    assert "In deze mail" not in text_of(Contents(line=1))


def test_every_id_occurs_once():
    ids = re.findall(r' id="([^"]+)"', html_of(*every_block(), heading("Tekst"), heading("Tekst")))
    assert len(ids) == len(set(ids))


# ---------------------------------------------------------------- recordings and quotes


@pytest.mark.parametrize(
    ("minutes", "words"), [(25, "25 minuten"), (60, "1 uur"), (65, "1 uur en 5 minuten"), (None, "Podcast\n")]
)
def test_a_recording_says_what_it_is_and_how_long_it_takes(minutes, words):
    recording = Recording(kind="podcast", title="Het plein", minutes=minutes, link=("https://e.org/p",), line=1)
    assert words in text_of(recording)
    assert words.strip() in re.sub("<[^>]+>", "", html_of(recording))


def test_the_link_of_a_recording_says_where_it_leads_without_help():
    recording = Recording(kind="film", title="Het plein", link=("https://e.org/p",), line=1)
    assert "Bekijk: Het plein</a>" in html_of(recording)
    assert "Bekijk: Het plein (https://e.org/p)" in text_of(recording)


def test_a_portrait_is_square_at_twice_its_size():
    quote = Quote(blocks=(), person="Noor", portrait=picture("Portret van Noor"), line=1)
    made = compile_(an_issue(quote))
    (file,) = made.files
    assert Image.open(BytesIO(file.content)).size == (144, 144)
    assert 'alt="Portret van Noor" width="72" height="72"' in fill(made.compiled.html, VALUES)


def test_a_credit_stands_with_its_image_in_both_parts():
    for block in (picture(credit="Mia"), Quote(blocks=(), portrait=picture(credit="Mia"), line=1)):
        assert "Beeld: Mia" in html_of(block)
        assert "Beeld: Mia" in text_of(block)


# ---------------------------------------------------------------- downloads


def test_a_document_is_published_under_its_digest_with_type_and_size_in_its_link():
    made = compile_(an_issue(Download(title="De gids", file="gids.pdf", line=1)), load_image=FILES)
    (file,) = made.files
    assert (file.content, file.asset.media_type, file.asset.embedded) == (PDF, "application/pdf", False)
    url = f"{BASE_URL}/media/{file.asset.name}"
    html = fill(made.compiled.html, VALUES)
    assert re.search(rf'<a href="{url}"[^>]*>De gids \(PDF, 1,2 MB\)</a>', html)
    assert f"De gids (PDF, 1,2 MB)\n({url})" in fill(made.compiled.text, VALUES).replace(" \n", "\n")


def test_a_document_is_hosted_also_where_images_are_embedded():
    made = compile_(
        an_issue(Note(blocks=(Download(title="De gids", file="gids.pdf", line=1),), line=1), picture()),
        load_image=FILES,
        mailing_list=a_list(images="embedded"),
    )
    assert [file.asset.embedded for file in made.files] == [False, True]
    assert "cid:" in str(made.compiled.html)
    assert f"{BASE_URL}/media/" in str(made.compiled.html)


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ("weg.pdf", "is missing"),
        ("leeg.pdf", "is not a PDF file"),
        ("nep.pdf", "is not a PDF file"),
        ("a.html", "is not a document"),
        ("foto.png", "is not a document"),
    ],
)
def test_a_document_that_cannot_be_published_is_a_finding_on_its_line(file, what):
    with pytest.raises(IssueError) as caught:
        compile_(an_issue(Download(title="x", file=file, line=7)), load_image=FILES)
    (finding,) = caught.value.findings
    assert (finding.rule, finding.line) == ("download", 7)
    assert what in finding.what


def test_a_document_that_is_too_large_is_refused():
    with pytest.raises(IssueError, match="larger than 1 MB"):
        compile_(
            an_issue(Download(title="x", file="gids.pdf", line=7)),
            load_image=FILES,
            limits=Limits(download_megabytes=1),
        )


def test_nothing_that_a_browser_would_run_is_published():
    assert not {"html", "htm", "svg", "xhtml", "js", "xml"} & set(KINDS)


@pytest.mark.parametrize(
    ("size", "dutch"),
    [(1, "1 kB"), (999_499, "999 kB"), (1_000_000, "1 MB"), (1_250_000, "1,2 MB"), (23_400_000, "23,4 MB")],
)
def test_sizes_are_written_as_people_read_them(size, dutch):
    assert size_in_words(size, "nl") == dutch


# ---------------------------------------------------------------- meetings


def test_every_meeting_links_to_its_calendar_file_and_says_which_it_is():
    html = html_of(Agenda(entries=(MEETING, replace(MEETING, id="dag")), line=1))
    folder = f"{BASE_URL}/archive/nieuwsbrief/proef"
    assert re.findall(rf'href="{folder}/([^"]+\.ics)"', html) == ["werkdag-een-2027-06-24.ics", "dag.ics"]
    assert 'aria-label="Zet in uw agenda: Werkdag één"' in html
    text = text_of(Agenda(entries=(MEETING,), line=1))
    assert "Zet in uw agenda" in text
    assert f"({folder}/werkdag-een-2027-06-24.ics)" in text


def test_a_list_without_an_archive_has_no_calendar_links():
    made = compile_(an_issue(Agenda(entries=(MEETING,), line=1)), mailing_list=a_list(archive="none"))
    assert ".ics" not in str(made.compiled.html) + str(made.compiled.text)


def test_what_changed_about_a_meeting_is_said_in_words_in_both_parts():
    moved = replace(MEETING, was=date(2027, 6, 15))
    for block, words in (
        (Agenda(entries=(replace(MEETING, is_cancelled=True),), line=1), "Gaat niet door"),
        (Agenda(entries=(moved,), line=1), "Verplaatst, was dinsdag 15 juni 2027"),
        (Invitation(title="x", date=date(2027, 6, 1), is_cancelled=True, line=1), "Gaat niet door"),
    ):
        assert words in html_of(block)
        assert words in text_of(block)
        assert "Werk uw agenda bij" in text_of(block)


def test_nobody_signs_up_for_what_is_cancelled():
    off = Invitation(
        title="x",
        date=date(2027, 6, 1),
        closing_date=date(2027, 5, 1),
        is_cancelled=True,
        link=("https://e.org/aan",),
        line=1,
    )
    assert "https://e.org/aan" not in html_of(off) + text_of(off)
    assert "Aanmelden kan" not in html_of(off) + text_of(off)


# ---------------------------------------------------------------- forwarded


def test_who_got_the_mail_forwarded_can_sign_up_if_the_list_says_where():
    joining = a_list(subscribe_url="https://example.org/nieuwsbrief")
    made = compile_(an_issue(heading("Kop")), mailing_list=joining).compiled
    for part in (made.html, made.text):
        assert "doorgestuurd" in fill(part, VALUES)
        assert "https://example.org/nieuwsbrief" in fill(part, VALUES)
    assert "doorgestuurd" not in html_of(heading("Kop"))
