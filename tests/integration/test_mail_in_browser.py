"""The mails in a real browser: readable for everyone, at every width, in light and in dark (A36-A42, A32)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from newsletter.compose.compile import Compilation
from tests.support.browser import WCAG, a_page, axe, chromium, overflow
from tests.support.mails import an_issue, compile_, every_block, page_of, starter

pytestmark = [pytest.mark.system("chromium", "node")]

LONG = "Landbouwvoertuigenregistratiesysteem"
MAILS = {
    "nieuwsbrief": lambda: starter("nieuwsbrief"),
    "uitnodiging": lambda: starter("uitnodiging"),
    "every-block": lambda: compile_(an_issue(*every_block("Een korte zin met woorden"))),
    "long-words": lambda: compile_(an_issue(*every_block(LONG * 2), title=LONG * 2)),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module", params=MAILS)
def page(request, tmp_path_factory) -> Path:
    made: Compilation = MAILS[request.param]()
    return page_of(made, tmp_path_factory.mktemp(request.param))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 600, 1200])
def test_a_mail_has_no_violation_and_needs_no_sideways_scrolling(browser, page, width, scheme):
    with a_page(browser, width=width, scheme=scheme, only=("file:",)) as tab:
        tab.goto(page.as_uri())
        assert axe(tab, tags=WCAG) == []
        assert overflow(tab) == 0


def test_a_mail_reads_without_its_images(browser, page):
    with a_page(browser, width=600, images=False) as tab:
        tab.goto(page.as_uri())
        assert axe(tab, tags=WCAG) == []
        assert overflow(tab) == 0


def test_no_text_is_smaller_than_14_px(browser, page):
    with a_page(browser, width=600) as tab:
        tab.goto(page.as_uri())
        sizes = tab.evaluate(
            """() => [...document.body.querySelectorAll('*')]
                .filter(e => e.checkVisibility() && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
                .map(e => parseFloat(getComputedStyle(e).fontSize))"""
        )
        assert min(sizes) >= 14
