"""Issue files: what they may hold, and that everything else is named with its line."""

from datetime import date, time

import pytest
from hypothesis import HealthCheck, given, settings

from newsletter.issue.directives import KINDS
from newsletter.issue.finding import Finding, IssueError
from newsletter.issue.model import Article, Issue, ListBlock, Note, Quote
from newsletter.issue.model_blocks import Button, Cards, Divider, Heading, Paragraph, Picture, Table
from newsletter.issue.model_meetings import Agenda, Invitation
from newsletter.issue.model_text import Code, FieldRef, Filter, LineBreak, Link, Strong, Text
from newsletter.issue.parse import KnownNames, parse_issue, parse_prose
from tests.support.issue_texts import HEAD, bodies, heads

KNOWN = KnownNames(lists={"nieuwsbrief": frozenset({"gemeente"}), "uitnodigingen": frozenset()})
FIRST = HEAD.count("\n") + 1
"""The line of the file on which a body behind HEAD begins."""


def read(body: str, head: str = HEAD) -> Issue:
    return parse_issue(head + body, file="zomer.md", slug="zomer", known=KNOWN)


def refused(body: str, head: str = HEAD) -> tuple[Finding, ...]:
    with pytest.raises(IssueError) as caught:
        read(body, head)
    return caught.value.findings


def findings_of(body: str, head: str = HEAD) -> tuple[Finding, ...]:
    """What is wrong with a file, if anything; any other error than IssueError fails the test."""
    try:
        read(body, head)
    except IssueError as error:
        return error.findings
    return ()


def one(body: str):
    (block,) = read(body).blocks
    return block


# ---------------------------------------------------------------- front matter


def test_front_matter_gives_list_slug_date_and_texts():
    issue = read("Tekst", HEAD.replace("date:", 'title: "Zomer: nieuws"\nslug: juni-2027\ndate:'))
    assert (issue.list_slug, issue.slug, issue.date) == ("nieuwsbrief", "juni-2027", date(2027, 6, 14))
    assert (issue.subject, issue.preheader, issue.title) == (("Zomer",), ("Nieuws",), "Zomer: nieuws")


def test_slug_is_the_stem_unless_given():
    assert read("Tekst").slug == "zomer"


def test_a_stem_that_is_no_slug_is_refused():
    with pytest.raises(IssueError, match="rename it"):
        parse_issue(HEAD + "x", file="Zomer 2027.md", slug="Zomer 2027", known=KNOWN)


def test_fields_stand_in_subject_and_preheader():
    issue = read("x", HEAD.replace("Zomer", '"Zomer, {{ name | default("lezer") }}"'))
    assert issue.subject == ("Zomer, ", FieldRef("name", (Filter("default", "lezer"),), 3))


@pytest.mark.parametrize(
    ("head", "line", "what"),
    [
        ("", 1, "does not begin with front matter"),
        ("---\nlist: nieuwsbrief\n", 1, "has no end"),
        ("---\nlist: [\n---\n", 2, "not YAML"),
        ("---\n- list\n---\n", 2, "not a list of keys"),
        ("---\n\n---\n", 2, "not a list of keys"),
        (HEAD.replace("date: 2027-06-14", "date: 14 juni 2027"), 5, "'14 juni 2027' is not a date"),
        (HEAD.replace("2027-06-14", "2027-02-30"), 5, "there is no day 2027-02-30"),
        (HEAD.replace("subject:", "onderwerp:"), 3, "has no 'onderwerp'"),
        (HEAD.replace("subject:", "subjcet:"), 3, "has no 'subjcet'"),
        (HEAD.replace("nieuwsbrief", "niewsbrief"), 2, "unknown list 'niewsbrief'"),
        (HEAD.replace("preheader:", "list: nieuwsbrief\npreheader:"), 4, "'list' stands here twice"),
        (HEAD.replace("Zomer", "&a Zomer").replace("Nieuws", "*a"), 3, "anchors and aliases"),
        (HEAD.replace("Zomer", "[a, b]"), 3, "'subject' is not a text"),
        (HEAD.replace("Zomer", "''"), 3, "'subject' is empty"),
        (HEAD.replace("Zomer", '"a\\r\\nBcc: x@example.org"'), 3, "control character"),
        (HEAD.replace("Zomer", "!!python/object:os.system x"), 3, "'subject' is not a text"),
        (HEAD.replace("date:", "slug: Zomer Nieuws\ndate:"), 5, "'Zomer Nieuws' cannot be used"),
        (HEAD.replace("Zomer", "Zomer: nieuws"), 3, "not YAML"),
        (HEAD.replace("date:", "title: 'Dag {{ name }}'\ndate:"), 5, "cannot hold a field"),
        (HEAD.replace("Zomer", "{{ naam }}"), 3, "unknown field 'naam'"),
    ],
)
def test_front_matter_names_what_is_wrong_and_where(head, line, what):
    assert any(finding.line == line and what in finding.what for finding in refused("Tekst", head))


