"""The privacy statement on the web, and the documents to print, in a real Chromium: for everyone, on every width."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import jinja2
import pytest
from playwright.sync_api import Browser

from newsletter.privacy.record import record
from newsletter.privacy.render import to_html
from newsletter.privacy.report import Evidence, report
from newsletter.shipped import templates_dir
from newsletter.store.migrate import metadata
from newsletter.web.privacy import VOCABULARY, statement_of
from subscribers.deadlines import retention_status
from subscribers.receipts import Receipt
from tests.support.browser import a_page, axe, overflow
from tests.support.web import WebProject, make_project

AT = datetime(2027, 6, 14, 22, tzinfo=UTC)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProject]:
    made = make_project(tmp_path_factory.mktemp("site"))
    yield made
    made.engine.dispose()


def documents(project: WebProject, folder: Path) -> list[Path]:
    """Every document that a command can write, as files."""
    loader = jinja2.FileSystemLoader(templates_dir() / "pages")
    made = []
    for language in ("nl", "en"):
        found = {
            "statement": statement_of(project.configuration, "nieuwsbrief", language),
            "record": record(project.configuration, metadata, VOCABULARY, language),
            "report": report(evidence(project), language),
        }
        for name, document in found.items():
            path = folder / f"{name}-{language}.html"
            path.write_text(to_html(document, loader))
            made.append(path)
    return made


def evidence(project: WebProject) -> Evidence:
    receipts = [
        Receipt(
            id=number,
            at=AT + timedelta(days=number),
            counts={"consent": 8, "delivery": 1200, "subscriber": 3, "subscription": 4},
            policy=dict.fromkeys(("nieuwsbrief/unsubscribed", "exports"), "21 days"),
            digest=f"hmac1.1.{number:064x}",
            rules={"unsubscribed": {"erased": 3, "oldest": (AT + timedelta(days=number, minutes=-30)).isoformat()}},
        )
        for number in range(1, 40)
    ]
    return Evidence(
        start=AT,
        end=AT + timedelta(days=40),
        made_at=AT,
        receipts=receipts,
        status=retention_status(project.engine, policies=project.configuration.policies, now=AT),
        changed=None,
        missing=0,
        controllers=("Organisatie Voorbeeld",),
        zone=UTC,
    )


@pytest.mark.parametrize(
    ("path", "language", "title"),
    [
        ("/privacy/nieuwsbrief", "nl", "Privacyverklaring Nieuwsbrief Voorbeeld"),
        ("/privacy/nieuwsbrief?language=en", "en", "Privacy statement Nieuwsbrief Voorbeeld"),
        ("/privacy/nieuwsbrief?language=xx", "nl", "Privacyverklaring Nieuwsbrief Voorbeeld"),
        ("/privacy/bulletin", "en", "Privacy statement Sample Bulletin"),
        ("/privacy/intern", "nl", "Privacyverklaring Interne Berichten"),
    ],
)
def test_each_list_has_its_statement_in_its_language_rule_b7(site: str, path: str, language: str, title: str) -> None:
    answer = httpx.get(site + path)
    assert answer.status_code == 200
    assert f'<html lang="{language}"' in answer.text
    assert f"<h1>{title}</h1>" in answer.text
    assert "set-cookie" not in answer.headers


def test_a_list_that_is_not_there_has_no_statement(site: str) -> None:
    for path in ("/privacy/elders", "/privacy/", "/privacy/nieuwsbrief/meer"):
        assert httpx.get(site + path).status_code == 404
    assert httpx.post(f"{site}/privacy/nieuwsbrief").status_code == 405


def test_the_page_says_the_same_to_everybody(site: str) -> None:
    pages = {httpx.get(f"{site}/privacy/nieuwsbrief", headers={"Cookie": f"a={number}"}).content for number in range(3)}
    assert len(pages) == 1


@pytest.mark.system("chromium", "node")
@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1200, "dark")])
def test_axe_finds_nothing_on_the_statement_and_it_reflows(site: str, browser: Browser, width: int, scheme) -> None:
    with a_page(browser, width=width, scheme=scheme) as page:
        for path in ("/privacy/nieuwsbrief", "/privacy/bulletin"):
            page.goto(site + path)
            assert (axe(page), overflow(page)) == ([], 0)


@pytest.mark.system("chromium", "node")
def test_axe_finds_nothing_in_the_documents_and_they_print_on_a4(
    project: WebProject, browser: Browser, tmp_path: Path
) -> None:
    with a_page(browser, width=1000) as page:
        for path in documents(project, tmp_path):
            page.goto(path.as_uri())
            assert (path.name, axe(page), overflow(page)) == (path.name, [], 0)
            printed = page.pdf(prefer_css_page_size=True)
            assert b"/MediaBox [0 0 594" in printed or b"/MediaBox [0 0 595" in printed, "A4 is 595 by 842 points"


BROKEN_WORDS = """() => [...document.querySelectorAll("th, td:not(.long)")].flatMap((cell) => {
  const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), broken = [];
  while (walker.nextNode()) {
    for (const found of walker.currentNode.data.matchAll(/[^\\s/-]+/g)) {
      const range = document.createRange();
      range.setStart(walker.currentNode, found.index);
      range.setEnd(walker.currentNode, found.index + found[0].length);
      if (range.getClientRects().length > 1) broken.push(found[0]);
    }
  }
  return broken;
})"""
"""Words of tables that stand on two lines."""


@pytest.mark.system("chromium")
def test_no_column_of_the_report_runs_off_the_paper(project: WebProject, browser: Browser, tmp_path: Path) -> None:
    """At the width of the text on A4 (178 mm, 673 px) nothing is wider than the page."""
    (path,) = (path for path in documents(project, tmp_path) if path.name == "report-nl.html")
    with a_page(browser, width=673) as page:
        page.emulate_media(media="print")
        page.goto(path.as_uri())
        assert overflow(page) == 0
        assert page.evaluate(BROKEN_WORDS) == [], "a name is read whole"
