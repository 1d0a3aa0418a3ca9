"""The text part: every word and every link of the issue, readable, with the footer the list owes its readers."""

import re
from datetime import date, time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.compose.compiled import Escape, Field
from newsletter.compose.dates import moment_in_words
from newsletter.compose.fields import fill
from newsletter.compose.furniture import Furniture, furniture
from newsletter.compose.lines import as_pieces, hard, wrap
from newsletter.compose.text import WIDTH, render_text
from newsletter.config_lists import MailingList
from newsletter.issue.finding import IssueError
from newsletter.issue.parse import KnownNames, parse_issue
from newsletter.preflight.check import preflight
from tests.support.flowed import unflow
from tests.support.issue_texts import HEAD, bodies

VALUES = {"unsubscribe_url": "https://nieuws.example/u/TOKEN", "gemeente": "Bergen op Zoom"}


def mailing_list(**changes) -> MailingList:
    return MailingList.model_validate(
        {
            "title": "Nieuwsbrief Voorbeeld",
            "from": "Programma <nieuwsbrief@example.org>",
            "unsubscribe_mailbox": "afmelden@example.org",
            "basis": "consent",
            "controller": "Organisatie Voorbeeld, Postbus 1",
            "privacy_url": "https://example.org/privacy",
            **changes,
        }
    )


def made(**changes) -> Furniture:
    return furniture(
        mailing_list(**changes),
        list_slug="nieuwsbrief",
        issue_slug="zomer",
        base_url="https://nieuws.example",
        date=date(2027, 6, 14),
    )


def pieces(body: str, **changes):
    known = KnownNames(lists={"nieuwsbrief": frozenset({"gemeente"})})
    return render_text(parse_issue(HEAD + body, file="x.md", slug="zomer", known=known), made(**changes))


def wire(body: str, **changes) -> str:
    """As it is sent: with soft breaks and stuffed spaces."""
    return fill(pieces(body, **changes), VALUES)


def text(body: str, **changes) -> str:
    """As it is read."""
    return unflow(wire(body, **changes))


def body_of(body: str) -> str:
    """Only what comes from the body of the issue."""
    return text(body, archive="none").split("14 juni 2027\n\n")[1].split("\n\n* * *\n\nAan- en afmelden")[0]


# ---------------------------------------------------------------- blocks


def test_title_is_underlined_and_followed_by_list_date_and_web_version():
    assert text("x").startswith(
        "Zomer\n=====\n\nNieuwsbrief Voorbeeld, 14 juni 2027\n\n"
        "Bekijk deze mail in uw browser (https://nieuws.example/archive/nieuwsbrief/zomer)\n\n"
    )


def test_headings_are_underlined():
    assert body_of("## Kop van twee") == "Kop van twee\n------------"


def test_lists_are_indented_and_nested():
    assert body_of("9. a\n10. b\n\n- c\n  - d\n\n    e") == " 9. a\n10. b\n\n- c\n  - d\n\n    e"


def test_quotations_have_marks_and_a_name():
    assert body_of("> Mooi.\n>\n> Echt.\n> -- Mia, wethouder") == "> Mooi.\n>\n> Echt.\n> — Mia, wethouder"


def test_tables_are_aligned():
    assert body_of("|Wat|Bedrag|\n|-|--:|\n|Zaal|100|\n|Eten|1.000|") == (
        "Wat   Bedrag\n----  ------\nZaal     100\nEten   1.000"
    )


def test_a_table_that_is_too_wide_becomes_records():
    wide = body_of(f"|Wat|Waar|\n|-|-|\n|{'lang ' * 10}|[uitleg](https://example.org/uitleg)|")
    assert wide.endswith("Waar: uitleg (https://example.org/uitleg)")


def test_an_agenda_entry_reads_as_a_sentence_with_its_link():
    agenda = body_of(
        ":::agenda\n- title: Spreekuur\n  date: 2027-06-21\n  time: 09:30-11:00\n  place: online\n"
        "  audience: Gemeenten\n  link: https://example.org/s\n:::"
    )
    assert agenda == (
        "maandag 21 juni 2027, 9.30\u201311.00 uur\n  Spreekuur (https://example.org/s)\n"
        "  Locatie: online\n  Voor wie: Gemeenten"
    )


