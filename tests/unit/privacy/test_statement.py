"""Statement and record say all that the schema holds and the settings do, in both languages (B4, B7, B10-B14)."""

import re
from pathlib import Path
from typing import Any

import pytest

from newsletter.config import Configuration
from newsletter.privacy.document import to_markdown
from newsletter.privacy.facts import periods
from newsletter.privacy.record import TEXTS as RECORD
from newsletter.privacy.record import record
from newsletter.privacy.statement import statement
from newsletter.privacy.statement_texts import TEXTS
from newsletter.privacy.words import AFTER, RULES, period_in_words, table_in_words
from newsletter.store.migrate import metadata
from newsletter.web.privacy import VOCABULARY
from subscribers import moving
from subscribers.erasure import own_plans
from subscribers.schema import deadline_of, declared
from subscribers.tables import address_change

LIST = {
    "title": "Nieuwsbrief Voorbeeld",
    "from": "Programma Voorbeeld <nieuwsbrief@example.org>",
    "unsubscribe_mailbox": "afmelden@example.org",
    "basis": "consent",
    "controller": "Organisatie Voorbeeld, Postbus 1, 1000 AA Voorbeeldstad",
    "purpose": "u op de hoogte houden van het programma.",
    "contact": "privacy@example.org",
}
LANGUAGES = ("nl", "en")


def configured(*, privacy: dict[str, Any] | None = None, **more: Any) -> Configuration:
    values = {
        "site": {"base_url": "https://nieuws.example.org"},
        "relays": {"main": {"host": "127.0.0.1", "port": 25, "security": "none"}},
        "lists": {"nieuwsbrief": LIST | more},
        "privacy": privacy or {},
        "folder": Path("/nowhere"),
    }
    return Configuration.model_validate(values)


def said(configuration: Configuration, language: Any = "nl") -> str:
    return to_markdown(statement(configuration, "nieuwsbrief", metadata, VOCABULARY, language))


def recorded(configuration: Configuration, language: Any = "nl") -> str:
    return to_markdown(record(configuration, metadata, VOCABULARY, language))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("make", [said, recorded])
def test_every_personal_column_is_named_rule_b7(make, language: str) -> None:
    """Provably all: a column added later appears here, or the schema's own test fails for it."""
    text = make(configured(privacy={"suppress_after_erasure": True}, attributes=["gemeente", "functie"]), language)
    for table in metadata.sorted_tables:
        labels = [declared(column).label for column in table.columns if declared(column).personal]
        for label in labels:
            if label != "other attributes":
                assert VOCABULARY.label(label, language) in text, (table.name, label)
        if labels:
            heading = VOCABULARY.heading if make is said else table_in_words
            assert heading(table.name, language) in text
    assert "gemeente; functie" in text


@pytest.mark.parametrize(("language", "words"), [("nl", r"\b(u|uw|wij|ons|onze)\b"), ("en", r"\b(you|your|we|our)\b")])
def test_the_record_is_for_others_and_addresses_no_subject(language: str, words: str) -> None:
    text = recorded(configured(privacy={"suppress_after_erasure": True}, purpose="nieuws brengen"), language)
    assert not [line for line in text.splitlines() if re.search(words, line, re.IGNORECASE)]


def test_no_label_of_a_column_is_english_in_the_dutch_statement() -> None:
    known = {declared(column).label for table in metadata.sorted_tables for column in table.columns}
    labels = {label for label in known if label and label not in {"other attributes", "status"}}
    assert not {label for label in labels if VOCABULARY.label(label, "nl") == label}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_has_words_and_a_period_rule_b2(language: Any) -> None:
    configuration = configured(privacy={"suppress_after_erasure": True})
    found = periods(metadata, configuration, configuration.lists["nieuwsbrief"])
    assert set(found) <= set(RULES[language])
    assert set(found) <= set(AFTER[language])
    assert {plan.rule for plan in own_plans(metadata) if plan.is_personal} <= set(found)
    assert "-" not in found.values()


def test_what_the_schema_says_of_a_period_is_what_the_program_does() -> None:
    assert deadline_of(address_change).days == moving.KEEP_DAYS


def test_periods_are_those_of_the_configuration_rule_b2() -> None:
    own = {"unsubscribed": "1 month", "hard_bounced": 5, "deliveries": 30}
    text = said(configured(retention=own))
    assert "Uiterlijk 1 maand na uw afmelding" in text
    assert "| Wie een mailadres heeft dat niet meer bestaat | 5 dagen na die vaststelling |" in text
    assert "30 dagen na de verzending van de editie; daarna blijven alleen aantallen" in text


