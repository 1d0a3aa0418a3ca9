"""Preflight: every rule spoils a good issue once, and a good issue has no finding."""

import re
from dataclasses import replace
from datetime import date

import pytest

from newsletter.compose.compiled import CompiledIssue, Field
from newsletter.config import MailingList
from newsletter.issue.finding import Severity
from newsletter.issue.parse import KnownNames, parse_issue
from newsletter.preflight.check import check_compiled, check_source, has_errors, preflight
from newsletter.preflight.messages import _MESSAGES, NAMES, Messages

KNOWN = KnownNames(lists={"nieuwsbrief": frozenset()})
GOOD_HEAD = "---\nlist: nieuwsbrief\nsubject: Zomer\npreheader: Aanvragen kan nu\ndate: 2027-06-14\n---\n"
GOOD = """
## Subsidie open

![Drie mensen in een buurthuis](buurthuis.jpg "Buurthuis De Brug")

Beste {{ name | default("lezer") }}, op maandag 21 juni 2027 begint het. Lees [de regeling](https://example.org/r).

[Vraag de subsidie aan](https://example.org/aanvraag){.button}

Vragen? Mail [info@example.org](mailto:info@example.org).

:::agenda
- title: Spreekuur
  date: 2027-06-21
  link: https://example.org/spreekuur
:::
"""
FIRST = GOOD_HEAD.count("\n") + 1


def mailing_list(**changes) -> MailingList:
    return MailingList.model_validate(
        {
            "title": "Nieuwsbrief Voorbeeld",
            "from": "Programma <nieuwsbrief@example.org>",
            "unsubscribe_mailbox": "afmelden@example.org",
            "basis": "consent",
            "controller": "Organisatie Voorbeeld",
            "privacy_url": "https://example.org/privacy",
            **changes,
        }
    )


def found(body: str, head: str = GOOD_HEAD, **changes):
    issue = parse_issue(head + body, file="zomer.md", slug="zomer", known=KNOWN)
    return check_source(issue, mailing_list(**changes))


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_good_issue_has_no_finding(language):
    assert found(GOOD, language=language) == []


@pytest.mark.parametrize(
    ("body", "rule", "severity", "what"),
    [
        ("[a b](#)", "link-target", "error", "leeg of #"),
        ("[a b]()", "link-target", "error", "leeg of #"),
        ("[a b](#agenda)", "link-target", "error", "#agenda"),
        ("[a b](htps://example.org/x)", "link-target", "error", "htps"),
        ("[a b](https:/example.org/x)", "link-target", "error", "https:/"),
        ("[a b](www.example.org)", "link-target", "error", "www.example.org"),
        ("[a b](info@example.org)", "link-target", "error", "info@"),
        ("[a b](mailto:info@)", "link-target", "error", "mailto:info@"),
        ("[a b](https://)", "link-target", "error", "https://"),
        ("[a b](http://example.org)", "link-http", "warning", "http://example.org"),
        ("[hier](https://e.org)", "A41", "error", "'hier'"),
        ("[Klik hier!](https://e.org)", "A41", "error", "Klik hier"),
        ("[**Lees verder** →](https://e.org)", "A41", "error", "Lees verder"),
        ("[Read more...](https://e.org)", "A41", "error", "Read more"),
        ("[](https://e.org)", "A41", "error", "geen tekst"),
        ("[https://e.org/x](https://e.org/x)", "A41", "error", "webadres"),
        ("zie https://e.org/x.", "A41", "warning", "'https://e.org/x'"),
        ("[de gids](https://e.org/1) en [De gids](https://e.org/2)", "A41", "error", "2 keer"),
        ("[de gids](#) en [de gids](#)", "A41", "error", "2 keer"),
        ("[x](https://e.org){.button}\n\n:::cards\n- title: X\n  link: https://f.org\n:::", "A41", "error", "2 keer"),
        ("### Kop", "A40", "warning", "niveau 3"),
        ("## Kop\n\n#### Diep", "A40", "warning", "'Diep'"),
        ("![](a.jpg)", "A39", "error", "geen beschrijving"),
        ("![IMG_1234](a.jpg)", "A39", "error", "bestandsnaam"),
        ("![buurthuis](Buurthuis.jpg)", "A39", "error", "bestandsnaam"),
        ("![foto.JPG](a.jpg)", "A39", "error", "bestandsnaam"),
        ("![Foto](a.jpg)", "A39", "warning", "zegt niets"),
        ('![De Brug](a.jpg "De brug.")', "A39", "warning", "bijschrift"),
        (":::cards\n- title: x\n  image: a.jpg\n:::", "A39", "error", "geen beschrijving"),
        ("", "structure", "error", "er staat niets"),
        ("Lorem ipsum dolor", "placeholder", "error", "Lorem ipsum"),
        ("- TODO tekst", "placeholder", "error", "TODO"),
        ("> XXX", "placeholder", "error", "XXX"),
        ("De link volgt later", "placeholder", "warning", "link volgt"),
        ("{{ name }}", "field-default", "warning", "'name'"),
        ("Op dinsdag 18 mei 2022 ...", "weekday", "error", "woensdag"),
        ("On Tuesday, May 18, 2022", "weekday", "error", "woensdag"),
        ("Kom zondag 21 juni langs", "weekday", "warning", "in 2027"),
        ("Op maandag 31 juni 2027", "weekday", "error", "bestaat niet"),
        (":::invitation\ntitle: x\ndate: 2027-06-21\nplace: 'zaal TBD'\n:::", "placeholder", "error", "TBD"),
    ],
)
def test_each_rule_finds_its_fault(body, rule, severity, what):
    findings = [item for item in found(f"\n{body}\n") if item.rule == rule and what in item.what]
    assert [str(item.severity) for item in findings][:1] == [severity]
    assert all(item.remedy and item.file == "zomer.md" for item in findings)


