"""The archive's indexes in a real Chromium: for everyone, in both languages, light and dark, narrow and wide."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import a_page, axe_in_both, overflow, picture
from tests.support.web import WebProject, make_project, sample_issue

pytestmark = [pytest.mark.system("chromium", "node")]

EXTRA = """
[lists.news]
title = "Sample News for Municipalities"
language = "en"
from = "Sample Programme <news@example.org>"
unsubscribe_mailbox = "leave@example.org"
basis = "consent"
controller = "Organisatie Voorbeeld, Postbus 1, 1000 AA Voorbeeldstad"
privacy_url = "https://example.org/privacy-en"
subscribe_url = "https://example.org/sign-up"
archive = "public"

[lists.leeg]
title = "Nieuwe Berichten"
from = "Redactie <leeg@example.org>"
unsubscribe_mailbox = "leeg-af@example.org"
basis = "consent"
controller = "Organisatie Voorbeeld, Postbus 1, 1000 AA Voorbeeldstad"
privacy_url = "https://example.org/privacy"
archive = "public"
"""
ISSUES = [
    (
        "nieuwsbrief",
        "zomer",
        date(2027, 6, 14),
        "Zomereditie met de nieuwe subsidieronde",
        "Aanvragen kan vanaf maandag",
    ),
    ("nieuwsbrief", "lente", date(2027, 3, 22), "Vrijwilligers in het buurthuis: vier lessen uit de praktijk", ""),
    (
        "nieuwsbrief",
        "winter",
        date(2026, 12, 7),
        "Terugblik op het jaar",
        "Wat er lukte, en wat wij volgend jaar anders doen",
    ),
    ("news", "summer", date(2027, 6, 14), "Summer issue: the new round of grants", "Applications open on Monday"),
    ("news", "spring", date(2027, 3, 22), "Four lessons from the community centre", "And who you can call"),
]
PATHS = ["/archive", "/archive?language=en", "/archive/nieuwsbrief", "/archive/news", "/archive/leeg", "/"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProject]:
    made = make_project(tmp_path_factory.mktemp("archive"), extra=EXTRA)
    for list_slug, slug, day, subject, preheader in ISSUES:
        texts = {"subject": (subject,), "preheader": (preheader,) if preheader else ()}
        language = "en" if list_slug == "news" else "nl"
        made.publish(replace(sample_issue(list_slug, slug), date=day, language=language, **texts))
    yield made
    made.engine.dispose()


@pytest.mark.parametrize("width", [320, 1200])
def test_axe_finds_nothing_on_the_indexes_and_they_reflow(site: str, browser: Browser, width: int) -> None:
    with a_page(browser, width=width) as page:
        for number, path in enumerate(PATHS):
            page.goto(site + path)
            assert (path, axe_in_both(page), overflow(page)) == (path, [], 0)
            if folder := os.environ.get("NEWSLETTER_PICTURES"):
                picture(page, Path(folder) / f"archive-{number}-{width}.png")


def test_from_the_home_page_to_an_issue_by_links_alone_without_scripts(site: str, browser: Browser) -> None:
    with a_page(browser, scripts=False) as page:
        page.goto(site)
        page.get_by_role("link", name="Archief van onze nieuwsbrieven").click()
        page.get_by_role("link", name="Alle edities van Nieuwsbrief Voorbeeld").click()
        page.get_by_role("link", name="Zomereditie met de nieuwe subsidieronde").click()
        expect(page).to_have_title("Zomereditie")


def test_links_in_the_index_are_large_enough_to_press(site: str, browser: Browser) -> None:
    with a_page(browser, width=320) as page:
        page.goto(f"{site}/archive/nieuwsbrief")
        boxes = [link.bounding_box() for link in page.locator("main a").all()]
        assert min(box["height"] for box in boxes if box) >= 24
