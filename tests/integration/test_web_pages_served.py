"""Archive, images, general pages, headers, limits and logs, over real HTTP (I6, I7, I9)."""

import logging
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from newsletter.delivery.job import JobState
from newsletter.web import server as web_server
from newsletter.web import unsubscribe
from tests.support.web import PIXEL, WebProject, make_project, running_site, sample_issue

NAME = "ab" * 32 + ".gif"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProject]:
    made = make_project(tmp_path_factory.mktemp("site"))
    for issue in (sample_issue(), sample_issue("bulletin", "summer"), sample_issue("intern", "geheim")):
        made.publish(issue)
    made.publish(sample_issue(slug="later"), JobState.PLANNED)
    media = made.configuration.data_dir / "media"
    media.mkdir()
    (media / NAME).write_bytes(PIXEL)
    (media / "secret.txt").write_text("geheim")
    yield made
    made.engine.dispose()


@pytest.fixture(scope="module")
def client(project: WebProject) -> Iterator[httpx.Client]:
    with running_site(project) as running_client:
        yield running_client


def test_the_web_version_has_defaults_addresses_for_images_and_no_token(client: httpx.Client) -> None:
    page = client.get("/archive/nieuwsbrief/zomer")
    assert page.status_code == 200
    assert "Beste lezer" in page.text
    assert f'src="http://127.0.0.1:8080/media/{NAME}"' in page.text
    assert "cid:" not in page.text
    assert 'href="http://127.0.0.1:8080/u/?language=nl"' in page.text
    assert not re.search(r"/u/[A-Za-z0-9_-]{48}", page.text)


def test_an_unlisted_issue_asks_not_to_be_indexed_and_a_public_one_does_not(client: httpx.Client) -> None:
    assert client.get("/archive/bulletin/summer").headers["x-robots-tag"] == "noindex"
    assert "x-robots-tag" not in client.get("/archive/nieuwsbrief/zomer").headers


@pytest.mark.parametrize(
    "path", ["intern/geheim", "nieuwsbrief/later", "nieuwsbrief/weg", "weg/zomer", "nieuwsbrief/zomer/", "nieuwsbrief/"]
)
def test_what_is_not_published_gets_the_page_of_what_does_not_exist(client: httpx.Client, path: str) -> None:
    page, missing = client.get(f"/archive/{path}"), client.get("/nergens")
    assert (page.status_code, page.content) == (404, missing.content)


def test_an_image_is_served_for_ever_under_its_digest(client: httpx.Client) -> None:
    image = client.get(f"/media/{NAME}")
    assert (image.status_code, image.content, image.headers["content-type"]) == (200, PIXEL, "image/gif")
    assert image.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert image.headers["x-content-type-options"] == "nosniff"
    assert image.headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize(
    "name",
    [
        "secret.txt",
        "..%2fsecret.key",
        "%2e%2e%2fsecret.key",
        NAME.upper(),
        NAME + "%00",
        NAME + "%0a",
        "cd" * 32 + ".gif",
        NAME.replace(".gif", ".svg"),
        "",
    ],
)
def test_nothing_else_of_the_media_folder_is_served(client: httpx.Client, name: str) -> None:
    assert client.get(f"/media/{name}").status_code == 404


def test_general_pages_come_in_both_languages(client: httpx.Client) -> None:
    assert 'lang="nl"' in client.get("/").text
    assert client.get("/u/?language=en").text.startswith('<!doctype html>\n<html lang="en"')
    assert client.get("/u/?language=%3Cscript%3E").content == client.get("/u/").content
    assert "afmelden@example.org" in client.get("/u").text


