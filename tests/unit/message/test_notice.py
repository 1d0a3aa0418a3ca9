"""Notices as messages: the words of every kind in both languages, headers of automatic mail (A17), equal parts (A6)."""

import email
import email.policy
import re
from dataclasses import fields
from datetime import UTC, datetime
from string import Formatter

import jinja2
import pytest

from newsletter.config_lists import MailingList
from newsletter.message.ids import (
    make_notice_id,
    make_notice_sender,
    parse_message_id,
    parse_notice_id,
    parse_notice_sender,
)
from newsletter.message.notice import Addressed, NoticeTemplates, filled_text, period_in_words, write_notice
from newsletter.message.notice_kinds import NoticeText
from newsletter.message.notice_texts import NOTICES
from newsletter.shipped import templates_dir
from subscribers.errors import ConfigurationError
from subscribers.notice import NoticeKind
from subscribers.retention import Period
from subscribers.tokens import Keyring

KEYRING = Keyring({1: b"1" * 32}, 1)
OTHER = Keyring({1: b"2" * 32}, 1)
LINK = "https://nieuws.example.org/bevestig/" + "A" * 48
VALUES = {
    "titles": "Nieuws en Agenda",
    "title": "Nieuwsbrief Één",
    "controller": "Organisatie Voorbeeld",
    "until": "19 juni 2027",
    "source": "relatiebeheer, maart 2027",
    "period": "21 dagen",
}
TO = Addressed(
    address="jan@example.org", message_id="<n.7.abc@example.org>", date=datetime(2027, 6, 14, 9, 30, tzinfo=UTC)
)
TEMPLATES = NoticeTemplates(jinja2.FileSystemLoader(templates_dir() / "notices"))
KINDS = [(kind, language) for kind in NOTICES for language in ("nl", "en")]


def a_list(**changes: object) -> MailingList:
    values = {
        "title": "Nieuwsbrief Één",
        "from": "Programma Voorbeeld <nieuwsbrief@example.org>",
        "reply_to": "redactie@example.org",
        "unsubscribe_mailbox": "afmelden@example.org",
        "basis": "consent",
        "controller": "Organisatie <Voorbeeld> & Co, Postbus 1",
        "privacy_url": "https://example.org/privacy",
        "contact": "privacy@example.org",
    }
    return MailingList.model_validate(values | changes)


def written(kind: NoticeKind = NoticeKind.CONFIRM, language: str = "nl", link: str = LINK) -> bytes:
    text = NOTICES[kind].texts[language]
    return write_notice(TEMPLATES, text, a_list(language=language), TO, values=VALUES, link=link if text.button else "")


def parsed(raw: bytes):
    return email.message_from_bytes(raw, policy=email.policy.default)


@pytest.mark.parametrize(("kind", "language"), KINDS)
def test_every_kind_has_words_that_can_be_filled_in(kind: NoticeKind, language: str) -> None:
    text = NOTICES[kind].texts[language]
    everything = (text.subject, text.heading, *text.paragraphs, text.button, *text.after, text.why)
    for line in everything:
        assert "\n" not in line
        assert {name for _, name, _, _ in Formatter().parse(line) if name} <= set(VALUES)
    assert bool(text.button) == bool(NOTICES[kind].path)
    assert "{" not in "".join(
        getattr(filled_text(text, VALUES), item.name) for item in fields(text) if item.type is str
    )


def test_every_kind_of_notice_that_can_be_queued_has_words() -> None:
    assert set(NOTICES) == set(NoticeKind)


@pytest.mark.parametrize(("kind", "language"), KINDS)
def test_the_mail_says_what_it_is_and_both_parts_have_the_same_link(kind: NoticeKind, language: str) -> None:
    message = parsed(written(kind, language))
    assert (message["Auto-Submitted"], message["To"], message["Reply-To"]) == (
        ("auto-generated", "jan@example.org", "redactie@example.org")
    )
    assert message["From"] == "Programma Voorbeeld <nieuwsbrief@example.org>"
    assert message["Subject"] == NOTICES[kind].texts[language].subject.format_map(VALUES)
    assert not [name for name in message if name.lower().startswith("list-") or name == "Precedence"]
    text, html = (part.get_content() for part in message.iter_parts())
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    is_linked = bool(NOTICES[kind].texts[language].button)
    assert (LINK in text, html.count(f'href="{LINK}"')) == (is_linked, int(is_linked))
    assert set(re.findall(r'href="([^"]+)"', html)) - {LINK} == {"https://example.org/privacy"}
    assert "https://example.org/privacy" in text
    assert html.count(f'lang="{language}"') == 2
    for paragraph in NOTICES[kind].texts[language].paragraphs:
        assert paragraph.format_map(VALUES) in text


