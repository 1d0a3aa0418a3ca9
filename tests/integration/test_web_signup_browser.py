"""Joining in a real Chromium: with and without scripts, by keyboard, from another site (A42, A43, A12)."""

import http.server
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from newsletter.cli.signup import snippet
from newsletter.delivery.catcher import Catcher
from subscribers.store import find
from subscribers.transactions import reading
from tests.support.browser import a_page, axe, axe_in_both, overflow
from tests.support.signup import link_in, mails, open_project, send_all
from tests.support.web import WebProject

pytestmark = [pytest.mark.system("chromium", "node")]


@pytest.fixture(scope="module")
def mail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Maildir that mails end up in."""
    return tmp_path_factory.mktemp("mail")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, mail: Path) -> Iterator[WebProject]:
    with Catcher(mail) as catcher:
        made = open_project(tmp_path_factory.mktemp("site"), catcher.port)
        yield made
        made.engine.dispose()


def state(project: WebProject, address: str, slug: str = "nieuwsbrief") -> str:
    with reading(project.engine) as connection:
        person = find(connection, address)
    found = person.on(slug) if person else None
    return found.state.value if found else "unknown"


def mailed_link(project: WebProject, mail: Path, address: str) -> str:
    """The link of the newest mail to `address`, once it has been sent."""
    for _ in range(500):
        if state(project, address) != "unknown" or state(project, address, "bulletin") != "unknown":
            break
        time.sleep(0.01)
    send_all(project)
    return link_in([item for item in mails(mail) if item["To"] == address][-1])


def filled_in(page: Page, site: str, address: str, path: str = "/aanmelden/nieuwsbrief") -> None:
    page.goto(site + path)
    page.get_by_label("Mailadres" if "nieuws" in path else "Mail address").fill(address)
    with page.expect_navigation():  # a click does not wait for the page that follows
        page.get_by_role("button").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_journey_from_the_form_to_the_list(
    project: WebProject, site: str, mail: Path, browser: Browser, *, scripts: bool
) -> None:
    address = f"reis-{scripts}@example.org".lower()
    with a_page(browser, scripts=scripts, only=(site,)) as page:
        page.goto(f"{site}/aanmelden/nieuwsbrief")
        page.get_by_label("Mailadres").fill(address)
        page.get_by_label("Naam").fill("Noor de Vries")
        page.get_by_label("Organisatie").fill("Gemeente Voorbeeld")
        page.get_by_role("button", name="Aanmelden").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Kijk in uw mailbox")
        page.goto(site + mailed_link(project, mail, address))
        assert state(project, address) == "pending"
        page.get_by_role("button", name="Ja, meld mij aan").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("U staat op de lijst")
        assert page.context.cookies() == []
    assert state(project, address) == "active"


def test_a_mistake_is_said_kept_and_mended_by_keyboard_alone(project: WebProject, site: str, browser: Browser) -> None:
    with a_page(browser) as page:
        page.goto(f"{site}/aanmelden/nieuwsbrief")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.get_by_label("Mailadres")).to_be_focused()
        page.keyboard.type("noor@")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("geen volledig mailadres")
        expect(page.get_by_label("Mailadres")).to_have_value("noor@")
        assert page.title().startswith("Fout: ")
        page.get_by_role("alert").get_by_role("link").press("Enter")
        expect(page.get_by_label("Mailadres")).to_be_focused()
        page.keyboard.press("End")
        page.keyboard.type("toetsen.example")
        page.keyboard.press("Tab")
        expect(page.get_by_label("Naam")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Kijk in uw mailbox")


@pytest.mark.parametrize("width", [320, 1200])
def test_axe_finds_nothing_on_any_page_of_joining(
    project: WebProject, site: str, mail: Path, browser: Browser, width: int
) -> None:
    address = f"axe-{width}@example.org"
    with a_page(browser, width=width) as page:
        found = []

        def look(name: str) -> None:
            found.extend([(name, axe_in_both(page), overflow(page))])

        for path in ("/aanmelden/nieuwsbrief", "/subscribe/bulletin"):
            page.goto(site + path)
            look(path)
        filled_in(page, site, "geen adres")
        look("wrong")
        filled_in(page, site, address)
        look("sent")
        link = site + mailed_link(project, mail, address)
        page.goto(link)
        look("ask")
        with page.expect_navigation():
            page.get_by_role("button").click()
        look("confirmed")
        page.goto(link)
        look("confirmed before")
        page.goto(site + "/bevestig/" + project.token(b"0" * 16))
        look("forged")
    assert [(name, wrong, wide) for name, wrong, wide in found if wrong or wide] == []
    assert len(found) == 8


def test_text_is_large_enough_and_the_form_survives_200_percent(site: str, browser: Browser) -> None:
    with a_page(browser, width=640) as page:
        page.goto(f"{site}/aanmelden/nieuwsbrief")
        sizes = page.eval_on_selector_all(
            "h1, p, a, button, label, input:not([type=hidden]), dt, dd",
            "nodes => nodes.map(node => parseFloat(getComputedStyle(node).fontSize))",
        )
        assert min(sizes) >= 16
        heights = page.eval_on_selector_all("input:not([type=hidden]), button", "n => n.map(node => node.offsetHeight)")
        assert min(height for height in heights if height) >= 24
        page.evaluate("() => document.documentElement.style.setProperty('font-size', '200%')")
        assert overflow(page) == 0


def test_the_trap_is_out_of_sight_of_the_keyboard_and_of_screen_readers(site: str, browser: Browser) -> None:
    with a_page(browser) as page:
        page.goto(f"{site}/aanmelden/nieuwsbrief")
        assert not page.locator(".trap input").evaluate("node => node.getBoundingClientRect().right > 0")
        assert page.locator(".trap input").get_attribute("tabindex") == "-1"
        assert page.get_by_label("Laat dit veld leeg").count() <= 1
        assert page.get_by_role("textbox").count() == 3


def test_the_confirmation_mail_passes_axe_on_light_and_dark_and_fetches_nothing(
    project: WebProject, site: str, mail: Path, browser: Browser
) -> None:
    with a_page(browser) as page:
        filled_in(page, site, "axe-mail@example.org", "/subscribe/bulletin")
    mailed_link(project, mail, "axe-mail@example.org")
    html = mails(mail)[-1].get_body(("html",)).get_content()
    for width in (320, 1200):
        for scheme in ("light", "dark"):
            with a_page(browser, width=width, scheme=scheme) as page:
                asked: list[str] = []
                page.on("request", lambda request, asked=asked: asked.append(request.url))
                page.set_content(html)
                assert (axe(page), overflow(page)) == ([], 0)
                assert asked == []


def test_the_form_works_from_another_site_without_scripts(
    project: WebProject, site: str, mail: Path, browser: Browser, tmp_path: Path
) -> None:
    form = snippet(project.configuration, "nieuwsbrief").replace(project.configuration.site.base_url, site)
    assert "<script" not in form
    page_of_theirs = (
        f'<!doctype html><html lang="nl"><head><title>Elders</title></head><body><main><h1>Elders</h1>{form}'
    )
    (tmp_path / "index.html").write_text(f"{page_of_theirs}</main></body></html>", encoding="utf-8")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        elsewhere = f"http://127.0.0.1:{server.server_port}/index.html"
        with a_page(browser) as page:
            page.goto(elsewhere)
            assert axe(page) == []
        with a_page(browser, scripts=False) as page:
            page.goto(elsewhere)
            page.get_by_label("Mailadres").fill("elders@example.org")
            page.get_by_role("button", name="Aanmelden").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("Kijk in uw mailbox")
        server.shutdown()
    mailed_link(project, mail, "elders@example.org")
    with reading(project.engine) as connection:
        person = find(connection, "elders@example.org")
    assert person


def test_a12_a_scanner_that_runs_scripts_and_follows_every_link_changes_nothing(
    project: WebProject, site: str, mail: Path, browser: Browser, pytestconfig: pytest.Config
) -> None:
    with a_page(browser) as page:
        filled_in(page, site, "scanner@example.org")
    link = mailed_link(project, mail, "scanner@example.org")
    before = project.everything()
    with a_page(browser, only=(site,)) as page:
        for path in (link, "/aanmelden/nieuwsbrief", "/"):
            page.goto(site + path)
            assert page.locator("script").count() == 0
            page.wait_for_timeout(10_000 if pytestconfig.getoption("--full") else 500)
            for address in page.eval_on_selector_all("a[href]", "nodes => nodes.map(node => node.href)"):
                if address.startswith(site):
                    page.goto(address)
    assert project.everything() == before
    assert state(project, "scanner@example.org") == "pending"