def test_an_unknown_key_names_the_nearest_one():
    (finding, *_) = [item for item in refused("x", HEAD.replace("subject:", "subjct:")) if "subjct" in item.what]
    assert finding.remedy == "did you mean 'subject'?"


def test_an_alias_bomb_is_refused_at_once():
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)]
    assert "anchors" in refused("x", "---\n" + "\n".join(lines) + "\n---\n")[0].what


def test_no_and_times_and_numbers_stay_text_in_yaml():
    issue = read(":::agenda\n- title: no\n  date: 2027-06-21\n  time: 12:30\n  place: 1_000\n:::")
    (entry,) = issue.blocks[0].entries
    assert (entry.title, entry.place, entry.start) == ("no", "1_000", time(12, 30))


# ---------------------------------------------------------------- Markdown


def test_markdown_becomes_blocks_with_the_lines_of_the_file():
    blocks = read("## Kop\n\nTekst met **vet**.\n\n---\n\n- een\n- twee\n").blocks
    assert [type(block) for block in blocks] == [Heading, Paragraph, Divider, ListBlock]
    assert [block.line for block in blocks] == [FIRST, FIRST + 2, FIRST + 4, FIRST + 6]
    assert blocks[1].content == (Text("Tekst met "), Strong((Text("vet"),)), Text("."))


def test_a_link_knows_its_own_line_in_a_paragraph():
    paragraph = one("een\ntwee  \ndrie [vier](https://example.org)")
    assert [item.line for item in paragraph.content if isinstance(item, Link)] == [FIRST + 2]
    assert LineBreak() in paragraph.content


def test_empty_links_stay_for_preflight():
    assert [link.target for link in one("[a](#) [b]()").content if isinstance(link, Link)] == [("#",), ()]


def test_an_image_on_its_own_is_a_picture_with_a_caption():
    picture = one('![Een huis](huis.jpg "Het *huis* van {{ gemeente }}")')
    assert (picture.source, picture.alt, picture.line) == ("huis.jpg", "Een huis", FIRST)
    assert picture.caption == (Text("Het *huis* van "), FieldRef("gemeente", (), FIRST))


def test_a_linked_image_is_a_picture_with_a_target():
    assert one("[![Een huis](huis.jpg)](https://example.org/)").target == ("https://example.org/",)


def test_an_image_on_a_line_of_a_paragraph_is_lifted_out():
    blocks = read("Eerst dit\n![Huis](huis.jpg)\ndan dat").blocks
    assert [type(block) for block in blocks] == [Paragraph, Picture, Paragraph]
    assert [block.line for block in blocks] == [FIRST, FIRST + 1, FIRST + 2]


@pytest.mark.parametrize("body", ["zie ![Huis](huis.jpg) daar", "# ![Huis](huis.jpg)", "|a|\n|-|\n|![b](c.jpg)|"])
def test_an_image_within_text_is_refused_with_the_remedy(body):
    assert "line of its own" in " ".join(finding.remedy for finding in refused(body))


@pytest.mark.parametrize("source", ["https://example.org/a.jpg", "//example.org/a.jpg", "data:image/png;base64,AA"])
def test_an_image_from_elsewhere_is_refused(source):
    assert any(finding.rule == "image" for finding in refused(f"![a]({source})"))


