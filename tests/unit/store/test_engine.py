"""Which database URLs are opened, and how every other one is refused."""

from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from newsletter.store.engine import connect, explain
from subscribers.errors import ConfigurationError, ServiceError


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "mysql://host/name",
        "postgresql://h:notaport/x",
        "postgresql://[::1/x",
        "postgresql://h/x?plugin=foo",
        "postgresql+nodriver://h/x",
        "sqlite+aiosqlite:///x",
        "sqlite+pysqlcipher://:secret@/x",
        "sqlite:///x?timeout=abc",
        "sqlite:///x?mode=ro",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///file:x",
        "sqlite://host/x",
        "sqlite:///a\x00b",
    ],
)
def test_an_unusable_url_is_a_configuration_error_and_makes_no_file(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        connect(url)
    assert "[database] url" in caught.value.what
    assert caught.value.remedy
    assert "secret" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+pysqlite"])
def test_an_sqlite_file_is_made_for_its_owner_only(scheme: str, tmp_path: Path) -> None:
    connect(f"{scheme}:///{tmp_path / 'own' / 'n.sqlite3'}").dispose()
    assert (tmp_path / "own" / "n.sqlite3").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("url", ["postgresql://u@h/x", "postgresql+psycopg://u@h:5433/x?sslmode=require"])
def test_postgresql_is_reached_by_psycopg(url: str) -> None:
    assert connect(url).url.drivername == "postgresql+psycopg"


def test_a_damaged_file_names_the_backup(tmp_path: Path) -> None:
    (tmp_path / "n.sqlite3").write_bytes(b"no database" * 1000)
    engine = connect(f"sqlite:///{tmp_path / 'n.sqlite3'}")
    with pytest.raises(Exception, match="not a database") as caught:
        engine.connect()
    assert "backup" in explain(caught.value).remedy  # type: ignore[arg-type] # a DBAPIError, as its text says


def test_no_remedy_sends_to_a_page_that_is_not_installed() -> None:
    found = explain(OperationalError("SELECT 1", None, Exception("something odd")))
    assert isinstance(found, ServiceError)
    assert "docs/" not in str(found)
