"""Leaving over HTTP, on a real uvicorn, a real store and a real ledger (I1, I4, I11, A11-A13)."""

import secrets
import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from newsletter.web.app import create_app
from subscribers.clock import utc_now
from subscribers.errors import ServiceError
from subscribers.ledger_entry import Entry, Kind
from subscribers.store import end_many, erase_subscriber
from subscribers.subscription import Actor, EndedReason
from subscribers.tables import subscription
from subscribers.tokens import Keyring, Purpose
from subscribers.transactions import reading, writing
from tests.support.web import NOW, WebProject, make_project, running, running_site

ONE_CLICK = "List-Unsubscribe=One-Click"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProject]:
    made = make_project(tmp_path_factory.mktemp("site"))
    yield made
    made.engine.dispose()


@pytest.fixture(scope="module")
def client(project: WebProject) -> Iterator[httpx.Client]:
    with running_site(project) as running_client:
        yield running_client


@pytest.fixture
def someone(project: WebProject) -> bytes:
    return project.subscribe(f"{secrets.token_hex(8)}@example.org")


BODIES = {
    "urlencoded": {"content": ONE_CLICK, "headers": FORM},
    "urlencoded with charset": {
        "content": ONE_CLICK,
        "headers": {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"},
    },
    "multipart": {"files": {"List-Unsubscribe": (None, "One-Click")}},
    "empty": {},
    "empty with length": {"content": b"", "headers": {"Content-Length": "0"}},
    "without content type": {"content": ONE_CLICK.encode()},
    "our own form": {"data": {"list": "nieuwsbrief"}},
    "a strange body": {"content": b"\xff\x00{[", "headers": {"Content-Type": "application/json"}},
    "foreign origin": {
        "content": ONE_CLICK,
        "headers": FORM | {"Origin": "https://evil.example", "Referer": "https://evil.example/", "Cookie": "a=b"},
    },
    "chunked": {"content": iter([b"List-Unsubscribe", b"=One-Click"]), "headers": FORM},
}


@pytest.mark.parametrize("kind", BODIES)
def test_a11_every_kind_of_post_ends_the_subscription_without_a_redirect(
    project: WebProject, client: httpx.Client, someone: bytes, kind: str
) -> None:
    response = client.post(f"/u/{project.token(someone)}", **BODIES[kind])
    assert response.status_code == 200
    assert not response.cookies
    assert "location" not in response.headers
    assert project.state(someone) == "ended"
    assert Kind.ENDED in {entry.kind for entry in project.ledger.read() if entry.ref == someone}


def test_a11_posting_again_changes_nothing_and_gets_the_same_answer(
    project: WebProject, client: httpx.Client, someone: bytes
) -> None:
    path = f"/u/{project.token(someone)}"
    first = client.post(path, content=ONE_CLICK, headers=FORM)
    before = project.everything()
    again = client.post(path, content=ONE_CLICK, headers=FORM)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert project.everything() == before


def test_i4_the_clock_starts_when_the_request_arrives(
    project: WebProject, client: httpx.Client, someone: bytes
) -> None:
    before = utc_now()
    client.post(f"/u/{project.token(someone)}", content=ONE_CLICK, headers=FORM)
    with reading(project.engine) as connection:
        row = connection.execute(select(subscription).where(subscription.c.ref == someone)).one()
    assert before <= row.ended_at <= utc_now()
    assert (row.ended_reason, row.actor, row.period) == ("unsubscribed", "subscriber", "21 days")
    assert row.erase_at > row.ended_at


def test_i1_arrival_is_before_a_body_that_dawdles(project: WebProject, client: httpx.Client, someone: bytes) -> None:
    arrived: list[datetime] = []

    def slowly() -> Iterator[bytes]:
        yield b"List-Unsubscribe="
        arrived.append(utc_now())
        threading.Event().wait(0.4)
        yield b"One-Click"

    client.post(f"/u/{project.token(someone)}", content=slowly(), headers=FORM)
    with reading(project.engine) as connection:
        ended_at = connection.scalar(select(subscription.c.ended_at).where(subscription.c.ref == someone))
    assert (ended_at - arrived[0]).total_seconds() < 0.3


def test_i1_a12_get_head_and_options_change_nothing(project: WebProject, client: httpx.Client, someone: bytes) -> None:
    before = project.everything()
    for _ in range(100):
        for method in ("GET", "HEAD", "OPTIONS"):
            assert client.request(method, f"/u/{project.token(someone)}").status_code in {200, 204}
    for method in ("PUT", "DELETE", "PATCH", "TRACE"):
        assert client.request(method, f"/u/{project.token(someone)}").status_code == 405
    assert project.everything() == before


def test_the_page_names_the_list_in_its_language_and_has_one_button(project: WebProject, client: httpx.Client) -> None:
    ref = project.subscribe("reader@example.org", "bulletin")
    page = client.get(f"/u/{project.token(ref)}")
    assert 'lang="en"' in page.text
    assert "Sample Bulletin" in page.text
    assert page.text.count("<button") == 1
    assert client.head(f"/u/{project.token(ref)}").content == b""


def _forgeries(project: WebProject, token: str) -> list[str]:
    """Every character changed, cut, lengthened, of another purpose, of another key, and plain nonsense."""
    flipped = [
        token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :] for place in range(len(token))
    ]
    stranger = Keyring({1: secrets.token_bytes(32)}, 1)
    ref = secrets.token_bytes(16)
    others = [project.keyring.sign(Purpose.MANAGE, ref), stranger.sign(Purpose.UNSUBSCRIBE, ref)]
    shapes = [token[:-1], token + "A", token + "=", token.swapcase(), "x", "%00", "%F0%9F%92%A9", "a" * 2000]
    return [*flipped, *others, *shapes, f"{token}/", f"{token}/extra"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a13_every_forged_token_gets_the_same_bytes(
    project: WebProject, client: httpx.Client, someone: bytes, method: str
) -> None:
    before = project.everything()
    answers = {
        _shape(client.request(method, f"/u/{forged}", content=ONE_CLICK if method == "POST" else None))
        for forged in _forgeries(project, project.token(someone))
    }
    assert len(answers) == 1
    assert answers.pop()[0] == 404
    assert project.everything() == before


def _shape(response: httpx.Response) -> tuple[int, bytes, tuple[tuple[str, str], ...]]:
    """All of an answer but its date."""
    headers = tuple(sorted((name, value) for name, value in response.headers.items() if name != "date"))
    return response.status_code, response.content, headers


@pytest.fixture
def three_gone(project: WebProject) -> Sequence[str]:
    """Well-signed tokens of a subscription that ended, of one that was erased, and of one that never was."""
    ended, erased = (project.subscribe(f"{name}-{secrets.token_hex(8)}@example.org") for name in ("ended", "erased"))
    policies, record = project.configuration.policies, project.ledger.append
    with writing(project.engine) as connection:
        why = {"reason": EndedReason.UNSUBSCRIBED, "actor": Actor.SUBSCRIBER}
        end_many(connection, [(ended, NOW)], **why, policies=policies, record=record)
        owner = connection.scalar(select(subscription.c.subscriber_id).where(subscription.c.ref == erased))
    assert erase_subscriber(project.engine, owner, policies=policies, now=NOW, record=record).was_known
    assert project.state(erased) is None
    return [project.token(ref) for ref in (ended, erased, secrets.token_bytes(16))]


def test_a13_ended_erased_and_unknown_get_the_same_bytes(
    project: WebProject, client: httpx.Client, someone: bytes, three_gone: Sequence[str]
) -> None:
    for method in ("GET", "POST"):
        answers = {_shape(client.request(method, f"/u/{token}")) for token in three_gone}
        assert len(answers) == 1
        assert answers.pop()[0] == 200
    active = client.post(f"/u/{project.token(someone)}")
    assert _shape(active) == _shape(client.post(f"/u/{three_gone[0]}"))
    assert "nieuwste mail" in active.text


def test_200_parallel_posts_all_end(project: WebProject, client: httpx.Client) -> None:
    refs = [project.subscribe(f"{secrets.token_hex(8)}@example.org") for _ in range(200)]
    with ThreadPoolExecutor(20) as pool:
        paths = [f"/u/{project.token(ref)}" for ref in refs]
        statuses = list(pool.map(lambda path: client.post(path, content=ONE_CLICK).status_code, paths))
    assert set(statuses) == {200}
    assert {project.state(ref) for ref in refs} == {"ended"}


def test_100_parallel_posts_of_one_person_end_once(project: WebProject, client: httpx.Client, someone: bytes) -> None:
    path = f"/u/{project.token(someone)}"
    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(lambda _: client.post(path, content=ONE_CLICK).status_code, range(100)))
    assert set(statuses) == {200}
    assert [entry.kind for entry in project.ledger.read() if entry.ref == someone] == [Kind.ENDED]


