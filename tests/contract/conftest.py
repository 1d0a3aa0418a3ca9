"""The contract suite: the same tests on SQLite and on PostgreSQL, on schemas made by the migrations."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.support.databases import opened, sqlite_store


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system("postgresql"))])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty store of this program's schema."""
    if request.param == "sqlite":
        with sqlite_store(tmp_path) as store:
            yield store
    else:
        with request.getfixturevalue("postgres").shared_store() as store:
            yield store


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system("postgresql"))])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without a schema."""
    if request.param == "sqlite":
        with opened(f"sqlite:///{tmp_path / 'empty.sqlite3'}") as store:
            yield store
    else:
        with request.getfixturevalue("postgres").new_database() as store:
            yield store
