"""`newsletter serve` as a process: durable before it answers, clean when told to stop, clear when it cannot start."""

import contextlib
import re
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from newsletter.cli.serve import default_port
from newsletter.web.server import bind
from subscribers.clock import utc_now
from subscribers.errors import ServiceError
from subscribers.ledger_entry import Kind
from subscribers.tables import subscription
from subscribers.transactions import writing
from tests.support.serving import serving
from tests.support.web import WebProject, make_project

ONE_CLICK = "List-Unsubscribe=One-Click"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[WebProject]:
    made = make_project(tmp_path)
    yield made
    made.engine.dispose()


def test_i11_an_answered_post_survives_kill_9(project: WebProject) -> None:
    refs = [project.subscribe(f"nummer-{number}@example.org") for number in range(40)]
    answered: list[bytes] = []
    with serving(project) as (process, url), ThreadPoolExecutor(8) as pool:

        def leave(ref: bytes) -> None:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.post(f"{url}/u/{project.token(ref)}", content=ONE_CLICK, timeout=20).status_code == 200:
                    answered.append(ref)
                    if len(answered) == 15:
                        process.send_signal(signal.SIGKILL)

        list(pool.map(leave, refs))
        assert process.wait(20) == -signal.SIGKILL
    project.engine.dispose()
    again = make_project(project.configuration.folder)
    assert len(answered) >= 15
    assert {again.state(ref) for ref in answered} == {"ended"}
    assert set(answered) <= {entry.ref for entry in again.ledger.read() if entry.kind is Kind.ENDED}
    again.engine.dispose()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_stops_it_cleanly(project: WebProject, number: signal.Signals, status: int) -> None:
    with serving(project) as (process, url):
        assert httpx.get(f"{url}/healthz").text == "ok\n"
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == status
    assert "everything is written" in errors
    assert "Traceback" not in errors


def test_i4_what_is_due_is_erased_when_it_starts(project: WebProject) -> None:
    ref = project.subscribe("weg@example.org")
    long_ago = utc_now() - timedelta(days=40)
    with writing(project.engine) as connection:
        values = {"state": "ended", "ended_reason": "unsubscribed", "ended_at": long_ago, "erase_at": long_ago}
        connection.execute(subscription.update().where(subscription.c.ref == ref).values(**values, period="21 days"))
    with serving(project) as (process, _url):
        for _ in range(100):
            if project.state(ref) is None:
                break
            time.sleep(0.1)
        process.terminate()
        _, errors = process.communicate(timeout=20)
    assert project.state(ref) is None
    assert "erased with a receipt: unsubscribed 1" in errors
    assert "weg@" not in errors


def test_i7_the_log_of_the_process_holds_no_token_and_no_address(project: WebProject) -> None:
    token = project.token(project.subscribe("jan@example.org"))
    with serving(project) as (process, url):
        httpx.get(f"{url}/u/{token}")
        httpx.post(f"{url}/u/{token}")
        with socket.create_connection(("127.0.0.1", httpx.URL(url).port)) as connection:
            connection.sendall(f"NONSENSE {token}\r\n\r\n".encode())
            connection.recv(1000)
        process.terminate()
        output, errors = process.communicate(timeout=20)
    assert re.search(r"POST unsubscribe 200 \d+ ms", errors)
    assert token not in output + errors
    assert "GET /" not in output + errors
    assert "jan@" not in output + errors


def test_quiet_logs_no_requests(project: WebProject) -> None:
    with serving(project, "--quiet") as (process, url):
        httpx.get(f"{url}/")
        process.terminate()
        _, errors = process.communicate(timeout=20)
    assert "GET home" not in errors


def test_a_port_in_use_is_an_error_with_a_remedy() -> None:
    with bind("127.0.0.1", 0) as taken, pytest.raises(ServiceError) as caught:
        bind("127.0.0.1", taken.getsockname()[1])
    assert caught.value.exit_status == 3
    assert "--port" in caught.value.remedy
    with pytest.raises(ServiceError):
        bind("no-such-host.invalid", 0)


@pytest.mark.parametrize("host", ["é" * 80, "a" * 64 + ".example", "a\x00b", "a..b"])
def test_a_host_that_is_no_name_is_an_error_with_a_remedy(host: str) -> None:
    with pytest.raises(ServiceError) as caught:
        bind(host, 0)
    assert "--host" in caught.value.remedy


@pytest.mark.parametrize(
    ("base_url", "port"),
    [("http://127.0.0.1:9000", 9000), ("https://nieuws.example.org", 8080), ("http://localhost/n", 8080)],
)
def test_the_port_is_that_of_base_url_or_8080(base_url: str, port: int) -> None:
    assert default_port(base_url) == port