@pytest.mark.parametrize(("kind", "language"), KINDS)
def test_the_bytes_are_what_every_relay_takes(kind: NoticeKind, language: str) -> None:
    raw = written(kind, language)
    assert raw.isascii()
    assert raw.endswith(b"--\r\n")
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 78
    assert not any(line.startswith(b".") or b"\n" in line or b"\r" in line for line in lines)
    assert written(kind, language) == raw, "the same bytes over retries"


SIGNED_UP = {"nl": ("aanmeld", "aangemeld"), "en": ("sign-up", "signed up", "sign up")}
"""Words by which a mail says that somebody signed up."""


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("kind", sorted(set(NOTICES) - {NoticeKind.CONFIRM, NoticeKind.ALREADY}))
def test_no_mail_claims_a_sign_up_of_who_came_in_a_file(kind: NoticeKind, language: str) -> None:
    """Whoever was imported can get every one of these; only those that answer a form speak of one."""
    text, html = (part.get_content().casefold() for part in parsed(written(kind, language)).iter_parts())
    for word in SIGNED_UP[language]:
        assert word not in text
        assert word not in html


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_question_to_who_came_in_a_file_says_where_the_address_is_from_and_what_silence_does(language: str) -> None:
    text = " ".join(parsed(written(NoticeKind.CONFIRM_IMPORTED, language)).get_body(("plain",)).get_content().split())
    for said in {
        "nl": (
            "staat in de bestanden van Organisatie Voorbeeld. Herkomst: relatiebeheer, maart 2027.",
            "hoeft u niets te doen",
            "na 19 juni 2027",
            LINK,
        ),
        "en": (
            "in the files of Organisatie Voorbeeld. Where it comes from: relatiebeheer, maart 2027.",
            "there is nothing to do",
            "after 19 juni 2027",
            LINK,
        ),
    }[language]:
        assert said in text


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_kind_says_for_a_reason_of_its_own_why_it_was_sent(language: str) -> None:
    reasons = {NOTICES[kind].texts[language].why for kind in NOTICES}
    assert "" not in reasons
    for kind in NOTICES:
        text = parsed(written(kind, language)).get_body(("plain",)).get_content()
        assert NOTICES[kind].texts[language].why.format_map(VALUES) in text


def test_what_stands_in_the_configuration_is_escaped_in_the_html() -> None:
    html = parsed(written()).get_body(("html",)).get_content()
    assert "Organisatie &lt;Voorbeeld&gt; &amp; Co" in html
    assert "<script" not in html
    assert "http:" not in html.replace("https:", "")


def test_html_fetches_nothing() -> None:
    html = parsed(written()).get_body(("html",)).get_content()
    assert not re.search(r"<(img|link|script|iframe|object)|url\(|@import|src=", html)


def test_a_template_that_does_not_work_is_named() -> None:
    broken = NoticeTemplates(jinja2.DictLoader({"notice.txt": "{{ missing }}", "notice.html": ""}))
    with pytest.raises(ConfigurationError, match="missing") as caught:
        write_notice(broken, NOTICES[NoticeKind.CONFIRM].texts["nl"], a_list(), TO, values=VALUES)
    assert "notice.txt" in caught.value.where


def test_a_word_that_nothing_fills_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        filled_text(NoticeText(subject="{unknown}", heading="", paragraphs=(), why=""), VALUES)


def test_the_message_id_names_the_notice_and_nobody_can_invent_one_rule_a18() -> None:
    made = make_notice_id(KEYRING, 42, "example.org")
    assert parse_notice_id(KEYRING, made) == parse_notice_id(KEYRING, made[1:-1].upper()) == 42
    assert parse_notice_id(OTHER, made) is None
    assert parse_notice_id(KEYRING, made.replace("n.42.", "n.43.")) is None
    assert parse_message_id(KEYRING, made) is None


def test_the_envelope_sender_names_the_notice_where_the_list_has_one_per_mail() -> None:
    fixed, verp = a_list(), a_list(envelope="verp", bounce_mailbox="x@bounces.example.org")
    assert make_notice_sender(KEYRING, 42, fixed) == "nieuwsbrief@example.org"
    made = make_notice_sender(KEYRING, 42, verp)
    assert made.endswith("@bounces.example.org")
    assert parse_notice_sender(KEYRING, f"<{made.upper()}>") == 42
    assert parse_notice_sender(OTHER, made) is None


def test_periods_in_words() -> None:
    assert [period_in_words(period, "nl") for period in (Period(1), Period(21), Period(None))] == [
        "1 dag", "21 dagen", "1 maand",
    ]  # fmt: skip
    assert period_in_words(Period(2), "en") == "2 days"
