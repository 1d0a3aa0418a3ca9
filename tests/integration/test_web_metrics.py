"""`/metrics` and the JSON log of `newsletter serve`: for whom the configuration names, and about nobody (I7)."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from newsletter.web.app import create_app
from newsletter.web.metrics import MetricsPage
from subscribers.errors import ConfigurationError
from tests.support.prometheus import parse
from tests.support.serving import serving
from tests.support.web import make_project, running_site

ON = "\n[metrics]\nenabled = true\n"


def value(text: str, name: str, **labels: str) -> float | None:
    return parse(text).get((f"newsletter_{name}", tuple(labels.items())))


def test_it_is_off_unless_asked_for(tmp_path: Path) -> None:
    with running_site(make_project(tmp_path)) as client:
        assert client.get("/metrics").status_code == 404


def test_it_counts_people_and_names_nobody(tmp_path: Path) -> None:
    project = make_project(tmp_path, extra=ON)
    for number in range(3):
        project.subscribe(f"jan-{number}@example.org")
    with running_site(project) as client:
        client.get("/archive/nieuwsbrief")
        client.get("/u/geen-geldig-teken")
        found = client.get("/metrics")
    assert found.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert value(found.text, "subscriptions", list="nieuwsbrief", state="active") == 3
    assert value(found.text, "requests_total", route="unsubscribe", method="GET", status="404") == 1
    assert value(found.text, "erasures_overdue") == 0
    assert abs(value(found.text, "started_seconds") - datetime.now(UTC).timestamp()) < 60
    assert "@" not in found.text
    assert "geen-geldig-teken" not in found.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"X-Forwarded-For": "198.51.100.7"}, 404),  # a visitor whom our proxy brings
        ({"X-Forwarded-For": "127.0.0.1, 198.51.100.7"}, 404),  # who says to be at home
        ({"X-Forwarded-For": "127.0.0.1"}, 200),
        ({"X-Forwarded-For": "nobody"}, 404),
    ],
)
def test_visitors_from_elsewhere_see_no_sign_of_it(tmp_path: Path, headers: dict[str, str], status: int) -> None:
    with running_site(make_project(tmp_path, extra=ON)) as client:
        assert client.get("/metrics", headers=headers).status_code == status


def test_a_token_is_asked_for_where_one_is_configured(tmp_path: Path) -> None:
    (tmp_path / "metrics-token").write_text("geheim\n")
    (tmp_path / "metrics-token").chmod(0o600)
    project = make_project(tmp_path, extra=ON + 'token_file = "metrics-token"\n')
    with running_site(project) as client:
        for shown, status in (("", 404), ("Bearer fout", 404), ("geheim", 404), ("Bearer geheim", 200)):
            assert client.get("/metrics", headers={"Authorization": shown}).status_code == status


def test_a_token_that_others_may_read_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "metrics-token").write_text("geheim\n")
    (tmp_path / "metrics-token").chmod(0o644)
    project = make_project(tmp_path, extra=ON + 'token_file = "metrics-token"\n')
    with pytest.raises(ConfigurationError, match="others than its owner"):
        create_app(project.parts())


def test_whoever_asks_often_gets_what_was_counted_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    ordinary = MetricsPage._counted

    def counting(self: MetricsPage) -> str:
        counted.append(1)
        return ordinary(self)

    monkeypatch.setattr(MetricsPage, "_counted", counting)
    with running_site(make_project(tmp_path, extra=ON)) as client:
        assert len({client.get("/metrics").text for _ in range(20)}) == 1
    assert len(counted) == 1


def until_it_ran(url: str) -> str:
    """The numbers after the first retention run; they are counted anew every few seconds."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        found = httpx.get(f"{url}/metrics").text
        if value(found, "work_runs_total", work="retention"):
            return found
        time.sleep(0.5)
    raise AssertionError(found)


def test_the_json_log_has_one_object_a_line_and_no_token_or_address(tmp_path: Path) -> None:
    project = make_project(tmp_path, extra=ON)
    token = project.token(project.subscribe("jan@example.org"))
    with serving(project, "--log-json") as (process, url):
        httpx.post(f"{url}/u/{token}")
        found = until_it_ran(url)
        process.terminate()
        _, errors = process.communicate(timeout=20)
    lines = [json.loads(line) for line in errors.splitlines()]
    request = next(line for line in lines if line.get("route") == "unsubscribe")
    assert {key: request[key] for key in ("level", "event", "method", "status")} == {
        "level": "info", "event": "request", "method": "POST", "status": 200,
    }  # fmt: skip
    assert datetime.fromisoformat(request["time"]).tzinfo
    assert lines[-1]["text"] == "stopped; everything is written"
    assert token not in errors
    assert "jan@" not in errors
    assert value(found, "work_runs_total", work="retention") == 1
    assert value(found, "work_failures_total", work="retention") == 0
    project.engine.dispose()