def test_a_link_with_class_button_alone_is_a_button():
    button = one("[Vraag aan](https://example.org/a){.button}")
    assert button == Button(target=("https://example.org/a",), content=(Text("Vraag aan"),), line=FIRST)


def test_buttons_on_their_own_lines_are_buttons():
    assert [type(b) for b in read("tekst\n[a](https://e.org){.button}\n[b](https://f.org){.button}").blocks] == [
        Paragraph,
        Button,
        Button,
    ]


def test_a_button_within_text_and_an_unknown_class_are_refused():
    findings = refused("klik [a](https://e.org){.button} nu\n\n[b](https://e.org){.buton}\n\n[c](https://e.org){#id}")
    assert [finding.line for finding in findings] == [FIRST, FIRST + 2, FIRST + 4]


def test_a_quotation_takes_person_and_role_from_its_last_line():
    for dash in ("--", "—", "\u2013"):
        quote = one(f"> Het werkt.\n> {dash} Mia Voorbeeld, wethouder, Voorbeeldstad")
        assert (quote.person, quote.role) == ("Mia Voorbeeld", "wethouder, Voorbeeldstad")
        assert quote.blocks == (Paragraph(content=(Text("Het werkt."),), line=FIRST),)


def test_tables_have_head_rows_and_alignment():
    table = one("| Wat | Bedrag |\n|:-:|--:|\n| Zaal | 100 |\n")
    assert isinstance(table, Table)
    assert table.align == ("center", "right")
    assert table.rows == (((Text("Zaal"),), (Text("100"),)),)


def test_nested_and_numbered_lists_keep_start_and_blocks():
    outer = one("3. een\n4. twee\n   - diep\n")
    assert (outer.ordered, outer.start, len(outer.items)) == (True, 3, 2)
    assert isinstance(outer.items[1][1], ListBlock)


def test_indented_text_is_text_and_fenced_text_is_code():
    assert one("    ingesprongen").content == (Text("ingesprongen"),)
    assert one("```\na {{ x }}\n\nb\n```").content == (
        Code("a {{ x }}"),
        LineBreak(),
        LineBreak(),
        Code("b"),
    )


@pytest.mark.parametrize(
    "html", ["<b>x</b>", "<script>alert(1)</script>", "<mj-include path='x'/>", "<!-- x -->", '<img src="x">']
)
def test_raw_html_is_refused_with_its_line(html):
    assert all((finding.rule, finding.line) == ("html", FIRST + 2) for finding in refused(f"tekst\n\n{html}"))


def test_text_that_only_looks_like_html_is_text():
    assert one("als a < b en b > c, \\<b\\> en <https://example.org>").content[0].text.startswith("als a < b")


@pytest.mark.parametrize("target", ["javascript:alert(1)", "JAVASCRIPT:x", "data:text/html,x", "java&#115;cript:x"])
def test_a_link_that_can_run_something_is_refused(target):
    assert any(finding.rule == "link" for finding in refused(f"[a]({target})"))


def test_link_targets_are_ascii_and_hold_no_brackets():
    (link,) = one("[a](<https://één.example/pad (x)/ü>)").content
    assert link.target == ("https://xn--n-9faa.example/pad%20%28x%29/%C3%BC",)


# ---------------------------------------------------------------- fields


def test_fields_stand_in_text_and_link_targets():
    content = one('Dag {{name|default("lezer")|title}}, [zie](https://e.org/?g={{ gemeente }}&x=1)').content
    assert content[1] == FieldRef("name", (Filter("default", "lezer"), Filter("title")), FIRST)
    assert content[3].target == ("https://e.org/?g=", FieldRef("gemeente", (), FIRST), "&x=1")


def test_a_field_stands_in_a_table_cell_with_its_bar():
    assert one('|a|b|\n|-|-|\n|{{ name | default("x|y") }}|z|').rows[0][0][0].filters == (Filter("default", "x|y"),)


