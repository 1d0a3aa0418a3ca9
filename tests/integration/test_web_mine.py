"""`/mijn/`: a single-use link, a session, everything in words, correction, download, leaving, erasure (B8, B9, B15)."""

import csv
import io
import json
import re
import secrets
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from subscribers.clock import utc_now
from subscribers.preferences import correct
from subscribers.requests import RequestKind, add_request, list_requests
from subscribers.store import find
from subscribers.tables import data_session, subscriber
from subscribers.tokens import Purpose
from subscribers.transactions import reading, writing
from tests.support.visitors import EXTRA, Visitor, link, notices
from tests.support.web import WebProject, make_project, running_site

ROOM = "/mijn/gegevens"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProject]:
    made = make_project(tmp_path_factory.mktemp("site"), extra=EXTRA)
    yield made
    made.engine.dispose()


@pytest.fixture(scope="module")
def client(project: WebProject) -> Iterator[httpx.Client]:
    with running_site(project) as running_client:
        yield running_client


@pytest.fixture
def address(project: WebProject) -> str:
    """Somebody on two lists, with all that can be known of them."""
    made = f"{secrets.token_hex(8)}@example.org"
    for slug in ("maand", "nieuwsbrief"):
        project.subscribe(made, slug)
    with writing(project.engine) as connection:
        person = find(connection, made)
        assert person
        names = {"name": "Zoë <b>de Vries</b>", "organisation": "Gemeente Voorbeeldstad"}
        correct(connection, person.id, **names, now=utc_now(), attributes={"gemeente": "Ede"})
    return made


def data_link(project: WebProject, client: httpx.Client, address: str) -> str:
    client.post("/mijn/", data={"address": address})
    wait_for(lambda: notices(project, address))
    return link(project, Purpose.MY_DATA, next(ref for kind, ref, _ in notices(project, address) if kind == "my-data"))


def wait_for(found: Callable[[], object]) -> None:
    """Work that happens after the answer."""
    until = time.monotonic() + 10
    while not found() and time.monotonic() < until:
        time.sleep(0.01)


def enter(project: WebProject, client: httpx.Client, address: str) -> Visitor:
    """Somebody who opened their data and looks at them."""
    visitor = Visitor(client)
    opened = visitor.post(data_link(project, client, address))
    assert (opened.status_code, opened.headers["location"]) == (303, ROOM)
    visitor.get(ROOM)
    return visitor


def known(project: WebProject, address: str):
    with reading(project.engine) as connection:
        return find(connection, address)


# ---------------------------------------------------------------- the door


def test_b15_a_known_and_an_unknown_address_get_the_same_bytes(
    project: WebProject, client: httpx.Client, address: str
) -> None:
    answers = [client.post("/mijn/", data={"address": who}) for who in (address, f"{secrets.token_hex(8)}@example.org")]
    answers.append(client.post("/mijn/", data={"address": address}))
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    wait_for(lambda: notices(project, address))
    assert [(kind, to) for kind, _, to in notices(project, address)] == [("my-data", None)]


def test_a_wrong_address_is_said_at_its_field(client: httpx.Client) -> None:
    answer = client.post("/mijn/", data={"address": "geen adres"})
    assert answer.status_code == 422
    assert "Vul een volledig mailadres in" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert 'autocomplete="email"' in answer.text


def test_a_visitor_is_answered_in_the_language_of_the_form(client: httpx.Client) -> None:
    assert 'lang="en"' in client.get("/mijn/?language=en").text
    answer = client.post("/mijn/", data={"address": "someone@example.org", "language": "en"})
    assert "Look in your mail" in answer.text