def test_findings_name_the_line_of_the_fault():
    (finding,) = found("tekst\n\n- een\n- twee [hier](https://e.org)\n")
    assert finding.line == FIRST + 3


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (("Zomer", "Z" * 61), "subject"),
        (("preheader: Aanvragen kan nu\n", ""), "preheader"),
        (("Aanvragen kan nu", "zomer."), "preheader"),
        (("Zomer", '"Zomer, {{ name }}"'), "field-default"),
    ],
)
def test_subject_and_preheader_are_checked(change, rule):
    assert [item.rule for item in found(GOOD, GOOD_HEAD.replace(*change))] == [rule]


def test_one_text_for_one_target_may_be_repeated():
    assert found("[de gids](https://e.org/1) en [de gids](https://e.org/1)") == []


@pytest.mark.parametrize(("changes", "rule"), [({"controller": " "}, "B6"), ({"privacy_url": "privacy"}, "B7")])
def test_the_list_itself_is_checked(changes, rule):
    assert [item.rule for item in found(GOOD, **changes)] == [rule]


def test_a_pasted_mailing_is_told_everything():
    """Empty links, repeated texts, vague texts and skipped levels, all in one go."""
    body = "## Nieuws\n\n[Lees verder](#)\n\n#### Film\n\nKijk [hier](#).\n\n[Lees verder](https://e.org/b)\n"
    findings = found(body)
    said = " | ".join(item.what for item in findings)
    assert has_errors(findings)
    for words in ("leeg of #", "'Lees verder' staat er 2 keer", "'hier' zegt niet", "niveau overgeslagen"):
        assert words in said


# ---------------------------------------------------------------- compiled

HTML = (
    '<!doctype html><html lang="nl"><head><title>Zomer</title></head><body><img alt="x" src="y">'
    '<a href="https://e.org/?a=1&amp;b=2">x</a><a href="'
)
COMPILED = CompiledIssue(
    list_slug="nieuwsbrief",
    slug="zomer",
    language="nl",
    date=date(2027, 6, 14),
    title="Zomer",
    subject=("Zomer",),
    preheader=(),
    html=(HTML, Field("unsubscribe_url"), '">Afmelden</a></body></html>'),
    text=("x (https://e.org/?a=1&b=2)\n", Field("unsubscribe_url"), "\n"),
)


def test_a_good_mail_has_no_finding():
    assert check_compiled(COMPILED, file="zomer.md") == []


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"html": (HTML, Field("unsubscribe_url"), '">' + "x" * 100_000)}, {"A30"}),
        ({"html": (HTML, Field("unsubscribe_url"), '">' + "é" * 40_000)}, {"A30"}),
        ({"html": (HTML.replace('"nl"', '"und"'), Field("unsubscribe_url"), '">')}, {"A36"}),
        ({"html": (HTML.replace("Zomer", " "), Field("unsubscribe_url"), '">')}, {"A37"}),
        ({"html": (HTML.replace('alt="x" ', ""), Field("unsubscribe_url"), '">')}, {"A39"}),
        ({"html": (HTML, '">')}, {"B6"}),
        ({"text": ("x (https://e.org/?a=1&b=2)",)}, {"B6", "A6"}),
        ({"text": (Field("unsubscribe_url"),)}, {"A6"}),
    ],
)
def test_each_rule_finds_its_fault_in_the_mail(changes, rules):
    assert {item.rule for item in check_compiled(replace(COMPILED, **changes), file="zomer.md")} == rules


def test_preflight_runs_both():
    issue = parse_issue(GOOD_HEAD + "[hier](#)", file="zomer.md", slug="zomer", known=KNOWN)
    spoilt = replace(COMPILED, html=(HTML, '">'))
    assert {item.rule for item in preflight(issue, mailing_list(), spoilt)} == {"B6", "A41", "link-target"}
    assert {item.rule for item in preflight(issue, mailing_list())} == {"A41", "link-target"}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_message_exists_in_both_languages_with_the_same_values(name):
    severity, rule, texts = _MESSAGES[name]
    values = dict.fromkeys(re.findall(r"\{(\w+)", " ".join(map(str, texts.values()))), "x") | {"size": 1, "limit": 1}
    for language in ("nl", "en"):
        finding = Messages(language, "f").finding(name, 1, **values)
        assert (finding.severity, finding.rule) == (severity, rule)
        assert finding.severity in Severity
    assert set(texts) == {"nl", "en"}
