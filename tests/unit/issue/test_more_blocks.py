"""Contents, recordings, figures, downloads, portraits, credits, and what changes about a meeting."""

from datetime import date

import pytest

from newsletter.issue.anchors import anchors, listed
from newsletter.issue.finding import Finding, IssueError
from newsletter.issue.model import Article, Block, Quote
from newsletter.issue.model_blocks import Contents, Download, Figures, Picture, Recording
from newsletter.issue.model_text import Strong, Text
from newsletter.issue.parse import KnownNames, parse_issue
from tests.support.issue_texts import HEAD

KNOWN = KnownNames(lists={"nieuwsbrief": frozenset()})
FIRST = HEAD.count("\n") + 1


def read(body: str) -> tuple[Block, ...]:
    return parse_issue(HEAD + body, file="zomer.md", slug="zomer", known=KNOWN).blocks


def one(body: str):
    (block,) = read(body)
    return block


def refused(body: str) -> tuple[Finding, ...]:
    with pytest.raises(IssueError) as caught:
        read(body)
    return caught.value.findings


# ---------------------------------------------------------------- what they hold


def test_a_recording_has_kind_length_image_and_link():
    recording = one(
        ":::recording\nkind: film\ntitle: Op het plein\nlength: 65 minuten\ntext: Een **korte** film\n"
        "image: plein.jpg\nalt: Een plein\ncredit: Mia\nlink: https://e.org/film\n:::"
    )
    assert isinstance(recording, Recording)
    assert (recording.kind, recording.title, recording.minutes) == ("film", "Op het plein", 65)
    assert recording.content == (Text("Een "), Strong((Text("korte"),)), Text(" film"))
    assert (recording.picture.source, recording.picture.credit) == ("plein.jpg", "Mia")
    assert (recording.link, recording.line) == (("https://e.org/film",), FIRST)


@pytest.mark.parametrize("length", ["25", "25 min", "25 min.", "25 minuten", "25 minutes"])
def test_a_length_is_a_number_of_minutes(length):
    assert one(f":::recording\nkind: podcast\ntitle: x\nlength: {length}\nlink: https://e.org\n:::").minutes == 25


def test_figures_hold_two_to_four_numbers_with_their_words():
    figures = one(
        ":::figures\n- figure: 200 miljoen\n  label: euro voor *buurten*\n- figure: 60%\n  label: doet mee\n:::"
    )
    assert isinstance(figures, Figures)
    assert [(item.value, item.line) for item in figures.figures] == [("200 miljoen", FIRST + 1), ("60%", FIRST + 3)]


def test_a_download_is_a_file_beside_the_issue_or_a_link_with_type_and_size():
    file = one(":::download\ntitle: De gids\nfile: gids.pdf\n:::")
    assert isinstance(file, Download)
    assert (file.file, file.link, file.type) == ("gids.pdf", (), "")
    link = one(":::download\ntitle: De gids\nlink: https://e.org/gids\ntype: PDF\nsize: 1,2 MB\n:::")
    assert (link.file, link.link, link.type, link.size) == ("", ("https://e.org/gids",), "PDF", "1,2 MB")


def test_a_download_may_stand_in_an_article_and_a_note():
    for outer in ("article", "note"):
        assert isinstance(one(f":::{outer}\nTekst\n:::download\ntitle: x\nfile: x.pdf\n:::\n:::").blocks[1], Download)


def test_a_quote_takes_its_image_as_the_portrait():
    quote = one(":::quote\n![Mia](mia.jpg)\n\nHet werkt.\n\n-- Mia Voorbeeld, wethouder\n:::")
    assert isinstance(quote, Quote)
    assert (quote.portrait.source, quote.person, len(quote.blocks)) == ("mia.jpg", "Mia Voorbeeld", 1)


def test_an_image_may_name_who_made_it():
    picture = one('![Een huis](huis.jpg "Het huis"){credit="Mia & Zoon"}')
    assert isinstance(picture, Picture)
    assert (picture.credit, picture.caption) == ("Mia & Zoon", (Text("Het huis"),))
    linked = one('[![Een huis](huis.jpg){credit="Mia"}](https://e.org)')
    assert (linked.credit, linked.target) == ("Mia", ("https://e.org",))


def test_an_article_may_have_no_image():
    article = one(":::article {image=none}\n### Kop\n\nTekst\n:::")
    assert isinstance(article, Article)
    assert (article.image_side, article.picture) == ("none", None)