def test_cards_have_title_words_and_address():
    card = body_of(
        ":::cards\n- title: Een\n  text: Met **vet**\n  image: a.jpg\n  alt: Huis\n  link: https://e.org\n:::"
    )
    assert card == "Een\n---\n\n[Afbeelding: Huis]\n\nMet vet\n\nhttps://e.org"


def test_an_invitation_shows_all_it_knows():
    shown = body_of(
        ":::invitation\ntitle: Bijeenkomst\ndate: 2027-05-18\ntime: 14.00-16.30\nplace: online\naudience: Iedereen\n"
        "cost: gratis\nclosing_date: 2027-05-10\nprogramme:\n  - time: 14:00\n    title: Start\n    items: [Lezing]\n"
        "link: https://example.org/a\n:::"
    )
    assert shown == (
        "Bijeenkomst\n-----------\n\nWanneer: dinsdag 18 mei 2027, 14.00\u201316.30 uur\nLocatie: online\n"
        "Voor wie: Iedereen\nKosten: gratis\n\nProgramma:\n- 14.00 uur: Start\n  - Lezing\n\n"
        "Meld u aan (https://example.org/a)\nAanmelden kan tot en met maandag 10 mei 2027."
    )


def test_pictures_notes_buttons_and_code_lose_nothing():
    shown = body_of(
        '[![Huis](a.jpg "Foto: Mia")](https://e.org/f)\n\n:::note\nLet op\n:::\n\n'
        "[Vraag aan](https://e.org/b){.button}\n\n`code`"
    )
    assert shown == (
        "[Afbeelding: Huis] (https://e.org/f)\nFoto: Mia\n\n| Let op\n\nVraag aan (https://e.org/b)\n\ncode"
    )


def test_links_that_lead_nowhere_leave_their_words():
    assert body_of("[a](#) en [b]()") == "a en b"


def test_an_address_is_not_said_twice():
    assert body_of("<https://e.org/x> [i@example.org](mailto:i@example.org)") == "https://e.org/x mailto:i@example.org"


# ---------------------------------------------------------------- fields and lines


def test_fields_are_pieces_escaped_for_their_place():
    found = [
        piece for piece in pieces("{{ gemeente }} [a](https://e.org/?g={{ gemeente }})") if isinstance(piece, Field)
    ]
    assert [(field.name, field.escape) for field in found] == [
        ("gemeente", Escape.TEXT),
        ("gemeente", Escape.URL),
        ("unsubscribe_url", Escape.TEXT),
    ]
    assert "Bergen op Zoom a (https://e.org/?g=Bergen%20op%20Zoom)" in body_of(
        "{{ gemeente }} [a](https://e.org/?g={{ gemeente }})"
    )


def test_lines_are_at_most_72_characters_except_for_an_address():
    long = "https://example.org/" + "x" * 100
    lines = wire("woord " * 60 + f"[naar de regeling]({long}), " + "woord " * 30).split("\n")
    assert [line for line in lines if len(line.rstrip()) > WIDTH] == [f"({long}), "]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.text("ab -é(", max_size=90), st.just(Field("name"))), max_size=8))
def test_wrapping_keeps_every_word_and_field(content):
    lines = wrap(content, 20)
    flat = fill(as_pieces([tuple(content)]), {"name": "NAAM"})
    assert fill(as_pieces(lines), {"name": "NAAM"}).split() == flat.split()
    assert not any(fill(as_pieces([line]), {"name": "N"}).endswith(" \n") for line in hard(lines) if line)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bodies)
def test_every_issue_that_parses_can_be_written_and_checked(body):
    known = KnownNames(lists={"nieuwsbrief": frozenset()})
    try:
        issue = parse_issue(HEAD + body, file="x.md", slug="zomer", known=known)
    except IssueError:
        return
    shown = fill(render_text(issue, made()), VALUES | {"name": "Mia"})
    preflight(issue, mailing_list())
    assert shown.endswith("\n")
    assert not re.search(r"(^|\n)-- \n|[ \t]{2}\n|[ \t]\n\n|\t\n", shown)
    assert not re.search(r"[ \t]\n", unflow(shown))