PATHS = ["/", "/u/", "/u/x", "/archive/nieuwsbrief/zomer", f"/media/{NAME}", "/nergens", "/healthz", "/favicon.ico"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "DELETE"])
def test_every_answer_carries_the_protective_headers_and_no_cookie(
    client: httpx.Client, method: str, path: str
) -> None:
    headers = client.request(method, path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "script-src" not in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert "permissions-policy" in headers
    assert not {"set-cookie", "server", "x-powered-by"} & set(headers)


def test_a_browser_that_looks_for_an_icon_is_told_once_that_there_is_none(client: httpx.Client) -> None:
    answer = client.get("/favicon.ico")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["cache-control"] == "public, max-age=604800"


def test_what_follows_a_token_is_never_stored(project: WebProject, client: httpx.Client) -> None:
    token = project.token(project.subscribe("jan@example.org"))
    assert client.get(f"/u/{token}").headers["cache-control"] == "no-store"
    assert client.post(f"/u/{token}").headers["cache-control"] == "no-store"


def test_i7_a_log_line_names_the_route_and_neither_token_nor_address_nor_browser(
    project: WebProject, client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = project.token(project.subscribe("piet@example.org"))
    client.get(f"/u/{token}", headers={"User-Agent": "Zoekmij/1.0"})
    client.post(f"/u/{token}")
    client.get("/u/forged-and-secret")
    client.request("GEHEIM", "/")
    time.sleep(0.05)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("http", "asyncio"))]
    text = "\n".join(ours)
    assert re.search(r"^GET unsubscribe 200 \d+ ms$", text, re.MULTILINE)
    assert re.search(r"^POST unsubscribe 200 \d+ ms$", text, re.MULTILINE)
    assert re.search(r"^GET unsubscribe 404 \d+ ms$", text, re.MULTILINE)
    for secret in (token, "forged", "Zoekmij", "127.0.0.1", "piet", "GEHEIM"):
        assert secret not in text


def test_a_body_over_the_limit_is_refused_and_ends_nothing(project: WebProject, client: httpx.Client) -> None:
    ref = project.subscribe("groot@example.org")
    assert client.post(f"/u/{project.token(ref)}", content=b"x" * 8193).status_code == 413
    assert client.post(f"/u/{project.token(ref)}", content=iter([b"x" * 1000] * 9)).status_code == 413
    assert project.state(ref) == "active"
    assert client.post(f"/u/{project.token(ref)}", content=b"x" * 8192).status_code == 200


def _ask(client: httpx.Client, data: bytes, seconds: float) -> bytes:
    """What the server answers to `data` before it closes the connection; fails if it does not."""
    with socket.create_connection((client.base_url.host, client.base_url.port), timeout=seconds) as connection:
        connection.sendall(data)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received


def test_a_body_that_does_not_come_times_out_and_ends_nothing(
    project: WebProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unsubscribe, "BODY_SECONDS", 0.3)
    ref = project.subscribe("traag@example.org")
    with running_site(project) as client:
        head = f"POST /u/{project.token(ref)} HTTP/1.1\r\nHost: a\r\nContent-Length: 26\r\n\r\nList-"
        assert _ask(client, head.encode(), 8).startswith(b"HTTP/1.1 408 ")
    assert project.state(ref) == "active"


@pytest.mark.parametrize("start", [b"", b"GET / HTTP/1.1\r\nHost:"])
def test_headers_that_do_not_come_close_the_connection(
    project: WebProject, monkeypatch: pytest.MonkeyPatch, start: bytes
) -> None:
    monkeypatch.setattr(web_server, "HEADER_SECONDS", 0.3)
    with running_site(project) as client:
        assert _ask(client, start, 4) == b""


def test_headers_of_a_second_request_that_do_not_come_close_the_connection(
    project: WebProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_server, "HEADER_SECONDS", 0.5)
    with (
        running_site(project) as client,
        socket.create_connection((client.base_url.host, client.base_url.port), timeout=4) as connection,
    ):
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = b""
        while not answer.endswith(b"ok\n"):
            answer += connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"GET / HT")
        assert connection.recv(65536) == b""


def test_headers_without_end_are_refused(client: httpx.Client) -> None:
    received = _ask(client, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 40_000, 8)
    assert received.startswith(b"HTTP/1.1 400 ")


def test_a_failure_inside_is_a_page_and_a_log_line_without_values(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    project = make_project(tmp_path)
    project.publish(sample_issue())
    with project.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE compiled_issue SET content = X'7B7D'")
    with running_site(project) as client:
        page = client.get("/archive/nieuwsbrief/zomer")
    assert page.status_code == 500
    assert "Er ging iets mis" in page.text
    assert "archive failed: ValueError at " in caplog.text
    assert "Traceback" not in caplog.text
    project.engine.dispose()
