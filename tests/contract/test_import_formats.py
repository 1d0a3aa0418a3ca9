"""Files of Mailchimp, listmonk and Laposta: who is active, who waits, who left; on SQLite and PostgreSQL."""

import io
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, insert, select, update

from subscribers import marks
from subscribers.address import parse_address
from subscribers.confirming import Confirmation, ConfirmOutcome, confirm, question
from subscribers.consent import ConsentEvent, Evidence
from subscribers.csv_reading import CsvReader
from subscribers.errors import InputError
from subscribers.import_cutoff import Erasures, erasures, newest_erasure
from subscribers.import_formats import recognised
from subscribers.import_grounds import Grounds
from subscribers.import_report import ImportReport
from subscribers.import_rules import Rules
from subscribers.import_store import import_files
from subscribers.import_zip import member_stream, opened_zip
from subscribers.importing import map_columns
from subscribers.ledger_entry import nowhere
from subscribers.merging import Merge
from subscribers.notice import NoticeKind
from subscribers.outbox import queue_notice
from subscribers.overwriting import scrub_soon
from subscribers.retention import Period, RetentionPolicy
from subscribers.scrubbing import erase_subscriber, run_retention
from subscribers.store import suppress
from subscribers.subscription import Actor, State
from subscribers.suppression import SuppressionReason
from subscribers.tables import consent, subscription
from subscribers.tokens import Keyring
from subscribers.transactions import reading, writing
from subscribers.value_types import ValueType
from tests.support.people import Remembering, how_many, join, joined, leave, person, rows

SAMPLES = Path(__file__).resolve().parents[1] / "golden" / "imports"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
POLICY = RetentionPolicy(period=Period(21), unconfirmed=Period(7))
ATTRIBUTES = {"gemeente": ValueType.TEXT, "leden": ValueType.NUMBER, "region": ValueType.TEXT}
ANNA, BRAM, CHAIMA = "anna.bakker@gemeente-a.example", "bram@gemeente-b.example", "chaima@gemeente-c.example"
DAAN, EVA, FENNA = "daan@gemeente-d.example", "eva@gemeente-e.example", "fenna@gemeente-f.example"


class Result:
    """A report, and what went into the ledger."""

    def __init__(self) -> None:
        self.report = ImportReport()
        self.ledger = Remembering()


def take(engine: Engine, *files: tuple[str, bytes], rules: dict[str, Any] | None = None, **more: Any) -> Result:
    """Import files of these names as one, into `nieuws` on consent."""
    result = Result()
    sources = []
    for name, content in files:
        reader = CsvReader(io.BytesIO(content))
        zone = ZoneInfo("Europe/Amsterdam")
        sources.append((reader, map_columns(reader.header, ATTRIBUTES, file_name=name, zone=zone)))
    how = {"chunk_rows": 2} | {name: more.pop(name) for name in ("dry_run", "chunk_rows", "advance") if name in more}
    grounds = Grounds(**({"list": "nieuws", "basis": "consent", "source": "old system", "now": NOW} | more))
    chosen = Rules(policies={"nieuws": POLICY}, record=result.ledger, **(rules or {}))
    import_files(engine, sources, grounds, report=result.report, rules=chosen, **how)
    return result


def sample(name: str) -> tuple[str, bytes]:
    return name, (SAMPLES / name).read_bytes()