def test_fields_in_code_stay_as_written():
    assert one("`{{ onbekend | x }}`").content == (Code("{{ onbekend | x }}"),)


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("{{ naam }}", "unknown field 'naam'"),
        ("{{ name | defalt('x') }}", "unknown filter 'defalt'"),
        ("{{ name | default }}", "'default' is not how"),
        ("{{ name | title('x') }}", "is not how title"),
        ("{{ name | default(“x”) }}", "is not a filter"),
        ("{{ name.__class__ }}", "unknown field"),
        ("{{ }}", "is not a field"),
        ("{{ name", "without its counterpart"),
        ("name }}", "without its counterpart"),
        ("{% if x %}", "template code"),
        ("{# x #}", "template code"),
        ("[a](https://{{ name }}.example.org)", "scheme or host"),
        ("[a]({{ name }})", "scheme or host"),
        ("![{{ name }}](a.jpg)", "cannot hold a field"),
    ],
)
def test_a_field_that_is_wrong_is_named_with_its_line(written, what):
    findings = refused(f"eerst\n\n{written}")
    assert what in findings[0].what
    assert findings[0].line == FIRST + 2


def test_a_field_of_another_list_is_unknown_here():
    head = HEAD.replace("list: nieuwsbrief", "list: uitnodigingen")
    assert "unknown field 'gemeente'" in refused("{{ gemeente }}", head)[0].what


def test_a_mark_written_as_an_entity_is_no_field():
    assert isinstance(read("&#xF0000; en &#xF0001;"), Issue)


def test_private_use_and_control_characters_are_refused_with_their_line():
    findings = refused("a\n\nb\uf0b7\x0b \U000f0000")
    assert {finding.line for finding in findings} == {FIRST + 2}
    assert len(findings) == 3


# ---------------------------------------------------------------- directives


def test_an_article_takes_its_first_image_as_the_picture():
    article = one(":::article {image=left}\n### Kop\n\n![a](a.jpg)\n\nTekst\n\n![b](b.jpg)\n:::")
    assert isinstance(article, Article)
    assert (article.image_side, article.picture.source) == ("left", "a.jpg")
    assert [type(block) for block in article.blocks] == [Heading, Paragraph, Picture]


def test_an_article_may_hold_a_quote_and_a_note():
    article = one(":::article\n:::quote\nMooi.\n\n-- Mia\n:::\n:::note\nLet op\n:::\n:::")
    assert [type(block) for block in article.blocks] == [Quote, Note]
    assert (article.image_side, article.blocks[0].person) == ("above", "Mia")


def test_an_agenda_reads_dates_and_times_as_people_write_them():
    body = ":::agenda\n" + "\n".join(
        f"- title: T\n  date: 2027-06-21\n  time: {t}"
        for t in ("09:30-11:00", "9.30-11 uur", "14.00 \u2013 16.30", "9 uur")
    )
    agenda = one(body + "\n:::")
    assert isinstance(agenda, Agenda)
    assert [(entry.start, entry.end) for entry in agenda.entries] == [
        (time(9, 30), time(11)),
        (time(9, 30), time(11)),
        (time(14), time(16, 30)),
        (time(9), None),
    ]
    assert [entry.line for entry in agenda.entries] == [FIRST + 1, FIRST + 4, FIRST + 7, FIRST + 10]


def test_cards_hold_inline_markdown_fields_and_images():
    body = ":::cards {columns=3}\n- title: A\n  text: Dag **{{ name }}**\n  image: a.jpg\n  alt: Huis\n  link: https://e.org\n:::"
    cards = one(body)
    assert isinstance(cards, Cards)
    (card,) = cards.cards
    assert cards.columns == 3
    assert card.content == (Text("Dag "), Strong((FieldRef("name", (), FIRST + 2),)))
    assert (card.picture.alt, card.link) == ("Huis", ("https://e.org",))


INVITATION = """:::invitation
title: Leerbijeenkomst over buurten
date: 2027-05-18
time: 14.00-16.30
place: online
audience: Beleidsmedewerkers en projectleiders
cost: gratis
closing_date: 2027-05-11
programme:
  - time: 13:50-14:00
    title: Inloop
  - time: 14:00
    title: Welkom
    items:
      - Inleiding
      - title: Gesprek met een *jongere*
      - Pauze
  - time: 16:30
    title: Afsluiting
link: https://example.org/aanmelden?voor={{ organisation }}
:::
"""


