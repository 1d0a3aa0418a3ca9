"""Preflight of the compiled mail: size, languages, tables, images, looks, law, mail programs."""

from dataclasses import replace
from datetime import date

import pytest

from newsletter.compose.compiled import CompiledIssue, Field
from newsletter.issue.model_blocks import Heading, Paragraph
from newsletter.issue.model_text import Text
from newsletter.preflight.check import preflight
from newsletter.preflight.clients import STYLE_LIMIT, features
from newsletter.preflight.contrast import contrast, invert
from newsletter.preflight.mail import Mail
from newsletter.preflight.size import weights
from newsletter.preflight.walk import Content
from tests.support.mails import BUILT_IN, a_list, an_issue, compile_, every_block

ISSUE = an_issue(Paragraph(content=(Text("Tekst"),), line=9))
LIST = a_list(reply_to=a_list().sender)
HEAD = '<!doctype html><html lang="nl" dir="ltr"><head><title>Zomer</title></head><body><div lang="nl"><h1>Zomer</h1>'
BODY = '<p><img alt="Een tafel" src="y.png"> <a href="https://e.org/?a=1&amp;b=2">de regeling</a></p><p><a href="'
FOOT = '">Afmelden</a></p><h2>Colofon</h2><h2>Verwerking persoonsgegevens</h2>'
FOOT += '<a href="https://example.org/privacy">Lees de privacyverklaring</a></div></body></html>'
WAY_OUT = Field("unsubscribe_url")
TEXT = "de regeling (https://e.org/?a=1&b=2)\nColofon\nVerwerking persoonsgegevens\nhttps://example.org/privacy\n"
COMPILED = CompiledIssue(
    list_slug="nieuwsbrief",
    slug="zomer",
    language="nl",
    date=date(2027, 6, 14),
    title="Zomer",
    subject=("Zomer",),
    preheader=(),
    html=(HEAD + BODY, WAY_OUT, FOOT),
    text=(TEXT, WAY_OUT, "\n"),
)


def found(html=None, text=None, **changes):
    parts = {"html": html, "text": text}
    compiled = replace(COMPILED, **{key: value for key, value in parts.items() if value is not None})
    return preflight(ISSUE, LIST, compiled, **changes)


def with_body(addition):
    return (HEAD + addition + BODY, WAY_OUT, FOOT)


def test_a_good_mail_has_no_finding():
    assert found(theme=BUILT_IN.theme) == []


@pytest.mark.parametrize(
    ("html", "rule"),
    [
        ((HEAD + BODY, WAY_OUT, FOOT.replace("</div>", "x" * 100_000)), "A30"),
        ((HEAD + BODY, WAY_OUT, FOOT.replace("</div>", "é" * 40_000)), "A30"),
        ((HEAD.replace('<html lang="nl"', '<html lang="und"') + BODY, WAY_OUT, FOOT), "A36"),
        ((HEAD.replace('<div lang="nl">', "<div>") + BODY, WAY_OUT, FOOT), "A36"),
        ((HEAD.replace("<title>Zomer", "<title> ") + BODY, WAY_OUT, FOOT), "A37"),
        (with_body("<table><tr><td>x</td></tr></table>"), "A38"),
        (with_body('<table role="presentation"><tr><th>x</th></tr></table>'), "A38"),
        (with_body('<img src="x.png">'), "A39"),
        (with_body('<a href="https://example.org/privacy"><img alt="" src="x.png"></a>'), "A39"),
        (with_body("<h1>Nog een</h1>"), "A40"),
        (with_body("<h4>Diep</h4>"), "A40"),
        (with_body('<p style="font-size:11px">klein</p>'), "A42"),
        (with_body('<p>Lees <a href="https://example.org/privacy" style="text-decoration:none">dit</a></p>'), "A42"),
        (with_body('<a href="https://e.org/alleen-html">de gids</a>'), "A6"),
        ((HEAD + BODY, FOOT), "B6"),
        ((HEAD + BODY, WAY_OUT, FOOT.replace("Colofon", "Over ons")), "B6"),
        (with_body("<!--" + "x" * 30_000 + "-->"), "B6"),
        ((HEAD + BODY, WAY_OUT, FOOT.replace("Verwerking", "Over uw")), "B7"),
    ],
)
def test_each_rule_finds_its_fault_in_the_html(html, rule):
    assert {item.rule for item in found(html)} == {rule}


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ((TEXT,), {"B6", "A6"}),
        ((TEXT.replace("https://e.org", "https://f.org"), WAY_OUT), {"A6"}),
        ((TEXT.replace("Colofon", ""), WAY_OUT), {"B6"}),
        ((TEXT.replace("Verwerking", ""), WAY_OUT), {"B7"}),
    ],
)
def test_each_rule_finds_its_fault_in_the_text_part(text, rules):
    assert {item.rule for item in found(text=text)} == rules