def test_one_address_is_asked_for_a_few_times_an_hour(tmp_path) -> None:
    project = make_project(tmp_path, extra=EXTRA)
    project.subscribe("jan@example.org")
    with running_site(project) as client:
        statuses = [client.post("/mijn/", data={"address": "jan@example.org"}).status_code for _ in range(7)]
        unknown = [client.post("/mijn/", data={"address": "piet@example.org"}).status_code for _ in range(7)]
    assert statuses == unknown == [200] * 5 + [429] * 2
    project.engine.dispose()


def test_a12_the_links_get_uses_nothing_up_and_its_post_works_once(
    project: WebProject, client: httpx.Client, address: str
) -> None:
    path = data_link(project, client, address)
    before = project.everything()
    pages = {client.get(path).text for _ in range(20)}
    assert len(pages) == 1
    assert pages.pop().count("<button") == 1
    assert project.everything() == before
    assert client.post(path).status_code == 303
    second = client.post(path)
    assert second.status_code == 403
    assert "set-cookie" not in second.headers
    assert "één keer" in second.text
    erased = "/mijn/" + project.keyring.sign(Purpose.MY_DATA, b"x" * 16)
    for answer in (client.get(path), client.get(erased)):
        assert (answer.status_code, answer.text) == (403, second.text), "a used link says so before it is pressed"


def test_of_ten_who_press_at_once_one_gets_in(project: WebProject, client: httpx.Client, address: str) -> None:
    path = data_link(project, client, address)
    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(lambda _: client.post(path).status_code, range(10)))
    assert statuses.count(303) == 1


def test_the_cookie_goes_to_these_pages_only_and_to_no_script(
    project: WebProject, client: httpx.Client, address: str
) -> None:
    visitor = Visitor(client)
    visitor.post(data_link(project, client, address))
    parts = {part.strip().lower() for part in visitor.attributes.split(";")}
    assert parts >= {"httponly", "secure", "samesite=strict", "path=/mijn/", "max-age=1800"}


def test_the_cookie_keeps_the_path_of_base_url(tmp_path) -> None:
    project = make_project(tmp_path, base_url="https://example.org/nieuws", extra=EXTRA)
    project.subscribe("jan@example.org")
    with running_site(project) as client:
        visitor = Visitor(client)
        opened = visitor.post(data_link(project, client, "jan@example.org"))
    assert opened.headers["location"] == f"/nieuws{ROOM}"
    assert "Path=/nieuws/mijn/" in visitor.attributes
    project.engine.dispose()


# ---------------------------------------------------------------- inside


def test_b8_everything_that_is_stored_is_shown_in_words(
    project: WebProject, client: httpx.Client, address: str
) -> None:
    page = enter(project, client, address).last
    for words in (
        address,
        "Zoë &lt;b&gt;de Vries&lt;/b&gt;",
        "Gemeente Voorbeeldstad",
        "gemeente",
        "Ede",
        "toestemming",
    ):
        assert words in page
    assert "<b>de Vries" not in page
    assert "Maandbericht" in page
    why = page.partition("Waarom wij u mogen mailen</h3>")[2].partition("<h3>")[0]
    assert why.count("<dt>Lijst</dt><dd>") == why.count("<li>") == 2


def test_without_a_session_nothing_is_shown(project: WebProject, client: httpx.Client) -> None:
    for path in (ROOM, f"{ROOM}.json", f"{ROOM}.csv", "/mijn/wissen"):
        for cookie in ("", "mijn_gegevens=x", f"mijn_gegevens={'x' * 500}", "mijn_gegevens=%00"):
            answer = client.get(path, headers={"Cookie": cookie} if cookie else {})
            assert answer.status_code == 403
            assert "niet meer ingelogd" in answer.text


def test_a_session_is_over_after_half_an_hour(project: WebProject, client: httpx.Client, address: str) -> None:
    visitor = enter(project, client, address)
    with writing(project.engine) as connection:
        person = find(connection, address)
        assert person
        old = update(data_session).where(data_session.c.subscriber_id == person.id)
        connection.execute(old.values(begun_at=utc_now() - timedelta(minutes=30)))
    assert visitor.get(ROOM).status_code == 403


