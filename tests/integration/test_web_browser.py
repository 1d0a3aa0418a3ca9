"""The pages in a real Chromium: for everyone, by keyboard, without scripts, and changed by nothing but the button."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import a_page, axe, axe_in_both, overflow
from tests.support.web import WebProject, make_project

pytestmark = [pytest.mark.system("chromium", "node")]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProject]:
    made = make_project(tmp_path_factory.mktemp("site"))
    yield made
    made.engine.dispose()


@pytest.mark.parametrize("width", [320, 1200])
def test_axe_finds_nothing_and_the_page_reflows(project: WebProject, site: str, browser: Browser, width: int) -> None:
    dutch = project.token(project.subscribe(f"nl-{width}@example.org"))
    english = project.token(project.subscribe(f"en-{width}@example.org", "bulletin"))
    general = ["/", "/u/", "/?language=en", "/u/?language=en", "/u/forged", "/nergens"]
    with a_page(browser, width=width) as page:
        for path in [*general, f"/u/{dutch}", f"/u/{english}"]:
            page.goto(site + path)
            assert (path[:12], axe_in_both(page), overflow(page)) == (path[:12], [], 0)
            if path.endswith((dutch, english)):
                page.get_by_role("button").click()
                expect(page.locator("#undo")).to_be_visible()
                assert (axe_in_both(page), overflow(page)) == ([], 0)


def test_the_error_pages_of_every_status_pass_axe(project: WebProject, browser: Browser) -> None:
    from newsletter.web.app import page_loader
    from newsletter.web.pages import Pages

    pages = Pages(project.configuration, page_loader(project.configuration))
    with a_page(browser) as page:
        for status, content in pages.errors.items():
            page.set_content(content.decode())
            assert (status, axe(page)) == (status, [])


def test_text_is_large_enough_and_survives_200_percent(project: WebProject, site: str, browser: Browser) -> None:
    token = project.token(project.subscribe("groot@example.org"))
    with a_page(browser, width=640) as page:
        page.goto(f"{site}/u/{token}")
        sizes = page.eval_on_selector_all(
            "h1, p, a, button", "nodes => nodes.map(node => parseFloat(getComputedStyle(node).fontSize))"
        )
        assert min(sizes) >= 16
        page.evaluate("() => document.documentElement.style.setProperty('font-size', '200%')")
        assert overflow(page) == 0


def test_leaving_works_by_keyboard_alone_with_a_visible_focus(project: WebProject, site: str, browser: Browser) -> None:
    ref = project.subscribe("toetsen@example.org")
    with a_page(browser) as page:
        page.goto(f"{site}/u/{project.token(ref)}")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Naar de inhoud")).to_be_focused()
        expect(page.get_by_role("link", name="Naar de inhoud")).to_be_in_viewport()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        button = page.get_by_role("button", name="Afmelden")
        expect(button).to_be_focused()
        assert button.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
        assert project.state(ref) == "active"
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("U bent afgemeld voor Nieuwsbrief Voorbeeld")
    assert project.state(ref) == "ended"


def test_leaving_works_without_scripts(project: WebProject, site: str, browser: Browser) -> None:
    ref = project.subscribe("zonder@example.org", "bulletin")
    with a_page(browser, scripts=False) as page:
        page.goto(f"{site}/u/{project.token(ref)}")
        page.get_by_role("button", name="Unsubscribe").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You have unsubscribed from Sample Bulletin")
    assert project.state(ref) == "ended"


def test_a12_a_scanner_that_runs_scripts_and_follows_every_link_changes_nothing(
    project: WebProject, site: str, browser: Browser, pytestconfig: pytest.Config
) -> None:
    ref = project.subscribe("scanner@example.org")
    before = project.everything()
    with a_page(browser, only=(site,)) as page:
        for path in (f"/u/{project.token(ref)}", "/", "/u/"):
            page.goto(site + path)
            page.wait_for_timeout(10_000 if pytestconfig.getoption("--full") else 500)
            links = page.eval_on_selector_all("a[href^='http'], a[href^='/']", "nodes => nodes.map(node => node.href)")
            for link in links:
                if link.startswith(site):
                    page.goto(link)
    assert project.everything() == before
    assert project.state(ref) == "active"


def test_no_page_loads_anything_from_elsewhere_or_runs_a_script(
    project: WebProject, site: str, browser: Browser
) -> None:
    token = project.token(project.subscribe("stil@example.org"))
    asked: list[str] = []
    complaints: list[str] = []
    with a_page(browser) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        for path in ("/", "/u/", f"/u/{token}"):
            page.goto(site + path)
            assert page.locator("script").count() == 0
        assert page.context.cookies() == []
    assert all(url.startswith(site) for url in asked)
    assert not [text for text in complaints if "404" not in text]
