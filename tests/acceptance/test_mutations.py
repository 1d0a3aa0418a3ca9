"""Forty ways and more to spoil a good issue: each is caught, by the rule that is about it. The good ones are clean."""

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from newsletter.cli.common import open_project
from newsletter.cli.workshop import work_on
from newsletter.compose.folders import project_templates
from newsletter.issue.finding import Finding, IssueError, Severity
from newsletter.preflight.check import preflight
from newsletter.shipped import templates_dir

BEFORE_ITS_DATE = date(2027, 1, 1)
"""The starters are dated; they are looked at as if it were still before."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The starters as a project of their own."""
    shutil.copytree(templates_dir() / "starters", tmp_path / "p")
    return tmp_path / "p"


def findings(folder: Path, name: str = "nieuwsbrief") -> list[Finding]:
    project = open_project(folder / "newsletter.toml")
    try:
        piece = work_on(project, folder / "issues" / f"{name}.md")
    except IssueError as problem:
        return list(problem.findings)
    theme = project_templates(project.configuration).theme
    compiled = piece.compilation.compiled
    return preflight(piece.issue, piece.mailing_list, compiled, theme=theme, today=BEFORE_ITS_DATE)


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text, f"{before!r} is not in {path.name} any more"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


@pytest.mark.parametrize("name", ["nieuwsbrief", "uitnodiging"])
def test_a_good_issue_has_no_finding(folder, name):
    assert findings(folder, name) == []


# ---------------------------------------------------------------- in the issue

LINK = "(https://example.org/subsidie){.button}"
AGENDA_LINK = "https://example.org/agenda/spreekuur"
WALKERS = "Twee wandelaars op een pad door groene velden"
ISSUE_MUTATIONS: list[tuple[str, str, str, str]] = [
    ("empty-link", LINK, "(){.button}", "link-target"),
    ("link-to-hash", LINK, "(#){.button}", "link-target"),
    ("unknown-place", LINK, "(#nergens){.button}", "link-target"),
    ("misspelled-scheme", LINK, "(htps://example.org/subsidie){.button}", "link-target"),
    ("scheme-without-colon", LINK, "(http//example.org/subsidie){.button}", "link-target"),
    ("no-scheme", LINK, "(www.example.org/subsidie){.button}", "link-target"),
    ("mailto-without-at", LINK, "(mailto:info.example.org){.button}", "link-target"),
    ("address-without-mailto", LINK, "(info@example.org){.button}", "link-target"),
    ("own-network", LINK, "(https://intranet.local/subsidie){.button}", "link-target"),
    ("agenda-link-empty", f"link: {AGENDA_LINK}", 'link: "#"', "link-target"),
    ("http", LINK, "(http://example.org/subsidie){.button}", "link-http"),
    ("tracking", LINK, "(https://example.org/subsidie?utm_source=nb&fbclid=1){.button}", "link-tracking"),
    ("shortener", LINK, "(https://bit.ly/subsidie){.button}", "link-shortener"),
    ("file", LINK, "(https://example.org/subsidie.pdf){.button}", "link-file"),
    ("script", LINK, "(javascript:alert(1)){.button}", "link"),
    ("here", "[Lees het verhaal van het buurthuis]", "[hier]", "A41"),
    ("read-on", "[Lees het verhaal van het buurthuis]", "[Lees verder]", "A41"),
    ("bare-address", "[Lees het verhaal van het buurthuis]", "[https://example.org/verhalen/buurthuis]", "A41"),
    ("no-text", "[Lees het verhaal van het buurthuis]", "[]", "A41"),
    ("one-text-two-targets", "link_text: Start een leesclub", "link_text: Bestel de kaarten", "A41"),
    ("loose-address", "Sommigen koken", "Zie https://example.org/x. Sommigen koken", "A41"),
    ("alt-missing", "![Een huis met verlichte ramen tussen de heuvels in de ochtend]", "![]", "A39"),
    ("alt-file-name", f"![{WALKERS}]", "![IMG_2041]", "A39"),
    ("alt-says-nothing", f"![{WALKERS}]", "![Foto]", "A39"),
    ("alt-is-title", "alt: Een huis tussen bomen", "alt: Leesclub op de stoep", "A39"),
    ("alt-is-caption", "velden](wandeling.jpg)", f'velden](wandeling.jpg "{WALKERS}")', "A39"),
    ("skipped-level", "## Tot slot", "#### Tot slot", "A40"),
    ("bold-heading", "## Tot slot\n", "Nog iets.\n\n**Tot slot**\n", "A40"),
    ("two-headings", "## Tot slot", "## Agenda", "A40"),
    ("empty-heading", "## Tot slot", "## Straks\n\n## Tot slot", "structure"),
    ("long-subject", "subject: De buurt", "subject: Deze maand in onze nieuwsbrief alles over de buurt", "subject"),
    ("no-news", "De buurt aan tafel, en een nieuwe subsidieronde", "Nieuwsbrief juni 2027", "subject"),
    ("no-preheader", "preheader: Aanvragen", "# preheader: Aanvragen", "preheader"),
    ("capitals", "## Tot slot", "## LAATSTE NIEUWS VOOR IEDEREEN", "shouting"),
    ("exclamation", "Dat werkt.", "Dat werkt!!!", "shouting"),
    ("wrong-weekday", "vanaf maandag 14 juni een", "vanaf dinsdag 14 juni 2027 een", "weekday"),
    ("no-such-day", "vanaf maandag 14 juni een", "vanaf maandag 31 juni 2027 een", "weekday"),
    ("filler", "Sommigen koken inmiddels zelf.", "Lorem ipsum dolor sit amet.", "placeholder"),
    ("todo", "Sommigen koken inmiddels zelf.", "TODO: citaat van Noor", "placeholder"),
    ("to-follow", "Sommigen koken inmiddels zelf.", "De link volgt.", "placeholder"),
    ("no-default", '{{ name | default("lezer") }}', "{{ name }}", "field-default"),
    ("unknown-field", "{{ name |", "{{ naam |", "field"),
    ("agenda-in-the-past", "date: 2027-06-15", "date: 2026-06-15", "date-past"),
    ("issue-in-the-past", "date: 2027-06-08", "date: 2026-12-08", "date-past"),
    ("unknown-list", "list: nieuwsbrief", "list: niewsbrief", "front-matter"),
    ("unknown-block", ":::note", ":::notitie", "directive"),
    ("html", "Dat werkt.", "Dat <b>werkt</b>.", "html"),
    ("image-elsewhere", "](buurthuis.jpg", "](https://example.org/buurthuis.jpg", "image"),
    ("image-missing", "](buurthuis.jpg", "](weg.jpg", "image"),
]


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [mutation[1:] for mutation in ISSUE_MUTATIONS],
    ids=[mutation[0] for mutation in ISSUE_MUTATIONS],
)
def test_a_spoilt_issue_is_caught_by_the_right_rule(folder, before, after, rule):
    file = folder / "issues" / "nieuwsbrief.md"
    change(file, before, after)
    found = findings(folder)
    assert rule in {finding.rule for finding in found}
    lines = file.read_text(encoding="utf-8").count("\n") + 1
    assert all(0 < finding.line <= lines for finding in found if finding.rule == rule)