# ---------------------------------------------------------------- footer


def test_the_footer_has_the_ways_out_the_colophon_and_the_statement():
    """B5, B6, B7: nothing of this stands in the issue, so no issue can lack it."""
    footer = text(
        "x", website="https://example.org", contact="fg@example.org", purpose="u informeren", attributes=("gemeente",)
    )
    for words in (
        "U ontvangt Nieuwsbrief Voorbeeld omdat u zich daarvoor hebt aangemeld.",
        "Meld u af voor Nieuwsbrief Voorbeeld (https://nieuws.example/u/TOKEN)",
        "naam, e-mailadres, organisatie en gemeente",
        "Doel: u informeren.",
        "uw toestemming (AVG, artikel 6, lid 1, onder a)",
        "uiterlijk na 21 dagen verwijderd",
        "Lees de privacyverklaring (https://example.org/privacy)",
        "mailto:fg@example.org",
        "(https://example.org)",
        "Organisatie Voorbeeld, Postbus 1",
    ):
        assert words in " ".join(footer.split())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"basis": "public-task"}, "niet op grond van uw toestemming"),
        ({"basis": "public-task"}, "U mag er altijd bezwaar tegen maken, met de afmeldlink in deze mail."),
        ({"basis": "public-task"}, "U hebt het recht van bezwaar (AVG, artikel 21): afmelden geldt als bezwaar."),
        ({"basis": "public-task"}, "Waar uw adres vandaan komt, staat bij uw gegevens"),
        ({"basis": "contract", "language": "en"}, "You may object to it at any time, with the unsubscribe link"),
        ({"basis": "public-task", "language": "en"}, "You have the right to object (GDPR, article 21)"),
        ({"basis": "contract", "language": "en"}, "Where your address came from stands with your data"),
        ({"basis": "contract"}, "de uitvoering van een overeenkomst"),
        ({"retention": "1 month"}, "uiterlijk na één maand"),
        ({"retention": 1}, "uiterlijk na één dag"),
        ({"contact": "https://example.org/fg"}, "Vragen over uw gegevens (https://example.org/fg)"),
        ({"contact": "de functionaris"}, "Vragen over uw gegevens: de functionaris."),
        ({"colophon": "Van [ons](https://example.org/wij)."}, "Van ons (https://example.org/wij)."),
        ({"disclaimer": "Geen rechten."}, "Disclaimer ---------- Geen rechten."),
        ({"language": "en"}, "You receive Nieuwsbrief Voorbeeld because you signed up for it."),
        ({"language": "en", "basis": "public-task"}, "This is not based on your consent."),
        ({"language": "en", "retention": "1 month"}, "deleted after one month at the latest"),
        ({"language": "en"}, "14 June 2027"),
    ],
)
def test_the_footer_follows_the_configuration(changes, words):
    assert words in " ".join(text("x", **changes).split())


def test_a_list_without_an_archive_links_no_web_version():
    assert "/archive/" not in text("x", archive="none")


def test_every_link_of_the_furniture_is_in_the_text():
    """A6: what the HTML links from the same furniture, the text links too."""
    assert set(re.findall(r"https://[^\s()]+", text("x", website="https://example.org"))) == {
        "https://nieuws.example/archive/nieuwsbrief/zomer",
        "https://nieuws.example/u/TOKEN",
        "https://example.org",
        "https://example.org/privacy",
    }


def test_moments_are_written_as_each_language_does():
    day, start, end = date(2027, 6, 21), time(9, 30), time(11)
    assert moment_in_words(day, start, end, "nl") == "maandag 21 juni 2027, 9.30\u201311.00 uur"
    assert moment_in_words(day, start, None, "en") == "Monday 21 June 2027, 9:30"
    assert moment_in_words(day, None, None, "nl") == "maandag 21 juni 2027"
