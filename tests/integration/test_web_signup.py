"""Signing up over HTTP and real SMTP: no oracle, no flood, nothing by GET, nobody in a log (I1, I7, B3)."""

import io
import logging
import secrets
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from unittest.mock import patch

import httpx
import pytest
from sqlalchemy import Engine, event, select

from newsletter.delivery.catcher import Catcher
from newsletter.delivery.notices import NoticeResult
from newsletter.web.limits import Limit
from subscribers.clock import utc_now
from subscribers.csv_reading import CsvReader
from subscribers.import_grounds import Grounds
from subscribers.import_report import ImportReport
from subscribers.import_rules import Rules
from subscribers.import_store import import_files
from subscribers.importing import map_columns
from subscribers.leaving import end_many, suppress
from subscribers.store import find
from subscribers.subscription import Actor, EndedReason
from subscribers.suppression import SuppressionReason
from subscribers.tables import consent, notice, subscription
from subscribers.tokens import Keyring, Purpose
from subscribers.transactions import reading, writing
from tests.support.signup import TOML, link_in, mails, open_project, post, send_all, wording
from tests.support.web import NOW, WebProject, make_project, running_site

FAST = "\n[signup]\nper_network = 100000\nper_domain = 100000\nper_hour = 100000\n"


@pytest.fixture
def catcher(tmp_path: Path) -> Iterator[Catcher]:
    with Catcher(tmp_path / "mail") as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, catcher: Catcher) -> Iterator[WebProject]:
    made = open_project(tmp_path / "project", catcher.port, extra=FAST)
    yield made
    made.engine.dispose()


@pytest.fixture
def client(project: WebProject) -> Iterator[httpx.Client]:
    with running_site(project) as running:
        yield running


def settled(project: WebProject, *addresses: str) -> None:
    """Wait until the sign-ups of these addresses were written."""
    for _ in range(500):
        with reading(project.engine) as connection:
            if all(find(connection, address) for address in addresses):
                return
        time.sleep(0.01)
    pytest.fail("a sign-up was not written")


def state(project: WebProject, address: str, slug: str = "nieuwsbrief") -> str:
    with reading(project.engine) as connection:
        person = find(connection, address)
    found = person.on(slug) if person else None
    return found.state.value if found else "unknown"


def shape(response: httpx.Response) -> tuple[int, bytes, tuple[tuple[str, str], ...]]:
    headers = tuple(sorted((name, value) for name, value in response.headers.items() if name != "date"))
    return response.status_code, response.content, headers


def confirm_link(project: WebProject, client: httpx.Client, folder: Path, address: str = "jan@example.org") -> str:
    post(client, address)
    settled(project, address)
    assert send_all(project).sent == 1
    return link_in(mails(folder)[-1])


def test_from_the_form_to_the_list_with_one_mail_and_one_button(
    project: WebProject, client: httpx.Client, tmp_path: Path
) -> None:
    answer = post(client, "Jan@Example.org", name="Jan de Vries", organisation="Gemeente Voorbeeld")
    assert (answer.status_code, "Kijk in uw mailbox" in answer.text) == (200, True)
    settled(project, "jan@example.org")
    assert send_all(project) == NoticeResult(sent=1)
    (mail,) = mails(tmp_path / "mail")
    assert (mail["To"], mail["Subject"]) == ("Jan@example.org", "Bevestig uw aanmelding voor Nieuwsbrief Voorbeeld")
    assert "Jan de Vries" not in mail.as_string(), "what a visitor typed is sent to nobody"
    link = link_in(mail)
    assert client.get(link).text.count("<button") == 1
    assert state(project, "jan@example.org") == "pending"
    done = client.post(link)
    assert (done.status_code, "U staat op de lijst" in done.text) == (200, True)
    assert state(project, "jan@example.org") == "active"
    assert shape(client.post(link)) == shape(done), "idempotent"
    again = client.get(link)
    assert (again.status_code, again.text.count("<button"), "U staat al op de lijst" in again.text) == (200, 0, True)
    with reading(project.engine) as connection:
        assert find(connection, "jan@example.org").name == "Jan de Vries"