def test_a_table_within_a_layout_table_is_judged_on_its_own():
    inner = "<table><tr><th>Wanneer</th></tr></table>"
    assert found(with_body(f'<table role="presentation"><tr><td>{inner}</td></tr></table>')) == []


def test_what_is_hidden_may_be_small():
    assert found(with_body('<div style="display:none;font-size:1px">verborgen</div>')) == []


@pytest.mark.parametrize("used", ["<video></video>", '<div style="position: absolute">x</div>', "<svg></svg>"])
def test_what_large_mail_programs_lack_is_named_with_the_programs(used):
    (finding,) = found(with_body(used))
    assert (finding.rule, str(finding.severity)) == ("client-support", "error")
    assert "Gmail" in finding.what
    assert "Outlook" in finding.what


def test_enhancements_in_the_head_are_no_finding():
    style = "<style>@media (min-width:9px){.a{display:flex;position:absolute}}</style>"
    assert found((HEAD.replace("</head>", style + "</head>") + BODY, WAY_OUT, FOOT)) == []


def test_more_style_than_gmail_reads_is_a_finding():
    style = f"<style>{'a{color:red}' * (STYLE_LIMIT // 12 + 1)}</style>"
    (finding,) = found((HEAD.replace("</head>", style + "</head>") + BODY, WAY_OUT, FOOT))
    assert finding.rule == "client-support"


def test_every_row_of_the_table_has_clients_both_languages_source_and_date():
    assert len(features()) > 20
    for feature in features():
        assert feature.clients
        assert feature.source
        assert date(2018, 1, 1) < feature.tested <= date(2026, 11, 22)
        assert all(all(texts) for texts in feature.texts.values())


# ---------------------------------------------------------------- size


def test_the_heaviest_blocks_are_named_with_their_lines():
    blocks = (
        Heading(level=2, content=(Text("Kort nieuws"),), line=10),
        Paragraph(content=(Text("Weinig woorden."),), line=12),
        Paragraph(content=(Text("Heel veel woorden. " + "woord " * 17_000),), line=14),
    )
    issue = an_issue(*blocks)
    compiled = compile_(issue).compiled
    (finding,) = (item for item in preflight(issue, LIST, compiled) if item.rule == "A30")
    assert "regel 14, 'Heel veel woorden." in finding.remedy
    mail = Mail(compiled=compiled, content=Content(issue=issue, language="nl"))
    by_line = {weight.line: weight.size for weight in weights(mail.content, mail.html)}
    assert by_line[14] > 100_000
    assert by_line[12] < 2_000


def test_every_kind_of_block_is_weighed():
    issue = an_issue(*every_block("Woorden van dit blok"))
    mail = Mail(compiled=compile_(issue).compiled, content=Content(issue=issue, language="nl"))
    found = weights(mail.content, mail.html)
    assert sum(weight.size for weight in found) > len(mail.html.encode()) * 0.5
    assert all(weight.size >= 0 for weight in found)


# ---------------------------------------------------------------- contrast


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#0b5c6b", "#0b5c6b") == 1
    assert invert("#0b5c6b") == "#f4a394"


@pytest.mark.parametrize(
    ("table", "key", "colour", "said"),
    [
        ("colour", "muted", "#9aa5a8", "in licht"),
        ("dark", "accent", "#0b5c6b", "in donker"),
        ("colour", "on_accent", "#808080", "in licht"),
    ],
)
def test_a_pair_of_colours_that_cannot_be_read_is_named_with_its_mode(table, key, colour, said):
    theme = {**BUILT_IN.theme, table: {**BUILT_IN.theme[table], key: colour}}
    findings = [item for item in found(theme=theme) if item.rule == "A42"]
    assert any(said in item.what and f"{table}.{key}" in item.what for item in findings)
    assert all(item.file == "theme.toml" for item in findings)


def test_a_pair_that_only_inversion_spoils_is_found():
    """Black on a bright blue is easy to read; white on a bright orange, its inversion, is not."""
    theme = {**BUILT_IN.theme, "colour": {**BUILT_IN.theme["colour"], "accent": "#00c8ff", "on_accent": "#000000"}}
    (finding,) = (item for item in found(theme=theme) if "colour.on_accent" in item.what)
    assert "omkeert" in finding.what


def test_type_under_fourteen_pixels_is_a_finding():
    theme = {**BUILT_IN.theme, "type": {**BUILT_IN.theme["type"], "small": 12}}
    assert ["type.small" in item.what for item in found(theme=theme)] == [True]