def mailchimp() -> list[tuple[str, bytes]]:
    """The sample audience, through a ZIP as Mailchimp packs it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(SAMPLES.glob("*_email_audience_export_*.csv"), reverse=True):
            archive.write(path, f"audience_export/{path.name}")
    with opened_zip(packed, 1 << 20) as (opened, members):
        return [(member.name, member_stream(opened, member).read()) for member in members]


def state_of(engine: Engine, address: str, slug: str = "nieuws") -> Any:
    found = person(engine, address)
    return found and found.on(slug) and found.on(slug).state


def evidence(engine: Engine, address: str) -> Any:
    owner = person(engine, address).on("nieuws").id
    (row,) = [row for row in rows(engine, "consent") if row.subscription_id == owner]
    return row


# ---------------------------------------------------------------- Mailchimp


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("unsubscribed_email_audience_export_1.csv", "unsubscribed"),
        ("cleaned_email_audience_export_1.csv", "hard-bounce"),
    ],
)
def test_who_left_stays_out_also_where_columns_were_taken_from_the_file(engine: Engine, name: str, reason: str) -> None:
    take(engine, (name, b"Email Address\njan@example.org\n"))
    found = person(engine)
    assert found
    assert (found.on("nieuws").state, found.on("nieuws").ended_reason) == (State.ENDED, reason)


def test_a_row_with_a_day_of_leaving_is_never_active(engine: Engine) -> None:
    take(engine, ("people.csv", b"email,unsubscribed_at\njan@example.org,2026-05-20\nels@example.org,\n"))
    assert state_of(engine, "jan@example.org") is State.ENDED
    assert state_of(engine, "els@example.org") is State.ACTIVE


def test_a_file_of_people_who_never_asked_is_refused_by_its_name(engine: Engine) -> None:
    with pytest.raises(InputError, match="never asked"):
        take(engine, ("nonsubscribed_email_audience_export_1.csv", b"Email Address\njan@example.org\n"))
    assert how_many(engine, "subscriber") == 0


def test_an_audience_of_mailchimp_is_recognised_and_who_left_is_read_first(engine: Engine) -> None:
    names = [name.partition("_")[0] for name, _ in mailchimp()]
    assert names == ["cleaned", "unsubscribed", "subscribed"]
    report = take(engine, *mailchimp()).report
    assert (report.rows, report.added, report.ended, report.suppressed) == (6, 2, 1, 1)
    assert report.waiting == {"nothing says when this person consented": 1}
    assert report.skipped == {"left too long ago to be stored": 1}
    assert state_of(engine, ANNA) is State.ACTIVE
    assert state_of(engine, CHAIMA) is State.PENDING, "Mailchimp gives a moment to who was added by hand, too"
    assert person(engine, "gijs@gemeente-g.example") is None, "never asked for mail"


def test_the_evidence_of_a_row_is_the_moment_that_its_person_agreed(engine: Engine) -> None:
    take(engine, *mailchimp(), source="sign-up form, by way of Mailchimp")
    row = evidence(engine, ANNA)
    assert (row.event, row.at) == ("imported-dated", datetime(2026, 2, 3, 10, 20, 41, tzinfo=UTC))
    assert row.source == "sign-up form, by way of Mailchimp"
    assert evidence(engine, CHAIMA).event == "requested", "not a consent"


def test_who_left_keeps_the_deadline_of_the_day_and_nothing_but_the_address(engine: Engine) -> None:
    take(engine, *mailchimp())
    daan = person(engine, DAAN)
    assert (daan.name, daan.attributes) == ("", {})
    assert daan.on("nieuws").state is State.ENDED
    assert daan.on("nieuws").ended_at == datetime(2026, 5, 25, 22, 30, tzinfo=UTC)
    # Half past midnight on the 26th in Amsterdam; 21 days later, the end of the 16th of June.
    assert daan.on("nieuws").erase_at == datetime(2026, 6, 16, 22, tzinfo=UTC)
    fenna = person(engine, FENNA)
    assert (fenna.suppressed, fenna.on("nieuws").ended_reason.value) == ("hard-bounce", "hard-bounce")
    assert person(engine, EVA) is None, "her deadline has passed: nothing is stored"
    run_retention(engine, policies={"nieuws": POLICY}, now=NOW + timedelta(days=20), record=Remembering())
    assert person(engine, DAAN) is person(engine, FENNA) is None


def test_addresses_of_the_internet_and_places_are_stored_nowhere(engine: Engine) -> None:
    take(engine, *mailchimp())
    said = str([rows(engine, name) for name in ("subscriber", "subscription", "consent", "suppression")])
    for never in ("192.0.2", "52.0000", "Europe/", "Voorjaarseditie", "40000000"):
        assert never not in said
    assert person(engine, ANNA).attributes == {"gemeente": "Voorbeeldstad"}, "REGION is Mailchimp's guess"


@pytest.mark.parametrize("chunk_rows", [1, 100])
@pytest.mark.parametrize("dry_run", [False, True])
def test_who_is_in_two_files_has_left(engine: Engine, chunk_rows: int, *, dry_run: bool) -> None:
    files = mailchimp()
    both = files[2][1].replace(b"anna.bakker@gemeente-a.example", EVA.encode())
    report = take(engine, *files[:2], (files[2][0], both), chunk_rows=chunk_rows, dry_run=dry_run).report
    assert (report.duplicates, report.added) == (1, 1)
    assert state_of(engine, EVA) is None


def test_one_file_of_the_audience_says_itself_who_is_in_it(engine: Engine) -> None:
    content = sample("cleaned_email_audience_export_3f9a1c.csv")[1]
    take(engine, ("renamed.csv", content))
    assert person(engine, FENNA).suppressed == "hard-bounce"


# ---------------------------------------------------------------- the cutoff


def test_consent_that_is_not_later_than_the_cutoff_waits(engine: Engine) -> None:
    report = take(engine, *mailchimp(), cutoff=datetime(2025, 12, 31, 23, tzinfo=UTC)).report
    assert report.waiting["the consent is not later than the cutoff"] == 1
    assert state_of(engine, BRAM) is State.PENDING
    bram = person(engine, BRAM).on("nieuws")
    assert bram.erase_at == datetime(2026, 6, 8, 22, tzinfo=UTC), "7 days, as an unconfirmed sign-up"
    assert state_of(engine, ANNA) is State.ACTIVE


def test_the_word_of_the_operator_counts_for_rows_that_say_nothing(engine: Engine) -> None:
    plain = ("people.csv", b"email\na@example.org\n")
    take(engine, plain)
    assert state_of(engine, "a@example.org") is State.ACTIVE, "nobody was ever erased: nobody can be brought back"
    dated = {"cutoff": datetime(2026, 1, 1, tzinfo=UTC)}
    take(engine, ("b.csv", b"email\nb@example.org\n"), **dated)
    assert state_of(engine, "b@example.org") is State.PENDING
    take(engine, ("c.csv", b"email\nc@example.org\n"), consented_at=datetime(2026, 5, 1, tzinfo=UTC), **dated)
    assert state_of(engine, "c@example.org") is State.ACTIVE
    assert evidence(engine, "c@example.org").at == datetime(2026, 5, 1, tzinfo=UTC)


def test_on_another_basis_nobody_has_to_prove_a_consent(engine: Engine) -> None:
    report = take(engine, *mailchimp(), basis="public-task", cutoff=NOW).report
    assert (report.added, report.waiting) == (3, {})


def test_an_old_file_does_not_revive_who_left_and_was_erased(engine: Engine) -> None:
    file = ("people.csv", b"email,aanmelddatum\njan@example.org,2026-01-05\n")
    take(engine, file)
    with reading(engine) as connection:
        assert newest_erasure(connection) is None
    leave(engine, person(engine).on("nieuws").ref, at=NOW)
    later = NOW + timedelta(days=22)
    run_retention(engine, policies={"nieuws": POLICY}, now=later, record=Remembering())
    assert person(engine) is None
    with reading(engine) as connection:
        cutoff = newest_erasure(connection)
    assert cutoff == later
    take(engine, file, cutoff=cutoff, now=later + timedelta(days=1))
    assert state_of(engine, "jan@example.org") is State.PENDING
    assert evidence(engine, "jan@example.org").event == "requested"


def test_who_was_erased_is_refused_by_a_mark_if_the_organisation_keeps_them(engine: Engine) -> None:
    marker = marks.marker_of(Keyring({1: b"k" * 32}, current=1))
    with writing(engine) as connection:
        marks.Marking(marker=marker, days=365).leave(connection, ["jan@example.org"], NOW)
    file = ("people.csv", b"email\njan@example.org\nkees@example.org\n")
    report = take(engine, file, rules={"marker": marker}, basis="public-task").report
    assert (report.added, sum(report.skipped.values())) == (1, 1)
    assert person(engine) is None


# ---------------------------------------------------------------- asking


def test_who_waits_is_asked_once_where_the_operator_says_so(engine: Engine) -> None:
    report = take(engine, sample("laposta.csv"), rules={"asks": True}).report
    assert report.waiting == {
        "the file says that this person never confirmed": 1,
        "nothing says when this person consented": 1,
    }
    assert (report.asked, how_many(engine, "notice")) == (2, 2)
    again = take(engine, sample("laposta.csv"), rules={"asks": True}, now=NOW + timedelta(days=1)).report
    assert (again.asked, how_many(engine, "notice")) == (0, 2)
    (first, *_) = rows(engine, "notice")
    assert (first.kind, first.state, first.list) == ("confirm-imported", "queued", "nieuws")


def test_who_was_asked_because_they_signed_up_is_not_asked_again_for_a_file(engine: Engine) -> None:
    take(engine, sample("laposta.csv"))
    waiting = [row for row in rows(engine, "subscription") if row.state == "pending"]
    with writing(engine) as connection:
        queue_notice(
            connection, kind=NoticeKind.CONFIRM, subscriber_id=waiting[0].subscriber_id, list_slug="nieuws", now=NOW,
            keep_days=7, subscription_id=waiting[0].id,
        )  # fmt: skip
    assert take(engine, sample("laposta.csv"), rules={"asks": True}).report.asked == 1


def test_the_day_that_a_request_names_is_never_later_than_the_erasure(engine: Engine) -> None:
    """Who waited before the file came again keeps the deadline of then; the mail must not promise another day."""
    take(engine, sample("laposta.csv"))
    take(engine, sample("laposta.csv"), rules={"asks": True}, now=NOW + timedelta(days=3))
    due = {row.id: row.erase_at for row in rows(engine, "subscription")}
    asked = rows(engine, "notice")
    assert len(asked) == 2
    assert {row.erase_at for row in asked} == {due[row.subscription_id] for row in asked}


def test_a_press_on_the_link_of_a_request_puts_somebody_on_the_list_with_the_words_they_saw_rule_b3(
    engine: Engine,
) -> None:
    take(engine, sample("laposta.csv"), rules={"asks": True})
    asked = rows(engine, "notice")[0]
    with reading(engine) as connection:
        found = question(connection, asked.ref, NOW)
    assert (found.list, found.is_imported, found.is_answered) == ("nieuws", True, False)
    said = Confirmation(source="page of a file", wording="Wilt u dit?", wording_version="i1", basis="consent")
    with writing(engine) as connection:
        done = confirm(connection, asked.ref, said, now=NOW, record=nowhere)
    assert done.outcome is ConfirmOutcome.CONFIRMED
    last = rows(engine, "consent")[-1]
    assert (last.event, last.source, last.wording, last.wording_version) == (
        "confirmed", "page of a file", "Wilt u dit?", "i1",
    )  # fmt: skip
    with reading(engine) as connection:
        assert question(connection, asked.ref, NOW).is_answered


def test_a_later_import_asks_who_was_not_asked_yet(engine: Engine) -> None:
    take(engine, sample("laposta.csv"))
    assert how_many(engine, "notice") == 0
    assert take(engine, sample("laposta.csv"), rules={"asks": True}).report.asked == 2


# ---------------------------------------------------------------- listmonk, Laposta


def test_listmonk_says_nothing_about_who_confirmed(engine: Engine) -> None:
    report = take(engine, sample("listmonk.csv")).report
    assert (sum(report.waiting.values()), report.suppressed, report.ended, report.refused) == (1, 1, 0, 0)
    assert report.skipped == {"left too long ago to be stored": 1}, "updated_at is the day, where nothing else is"
    assert person(engine, "ilse@example.org").on("nieuws").ended_at == datetime(2026, 5, 20, 10, tzinfo=UTC)
    hanneke = person(engine, "hanneke@example.org")
    assert hanneke.organisation == "Stichting Voorbeeld"
    assert hanneke.attributes == {"gemeente": "Voorbeeldstad", "leden": "12"}
    assert state_of(engine, "hanneke@example.org") is State.PENDING
    assert person(engine, "ilse@example.org").suppressed == "by-hand"
    take(engine, sample("listmonk.csv"), consented_at=datetime(2026, 1, 1, tzinfo=UTC), list="agenda")
    assert state_of(engine, "hanneke@example.org", "agenda") is State.ACTIVE


def test_laposta_in_dutch(engine: Engine) -> None:
    header = CsvReader(io.BytesIO(sample("laposta.csv")[1])).header
    assert recognised(header).value == "laposta"
    take(engine, sample("laposta.csv"))
    koen = person(engine, "koen@example.org")
    assert (koen.name, koen.organisation) == ("Koen van den Berg", "Gemeente Voorbeeld")
    assert evidence(engine, "koen@example.org").at == datetime(2026, 3, 14, 8, 30, tzinfo=UTC)
    assert person(engine, "lois@example.org").on("nieuws").ended_at == datetime(2026, 5, 20, 9, 15, tzinfo=UTC)
    assert person(engine, "mirjam@example.org").suppressed == "hard-bounce"
    assert state_of(engine, "noor@example.org") is state_of(engine, "otto@example.org") is State.PENDING


# ---------------------------------------------------------------- people whom we know


def test_a_file_takes_off_who_left_elsewhere_and_writes_it_down_first(engine: Engine) -> None:
    join(engine, DAAN, "agenda", now=NOW - timedelta(days=400))
    ref = joined(engine, DAAN, now=NOW - timedelta(days=400))
    result = take(engine, *mailchimp())
    assert (result.report.taken_off, result.report.ended) == (1, 0)
    assert state_of(engine, DAAN) is State.ENDED
    assert state_of(engine, DAAN, "agenda") is State.ACTIVE, "the file is about one list"
    assert ("ended", ref) in result.ledger.said


def test_a_dead_mailbox_is_held_back_on_every_list(engine: Engine) -> None:
    joined(engine, FENNA, "agenda", now=NOW - timedelta(days=400))
    take(engine, *mailchimp())
    assert person(engine, FENNA).suppressed == "hard-bounce"
    assert state_of(engine, FENNA, "agenda") is State.ENDED


@pytest.mark.parametrize("address", [DAAN, FENNA])
def test_who_agreed_after_they_left_there_stays(engine: Engine, address: str) -> None:
    joined(engine, address, now=NOW - timedelta(hours=1))
    report = take(engine, *mailchimp()).report
    assert state_of(engine, address) is State.ACTIVE
    assert person(engine, address).suppressed is None
    assert report.skipped["agreed after the day on which the file says that they left"] == 1


UNDATED = ("people.csv", b"email,status\njan@example.org,unsubscribed\n")


def agreed_here(engine: Engine, event: ConsentEvent, actor: Actor = Actor.SUBSCRIBER) -> None:
    """`jan` came by a file long ago, and then said yes here."""
    ref = joined(engine, now=NOW - timedelta(days=90), event=ConsentEvent.IMPORTED)
    with writing(engine) as connection:
        owner = connection.scalar(select(subscription.c.id).where(subscription.c.ref == ref))
        evidence = Evidence(
            event=event, at=NOW - timedelta(days=30), basis="consent", source="page", wording="", wording_version="",
            actor=actor,
        )  # fmt: skip
        connection.execute(insert(consent).values(evidence.row(owner)))


@pytest.mark.parametrize(
    "event", [ConsentEvent.CONFIRMED, ConsentEvent.RETURNED, ConsentEvent.GRANTED, ConsentEvent.REQUESTED]
)
@pytest.mark.parametrize("state", [b"unsubscribed", b"bounced"])
def test_a_row_that_names_no_day_never_ends_what_somebody_agreed_to_here(
    engine: Engine, event: ConsentEvent, state: bytes
) -> None:
    agreed_here(engine, event)
    for _ in range(2):
        report = take(engine, ("people.csv", UNDATED[1].replace(b"unsubscribed", state))).report
        assert report.skipped == {"agreed here, and the file does not say when they left": 1}
    assert state_of(engine, "jan@example.org") is State.ACTIVE
    dated = b"email,status,left_at\njan@example.org,unsubscribed,2026-05-"
    assert take(engine, ("people.csv", dated + b"01\n")).report.taken_off == 0, "before they agreed here"
    assert take(engine, ("people.csv", dated + b"20\n")).report.taken_off == 1, "after it"


@pytest.mark.parametrize("text", [UNDATED[1], b"email,status,left_at\njan@example.org,unsubscribed,2026-05-20\n"])
def test_who_is_here_by_a_file_only_is_taken_off_by_a_later_one(engine: Engine, text: bytes) -> None:
    take(engine, ("old.csv", b"email\njan@example.org\n"))
    report = take(engine, ("people.csv", text), now=NOW + timedelta(days=1)).report
    assert (report.taken_off, report.ended) == (1, 0)
    assert state_of(engine, "jan@example.org") is State.ENDED


@pytest.mark.parametrize("since", ["", ",2026-05-20", ",2026-05-10", ",2026-05-31"])
@pytest.mark.parametrize("is_known", [False, True])
def test_a_consent_that_a_file_dated_outlives_an_earlier_leaving(engine: Engine, since: str, *, is_known: bool) -> None:
    if is_known:
        joined(engine, slug="agenda", now=NOW - timedelta(days=90))
    head = "email,aanmelddatum" + (",since" if since else "")
    take(engine, ("a.csv", f"{head}\njan@example.org,2026-05-20{since}\n".encode()))
    for day, is_off in (("2026-05-01", 0), ("2026-05-25", 1)):
        text = f"email,status,left_at\njan@example.org,unsubscribed,{day}\n".encode()
        assert take(engine, ("b.csv", text), now=NOW + timedelta(days=1)).report.taken_off == is_off


def test_a_day_since_when_somebody_is_on_a_list_is_no_day_of_consent(engine: Engine) -> None:
    take(engine, ("a.csv", b"email,since\njan@example.org,2026-05-20\n"), consented_at=None, basis="public-task")
    text = b"email,status,left_at\njan@example.org,unsubscribed,2026-05-25\n"
    assert take(engine, ("b.csv", text), now=NOW + timedelta(days=1)).report.taken_off == 1


def test_evidence_from_before_the_word_for_it_shows_its_day_by_lying_before_the_subscription(engine: Engine) -> None:
    take(engine, ("a.csv", b"email,aanmelddatum\njan@example.org,2026-05-20\n"))
    with writing(engine) as connection:
        connection.execute(update(consent).values(event="imported"))
    text = b"email,status,left_at\njan@example.org,unsubscribed,2026-05-01\n"
    assert take(engine, ("b.csv", text), now=NOW + timedelta(days=1)).report.taken_off == 0


def test_who_signed_up_here_and_has_still_to_confirm_is_not_ended_by_an_undated_row(engine: Engine) -> None:
    agreed_here(engine, ConsentEvent.REQUESTED)
    with writing(engine) as connection:
        connection.execute(update(subscription).values(state="pending", erase_at=NOW, period="7 days"))
    assert take(engine, UNDATED).report.ended == 0
    assert state_of(engine, "jan@example.org") is State.PENDING


# ---------------------------------------------------------------- who was erased, where consent is not the basis


def erased(engine: Engine, address: str, now: datetime = NOW) -> None:
    erase_subscriber(engine, address, policies={"nieuws": POLICY}, now=now, record=Remembering())


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("chunk_rows", [1, 100])
def test_a_file_from_before_an_erasure_puts_nobody_on_the_list_who_is_new_to_it(
    engine: Engine, chunk_rows: int, *, dry_run: bool
) -> None:
    joined(engine, "kees@example.org")
    joined(engine, "els@example.org", "agenda")
    rows_ = b"jan@example.org\nkees@example.org\nels@example.org\nJAN@example.org\n"
    old = ("people.csv", b"email\n" + rows_)
    grounds = {"basis": "public-task", "older_than_erasures": NOW - timedelta(days=9), "dry_run": dry_run}
    report = take(engine, old, chunk_rows=chunk_rows, **grounds).report
    assert (report.added, report.joined, report.unchanged, report.held_back, report.duplicates) == (0, 0, 1, 2, 1)
    assert report.skipped == {"this person may have been erased after the file was made": 2}
    assert person(engine) is None
    assert state_of(engine, "els@example.org") is None, "may have left this list, and be known from another one"


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize(
    ("grounds", "waits", "held_back"),
    [
        ({}, 1, 0),
        ({"cutoff": datetime(2025, 1, 1, tzinfo=UTC)}, 1, 0),
        ({"basis": "public-task"}, 0, 1),
    ],
    ids=["consent", "an earlier cutoff", "another basis"],
)
def test_who_is_erased_while_an_import_runs_is_not_brought_back_by_it(
    engine: Engine, grounds: dict[str, Any], waits: int, held_back: int, *, dry_run: bool
) -> None:
    """Between two chunks; who is known stays as they are, and the first chunk was judged before."""
    joined(engine, "els@example.org")
    joined(engine, "piet@example.org")
    people = "\n".join(f"{name}@example.org,2026-01-05" for name in ("jan", "els", "piet"))
    steps: list[int] = []

    def erase_once(_bytes: int, _report: ImportReport) -> None:
        if not steps:
            steps.append(1)
            erased(engine, "els@example.org", NOW + timedelta(minutes=1))

    file = ("people.csv", f"email,aanmelddatum\n{people}\n".encode())
    report = take(engine, file, chunk_rows=1, advance=erase_once, dry_run=dry_run, **grounds).report
    assert (report.added, sum(report.waiting.values()), report.held_back) == (1, waits, held_back)
    assert (report.unchanged, report.erased_meanwhile) == (1, NOW + timedelta(minutes=1))
    assert state_of(engine, "els@example.org") is (State.PENDING if waits and not dry_run else None)


def test_erasures_that_the_operator_knew_of_do_not_move_their_cutoff(engine: Engine) -> None:
    joined(engine)
    erased(engine, "jan@example.org")
    with reading(engine) as connection:
        known = erasures(connection)
    file = ("people.csv", b"email,aanmelddatum\njan@example.org,2026-01-05\n")
    report = take(engine, file, cutoff=datetime(2025, 1, 1, tzinfo=UTC), erased=known).report
    assert (report.added, report.erased_meanwhile) == (1, None)


def test_erasures_are_counted_and_dated_also_those_on_request(engine: Engine) -> None:
    with reading(engine) as connection:
        assert erasures(connection) is None
    for number, address in enumerate(("jan@example.org", "kees@example.org")):
        joined(engine, address)
        erased(engine, address, NOW + timedelta(days=number))
    with reading(engine) as connection:
        assert erasures(connection) == Erasures(people=2, first=NOW, last=NOW + timedelta(days=1))


@pytest.mark.parametrize("is_known", [False, True], ids=["a free address", "the address of somebody known"])
def test_a_change_of_address_counts_like_an_erasure_because_the_old_one_is_not_kept(
    engine: Engine, *, is_known: bool
) -> None:
    joined(engine, "oud@example.org", now=NOW - timedelta(days=50))
    if is_known:
        joined(engine, "nieuw@example.org", "agenda", now=NOW - timedelta(days=50))
    with writing(engine) as connection:
        move = Merge(connection=connection, now=NOW, policies={"nieuws": POLICY}, record=nowhere)
        assert move.to_address(person(engine, "oud@example.org").id, parse_address("nieuw@example.org"))
    with reading(engine) as connection:
        assert newest_erasure(connection) == NOW
    file = ("people.csv", b"email,aanmelddatum\noud@example.org,2026-01-05\n")
    take(engine, file, cutoff=NOW, now=NOW + timedelta(days=1))
    assert state_of(engine, "oud@example.org") is State.PENDING


def test_a_corrected_name_is_no_erasure(engine: Engine) -> None:
    with writing(engine) as connection:
        scrub_soon(connection, {"subscriber.name": 1}, NOW)
        assert newest_erasure(connection) is None


# ---------------------------------------------------------------- evidence that comes later


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_later_import_with_evidence_puts_on_the_list_who_waits_by_a_file(engine: Engine, *, dry_run: bool) -> None:
    file = ("people.csv", b"email,aanmelddatum\njan@example.org,2026-05-05\n")
    take(engine, file, cutoff=NOW)
    assert take(engine, file, cutoff=NOW).report.promoted == 0
    later = NOW + timedelta(hours=1)
    report = take(engine, file, cutoff=datetime(2026, 5, 1, tzinfo=UTC), now=later, dry_run=dry_run).report
    assert (report.promoted, report.skipped) == (1, {})
    found = person(engine).on("nieuws")
    if dry_run:
        assert found.state is State.PENDING
        return
    assert (found.state, found.erase_at, found.created_at) == (State.ACTIVE, None, later)
    assert [(row.event, row.at) for row in rows(engine, "consent")] == [
        ("requested", NOW), ("imported-dated", datetime(2026, 5, 4, 22, tzinfo=UTC)),
    ]  # fmt: skip


def test_a_file_never_confirms_who_signed_up_themselves_nor_does_a_word_without_a_day(engine: Engine) -> None:
    take(engine, sample("laposta.csv"))
    plain = ("people.csv", b"email\notto@example.org\nnoor@example.org\n")
    assert take(engine, plain).report.promoted == 0
    with writing(engine) as connection:
        owner = person(engine, "noor@example.org").on("nieuws").id
        mine = update(subscription).where(subscription.c.id == owner)
        connection.execute(mine.values(actor=Actor.SUBSCRIBER.value))
    said = datetime(2026, 5, 1, tzinfo=UTC)
    assert take(engine, plain, consented_at=said).report.promoted == 1
    assert state_of(engine, "otto@example.org") is State.ACTIVE
    assert state_of(engine, "noor@example.org") is State.PENDING


def test_a_dry_run_says_how_many_would_be_asked(engine: Engine) -> None:
    file = sample("laposta.csv")
    assert take(engine, file, rules={"asks": True}, dry_run=True).report.asked == 2
    assert how_many(engine, "notice") == 0
    take(engine, file, rules={"asks": True})
    assert take(engine, file, rules={"asks": True}, dry_run=True).report.asked == 0
    assert rows(engine, "notice")[0].details == {"source": "old system"}


def test_a_dry_run_counts_the_same_and_changes_nothing(engine: Engine) -> None:
    joined(engine, DAAN, now=NOW - timedelta(days=400))
    joined(engine, FENNA, "agenda", now=NOW - timedelta(days=400))
    with writing(engine) as connection:
        values = {"reason": SuppressionReason.BY_HAND, "actor": Actor.OPERATOR, "record": Remembering()}
        suppress(connection, person(engine, FENNA).id, policies={}, now=NOW, **values)
    files = [*mailchimp(), sample("listmonk.csv"), sample("laposta.csv")]
    before = [rows(engine, name) for name in ("subscriber", "subscription", "consent", "suppression")]
    dry = take(engine, *files, dry_run=True).report.counts()
    assert [rows(engine, name) for name in ("subscriber", "subscription", "consent", "suppression")] == before
    assert take(engine, *files).report.counts() == dry


def test_the_same_files_twice_change_nothing(engine: Engine) -> None:
    files = [*mailchimp(), sample("listmonk.csv"), sample("laposta.csv")]
    take(engine, *files)
    before = [rows(engine, name) for name in ("subscriber", "subscription", "consent", "suppression")]
    again = take(engine, *files).report
    assert (again.added, again.ended, again.suppressed, sum(again.waiting.values())) == (0, 0, 0, 0)
    assert [rows(engine, name) for name in ("subscriber", "subscription", "consent", "suppression")] == before