def test_a_ledger_that_fails_is_answered_503_and_nothing_ended(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    ref, works = project.subscribe("jan@example.org"), threading.Event()

    def record(entries: Sequence[Entry]) -> None:
        if not works.is_set():
            raise ServiceError("the ledger cannot be written: no space left")
        project.ledger.append(entries)

    with running_site(project, record) as client:
        refused = client.post(f"/u/{project.token(ref)}", content=ONE_CLICK)
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) > 0
        assert project.state(ref) == "active"
        works.set()
        assert client.post(f"/u/{project.token(ref)}", content=ONE_CLICK).status_code == 200
    assert project.state(ref) == "ended"
    project.engine.dispose()


def test_a_store_that_refuses_writing_is_answered_503_and_told_by_healthz(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    ref = project.subscribe("jan@example.org")
    with running_site(project) as client:
        assert client.get("/healthz").status_code == 200
        with writing(project.engine) as connection:
            connection.exec_driver_sql("ALTER TABLE subscription RENAME TO elsewhere")
        assert client.post(f"/u/{project.token(ref)}").status_code == 503
        assert client.get(f"/u/{project.token(ref)}").status_code == 500
    project.engine.dispose()


def test_a_path_in_base_url_is_served_with_and_without_it(tmp_path: Path) -> None:
    project = make_project(tmp_path, base_url="https://example.org/nieuws")
    token = project.token(project.subscribe("jan@example.org"))
    with running_site(project) as client:
        for path in ("/u/", f"/u/{token}", "/"):
            assert client.get(path).content == client.get(f"/nieuws{path}").content
        assert client.get("/nieuws/healthz").status_code == 200
        assert "strict-transport-security" in client.get("/").headers
    project.engine.dispose()


def test_stopping_answers_who_is_waiting(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    ref, held, go_on = project.subscribe("jan@example.org"), threading.Event(), threading.Event()

    def record(entries: Sequence[Entry]) -> None:
        held.set()
        assert go_on.wait(10)
        project.ledger.append(entries)

    with ThreadPoolExecutor(1) as pool:
        with running(create_app(project.parts(record))) as url:
            answer = pool.submit(httpx.post, f"{url}/u/{project.token(ref)}", timeout=20)
            assert held.wait(10)
            threading.Timer(0.5, go_on.set).start()
        assert answer.result().status_code == 200
    assert project.state(ref) == "ended"
    project.engine.dispose()


def test_a_half_request_that_hangs_up_ends_nothing(project: WebProject, client: httpx.Client, someone: bytes) -> None:
    address = client.base_url.host, client.base_url.port
    with socket.create_connection(address) as connection:
        head = f"POST /u/{project.token(someone)} HTTP/1.1\r\nHost: a\r\nContent-Length: 26\r\n\r\nList-"
        connection.sendall(head.encode())
    client.get("/healthz")
    assert project.state(someone) == "active"
