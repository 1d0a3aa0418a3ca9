"""What is exported comes back through the import byte for byte, as CSV and as JSON lines, on both databases."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from subscribers.cell_text import RowRefusedError, clean_text
from subscribers.csv_reading import CsvReader
from subscribers.export_store import Chosen, pages
from subscribers.exporting import csv_header, csv_lines, json_lines
from subscribers.import_formats import FileFormat
from subscribers.import_grounds import Grounds
from subscribers.import_report import ImportReport
from subscribers.import_rules import Rules
from subscribers.import_store import import_files
from subscribers.importing import map_columns
from subscribers.jsonl_reading import JsonLinesReader, is_jsonl
from subscribers.ledger_entry import nowhere
from subscribers.segment import Segment
from subscribers.segments import parse_condition
from subscribers.store import suppress
from subscribers.subscription import Actor
from subscribers.suppression import SuppressionReason
from subscribers.transactions import writing
from tests.support.people import POLICIES, join, leave, person

NOW = datetime(2027, 3, 10, 12, tzinfo=UTC)
ATTRIBUTES = ("gemeente", "rol")
UNHURRIED = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.explicit, Phase.reuse, Phase.generate),
}
"""No shrinking: every try asks a database, and the first failure says enough."""
KINDS = ("csv", "csv;", "jsonl")


def storable(text: str) -> str:
    """The text as an import keeps it; empty for what it refuses."""
    try:
        return clean_text(text, 40, "text")
    except RowRefusedError:
        return ""


texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.sampled_from(["+31 groep", "-", "@home", "'t Hart", "''x", "'=", '"', "a;b,c\td", "Zoë", "007", "1,5", "{}"]),
).map(storable)
moments = st.datetimes(datetime(2025, 1, 1), datetime(2027, 3, 10)).map(  # noqa: DTZ001 - given its zone below
    lambda moment: moment.replace(tzinfo=UTC, microsecond=0)
)
people = st.lists(
    st.tuples(texts, texts, st.dictionaries(st.sampled_from(ATTRIBUTES), texts.filter(bool)), moments), max_size=5
)


def exported(engine: Engine, kind: str, chosen: Chosen = Chosen.ACTIVE, segment: Segment | None = None) -> str:
    found = [item for page in pages(engine, "nieuws", chosen, segment, size=2) for item in page]
    if kind == "jsonl":
        return json_lines(found)
    delimiter = ";" if kind.endswith(";") else ","
    return csv_header(ATTRIBUTES, delimiter=delimiter) + csv_lines(found, ATTRIBUTES, delimiter=delimiter)


def imported(engine: Engine, text: str, **more: object) -> ImportReport:
    stream = io.BytesIO(text.encode())
    reader = JsonLinesReader(stream, ATTRIBUTES) if is_jsonl(stream) else CsvReader(stream)
    columns = map_columns(reader.header, ATTRIBUTES, file_format=FileFormat.CSV, zone=ZoneInfo("Europe/Amsterdam"))
    grounds = Grounds(**({"list": "nieuws", "basis": "consent", "source": "our own export", "now": NOW} | more))
    rules = Rules(policies=POLICIES)
    return import_files(engine, [(reader, columns)], grounds, report=ImportReport(), rules=rules, chunk_rows=2)


def empty(engine: Engine) -> None:
    with writing(engine) as connection:
        for name in ("suppression", "consent", "subscription", "subscriber"):
            connection.exec_driver_sql(f"DELETE FROM {name}")


@pytest.mark.parametrize("kind", KINDS)
def test_active_people_come_back_byte_for_byte(engine: Engine, kind: str, is_full) -> None:
    @settings(max_examples=300 if is_full else 25, **UNHURRIED)
    @given(people)
    def same(found: list[tuple[str, str, dict[str, str], datetime]]) -> None:
        empty(engine)
        for number, (name, organisation, attributes, since) in enumerate(found):
            more = {"organisation": organisation, "attributes": attributes, "now": since}
            join(engine, f"P{number}@example.org", name=name, **more)
        before = exported(engine, kind)
        if not found:
            return
        empty(engine)
        assert imported(engine, before).added == len(found)
        assert exported(engine, kind) == before

    same()


@pytest.mark.parametrize("kind", KINDS)
def test_who_left_comes_back_as_having_left_with_the_same_deadline(engine: Engine, kind: str) -> None:
    for number in range(4):
        join(engine, f"p{number}@example.org", name="", now=NOW - timedelta(days=100))
    leave(engine, person(engine, "p1@example.org").on("nieuws").ref, at=NOW - timedelta(days=3))
    with writing(engine) as connection:
        values = {"actor": Actor.OPERATOR, "policies": POLICIES, "record": nowhere, "now": NOW - timedelta(days=2)}
        for address, reason in (("p2", SuppressionReason.HARD_BOUNCE), ("p3", SuppressionReason.BY_HAND)):
            suppress(connection, person(engine, f"{address}@example.org").id, reason=reason, **values)
    known = [person(engine, f"p{number}@example.org") for number in range(4)]
    before = [(one.suppressed, one.on("nieuws").state, one.on("nieuws").erase_at) for one in known]
    text = exported(engine, kind, Chosen.ALL)
    empty(engine)
    report = imported(engine, text)
    assert (report.added, report.ended, report.suppressed) == (1, 1, 2)
    known = [person(engine, f"p{number}@example.org") for number in range(4)]
    assert [(one.suppressed, one.on("nieuws").state, one.on("nieuws").erase_at) for one in known] == before


def test_an_export_carries_its_evidence_past_a_cutoff(engine: Engine) -> None:
    join(engine, "old@example.org", now=datetime(2025, 1, 1, tzinfo=UTC))
    join(engine, "new@example.org", now=datetime(2027, 2, 1, tzinfo=UTC))
    text = exported(engine, "csv")
    empty(engine)
    report = imported(engine, text, cutoff=datetime(2026, 1, 1, tzinfo=UTC))
    assert (report.added, sum(report.waiting.values())) == (1, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_carries_its_evidence_past_an_older_file_that_says_they_left(engine: Engine, kind: str) -> None:
    join(engine, "a@example.org", now=NOW - timedelta(days=300))
    text = exported(engine, kind, Chosen.ALL)
    empty(engine)
    for left, taken_off in ((NOW - timedelta(days=900), 0), (NOW - timedelta(days=30), 1)):
        assert imported(engine, text).taken_off == 0
        older = f"email,status,left_at\na@example.org,unsubscribed,{left.isoformat()}\n"
        assert imported(engine, older).taken_off == taken_off


def test_a_part_of_a_list_is_exported_by_state_and_condition(engine: Engine) -> None:
    join(engine, "a@example.org", organisation="Gemeente A")
    join(engine, "b@example.org", organisation="Stichting B")
    join(engine, "c@example.org", organisation="Gemeente C")
    leave(engine, person(engine, "c@example.org").on("nieuws").ref)
    zone = ZoneInfo("Europe/Amsterdam")
    condition = parse_condition('organisation ~ "gemeente"')
    segment = Segment(condition=condition, list_slug="nieuws", language="nl", zone=zone)
    found = {
        chosen: [item.email[0] for page in pages(engine, "nieuws", chosen, segment) for item in page]
        for chosen in (Chosen.ACTIVE, Chosen.ENDED, Chosen.PENDING, Chosen.SUPPRESSED, Chosen.ALL)
    }
    assert list(found.values()) == [["a"], ["c"], [], [], ["a", "c"]]


def test_lines_that_are_no_object_are_refused_each_by_itself(engine: Engine, tmp_path: Path) -> None:
    lines = ['{"email": "a@example.org"}', "[1]", "{", '{"email": ["x"]}', "", '{"email": "b@example.org", "x": 1}']
    report = imported(engine, "\n".join([*lines, '{"name": "' + "x" * 70_000 + '"}', '{"attributes": 3}']))
    assert (sum(report.waiting.values()), report.refused) == (2, 5), "and nothing says when they consented"