def test_a_form_without_the_sessions_own_word_does_nothing(
    project: WebProject, client: httpx.Client, address: str
) -> None:
    visitor, other = enter(project, client, address), f"{secrets.token_hex(8)}@example.org"
    project.subscribe(other)
    strange = enter(project, client, other).last.partition('name="csrf" value="')[2][:64]
    before = project.everything()
    for path, action in ((ROOM, "correct"), (ROOM, "leave"), (ROOM, "address"), ("/mijn/wissen", "erase")):
        for csrf in ("", "0" * 64, strange):
            more = {"name": "Mallory", "all": "1", "address": "m@example.org"}
            assert visitor.post(path, action=action, csrf=csrf, **more).status_code == 403
    assert project.everything() == before


def test_a_correction_is_stored_and_shown(project: WebProject, client: httpx.Client, address: str) -> None:
    visitor = enter(project, client, address)
    fields = {"name": "Zoë de Vries", "organisation": "", "attribute.gemeente": "Barneveld", "attribute.admin": "1"}
    answer = visitor.press(ROOM, "correct", **fields)
    assert "Uw gegevens zijn verbeterd" in answer.text
    person = known(project, address)
    assert (person.name, person.organisation, person.attributes) == ("Zoë de Vries", "", {"gemeente": "Barneveld"})


def test_a4_a_correction_that_is_no_harmless_line_is_refused(
    project: WebProject, client: httpx.Client, address: str
) -> None:
    given = {"name": "Jan\nBcc: x", "organisation": "Gemeente", "attribute.gemeente": "=1+1"}
    answer = enter(project, client, address).press(ROOM, "correct", **given)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert '<a href="#name">Uw naam: Schrijf dit op één regel' in answer.text
    assert '<a href="#attribute-1">Gemeente: Schrijf dit op één regel' in answer.text
    assert len(re.findall(r'<input[^>]*aria-invalid="true"[^>]*>', answer.text)) == 2
    assert known(project, address).organisation == "Gemeente Voorbeeldstad"


