"""Segments in the database choose exactly whom the same condition chooses in this program, on both databases."""

import unicodedata
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from newsletter.store.audience import count_audience
from newsletter.store.jobs import plan_job
from subscribers.errors import ConflictError
from subscribers.ledger_entry import nowhere
from subscribers.segment import OF_A_LIST, OF_A_PERSON, Segment, parse_segment
from subscribers.segment_sql import clause_of
from subscribers.segment_tree import AllOf, AnyOf, Compare, Condition, Has, Not, OneOf, Operator, written
from subscribers.segment_values import holds
from subscribers.tables import subscriber, subscription
from subscribers.transactions import reading, writing
from subscribers.value_types import ValueType, fold_table
from tests.support.people import NOON, join, rows
from tests.support.sending import LIST, issue

ZONE = ZoneInfo("Europe/Amsterdam")
ATTRIBUTES = {
    "gemeente": ValueType.TEXT,
    "leden": ValueType.NUMBER,
    "lid-sinds": ValueType.DATE,
    "taal": ValueType.TEXT,
}
UNHURRIED = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.explicit, Phase.reuse, Phase.generate),
}
"""No shrinking: every try asks a database, and the first failure says enough."""
KNOWN = {**OF_A_LIST, **ATTRIBUTES, **OF_A_PERSON}
TEXTS = [
    "",
    "Gemeente Één",
    "GEMEENTE één",
    "straße",
    "İstanbul",
    "ΣΊΣΥΦΟΣ",
    "a'b\"c",
    "100%",
    "a_b",
    "\\",
    "'; DROP TABLE subscriber; --",
    'x" OR "1"="1',
    "{}[]$.*",
    "%s ?1 :name",
    "nl",
    "Ǆ",
    "\U00010400",
]
NUMBERS = ["", "0", "-1", "10", "9", "1.5", "1.500001", "999999999999.999999", "veel", "1e3", "٣", "-0"]
DAYS = ["", "2027-01-01", "2027-12-31", "1999-02-28", "gisteren", "2027-1-1", "14-06-2027"]


def segment(condition: Condition | str) -> Segment:
    text = condition if isinstance(condition, str) else written(condition)
    return parse_segment(text, list_slug="nieuws", language="nl", zone=ZONE, attributes=ATTRIBUTES)


def chosen(engine: Engine, condition: Condition | str) -> set[str]:
    """Addresses that the database finds."""
    wanted = segment(condition)
    with reading(engine) as connection:
        query = select(subscriber.c.address).select_from(subscriber.join(subscription))
        return set(connection.scalars(query.where(clause_of(wanted, connection.dialect.name))))


def expected(engine: Engine, condition: Condition) -> set[str]:
    """Addresses of whom the condition holds, by this program."""
    with reading(engine) as connection:
        rows = connection.execute(select(subscriber, subscription.c.created_at.label("since")).join(subscription)).all()
    return {row.address for row in rows if holds(segment(condition).condition, values_of(row))}


def values_of(row: Any) -> dict[str, str]:
    values = {**row.attributes, "name": row.name, "organisation": row.organisation, "email": row.address}
    since = row.since.astimezone(ZONE).date().isoformat()
    language = row.attributes.get("language") or "nl"
    return {
        **values,
        "domain": row.address_key.partition("@")[2],
        "since": since,
        "list": "nieuws",
        "language": language,
    }


def people(engine: Engine) -> None:
    for number in range(40):
        attributes = {
            "gemeente": TEXTS[number % len(TEXTS)],
            "leden": NUMBERS[number % len(NUMBERS)],
            "lid-sinds": DAYS[number % len(DAYS)],
            "language": ["", "en", "NL"][number % 3],
        }
        join(
            engine,
            f"P{number}@gemeente-{number % 3}.example",
            name=TEXTS[(number * 5) % len(TEXTS)],
            organisation=TEXTS[(number * 3) % len(TEXTS)],
            attributes={name: text for name, text in attributes.items() if text or number % 2},
            now=NOON.replace(month=1 + number % 12, hour=number % 24),
        )


# ---------------------------------------------------------------- the same meaning

_letters = st.sampled_from(
    [*"aAbBeEéÉßẞΣiIİǄǆǅ %_'\\\"", "nl", "Gemeente", "één", "\u03c3", "\u03c2", "\u0131", "\U00010400", "\u00a0"]
)
_free = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=5)
_texts = st.one_of(st.sampled_from(TEXTS), st.lists(_letters, max_size=3).map("".join), _free)
_texts = _texts.map(lambda text: unicodedata.normalize("NFC", text)).filter(lambda text: not {'"', "'"} <= set(text))
_literals = {
    ValueType.TEXT: _texts,
    ValueType.NUMBER: st.sampled_from(["0", "-1", "9", "10", "1.5", "1.500001", "999999999999.999999", "11"]),
    ValueType.DATE: st.one_of(
        st.sampled_from(["2027-01-01", "2027-12-31", "1999-02-28", "0001-01-01", "9999-12-31"]),
        st.dates(date(2027, 1, 1), date(2027, 12, 31)).map(date.isoformat),
    ),
}