def test_a_meeting_may_have_an_id_be_cancelled_and_have_moved():
    one_off = "- title: A\n  date: 2027-06-21\n  id: dag-1\n  cancelled: ja\n"
    one_moved = "- title: B\n  date: 2027-06-22\n  was: 2027-06-15\n"
    first, second = one(f":::agenda\n{one_off}{one_moved}:::").entries
    assert (first.id, first.is_cancelled, first.was) == ("dag-1", True, None)
    assert (second.id, second.is_cancelled, second.was) == ("", False, date(2027, 6, 15))
    invited = one(":::invitation\ntitle: C\ndate: 2027-06-21\nid: c\ncancelled: true\nwas: 2027-06-14\n:::")
    assert (invited.id, invited.is_cancelled, invited.was) == ("c", True, date(2027, 6, 14))


# ---------------------------------------------------------------- places


def test_every_heading_of_the_mail_has_a_name_of_its_own():
    blocks = read(
        "## Één: *agenda*\n\n## Agenda\n\n:::article\n### Agenda\n:::\n\n"
        ":::note\n### In een notitie\n:::\n\n## {{ name }}!"
    )
    assert [name for _, name in anchors(blocks)] == ["een-agenda", "agenda", "agenda-2", "deel"]


def test_contents_list_the_highest_headings_that_follow():
    blocks = read("## Vooraf\n\n:::contents\n:::\n\n### Een\n\n#### Dieper\n\n:::article\n### Twee\n:::\n")
    assert isinstance(blocks[1], Contents)
    assert [name for _, name in listed(blocks)] == ["een", "twee"]


# ---------------------------------------------------------------- what is wrong with them


@pytest.mark.parametrize(
    ("body", "line", "what"),
    [
        (":::contents\n\n## Kop\n:::", 2, "nothing can stand in the block 'contents'"),
        (":::recording\ntitle: x\nlink: https://e.org\n:::", 1, "'kind' of a recording is missing"),
        (":::recording\nkind: podkast\ntitle: x\nlink: https://e.org\n:::", 1, "kind cannot be 'podkast'"),
        (":::recording\nkind: film\nlink: https://e.org\n:::", 1, "'title' of a recording is missing"),
        (":::recording\nkind: film\ntitle: x\n:::", 1, "'link' of a recording is missing"),
        (":::recording\nkind: film\ntitle: x\nlength: lang\nlink: https://e.org\n:::", 3, "no number of minutes"),
        (":::recording\nkind: film\ntitle: x\nlength: 0\nlink: https://e.org\n:::", 3, "no number of minutes"),
        (":::recording\n- kind: film\n:::", 1, "not a recording"),
        (":::figures\n- figure: 1\n  label: x\n:::", 0, "1 figures cannot stand side by side"),
        (":::figures\n" + "- figure: 1\n  label: x\n" * 5 + ":::", 0, "5 figures cannot stand side by side"),
        (":::figures\n- figure: 1\n- figure: 2\n  label: x\n:::", 1, "'label' of a figure is missing"),
        (":::figures\n- label: x\n- figure: 2\n  label: x\n:::", 1, "'figure' of a figure is missing"),
        (":::download\ntitle: x\n:::", 1, "'link' of a download is missing"),
        (":::download\ntitle: x\nlink: https://e.org\n:::", 1, "'type' of a download is missing"),
        (":::download\ntitle: x\nfile: a.pdf\nlink: https://e.org\n:::", 3, "a file and a link"),
        (":::download\ntitle: x\nfile: a.pdf\nsize: 1 MB\n:::", 3, "taken from the file itself"),
        (":::download\nfile: a.pdf\n:::", 1, "'title' of a download is missing"),
        (":::article {image=none}\n![a](a.jpg)\n:::", 1, "image=none has an image"),
        (':::quote\n![a](a.jpg "Wie")\n\nJa\n:::', 1, "a portrait has neither"),
        ("![a](a.jpg){.button}", 0, "an image has no 'class'"),
        ("![a](a.jpg){width=3}", 0, "an image has no 'width'"),
        ('[a](https://e.org){credit="x"}', 0, "a link has no 'credit'"),
        ('![a](a.jpg){credit="{{ name }}"}', 0, "cannot hold a field"),
        (":::cards\n- title: x\n  credit: y\n:::", 2, "'credit' belongs to no image"),
        (
            ":::agenda\n- title: x\n  date: 2027-01-01\n  cancelled: misschien\n:::",
            3,
            "cancelled cannot be 'misschien'",
        ),
        (":::agenda\n- title: x\n  date: 2027-01-01\n  id: Dag 1\n:::", 3, "id: 'Dag 1' cannot be used"),
        (":::agenda\n- title: x\n  date: 2027-01-01\n  was: gisteren\n:::", 3, "was: 'gisteren' is not a date"),
    ],
)
def test_what_is_wrong_is_named_on_its_line(body, line, what):
    found = [finding for finding in refused(body) if what in finding.what]
    assert [finding.line for finding in found][:1] == [FIRST + line]
    assert all(finding.remedy for finding in found)