@pytest.mark.parametrize(
    ("slug", "said", "never"),
    [
        ("nieuwsbrief", "Uw mailadres staat in de bestanden van Organisatie Voorbeeld.", "aangemeld"),
        ("bulletin", "Your mail address is in the files of Organisatie Voorbeeld.", "signed up"),
    ],
)
def test_b3_who_came_in_a_file_is_asked_in_words_that_are_true_of_them_and_those_are_kept(
    project: WebProject, client: httpx.Client, tmp_path: Path, slug: str, said: str, never: str
) -> None:
    grounds = Grounds(list=slug, basis="consent", source="a file", now=utc_now(), cutoff=utc_now())
    reader = CsvReader(io.BytesIO(b"email\njan@example.org\n"))
    report = ImportReport()
    files = [(reader, map_columns(reader.header))]
    import_files(project.engine, files, grounds, report=report, rules=Rules(asks=True))
    assert (report.asked, send_all(project).sent) == (1, 1)
    (mail,) = mails(tmp_path / "mail")
    link = link_in(mail)
    page = client.get(link).text
    assert said in page
    assert never not in page + mail.as_string()
    assert client.post(link).status_code == 200
    with reading(project.engine) as connection:
        kept = connection.execute(select(consent).order_by(consent.c.id.desc()).limit(1)).one()
    assert (kept.event, kept.source) == ("confirmed", "confirmation page, after an import")
    assert kept.wording_version == "imported 1"
    assert [line for line in kept.wording.split("\n") if line not in unescape(page)] == []
    assert said in kept.wording
    assert kept.wording.split("\n")[-1] in page.partition("<button")[2]


