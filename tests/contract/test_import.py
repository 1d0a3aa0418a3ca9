"""Importing and exporting, on SQLite and PostgreSQL."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, update

from subscribers.csv_reading import CsvReader
from subscribers.export_store import Chosen, count, pages
from subscribers.exporting import Exported, csv_header, csv_lines
from subscribers.import_grounds import Grounds
from subscribers.import_report import ImportReport, NotTaken
from subscribers.import_store import import_files
from subscribers.importing import map_columns
from subscribers.ledger_entry import nowhere
from subscribers.store import suppress
from subscribers.subscription import Actor, State
from subscribers.suppression import SuppressionReason
from subscribers.tables import subscription
from subscribers.transactions import writing
from tests.support.people import NOON, POLICIES, how_many, join, joined, leave, person, rows

ATTRIBUTES = ("gemeente",)
PEOPLE = """email;naam;organisatie;gemeente
jan@example.org;Jan de Vries;Organisatie Voorbeeld;Voorbeeldstad
zoë@example.org;Zoë;;
KEES@Example.ORG;;;
"""


def take(
    engine: Engine, text: str = PEOPLE, *, dry_run: bool = False, chunk_rows: int = 2, **more: Any
) -> ImportReport:
    """Import a file into the list `nieuws`, two rows at a time."""
    reader = CsvReader(io.BytesIO(text.encode()))
    values = {"list": "nieuws", "basis": "consent", "source": "form of the old system", "now": NOON} | more
    noted: list[NotTaken] = []
    report = import_files(
        engine,
        [(reader, map_columns(reader.header, ATTRIBUTES))],
        Grounds(**values),
        report=ImportReport(note=noted.append),
        dry_run=dry_run,
        chunk_rows=chunk_rows,
    )
    report.shown = noted
    return report


def everything(engine: Engine) -> dict[str, list[Any]]:
    return {name: rows(engine, name) for name in ("subscriber", "subscription", "consent", "suppression")}


def suppressed(engine: Engine, address: str) -> None:
    with writing(engine) as connection:
        suppress(
            connection,
            person(engine, address).id,
            reason=SuppressionReason.HARD_BOUNCE,
            actor=Actor.SYSTEM,
            policies=POLICIES,
            now=NOON,
            record=nowhere,
        )


def waiting(engine: Engine, address: str) -> None:
    joined(engine, address)
    with writing(engine) as connection:
        connection.execute(
            update(subscription).values(state="pending", actor="subscriber", erase_at=NOON, period="7 days")
        )


# ---------------------------------------------------------------- new people


def test_a_new_person_is_active_with_evidence_of_the_import(engine: Engine) -> None:
    report = take(engine, wording="Ja, stuur mij de nieuwsbrief", wording_version="2")
    assert (report.rows, report.added, report.smtputf8) == (3, 3, 1)
    jan = person(engine)
    assert (jan.name, jan.organisation) == ("Jan de Vries", "Organisatie Voorbeeld")
    assert jan.attributes == {"gemeente": "Voorbeeldstad"}
    assert jan.on("nieuws").state is State.ACTIVE
    assert jan.created_at == jan.on("nieuws").created_at == NOON
    assert len(jan.ref) == len(jan.on("nieuws").ref) == 16
    evidence = next(row for row in rows(engine, "consent") if row.subscription_id == jan.on("nieuws").id)
    assert (evidence.event, evidence.basis, evidence.source) == ("imported", "consent", "form of the old system")
    assert (evidence.wording, evidence.wording_version) == ("Ja, stuur mij de nieuwsbrief", "2")
    assert (evidence.at, evidence.actor) == (NOON, "operator")


def test_the_spelling_is_kept_and_the_key_is_folded(engine: Engine) -> None:
    take(engine)
    assert person(engine, "kees@example.org").address == "KEES@example.org"


def test_every_reference_is_different(engine: Engine) -> None:
    take(engine, "email\n" + "".join(f"p{number}@example.org\n" for number in range(500)), chunk_rows=100)
    refs = [row.ref for name in ("subscriber", "subscription") for row in rows(engine, name)]
    assert len(set(refs)) == len(refs) == 1000


def test_someone_known_from_another_list_joins_this_one(engine: Engine) -> None:
    joined(engine, slug="agenda", name="")
    report = take(engine)
    assert (report.added, report.joined) == (2, 1)
    jan = person(engine)
    assert {item.list for item in jan.subscriptions} == {"agenda", "nieuws"}
    assert jan.name == "Jan de Vries"


# ---------------------------------------------------------------- the same again


def test_the_same_file_twice_changes_nothing(engine: Engine) -> None:
    take(engine)
    before = everything(engine)
    report = take(engine, now=NOON.replace(year=2028), source="another")
    assert everything(engine) == before
    assert (report.added, report.joined, report.completed, report.unchanged) == (0, 0, 0, 3)


def test_a_later_file_fills_what_is_empty_and_replaces_nothing(engine: Engine) -> None:
    take(engine)
    later = "email;naam;organisatie;gemeente\njan@example.org;J. de Vries;;Elders\nkees@example.org;Kees;;Elders\n"
    report = take(engine, later)
    assert (report.completed, report.unchanged) == (1, 1)
    assert person(engine).name == "Jan de Vries"
    assert person(engine).attributes == {"gemeente": "Voorbeeldstad"}
    assert person(engine, "kees@example.org").name == "Kees"
    assert person(engine, "kees@example.org").attributes == {"gemeente": "Elders"}


def test_update_replaces_what_the_file_gives_and_empties_nothing(engine: Engine) -> None:
    take(engine)
    report = take(engine, "email;naam;organisatie;gemeente\njan@example.org;J. de Vries;;Elders\n", update=True)
    assert report.completed == 1
    jan = person(engine)
    assert (jan.name, jan.organisation) == ("J. de Vries", "Organisatie Voorbeeld")
    assert jan.attributes == {"gemeente": "Elders"}


@pytest.mark.parametrize("chunk_rows", [1, 2, 100])
@pytest.mark.parametrize("dry_run", [False, True])
def test_the_first_row_of_an_address_counts_in_one_chunk_and_over_many(
    engine: Engine, chunk_rows: int, *, dry_run: bool
) -> None:
    text = "email;naam\njan@example.org;Jan\nkees@example.org;K\nJAN@example.org;Ander\njan@Example.org;Nog een\n"
    report = take(engine, text, chunk_rows=chunk_rows, dry_run=dry_run)
    assert (report.rows, report.added, report.duplicates, report.unchanged) == (4, 2, 2, 0)
    assert sorted(row.line for row in report.shown) == [4, 5]
    if not dry_run:
        assert person(engine).name == "Jan"


# ---------------------------------------------------------------- who must not come back


def test_who_left_is_not_revived_and_nothing_about_them_changes(engine: Engine) -> None:
    leave(engine, joined(engine, name=""))
    before = everything(engine)
    report = take(engine, "email;naam\njan@example.org;Jan de Vries\n")
    assert report.skipped == {"this person left the list: unsubscribed": 1}
    assert everything(engine) == before


def test_who_is_suppressed_is_left_out_of_any_list(engine: Engine) -> None:
    joined(engine, slug="agenda")
    suppressed(engine, "jan@example.org")
    report = take(engine)
    assert report.skipped == {"this address is not mailed: hard-bounce": 1}
    assert person(engine).on("nieuws") is None


def test_who_has_still_to_confirm_is_not_confirmed_by_a_file(engine: Engine) -> None:
    waiting(engine, "jan@example.org")
    report = take(engine)
    assert report.skipped == {"this person has still to confirm": 1}
    assert person(engine).on("nieuws").state is State.PENDING


def test_who_left_one_list_may_be_put_on_another(engine: Engine) -> None:
    leave(engine, joined(engine, slug="agenda"))
    assert take(engine).joined == 1
    assert person(engine).on("agenda").state is State.ENDED


# ---------------------------------------------------------------- dry run, broken rows


@pytest.mark.parametrize(
    "prepare",
    [
        lambda _engine: None,
        join,
        lambda engine: join(engine, slug="agenda", name=""),
        lambda engine: leave(engine, joined(engine)),
    ],
    ids=["empty", "known", "elsewhere", "left"],
)
def test_a_dry_run_reports_the_same_and_changes_nothing(engine: Engine, prepare: Callable[[Engine], object]) -> None:
    prepare(engine)
    before = everything(engine)
    text = PEOPLE + "bad;;;\njan@example.org;;;\n;;;\nkees@example.org;=1+1;;\n"
    dry = take(engine, text, dry_run=True)
    assert everything(engine) == before
    assert dry.counts() == take(engine, text).counts()


def test_broken_rows_cost_only_themselves(engine: Engine) -> None:
    text = PEOPLE + 'bad;;;\na@example.org;"Jan;;\n' + "x" * 100_000 + "\nb@example.org;B;;\n"
    report = take(engine, text)
    assert [row.line for row in report.shown] == [5, 6, 7]
    assert report.refused == 3
    assert how_many(engine, "subscriber") == 4


def test_a_chunk_is_committed_as_soon_as_it_is_taken(engine: Engine) -> None:
    class StoppedError(Exception):
        pass

    def stop(_bytes: int, report: ImportReport) -> None:
        if report.added == 2:
            raise StoppedError

    reader = CsvReader(io.BytesIO(PEOPLE.encode()))
    grounds = Grounds(list="nieuws", basis="consent", source="x", now=NOON)
    columns = map_columns(reader.header)
    with pytest.raises(StoppedError):
        import_files(engine, [(reader, columns)], grounds, report=ImportReport(), advance=stop, chunk_rows=2)
    assert how_many(engine, "consent") == 2
    assert take(engine).counts()["unchanged"] == 1
    assert how_many(engine, "consent") == 3


# ---------------------------------------------------------------- export


def exported(engine: Engine, chosen: Chosen = Chosen.ACTIVE, size: int = 2) -> list[Exported]:
    return [item for page in pages(engine, "nieuws", chosen, size=size) for item in page]


def test_an_export_has_everybody_once_over_its_pages(engine: Engine) -> None:
    take(engine, "email\n" + "".join(f"p{number}@example.org\n" for number in range(7)))
    joined(engine, "elsewhere@example.org", "agenda")
    assert {item.email for item in exported(engine)} == {f"p{number}@example.org" for number in range(7)}
    assert count(engine, "nieuws", Chosen.ACTIVE) == 7


def test_an_export_of_active_people_holds_nobody_who_is_not_mailed(engine: Engine) -> None:
    take(engine)
    leave(engine, person(engine).on("nieuws").ref)
    suppressed(engine, "kees@example.org")
    assert {item.email for item in exported(engine)} == {"zoë@example.org"}
    assert {item.email: item.state for item in exported(engine, Chosen.ALL)} == {
        "jan@example.org": "ended",
        "zoë@example.org": "active",
        "KEES@example.org": "suppressed",
    }


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_an_export_comes_back_unchanged_through_the_import(engine: Engine, delimiter: str) -> None:
    take(engine, PEOPLE + '-x@example.org;+31 groep;\'t Hart;"a;b,""c"""\n')
    before = sorted(exported(engine), key=lambda item: item.email)
    page = csv_lines(before, ATTRIBUTES, delimiter=delimiter)
    with writing(engine) as connection:
        for name in ("consent", "subscription", "subscriber"):
            connection.exec_driver_sql(f"DELETE FROM {name}")
    assert take(engine, csv_header(ATTRIBUTES, delimiter=delimiter) + page).added == 4
    assert sorted(exported(engine), key=lambda item: item.email) == before


def test_an_export_of_everybody_revives_nobody_elsewhere(engine: Engine) -> None:
    take(engine)
    leave(engine, person(engine).on("nieuws").ref)
    text = csv_header(ATTRIBUTES) + csv_lines(exported(engine, Chosen.ALL), ATTRIBUTES)
    report = take(engine, text, list="agenda")
    assert (report.joined, report.ended) == (2, 1)
    assert person(engine).on("agenda").state is State.ENDED
    assert person(engine).on("agenda").erase_at == person(engine).on("nieuws").erase_at
