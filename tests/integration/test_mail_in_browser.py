"""The mails in a real browser: readable for everyone, at every width, in light and in dark (A36-A42, A32)."""

from pathlib import Path

import pytest

from newsletter.compose.compile import Compilation
from tests.support.browser import WCAG, a_page, axe, overflow
from tests.support.mails import a_list, an_issue, compile_, every_block, loader, page_of, png, starter

pytestmark = [pytest.mark.system("chromium", "node")]

LONG = "Landbouwvoertuigenregistratiesysteem"
MAILS = {
    "nieuwsbrief": lambda: starter("nieuwsbrief"),
    "uitnodiging": lambda: starter("uitnodiging"),
    "every-block": lambda: compile_(an_issue(*every_block("Een korte zin met woorden"))),
    "long-words": lambda: compile_(an_issue(*every_block(LONG * 2), title=LONG * 2)),
}


BLOCKS = every_block("Een korte zin met woorden")


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


@pytest.mark.parametrize("index", range(len(BLOCKS)), ids=[type(block).__name__ for block in BLOCKS])
def test_a_block_alone_has_no_violation(browser, index, tmp_path):
    made = page_of(compile_(an_issue(BLOCKS[index])), tmp_path)
    with a_page(browser, width=600, only=("file:",)) as tab:
        tab.goto(made.as_uri())
        for scheme in ("light", "dark"):
            tab.emulate_media(color_scheme=scheme)
            assert axe(tab, tags=WCAG) == [], scheme


def test_a_mail_with_the_logo_of_its_list_has_no_violation(browser, tmp_path):
    own = a_list(logo=Path("logo.png"), website="https://example.org", subscribe_url="https://example.org/nieuwsbrief")
    images = loader({"/logo": png(320, 120), "foto.png": png()})
    made = page_of(compile_(an_issue(*BLOCKS[:3]), mailing_list=own, load_image=images), tmp_path)
    for scheme in ("light", "dark"):
        with a_page(browser, width=320, scheme=scheme, only=("file:",)) as tab:
            tab.goto(made.as_uri())
            assert axe(tab, tags=WCAG) == [], scheme
            assert overflow(tab) == 0


def test_the_table_of_contents_leads_to_its_headings(browser, tmp_path):
    made = page_of(starter("nieuwsbrief"), tmp_path)
    with a_page(browser, width=600, only=("file:",)) as tab:
        tab.goto(made.as_uri())
        targets = tab.evaluate(
            """() => [...document.querySelectorAll('.contents a')].map(a => document.querySelector(a.hash)?.tagName)"""
        )
        assert len(targets) >= 3
        assert set(targets) == {"H2"}


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
