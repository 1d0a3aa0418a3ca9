"""Preflight: every rule spoils a good issue once, and a good issue has no finding."""

import re
from datetime import date

import pytest

from newsletter.config_lists import MailingList
from newsletter.issue.finding import Severity
from newsletter.issue.parse import KnownNames, parse_issue
from newsletter.preflight.check import preflight
from newsletter.preflight.messages import MESSAGES, Messages

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
            "reply_to": "redactie@example.org",
            **changes,
        }
    )


def found(body: str, head: str = GOOD_HEAD, **changes):
    issue = parse_issue(head + body, file="zomer.md", slug="zomer", known=KNOWN)
    return preflight(issue, mailing_list(**changes))


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
        ("[a b](mailto:info@)", "link-target", "error", "geen e-mailadres"),
        ("[a b](http//example.org/x)", "link-target", "error", "http//example.org"),
        ("[a b](https://localhost/x)", "link-target", "error", "eigen netwerk"),
        ("[a b](https://10.0.0.5/x)", "link-target", "error", "eigen netwerk"),
        ("[a b](https://wiki.intranet/x)", "link-target", "error", "eigen netwerk"),
        ("[a b](https://e.org/?a=1&utm_source=x&fbclid=y)", "link-tracking", "warning", "utm_source, fbclid"),
        ("[a b](https://bit.ly/abc)", "link-shortener", "warning", "bit.ly"),
        ("[De gids](https://e.org/gids.pdf)", "link-file", "warning", "PDF"),
        ("[Meer informatie](https://e.org)", "A41", "warning", "los van de zin"),
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
        ("## Nieuws", "structure", "warning", "'Nieuws'"),
        ("## Nieuws\n\nx\n\n## Nieuws\n\nx", "A40", "warning", "2 keer"),
        ("**Wie mag meedoen**\n\nIedereen.", "A40", "warning", "vette regel"),
        ("![Een lange tafel](a.jpg)\n\nEen lange tafel.", "A39", "warning", "tekst ernaast"),
        (f"![{'tafel ' * 30}](a.jpg)", "A39", "warning", "tekens"),
        ("LAATSTE KANS om mee te doen", "shouting", "warning", "LAATSTE KANS"),
        ("Dit is ONGELOOFLIJK", "shouting", "warning", "ONGELOOFLIJK"),
        ("Kom ook!!", "shouting", "warning", "ook!!"),
        (f"**{'heel belangrijk nieuws, ' * 12}dus**", "emphasis", "warning", "hele alinea"),
        (f"{'gewone woorden ' * 12}\n\n{'**vet** en ' * 60}", "emphasis", "warning", "%"),
        (":::agenda\n- title: x\n  date: 2027-06-01\n:::", "date-past", "warning", "1 juni 2027"),
        (":::invitation\ntitle: x\ndate: 2026-06-21\n:::", "date-past", "error", "21 juni 2026"),
        (
            ":::invitation\ntitle: x\ndate: 2027-06-21\nclosing_date: 2027-06-01\n:::",
            "date-past",
            "error",
            "1 juni 2027",
        ),
        (
            ":::invitation\ntitle: x\ndate: 2027-06-21\nclosing_date: 2027-06-22\n:::",
            "date-past",
            "warning",
            "na de bijeenkomst",
        ),
        ("Beste [naam],", "placeholder", "error", "[naam]"),
        ("## Eerste onderwerp\n\nx", "placeholder", "warning", "sjabloon"),
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
        (":::only has name\nWelkom\n:::", "structure", "warning", "lege nieuwsbrief"),
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
        (("Zomer", "Nieuwsbrief juni 2027"), "subject"),
        (("Aanvragen kan nu", "a " * 80), "preheader"),
        (("Zomer", "z" * 61), "subject"),
        (("preheader: Aanvragen kan nu\n", ""), "preheader"),
        (("Aanvragen kan nu", "zomer."), "preheader"),
        (("Zomer", '"Zomer, {{ name }}"'), "field-default"),
    ],
)
def test_subject_and_preheader_are_checked(change, rule):
    (finding,) = found(GOOD, GOOD_HEAD.replace(*change))
    assert finding.rule == rule
    assert GOOD_HEAD.split("\n")[finding.line - 1].split(":", maxsplit=1)[0] in {"subject", "preheader", "date"}


def test_an_issue_that_is_late_is_told_so():
    issue = parse_issue(GOOD_HEAD + GOOD, file="zomer.md", slug="zomer", known=KNOWN)
    (finding,) = preflight(issue, mailing_list(), today=date(2027, 6, 15))
    assert (finding.rule, finding.line, str(finding.severity)) == ("date-past", 5, "warning")
    assert preflight(issue, mailing_list(), today=date(2027, 6, 14)) == []


def test_findings_can_be_in_english_about_a_dutch_list():
    issue = parse_issue(GOOD_HEAD + "[hier](https://e.org)", file="zomer.md", slug="zomer", known=KNOWN)
    (finding,) = preflight(issue, mailing_list(), language="en")
    assert "does not say where it leads" in finding.what


def test_a_text_of_the_issue_is_quoted_so_that_it_can_be_read():
    (finding,) = found("[Lees 'De tafel' nu](http://e.org)\n")
    assert "\"Lees 'De tafel' nu\"" in finding.what


def test_one_text_for_one_target_may_be_repeated():
    assert found("[de gids](https://e.org/1) en [de gids](https://e.org/1)") == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"controller": " "}, "B6"),
        ({"reply_to": None}, "B6"),
        ({"from": "nieuwsbrief@example.org"}, "B6"),
        ({"privacy_url": "privacy"}, "B7"),
    ],
)
def test_the_list_itself_is_checked(changes, rule):
    (finding,) = found(GOOD, **changes)
    assert (finding.rule, finding.file) == (rule, "newsletter.toml")


def test_a_pasted_mailing_is_told_everything():
    """Empty links, repeated texts, vague texts and skipped levels, all in one go."""
    body = "## Nieuws\n\n[Lees verder](#)\n\n#### Film\n\nKijk [hier](#).\n\n[Lees verder](https://e.org/b)\n"
    findings = found(body)
    said = " | ".join(item.what for item in findings)
    assert any(item.severity is Severity.ERROR for item in findings)
    for words in ("leeg of #", "'Lees verder' zegt niet", "'hier' zegt niet", "niveau overgeslagen"):
        assert words in said


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_every_message_exists_in_both_languages_with_the_same_values(name):
    message = MESSAGES[name]
    texts = " ".join((*message.nl, *message.en))
    values = dict.fromkeys(re.findall(r"\{(\w+)", texts), "x") | {"size": 1, "limit": 1}
    for language in ("nl", "en"):
        finding = Messages(language, "f").finding(name, 1, **values)
        assert (finding.severity, finding.rule) == (message.severity, message.rule)
        assert "{" not in finding.what
    assert set(re.findall(r"\{(\w+)", " ".join(message.nl))) == set(re.findall(r"\{(\w+)", " ".join(message.en)))


def test_numbers_are_written_as_the_language_writes_them():
    values = {"size": 123_456, "limit": 100_000, "form": "UTF-8", "heaviest": "-"}
    assert "123.456" in Messages("nl", "f").finding("too-large", 0, **values).what
    assert "123,456" in Messages("en", "f").finding("too-large", 0, **values).what