def test_b8_the_downloads_hold_everything_and_run_nothing(
    project: WebProject, client: httpx.Client, address: str
) -> None:
    with writing(project.engine) as connection:
        evil = update(subscriber).where(subscriber.c.address_key == address)
        connection.execute(evil.values(organisation="=HYPERLINK(1)"))
    visitor = enter(project, client, address)
    found = json.loads(visitor.get(f"{ROOM}.json").content)
    assert found["subscriber"][0]["address"] == address
    assert {row["list"] for row in found["subscription"]} == {"maand", "nieuwsbrief"}
    assert {row["subscription_list"] for row in found["consent"]} == {"maand", "nieuwsbrief"}
    answer = visitor.get(f"{ROOM}.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="mijn-gegevens.csv"'
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    values = {row[3] for row in rows}
    assert {address, "'=HYPERLINK(1)", "Ede"} <= values
    assert not [cell for row in rows for cell in row if cell[:1] in {"=", "+", "@"}]


def test_leaving_one_list_and_then_the_rest(project: WebProject, client: httpx.Client, address: str) -> None:
    visitor = enter(project, client, address)
    visitor.press(ROOM, "leave", list="maand")
    assert {item.list: item.state.value for item in known(project, address).subscriptions} == {
        "maand": "ended",
        "nieuwsbrief": "active",
    }
    visitor.press(ROOM, "leave", all="1")
    assert {item.state.value for item in known(project, address).subscriptions} == {"ended"}
    assert [kind for kind, _, _ in notices(project, address)] == ["my-data"]


def test_an_address_asked_in_a_session_needs_only_the_new_mailbox(
    project: WebProject, client: httpx.Client, address: str
) -> None:
    new = f"{secrets.token_hex(8)}@example.org"
    enter(project, client, address).press(ROOM, "address", address=new)
    mails = {kind: ref for kind, ref, _ in notices(project, address)}
    assert "address-old" in mails
    client.post(link(project, Purpose.ADDRESS, mails["address-new"]), data={"action": "agree"})
    assert known(project, address) is None
    assert known(project, new) is not None


def test_logging_out_ends_the_session(project: WebProject, client: httpx.Client, address: str) -> None:
    visitor = enter(project, client, address)
    cookie = visitor.cookie
    assert "U bent uitgelogd" in visitor.press(ROOM, "log-out").text
    assert visitor.cookie == ""
    assert client.get(ROOM, headers={"Cookie": cookie}).status_code == 403


def test_b9_erase_now_asks_first_and_leaves_nothing(project: WebProject, client: httpx.Client, address: str) -> None:
    visitor = enter(project, client, address)
    with writing(project.engine) as connection:
        person = find(connection, address)
        assert person
        what = {"kind": RequestKind.ERASURE, "received_at": utc_now(), "zone": project.configuration.zone}
        number = add_request(connection, **what, subscriber_ref=person.ref)
    question = visitor.get("/mijn/wissen")
    assert "Maandbericht, Nieuwsbrief Voorbeeld" in question.text
    assert question.text.count("<button") == 1
    assert known(project, address) is not None
    cookie = visitor.cookie
    assert "Uw gegevens zijn gewist" in visitor.press("/mijn/wissen", "erase").text
    assert known(project, address) is None
    assert client.get(ROOM, headers={"Cookie": cookie}).status_code == 403
    with reading(project.engine) as connection:
        done = {item.id: item.done_by for item in list_requests(connection, with_done=True)}
    assert done[number] == "subscriber"
    files = [path.read_bytes() for path in project.configuration.data_dir.rglob("*") if path.is_file()]
    assert not [name for name in files if address.encode() in name]


def test_i7_nothing_of_a_person_stands_in_an_address_of_a_page(
    project: WebProject, client: httpx.Client, address: str
) -> None:
    visitor = enter(project, client, address)
    links = [part.partition('"')[0] for part in visitor.last.split('href="')[1:]]
    assert links
    assert not [one for one in links if address.partition("@")[0] in one]


def test_the_time_of_an_answer_does_not_say_whether_an_address_is_known(tmp_path) -> None:
    """The store is asked after the answer."""
    project = make_project(tmp_path, extra=EXTRA)
    people = [f"{secrets.token_hex(8)}@example.org" for _ in range(30)]
    for who in people:
        project.subscribe(who)
    took: dict[bool, list[float]] = {True: [], False: []}
    with running_site(project) as client:
        client.post("/mijn/", data={"address": "warm@example.org"})
        for who in people[:18]:
            for is_known in (True, False):
                started = time.perf_counter()
                client.post("/mijn/", data={"address": who if is_known else f"{secrets.token_hex(8)}@example.org"})
                took[is_known].append(time.perf_counter() - started)
    assert abs(statistics.median(took[True]) - statistics.median(took[False])) < 0.01
    project.engine.dispose()


def test_a_store_that_does_not_answer_is_said_to_be_so_and_not_a_fault_of_ours(
    project: WebProject, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a page only looks: the visitor is asked to come back, and nothing of the store is shown."""

    def broken(*_args: object, **_more: object) -> None:
        raise OperationalError("select", {}, Exception("locked"))

    for module in ("storing.reading", "storing.writing"):
        monkeypatch.setattr(f"newsletter.web.{module}", broken)
    ref = secrets.token_bytes(16)
    paths = [link(project, purpose, ref) for purpose in (Purpose.MY_DATA, Purpose.UNDO, Purpose.MANAGE)]
    cookie = {"Cookie": "mijn_gegevens=abc"}
    for path in (*paths, "/mijn/gegevens", "/mijn/gegevens.json"):
        answer = client.get(path, headers=cookie)
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True), path