def test_i1_a12_a_thousand_looks_at_form_and_link_change_nothing(
    project: WebProject, client: httpx.Client, tmp_path: Path
) -> None:
    link = confirm_link(project, client, tmp_path / "mail")
    before = project.everything()
    for _ in range(1000 // 6 + 1):
        for method in ("GET", "HEAD", "OPTIONS"):
            for path in (link, "/aanmelden/nieuwsbrief"):
                assert client.request(method, path).status_code in {200, 204}
    for method in ("PUT", "DELETE", "PATCH", "TRACE"):
        assert client.request(method, link).status_code == 405
    assert "POST" in client.options(link).headers["allow"]
    assert project.everything() == before
    assert state(project, "jan@example.org") == "pending"


def test_the_link_takes_every_kind_of_body_and_needs_no_cookie_or_referer(
    project: WebProject, client: httpx.Client, tmp_path: Path
) -> None:
    for number, body in enumerate(({}, {"data": {"x": "y"}}, {"files": {"x": b"y"}})):
        link = confirm_link(project, client, tmp_path / "mail", f"p{number}@example.org")
        assert client.post(link, **body).status_code == 200
        assert state(project, f"p{number}@example.org") == "active"


def test_a13_every_forged_token_gets_the_same_bytes_and_a_dead_one_a_way_on(
    project: WebProject, client: httpx.Client, tmp_path: Path
) -> None:
    token = confirm_link(project, client, tmp_path / "mail").rpartition("/")[2]
    flipped = [token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(len(token))]
    ref, stranger = secrets.token_bytes(16), Keyring({1: secrets.token_bytes(32)}, 1)
    others = [project.keyring.sign(purpose, ref) for purpose in Purpose if purpose is not Purpose.CONFIRM]
    forged = [*flipped, *others, stranger.sign(Purpose.CONFIRM, ref), "x", token + "A"]
    for method in ("GET", "POST"):
        answers = {shape(client.request(method, f"/bevestig/{text}")) for text in forged}
        assert {answer[0] for answer in answers} == {404}
        assert len(answers) == 1
        gone = client.request(method, f"/bevestig/{project.keyring.sign(Purpose.CONFIRM, ref)}")
        assert (gone.status_code, "Deze link werkt niet meer" in gone.text) == (410, True)
    assert state(project, "jan@example.org") == "pending"


KNOWN = ("new", "pending", "active", "ended", "complaint", "hard-bounce", "enough")


def known_addresses(project: WebProject, client: httpx.Client, number: int) -> dict[str, str]:
    """One address in every state that a person can be in."""
    found = {name: f"{name}{number}-{secrets.token_hex(4)}@example.org" for name in KNOWN}
    for name in ("active", "ended", "complaint", "hard-bounce"):
        ref = project.subscribe(found[name])
        with writing(project.engine) as connection:
            why = {"policies": project.configuration.policies, "record": project.ledger.append}
            if name == "ended":
                end_many(connection, [(ref, NOW)], reason=EndedReason.UNSUBSCRIBED, actor=Actor.SUBSCRIBER, **why)
            elif name != "active":
                owner = connection.scalar(select(subscription.c.subscriber_id).where(subscription.c.ref == ref))
                suppress(connection, owner, reason=SuppressionReason(name), actor=Actor.SYSTEM, now=NOW, **why)
    for name in ("pending", "enough"):
        post(client, found[name])
    settled(project, found["pending"], found["enough"])
    return found


def test_no_oracle_every_address_gets_the_same_bytes(project: WebProject, client: httpx.Client) -> None:
    found = known_addresses(project, client, 0)
    answers = {name: shape(post(client, address)) for name, address in found.items()}
    assert len(set(answers.values())) == 1
    again = {shape(post(client, address)) for address in found.values() for _ in range(3)}
    assert again == set(answers.values())


def test_no_oracle_in_time_no_answer_waits_for_what_is_stored(
    project: WebProject, client: httpx.Client, pytestconfig: pytest.Config
) -> None:
    version, rounds = wording(client), 300 if pytestconfig.getoption("--full") else 40
    found = known_addresses(project, client, 0)
    spent: dict[str, list[float]] = {name: [] for name in KNOWN}
    with asked(project.engine) as threads:
        for _ in range(rounds):
            for name, address in found.items():
                values = {"email": address, "wording": version}
                started = time.perf_counter()
                assert client.post("/aanmelden/nieuwsbrief", data=values).status_code == 200
                spent[name].append(time.perf_counter() - started)
    assert set(threads) == {"sign-ups"}, "what is asked of the store is asked beside the answer"
    quick = [statistics.quantiles(times, n=4)[0] for times in spent.values()]
    assert max(quick) < 2 * min(quick)


@contextmanager
def asked(engine: Engine) -> Iterator[list[str]]:
    """The thread of every statement that goes to the store meanwhile."""
    threads: list[str] = []

    def note(*_: object) -> None:
        threads.append(threading.current_thread().name)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield threads
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_nobody_can_be_flooded_with_mails_through_us(tmp_path: Path, catcher: Catcher) -> None:
    project = open_project(tmp_path / "p", catcher.port)
    variants = ["offer@example.org", "Offer@EXAMPLE.org", "of.fer@example.org", "offer+a@example.org"]
    with running_site(project) as client:
        version = wording(client)
        versions = {"nieuwsbrief": version, "bulletin": wording(client, "bulletin")}

        def once(number: int) -> int:
            slug = ("nieuwsbrief", "bulletin")[number % 2]
            address = variants[number % 4] if number % 8 else f"offer+{number}@example.org"
            values = {"email": address, "wording": versions[slug]}
            headers = {"x-forwarded-for": f"203.{number % 250}.{number % 113}.9"}
            return client.post(f"/aanmelden/{slug}", data=values, headers=headers).status_code

        with ThreadPoolExecutor(8) as pool:
            statuses = Counter(pool.map(once, range(1000)))
        settled(project, "offer@example.org")
        limits = project.configuration.signup
        assert set(statuses) == {200, 429}
        assert statuses[200] <= limits.per_domain
    for _ in range(5):
        send_all(project)
    received = Counter(str(mail["To"]).casefold() for mail in mails(tmp_path / "mail"))
    assert received["offer@example.org"] <= 2, "one about each list"
    assert sum(received.values()) <= limits.attempts_per_address, "to all variants of one mailbox together"


def test_one_network_cannot_use_up_what_others_may(tmp_path: Path) -> None:
    project = open_project(tmp_path, extra="\n[signup]\nper_network = 3\nper_hour = 10\n")

    def sign_up(network: str, number: int) -> int:
        headers = {"x-forwarded-for": f"198.51.100.66, {network}.{number % 200 + 1}"}
        return post(client, f"p{number}@d{number}.example", headers=headers).status_code

    with running_site(project) as client:
        first = [sign_up("203.0.113", number) for number in range(20)]
        assert first == [200] * 3 + [429] * 17
        assert [sign_up("192.0.2", number) for number in range(20, 24)] == [200] * 3 + [429]
        busy = post(client, "q@example.org", headers={"x-forwarded-for": "203.0.113.7"})
        assert busy.headers["retry-after"] == "3600"
        assert "te druk" in busy.text
        others = [sign_up(f"10.{number}.1", number) for number in range(30, 40)]
        assert others == [200] * 4 + [429] * 6, "the limit of all together"


def test_the_header_is_believed_only_from_a_proxy_of_ours(tmp_path: Path) -> None:
    own = '[site]\ntrusted_proxies = ["10.1.2.3"]\n'
    toml = TOML.replace("[site]\n", own).format(base_url="http://127.0.0.1:8080", port=2525)
    (tmp_path / "newsletter.toml").write_text(f"{toml}\n[signup]\nper_network = 2\n", encoding="utf-8")
    with running_site(make_project(tmp_path)) as client:
        statuses = [
            post(client, f"p{number}@example.org", headers={"x-forwarded-for": f"203.0.{number}.9"}).status_code
            for number in range(4)
        ]
    assert statuses == [200, 200, 429, 429], "what a visitor claims to be is nothing to us"


def test_what_is_wrong_is_said_beside_the_field_and_kept(client: httpx.Client) -> None:
    answer = post(client, "jan@", name="Jan <b>")
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert 'value="jan@"' in answer.text
    assert 'value="Jan &lt;b&gt;"' in answer.text
    assert "<title>Fout: " in answer.text


def test_words_of_another_day_are_shown_anew_before_anything_is_kept_rule_b3(
    project: WebProject, client: httpx.Client
) -> None:
    before = project.everything()
    answer = client.post("/aanmelden/nieuwsbrief", data={"email": "jan@example.org", "wording": "of yesterday"})
    assert (answer.status_code, "is veranderd" in answer.text) == (409, True)
    assert 'value="jan@example.org"' in answer.text
    assert wording(client) in answer.text
    assert project.everything() == before


def test_a_program_that_fills_in_everything_hears_the_same_and_nothing_happens(
    project: WebProject, client: httpx.Client
) -> None:
    before = project.everything()
    trapped = post(client, "jan@example.org", website="https://spam.example")
    assert project.everything() == before
    assert shape(trapped) == shape(post(client, "jan@example.org"))


def test_a_list_that_is_closed_or_unknown_has_no_page(client: httpx.Client) -> None:
    for slug in ("intern", "nergens", "%00"):
        assert client.get(f"/aanmelden/{slug}").status_code == 404
        assert client.post(f"/aanmelden/{slug}", data={"email": "jan@example.org"}).status_code == 404


def test_a_body_that_is_too_large_or_no_form_is_refused(client: httpx.Client) -> None:
    assert client.post("/aanmelden/nieuwsbrief", content=b"x" * 9000).status_code == 413
    for body in (b"\xff\xfe", b"a=1&" * 100, b'{"email": "jan@example.org"}'):
        assert client.post("/aanmelden/nieuwsbrief", content=body).status_code == 422


def test_no_line_of_the_log_and_no_file_but_the_store_names_anybody_rule_i7(
    project: WebProject, client: httpx.Client, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="newsletter"):
        headers = {"x-forwarded-for": "203.0.113.77", "user-agent": "Kanarie/1"}
        post(client, "kanarie@example.org", name="Kanarie", headers=headers)
        settled(project, "kanarie@example.org")
        send_all(project)
        client.post(link_in(mails(tmp_path / "mail")[-1]))
        for _ in range(200):  # the line is written after the answer
            lines = [record.getMessage() for record in caplog.records if record.name.startswith("newsletter")]
            if any("POST confirm 200" in line for line in lines):
                break
            time.sleep(0.01)
    assert any("POST confirm 200" in line for line in lines)
    assert any("POST sign_up 200" in line for line in lines)
    for word in ("kanarie", "203.0.113", "/bevestig/", "example.org"):
        assert not [line for line in lines if word in line.casefold()]
    for path in project.configuration.data_dir.rglob("*"):
        if path.is_file() and "sqlite" not in path.name:
            assert b"kanarie" not in path.read_bytes().lower()
    with reading(project.engine) as connection:
        assert "203.0.113" not in str(connection.execute(select(notice)).all())


def test_an_english_list_speaks_english_on_either_path(client: httpx.Client) -> None:
    pages = [client.get(f"/{word}/bulletin").text for word in ("aanmelden", "subscribe")]
    assert pages[0] == pages[1]
    assert 'lang="en"' in pages[0]
    assert "not your consent" in pages[0]
    assert 'name="name"' not in pages[0]


def test_the_site_leads_to_the_form(client: httpx.Client) -> None:
    assert "http://127.0.0.1:8080/aanmelden/nieuwsbrief" in client.get("/").text


def test_a_store_that_is_gone_is_told_to_who_comes_next(project: WebProject, client: httpx.Client) -> None:
    with patch("newsletter.web.signup.sign_up", side_effect=_locked):
        post(client, "a@example.org")
        for _ in range(100):
            answer = post(client, "b@example.org")
            if answer.status_code != 200:
                break
            time.sleep(0.02)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "niet vastgelegd" in answer.text


def _locked(*_: object) -> None:
    from sqlalchemy.exc import OperationalError

    raise OperationalError("INSERT", {}, Exception("database is locked"))


def test_a_hundred_people_at_once_each_get_one_mail(project: WebProject, client: httpx.Client, tmp_path: Path) -> None:
    addresses: Sequence[str] = [f"p{number}@example.org" for number in range(100)]
    version = wording(client)
    with ThreadPoolExecutor(10) as pool:
        data = [{"email": address, "wording": version} for address in addresses]
        statuses = list(pool.map(lambda values: client.post("/aanmelden/nieuwsbrief", data=values).status_code, data))
    assert set(statuses) == {200}
    settled(project, *addresses)
    assert send_all(project) == NoticeResult(sent=100)
    assert Counter(str(mail["To"]) for mail in mails(tmp_path / "mail")) == dict.fromkeys(addresses, 1)


def test_limits_in_memory_stay_small_however_many_networks_try() -> None:
    limit = Limit(5, 3600)
    for number in range(60_000):
        limit.take(str(number), 0)
    assert len(limit) == 50_000
