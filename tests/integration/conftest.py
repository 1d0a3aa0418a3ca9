"""What the tests of pages share: one Chromium, and the site of a module's own `project`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # tests without a browser do not load it
    from playwright.sync_api import Browser

    from tests.support.web import WebProject


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    from tests.support.browser import chromium

    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def site(project: "WebProject") -> Iterator[str]:
    """The public pages of `project`, served."""
    from newsletter.web.app import create_app
    from tests.support.web import running

    with running(create_app(project.parts())) as url:
        yield url