def test_an_invitation_for_a_day_that_is_over_is_caught(folder):
    change(folder / "issues" / "uitnodiging.md", "closing_date: 2027-05-10", "closing_date: 2027-04-01")
    (finding,) = findings(folder, "uitnodiging")
    assert (finding.rule, finding.severity) == ("date-past", Severity.ERROR)


def test_emphasis_everywhere_is_caught(folder):
    file = folder / "issues" / "uitnodiging.md"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"^([A-Z][a-z]+ .{80,}\S)$", r"**\1**", text, flags=re.MULTILINE), encoding="utf-8")
    assert "emphasis" in {finding.rule for finding in findings(folder, "uitnodiging")}


def test_a_mail_that_is_too_long_is_caught_and_its_heaviest_block_named(folder):
    card = "- title: Kaart {0}\n  text: Woorden.\n  link: https://example.org/k/{0}\n  link_text: Open kaart {0}\n"
    cards = "".join(card.format(number) for number in range(150))
    file = folder / "issues" / "nieuwsbrief.md"
    change(file, "## Tot slot", f"## Kaarten\n\n:::cards {{columns=3}}\n{cards}:::\n\n## Tot slot")
    (finding,) = findings(folder)
    assert (finding.rule, finding.severity) == ("A30", Severity.ERROR)
    assert "'Kaart 0'" in finding.remedy


# ---------------------------------------------------------------- in the settings, the theme, the templates


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ('controller = "Organisatie', 'controller = " " # "Organisatie', "B6"),
        ('reply_to = "', '# reply_to = "', "B6"),
        ('from = "Programma Voorbeeld <nieuwsbrief@example.org>"', 'from = "nieuwsbrief@example.org"', "B6"),
        ('privacy_url = "https://example.org/privacy"', 'privacy_url = "privacy"', "B7"),
    ],
)
def test_a_list_that_lacks_what_the_law_asks_is_caught(folder, before, after, rule):
    change(folder / "newsletter.toml", before, after)
    found = [finding for finding in findings(folder) if finding.rule == rule]
    assert "newsletter.toml" in {finding.file for finding in found}


def own_theme(folder: Path, name: str, text: str) -> None:
    config = folder / "newsletter.toml"
    config.write_text(config.read_text(encoding="utf-8") + '\n[theme]\nfolder = "theme"\n', encoding="utf-8")
    path = folder / "theme" / name
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")


def built_in(name: str) -> str:
    return (templates_dir() / "email" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "spoil", "rule"),
    [
        ("theme.toml", lambda _: '[colour]\nmuted = "#a0a8aa"\n', "A42"),
        ("theme.toml", lambda _: '[dark]\naccent = "#0b5c6b"\n', "A42"),
        ("theme.toml", lambda _: "[type]\nsmall = 11\n", "A42"),
        ("theme.toml", lambda _: '[colour]\naccnt = "#0b5c6b"\n', "theme"),
        ("parts/footer.mjml.j2", lambda _: "<mj-section><mj-column></mj-column></mj-section>", "B7"),
        ("parts/masthead.mjml.j2", lambda text: text.replace("h1>", "h2>"), "A40"),
        (
            "blocks/note.mjml.j2",
            lambda text: text.replace("<tr>", "<tr><th>x</th></tr><tr>", 1),
            "A38",
        ),
        ("blocks/note.mjml.j2", lambda text: text.replace("<table", "<video></video><table", 1), "client-support"),
        ("blocks/note.mjml.j2", lambda text: text + '<div style="position:absolute">x</div>', "client-support"),
        (
            "blocks/note.mjml.j2",
            lambda text: text + '<p><a href="https://example.org/los">Los van de tekst</a></p>',
            "A6",
        ),
        ("blocks/note.mjml.j2", lambda text: text + "{{ geen }}", "template"),
    ],
)
def test_a_spoilt_theme_is_caught_by_the_right_rule(folder, name, spoil, rule):
    own_theme(folder, name, spoil(built_in(name)))
    assert rule in {finding.rule for finding in findings(folder)}


def test_there_are_at_least_forty_ways():
    assert len(ISSUE_MUTATIONS) >= 40
    assert len({mutation[0] for mutation in ISSUE_MUTATIONS}) == len(ISSUE_MUTATIONS)