def test_an_invitation_has_a_nested_programme():
    invitation = one(INVITATION)
    assert isinstance(invitation, Invitation)
    assert (invitation.date, invitation.start, invitation.end) == (date(2027, 5, 18), time(14), time(16, 30))
    assert (invitation.cost, invitation.closing_date, invitation.link_text) == ("gratis", date(2027, 5, 11), "")
    assert [item.start for item in invitation.programme] == [time(13, 50), time(14), time(16, 30)]
    assert [len(item.items) for item in invitation.programme] == [0, 3, 0]
    assert invitation.link[1] == FieldRef("organisation", (), FIRST + 19)


@pytest.mark.parametrize(
    ("body", "line", "what"),
    [
        (":::artikel\nx\n:::", 0, "unknown block 'artikel'"),
        (":::note\nx", 0, "'note' is not closed"),
        (":::note\n:::agenda\n- title: x\n  date: 2027-01-01\n:::\n:::", 1, "cannot stand inside 'note'"),
        (":::\n", 0, "closes nothing"),
        (":::note\n:::", 0, "'note' is empty"),
        (":::agenda\n:::", 0, "'agenda' is empty"),
        (":::article {image=lef}\nx\n:::", 0, "image cannot be 'lef'"),
        (":::article {imag=left}\nx\n:::", 0, "no option 'imag'"),
        (":::article {left}\nx\n:::", 0, "not understood"),
        (":::article left\nx\n:::", 0, "not the first line"),
        ("- a\n  :::note", 1, "not read as a block here"),
        (":::agenda\n- titel: x\n  date: 2027-01-01\n:::", 1, "no 'titel'"),
        (":::agenda\n- title: x\n:::", 1, "'date' of an agenda entry is missing"),
        (":::agenda\n- title: x\n  date: 21-06-2027\n:::", 2, "is not a date"),
        (":::agenda\n- title: x\n  date: 2027-01-01\n  time: 25:00\n:::", 3, "no time 25:00"),
        (":::agenda\n- title: x\n  date: 2027-01-01\n  time: 11:00-09:30\n:::", 3, "ends before it begins"),
        (":::agenda\n- title: x\n  date: 2027-01-01\n  time: straks\n:::", 3, "is not a time"),
        (":::agenda\n- title: a: b\n:::", 1, "not YAML"),
        (":::agenda\ntitle: x\n:::", 1, "a list of agenda entries"),
        (":::agenda\n- x\n:::", 1, "not agenda entries"),
        (":::agenda\n- title: x\n  date: 2027-01-01\n  link: javascript:x\n:::", 3, "cannot lead to"),
        (":::agenda\n- title: '{{ name }}'\n  date: 2027-01-01\n:::", 1, "cannot hold a field"),
        (":::cards\n- title: x\n  alt: y\n:::", 2, "belongs to no image"),
        (":::cards\n- title: x\n  link_text: y\n:::", 2, "has no link"),
        (":::cards\n- title: x\n  text: <b>y</b>\n:::", 2, "is HTML"),
        (":::invitation\n- x\n:::", 1, "not an invitation"),
        (INVITATION.replace("Pauze", "{a: b}"), 16, "no 'a'"),
        (INVITATION.replace("audience", "audiance"), 5, "no 'audiance'"),
    ],
)
def test_a_directive_names_what_is_wrong_on_the_line_of_the_file(body, line, what):
    found = [finding for finding in refused(body) if what in finding.what]
    assert [finding.line for finding in found][:1] == [FIRST + line]


def test_unknown_blocks_and_keys_name_the_nearest():
    remedies = {finding.remedy for finding in refused(":::agneda\n:::\n:::agenda\n- titel: x\n  date: 2027-01-01\n:::")}
    assert {"did you mean 'agenda'?", "did you mean 'title'?"} <= remedies


