"""The sign-up form and the words beside it: every article 13 answer, the exact version, nothing taken blindly."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.compose.furniture import furniture
from newsletter.config import Configuration
from newsletter.web.signup_form import ELSEWHERE, EMAIL, FROM, TRAP, WORDING, Typed, read_form
from newsletter.web.signup_statement import Statement, statement

NOW = datetime(2027, 6, 14, 9, 30, tzinfo=UTC)
LIST = {
    "title": "Nieuwsbrief Voorbeeld",
    "from": "Programma Voorbeeld <nieuwsbrief@example.org>",
    "unsubscribe_mailbox": "afmelden@example.org",
    "basis": "consent",
    "controller": "Organisatie Voorbeeld, Postbus 1, 1000 AA Voorbeeldstad",
    "privacy_url": "https://example.org/privacy",
    "contact": "privacy@example.org",
    "purpose": "u op de hoogte houden van het programma",
    "signup": "open",
}


def configured(privacy: dict[str, object] | None = None, **changes: object) -> Configuration:
    return Configuration.model_validate(
        {
            "site": {"base_url": "https://nieuws.example.org"},
            "relays": {"main": {"host": "127.0.0.1", "port": 2525, "security": "none"}},
            "lists": {"nieuws": LIST | changes},
            "privacy": privacy or {},
        }
    )


def said(**changes: object) -> Statement:
    return statement(configured(**changes), "nieuws")


def typed(**fields: str) -> Typed:
    configuration = configured()
    words = statement(configuration, "nieuws")
    values = {EMAIL: "jan@example.org", WORDING: words.version}
    return read_form(values | fields, configuration.lists["nieuws"], words)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_statement_answers_what_article_13_asks_rule_b7(language: str) -> None:
    processor = {"name": "Hosting Voorbeeld B.V.", "task": "hosting van de server"}
    words = said(
        privacy={"officer": "fg@example.org", "processors": [processor]}, language=language, retention=14
    ).wording
    for answer in (
        "Organisatie Voorbeeld, Postbus 1, 1000 AA Voorbeeldstad",
        "privacy@example.org",
        "fg@example.org",
        "U op de hoogte houden van het programma.",
        "Hosting Voorbeeld B.V. (hosting van de server)",
        "14 dagen" if language == "nl" else "14 days",
        "7 dagen" if language == "nl" else "7 days",
        "afmelden@example.org",
        "Autoriteit Persoonsgegevens",
        "AVG, artikel 6, lid 1, onder a" if language == "nl" else "GDPR, article 6(1)(a)",
        "inzien, verbeteren" if language == "nl" else "see, correct",
        "naam en organisatie" if language == "nl" else "name and organisation",
    ):
        assert answer in words


@pytest.mark.parametrize("basis", ["public-task", "contract"])
def test_another_basis_than_consent_is_said_plainly_rule_b5(basis: str) -> None:
    words = said(basis=basis).wording
    assert "niet uw toestemming" in words
    assert "Ja, ik wil" not in words


def test_what_the_form_does_not_ask_the_statement_does_not_name() -> None:
    assert "organisatie" not in said(signup_fields=["name"]).rows[1].text
    assert said(signup_fields=[]).rows[1].text.startswith("Uw mailadres, en wanneer")


def test_a_list_may_have_its_own_words_and_version() -> None:
    own = said(consent_wording="Stuur mij {alles}  maar.", consent_wording_version="2027-1")
    assert own.consent == "Stuur mij {alles} maar."
    assert own.version.startswith("2027-1 ")


def test_every_change_of_what_is_shown_is_another_version_rule_b3() -> None:
    changes: list[dict[str, object]] = [
        {}, {"purpose": "u uitnodigen"}, {"retention": 7}, {"controller": "Een ander"}, {"contact": "Loket"},
        {"signup_fields": ["name"]}, {"basis": "contract"}, {"language": "en"}, {"consent_wording": "Ja"},
        {"privacy": {"processors": [{"name": "A", "task": "b"}]}},
    ]  # fmt: skip
    versions = [said(**change).version for change in changes]
    assert len(set(versions)) == len(changes)
    assert said().version == versions[0]


def test_sign_up_is_closed_unless_it_is_opened_and_then_must_say_what_the_law_asks() -> None:
    assert configured(signup="closed", purpose=None).lists["nieuws"].subscribe_url is None
    with pytest.raises(ValueError, match="sign-up form must say: purpose"):
        configured(purpose=None)


def test_a_forwarded_mail_leads_to_our_own_page_unless_the_list_names_another() -> None:
    assert configured().lists["nieuws"].subscribe_url == "https://nieuws.example.org/aanmelden/nieuws"
    assert configured(language="en").lists["nieuws"].subscribe_url == "https://nieuws.example.org/subscribe/nieuws"
    own = configured(subscribe_url="https://example.org/join").lists["nieuws"]
    assert own.subscribe_url == "https://example.org/join"


@pytest.mark.parametrize("basis", ["consent", "public-task"])
def test_the_footer_of_a_mail_says_the_basis_and_leads_who_got_it_forwarded_to_the_form_rule_b5(basis: str) -> None:
    item = configured(basis=basis).lists["nieuws"]
    values = {
        "list_slug": "nieuws",
        "issue_slug": "zomer",
        "base_url": "https://nieuws.example.org",
        "date": NOW.date(),
    }
    footer = repr(furniture(item, **values).footer)
    assert "https://nieuws.example.org/aanmelden/nieuws" in footer
    assert ("niet op grond van uw toestemming" in footer) == (basis == "public-task")


def test_a_form_becomes_a_sign_up_with_the_words_that_were_shown() -> None:
    words = said()
    form = typed(name="  Jan  de Vries ", organisation="", **{FROM: ELSEWHERE}).sign_up(
        "nieuws", configured().lists["nieuws"], words, NOW
    )
    assert (form.address.spelling, form.details) == ("jan@example.org", {"name": "Jan de Vries"})
    assert (form.wording, form.wording_version) == (words.wording, words.version)
    assert (form.source, form.basis, form.at) == ("form on another site, form 1", "consent", NOW)


@pytest.mark.parametrize("email", ["", " ", "jan", "jan@", "@example.org", "a b@example.org", "jan@example", "x" * 300])
def test_what_is_no_address_is_said_beside_the_field(email: str) -> None:
    wrong = typed(email=email)
    assert wrong.address is None
    assert list(wrong.errors) == [EMAIL]
    with pytest.raises(ValueError, match="no sign-up"):
        wrong.sign_up("nieuws", configured().lists["nieuws"], said(), NOW)


@pytest.mark.parametrize(
    "name", ["Jan\nBcc: x@example.org", "x" * 201, "zie https://example.org", "www.example.org", "\x00"]
)
def test_a_name_that_could_carry_something_else_is_refused_rule_a4(name: str) -> None:
    assert list(typed(name=name).errors) == ["name"]


def test_words_of_another_day_are_no_evidence_rule_b3() -> None:
    assert not typed().is_stale
    assert typed(**{WORDING: "other"}).is_stale
    assert read_form({EMAIL: "jan@example.org"}, configured().lists["nieuws"], said()).is_stale


@pytest.mark.parametrize(
    "name", ["=HYPERLINK(1)", "@SUM(1)", "Jan\u202egro.elpmaxe", "Jan\r\nBcc: x", "www.example.org"]
)
def test_a_name_that_an_import_would_refuse_is_refused_here_too(name: str) -> None:
    found = typed(name=name)
    assert "name" in found.errors
    assert found.details == {}


def test_unseen_spaces_are_no_name_and_are_not_kept() -> None:
    assert typed(name="\u200b").details == {}
    assert typed(name="Jan\u00a0de Vries").details == {"name": "Jan de Vries"}


def test_b11_the_statement_says_how_much_longer_a_backup_lives() -> None:
    assert "Een reservekopie waar u nog in staat, is uiterlijk 6 dagen later weg." in said(retention=21).wording
    assert "reservekopie" not in said(retention="1 month").wording


def test_a_field_that_people_cannot_see_catches_programs() -> None:
    assert typed(**{TRAP: "https://spam.example"}).is_trapped
    assert not typed(**{TRAP: ""}).is_trapped


@given(
    st.dictionaries(st.sampled_from([EMAIL, "name", "organisation", WORDING, TRAP, FROM, "x"]), st.text(max_size=300))
)
def test_no_form_is_a_crash_and_only_asked_fields_come_through(fields: dict[str, str]) -> None:
    found = read_form(fields, configured(signup_fields=["name"]).lists["nieuws"], said())
    assert set(found.details) <= {"name"}
    assert (found.address is None) == (EMAIL in found.errors)
