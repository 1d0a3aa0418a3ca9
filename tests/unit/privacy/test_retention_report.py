"""The retention report: totals by rule, how late at most, the proof, and nothing about anybody (I7)."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from newsletter.privacy.document import to_markdown
from newsletter.privacy.report import Evidence, as_csv, as_values, report
from newsletter.privacy.report_texts import TEXTS
from newsletter.privacy.words import TABLES
from subscribers.deadlines import RetentionStatus, RuleStatus
from subscribers.receipts import Receipt
from subscribers.schema import declared, metadata

DUE = datetime(2027, 6, 14, 22, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Amsterdam")


def receipt(number: int, late: timedelta, **rules: int) -> Receipt:
    counted = {rule.replace("_", "-"): {"erased": erased, "oldest": DUE.isoformat()} for rule, erased in rules.items()}
    policy = {"exports": "7 days", "nieuws/unsubscribed": "21 days" if number < 3 else "14 days"}
    counts = {"subscriber": sum(rules.values())}
    return Receipt(id=number, at=DUE + late, counts=counts, policy=policy, digest=f"hmac1.1.{number}", rules=counted)


RECEIPTS = (
    receipt(1, timedelta(minutes=41), unsubscribed=3, deliveries=1000),
    receipt(2, timedelta(hours=2, minutes=5), unsubscribed=2),
    Receipt(id=3, at=DUE + timedelta(hours=3), counts={"subscriber": 1}, policy={}, digest="old", rules=None),
)
STATUS = RetentionStatus(
    at=DUE,
    rules=(
        RuleStatus(list="nieuws", rule="unsubscribed", period="21 days", waiting=4, nearest=DUE),
        RuleStatus(list="nieuws", rule="active", period="-", waiting=1200, stays=True),
        RuleStatus(list="nieuws", rule="deliveries-open", period="-", waiting=7, stays=True),
        RuleStatus(list="", rule="receipts", period="-", waiting=3, stays=True),
    ),
    scrub_due_since=None,
    last_receipt=None,
)
EVIDENCE = Evidence(
    start=datetime(2027, 5, 31, 22, tzinfo=UTC),
    end=datetime(2027, 6, 30, 22, tzinfo=UTC),
    made_at=datetime(2027, 7, 1, 7, 30, tzinfo=UTC),
    receipts=RECEIPTS,
    status=STATUS,
    changed=None,
    missing=0,
    controllers=("Organisatie Voorbeeld",),
    zone=ZONE,
)


def text(language="nl", **changes) -> str:
    return to_markdown(report(replace(EVIDENCE, **changes), language))


def test_totals_are_by_rule_with_the_longest_time_after_a_deadline() -> None:
    assert "| Wie zich heeft afgemeld | 5 | 2 uur en 5 minuten |" in text()
    assert "| Of een mail is verstuurd, en wat de mailserver antwoordde | 1000 | 0 uur en 41 minuten |" in text()
    assert "was 2 uur en 5 minuten." in text()


def test_the_period_is_in_whole_days_of_the_time_zone() -> None:
    assert "Van 1 juni 2027 tot en met 30 juni 2027. Opgemaakt op 1 juli 2027 9.30 uur." in text()
    assert "From 1 June 2027 up to and including 30 June 2027. Made on 1 July 2027 9:30." in text("en")


def test_it_says_whether_the_promise_is_kept_now() -> None:
    assert "geen enkele termijn overschreden" in text()
    late = RetentionStatus(
        at=DUE,
        rules=(RuleStatus(list="nieuws", rule="unsubscribed", period="21 days", waiting=4, nearest=DUE, overdue=2),),
        scrub_due_since=None,
        last_receipt=None,
    )
    assert "te laat: 2 over de termijn" in text(status=late)


def test_it_says_whether_the_receipts_are_whole() -> None:
    assert "de zegels kloppen" in text()
    assert "vanaf nummer 2 kloppen niet" in text(changed=2)
    assert "3 bewijzen uit het logboek buiten de database ontbreken in de database." in text(missing=3)
    assert "1 bewijs uit het logboek buiten de database ontbreekt" in text(missing=1)
    assert "1 receipt named by the ledger is not" in text("en", missing=1)
    for language, whole in (("nl", "niets gewijzigd of weggehaald"), ("en", "nothing was changed or removed")):
        assert whole in text(language)
        assert whole not in text(language, missing=2)
        assert whole not in text(language, missing=2, changed=2)


def test_what_a_receipt_counts_is_called_by_words_of_the_language() -> None:
    counts = {"address_change": 1, "data_session": 2, "subscription": 3}
    one = text(receipts=(replace(RECEIPTS[0], counts=counts),))
    assert "Gevraagde adreswijzigingen: 1; Bezoeken aan de eigen gegevens: 2; Inschrijvingen: 3" in one
    for table in metadata.sorted_tables:
        is_personal = any(declared(column).personal for column in table.columns)
        assert not is_personal or all(table.name in TABLES[language] for language in ("nl", "en")), table.name


def test_a_change_of_policy_is_named_with_the_receipt_it_begins_with() -> None:
    changed = text(receipts=(*RECEIPTS[:2], receipt(3, timedelta(0), unsubscribed=1)))
    assert "| nieuws | Wie zich heeft afgemeld | 21 dagen | 1 |" in changed
    assert "| nieuws | Wie zich heeft afgemeld | 14 dagen | 3 |" in changed
    assert changed.count("| alle | Bestanden met adressen die de beheerder maakte | 7 dagen |") == 1


def test_what_has_no_deadline_says_why_it_stays_rule_i4() -> None:
    for words in (
        "| nieuws | Ingeschreven: blijft zolang dat duurt | 1200 |",
        "| nieuws | Verzending nog niet afgerond | 7 |",
        "| alle | Bewijzen van verwijdering: over niemand | 3 |",
    ):
        assert words in text()


def test_a_period_without_receipts_says_so() -> None:
    assert text(receipts=()).count("niets te verwijderen") == 3


def test_the_csv_has_a_line_per_receipt_and_rule() -> None:
    lines = list(csv.DictReader(io.StringIO(as_csv(EVIDENCE))))
    assert [(line["receipt"], line["rule"], line["erased"], line["seconds_late"]) for line in lines] == [
        ("1", "deliveries", "1000", "2460"),
        ("1", "unsubscribed", "3", "2460"),
        ("2", "unsubscribed", "2", "7500"),
        ("3", "", "1", ""),
    ]


def test_the_values_for_json_hold_the_same() -> None:
    values = as_values(EVIDENCE)
    assert values["totals"]["unsubscribed"] == {"erased": 5, "seconds_late_at_most": 7500.0}
    assert (values["chain_broken_from"], values["receipts_missing"], values["is_overdue"]) == (None, 0, False)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_both_languages_have_words_for_everything(language) -> None:
    assert all(vars(TEXTS[language]).values())
    assert "{" not in text(language)


def test_a_day_late_is_said_in_days() -> None:
    slow = text(receipts=(receipt(1, timedelta(days=3, hours=4), unsubscribed=1),))
    assert "3 dagen en 4 uur" in slow