def questions_about(name: str) -> st.SearchStrategy[Condition]:
    kind = KNOWN[name]
    operators = [item for item in Operator if kind is ValueType.TEXT or item is not Operator.CONTAINS]
    compared = st.builds(Compare, st.just(name), st.sampled_from(operators), _literals[kind], st.just(kind))
    several = st.builds(
        OneOf, st.just(name), st.lists(_literals[kind], min_size=1, max_size=3).map(tuple), st.just(kind)
    )
    return st.one_of(
        compared.filter(lambda test: test.text or test.operator is not Operator.CONTAINS),
        several,
        st.just(Has(name)),
    )


conditions = st.recursive(
    st.sampled_from(sorted(KNOWN)).flatmap(questions_about),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=3)
        .map(tuple)
        .flatmap(lambda parts: st.sampled_from([AllOf(parts), AnyOf(parts)])),
    ),
    max_leaves=5,
)


def test_the_database_chooses_whom_the_program_chooses(engine: Engine, is_full) -> None:
    people(engine)

    @settings(max_examples=2000 if is_full else 250, **UNHURRIED)
    @given(conditions)
    def same(condition: Condition) -> None:
        assert chosen(engine, condition) == expected(engine, condition)

    same()


def test_every_capital_that_unicode_knows_is_folded_alike(engine: Engine) -> None:
    letters = [chr(code) for code in fold_table() if code > 0x20]
    text = "".join(letter for letter in letters if unicodedata.normalize("NFC", letter) == letter)
    half = len(text) // 2
    for number, part in enumerate((text[:half], text[half:])):
        join(engine, f"p{number}@example.org", organisation=part, now=NOON)
        small = "".join(chr(fold_table().get(ord(letter), ord(letter))) for letter in part)
        with reading(engine) as connection:
            wanted = Segment(
                condition=Compare("organisation", Operator.EQUAL, small), list_slug="x", language="nl", zone=ZONE
            )
            query = select(subscriber.c.address).select_from(subscriber.join(subscription))
            found = connection.scalars(query.where(clause_of(wanted, connection.dialect.name))).all()
        assert found == [f"p{number}@example.org"]


# ---------------------------------------------------------------- hostile texts


@pytest.mark.parametrize("name", ["organisation", "gemeente", "name", "email", "domain", "list", "language"])
@pytest.mark.parametrize("operator", list(Operator))
def test_a_hostile_text_is_only_a_text(engine: Engine, name: str, operator: Operator) -> None:
    people(engine)
    for text in filter(None, TEXTS):
        condition = Compare(name, operator, unicodedata.normalize("NFC", text))
        if not {'"', "'"} <= set(text):
            assert chosen(engine, condition) == expected(engine, condition)
    with reading(engine) as connection:
        assert len(connection.execute(select(subscriber)).all()) == 40


def test_what_is_compared_reaches_the_database_as_a_bound_value_only(engine: Engine) -> None:
    hostile = "zz'; DROP TABLE subscriber; --"
    wanted = segment(f'organisation ~ "{hostile}" or gemeente in ("{hostile}") or email < "{hostile}"')
    statement = select(subscriber.c.id).where(clause_of(wanted, engine.dialect.name)).compile(engine)
    assert "DROP" not in str(statement)
    assert sum("drop table" in str(value) for value in statement.params.values()) == 3


# ---------------------------------------------------------------- days of the list's calendar


def test_since_is_a_day_in_the_time_zone_of_the_list(engine: Engine) -> None:
    join(engine, "nieuwjaar@example.org", now=datetime(2026, 12, 31, 23, 30, tzinfo=ZoneInfo("UTC")))
    assert chosen(engine, "since = 2027-01-01") == {"nieuwjaar@example.org"}
    assert chosen(engine, "since < 2027-01-01") == set()


def test_a_value_from_before_the_attribute_had_a_type_is_not_known(engine: Engine) -> None:
    join(engine, "a@example.org", attributes={"leden": "circa 20"})
    with writing(engine) as connection:
        connection.execute(subscriber.update().values(attributes={"leden": "circa 20"}))
    assert chosen(engine, "leden > 1 or leden <= 1 or leden = 20") == set()
    assert chosen(engine, "leden != 20 and has leden") == {"a@example.org"}


# ---------------------------------------------------------------- jobs


def test_a_job_for_a_segment_freezes_its_people_and_its_text(engine: Engine) -> None:
    for number, organisation in enumerate(("Gemeente A", "GEMEENTE B", "Stichting C")):
        join(engine, f"p{number}@example.org", LIST, organisation=organisation)
    join(engine, "p9@example.org", "agenda", organisation="Gemeente Elders")
    wanted = parse_segment(
        "organisation~'gemeente'", list_slug=LIST, language="nl", zone=ZONE, attributes={}, is_kept=True
    )
    assert count_audience(engine, LIST, wanted) == 2
    _, job = plan_job(engine, nowhere, issue(), now=NOON, segment=wanted)
    assert (job.audience, job.audience_where) == (2, 'organisation ~ "gemeente"')
    assert len(rows(engine, "delivery")) == 2
    assert plan_job(engine, nowhere, issue(), now=NOON, segment=wanted)[1] == job
    for other in (None, parse_segment("has organisation", list_slug=LIST, language="nl", zone=ZONE, attributes={})):
        with pytest.raises(ConflictError, match="--where") as caught:
            plan_job(engine, nowhere, issue(), now=NOON, segment=other)
        assert "another slug" in caught.value.remedy
    assert len(rows(engine, "delivery")) == 2