def test_colons_in_a_code_block_begin_nothing():
    assert one("```\n:::note\n:::\n```").content[0] == Code(":::note")


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_directive_can_be_built(name):
    """The table of kinds and the tables of builders hold the same names."""
    bodies = {
        "agenda": "- title: x\n  date: 2027-01-01",
        "cards": "- title: x",
        "invitation": "title: x\ndate: 2027-01-01",
        "contents": "",
        "recording": "kind: film\ntitle: x\nlink: https://e.org",
        "figures": "- figure: 1\n  label: x\n- figure: 2\n  label: y",
        "download": "title: x\nfile: x.pdf",
    }
    head = 'only language = "nl"' if name == "only" else name
    assert one(f":::{head}\n{bodies.get(name, 'Tekst')}\n:::")


def test_all_that_is_wrong_is_reported_at_once_in_order():
    findings = refused("<b>\n\n:::nota\n:::\n\n{{ naam }}\n", HEAD.replace("subject:", "subjct:"))
    assert [finding.line for finding in findings] == sorted(finding.line for finding in findings)
    assert {finding.rule for finding in findings} == {"front-matter", "html", "directive", "field"}


# ---------------------------------------------------------------- a real shape

LOOK_ALIKE = """\




Organisatie Voorbeeld,\x20\x20
Afdeling Buurten

## Nieuwsflits programma Voorbeeld



2 november 2026

### Podcast: praten op het plein

Wat kan uw gemeente doen? We praten erover in deze podcast.

[Hier vindt u de podcast](#)

### Campagne in december

Middelen komen in de [toolkit](#) of neem contact op met het [programmateam](#).

#### Stichting Proef

Jan Voorbeeld is coördinator:\x20\x20
"Wij doen mee om soms - hoe klein ook - het



verschil te maken."

## Uitnodiging: verder bouwen

**Online, 18 november, 9.30-11 uur.** [Schrijf u hier in](#)

[Lees verder](#)

\x20


### Muziek in de buurt

[Lees verder](#)

De film ziet u [hier](#) en meer leest u [hier](#).

## Agenda

#### Masterclass: meedoen

9 november, 9.30-11 uur, online\x20\x20
Voor gemeenten
[Meer informatie](#) en [inschrijven](#)

### **Colofon**

Mail [info@example.org](mailto:info@example.org).
"""


def test_a_mailing_pasted_from_elsewhere_parses_unchanged():
    issue = read(LOOK_ALIKE)
    headings = [block.level for block in issue.blocks if isinstance(block, Heading)]
    assert headings == [2, 3, 3, 4, 2, 3, 2, 4, 3]


# ---------------------------------------------------------------- configuration texts


def test_prose_of_the_configuration_is_markdown_without_fields_and_images():
    assert len(parse_prose("Een [link](https://example.org).\n\nTwee", "colophon")) == 2
    assert parse_prose("", "colophon") == ()
    for text in ("{{ name }}", "- ![a](b.jpg)", "<b>", ":::note"):
        with pytest.raises(IssueError):
            parse_prose(text, "colophon")


# ---------------------------------------------------------------- robustness


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=bodies, head=heads)
def test_any_text_parses_or_is_refused_with_findings(body, head):
    findings = findings_of(body, head)
    lines = (head + body).replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    assert all(0 <= finding.line <= lines and finding.what and finding.remedy for finding in findings)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "shape",
    [
        "[",
        "![",
        "> ",
        "- ",
        "*a ",
        "`",
        ":::note\n",
        ":::\n",
        "{{",
        "&#",
        "<a ",
        "|",
        "[\n",
        "[a](",
        "# ",
        "<!--",
        "- a\n",
    ],
)
def test_a_megabyte_of_nothing_but_marks_is_answered_in_seconds(shape):
    findings_of(shape * (1_000_000 // len(shape)))


def test_deep_nesting_is_refused():
    assert any("too deep" in finding.what for finding in refused("> " * 50 + "x"))
    assert any("too deep" in finding.what for finding in refused("*a **b " * 40 + "c" + "** d*" * 40))
