"""What every test may ask for. A missing part of the system skips a test, and fails it in strict mode."""

import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.support.exim import is_unpacked
from tests.support.node import installed

if TYPE_CHECKING:  # most tests need no database server
    from tests.support.databases import PostgresServer

STRICT = os.environ.get("NEWSLETTER_TEST_STRICT") == "1"


def _postgresql_bin() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


def _perl_has_mime() -> bool:
    perl = shutil.which("perl")
    return bool(perl) and os.system("perl -MMIME::Parser -e 1 2>/dev/null") == 0  # noqa: S605 - fixed text


def _has_libical() -> bool:
    return bool(shutil.which("cc")) and Path("/usr/include/libical/ical.h").exists()


PARTS: dict[str, Callable[[], bool]] = {
    "chromium": lambda: bool(shutil.which("chromium")),
    "postfix": lambda: Path("/usr/sbin/postfix").exists() and os.geteuid() == 0,
    "dovecot": lambda: Path("/usr/sbin/dovecot").exists() and os.geteuid() == 0,
    "exim": lambda: is_unpacked() and os.geteuid() == 0,
    "postgresql": lambda: _postgresql_bin() is not None,
    "node": lambda: bool(shutil.which("node")) and bool(shutil.which("npm")),
    "perl": _perl_has_mime,
    "java": lambda: bool(shutil.which("java")),
    "spamassassin": lambda: bool(shutil.which("spamassassin")),
    "libical": _has_libical,
    "root": lambda: os.geteuid() == 0,
    "opendkim": lambda: bool(shutil.which("opendkim-testmsg")),
    "faketime": lambda: bool(shutil.which("faketime")),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run the long harnesses whole")


def pytest_configure(config: pytest.Config) -> None:
    """Property tests draw the same examples every time; --full draws new ones."""
    settings.register_profile("fixed", derandomize=True)
    settings.load_profile("default" if config.getoption("--full") else "fixed")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--full"):
        return
    long = [item for item in items if item.get_closest_marker("full")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


@cache
def _is_missing(name: str) -> bool:
    return not PARTS[name]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("system"):
        for name in marker.args:
            if _is_missing(name):
                if STRICT:
                    pytest.fail(f"{name} is missing, and strict mode allows no skip", pytrace=False)
                pytest.skip(f"needs {name}")


@pytest.fixture(scope="session")
def is_full(pytestconfig: pytest.Config) -> bool:
    """Whether the long harnesses run whole or as a fixed sample."""
    return bool(pytestconfig.getoption("--full"))


@pytest.fixture(scope="session")
def postgres() -> "Iterator[PostgresServer]":
    """A PostgreSQL server, one for each process of tests that needs it."""
    from tests.support.databases import postgres_server

    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def node_tools() -> Path:
    """The folder of tests/node with its packages installed."""
    return installed()