@pytest.mark.parametrize(
    ("basis", "words", "rights", "lacks"),
    [
        ("consent", "artikel 6, lid 1, onder a", "mee te nemen", "bezwaar"),
        ("public-task", "artikel 6, lid 1, onder e", "bezwaar", "mee te nemen"),
        ("contract", "artikel 6, lid 1, onder b", "mee te nemen", "bezwaar"),
    ],
)
def test_rights_follow_from_the_legal_basis_rule_b5(basis: str, words: str, rights: str, lacks: str) -> None:
    text = said(configured(basis=basis))
    assert words in text
    assert rights in text
    assert lacks not in text
    assert ("toestemming altijd intrekken" in text) is (basis == "consent")


def test_the_statement_answers_every_question_of_article_13_rule_b7() -> None:
    privacy = {
        "officer": "fg@example.org",
        "processors": [{"name": "Host BV", "task": "hosting van de server"}],
        "audience": "medewerkers van gemeenten",
    }
    text = said(configured(privacy=privacy, permission="consent"))
    for words in (
        "Verantwoordelijk voor deze nieuwsbrief: Organisatie Voorbeeld, Postbus 1",
        "Vragen over uw gegevens: <privacy@example.org>",
        "Functionaris gegevensbescherming: <fg@example.org>",
        "Doel: u op de hoogte houden van het programma.",
        "Host BV: hosting van de server",
        "Telecommunicatiewet, artikel 11.7",
        "niet buiten de Europese Economische Ruimte",
        "<afmelden@example.org>",
        "[Autoriteit Persoonsgegevens](<https://autoriteitpersoonsgegevens.nl>)",
        "Voor wie: medewerkers van gemeenten.",
        "Wij houden niet bij of u een mail opent",
    ):
        assert words in text, words


def test_a_processor_outside_the_union_is_named_with_its_safeguard() -> None:
    abroad = {"name": "Relay Inc", "task": "verzending", "country": "de Verenigde Staten", "safeguard": "modelcontract"}
    text = said(configured(privacy={"processors": [abroad]}))
    assert "Relay Inc verwerkt gegevens in de Verenigde Staten. Bescherming daar: modelcontract." in text
    assert "niet buiten de Europese" not in text


def test_nothing_is_claimed_about_processors_that_nobody_named() -> None:
    assert "Europese Economische Ruimte" not in said(configured())


def test_the_mark_after_erasure_is_named_only_when_it_is_left_rule_b10() -> None:
    assert "versleuteld kenmerk" not in said(configured())
    text = said(configured(privacy={"suppress_after_erasure": True, "suppress_days": 100}))
    assert "Een versleuteld kenmerk van een gewist mailadres | 100 dagen na de verwijdering" in text
    assert "Meldt u zich zelf weer aan, dan houdt het u niet tegen." in text


def test_the_statement_says_how_long_a_backup_holds_who_is_gone_rule_b11() -> None:
    assert "Reservekopieën | 6 dagen na het maken" in said(configured())


def test_the_record_has_an_activity_per_list_and_the_measures_rule_b13() -> None:
    configuration = configured(privacy={"measures": ["Toegang alleen met een pasje"]})
    both = configuration.model_copy(
        update={"lists": {**configuration.lists, "agenda": configured(title="Agenda").lists["nieuwsbrief"]}}
    )
    text = recorded(both)
    assert "## Versturen van Nieuwsbrief Voorbeeld" in text
    assert "## Versturen van Agenda" in text
    assert "Toegang alleen met een pasje" in text
    assert text.count("### Bewaartermijnen") == 2


@pytest.mark.parametrize("texts", [TEXTS, RECORD])
def test_both_languages_have_words_for_everything(texts) -> None:
    nl, en = (vars(texts[language]) for language in LANGUAGES)
    assert set(nl) == set(en)
    assert all(nl[key] and en[key] for key in nl)
    assert {key for key in nl if isinstance(nl[key], str) and len(nl[key]) > 12 and nl[key] == en[key]} == set()


@pytest.mark.parametrize(
    ("period", "nl", "en"),
    [
        ("1 day", "1 dag", "1 day"),
        ("21 days", "21 dagen", "21 days"),
        ("1 month", "1 maand", "1 month"),
        ("-", "-", "-"),
    ],
)
def test_periods_in_words(period: str, nl: str, en: str) -> None:
    assert (period_in_words(period, "nl"), period_in_words(period, "en")) == (nl, en)
