"""A real Chromium, and axe-core in it: what pages and mails look like, and whether everyone can use them.

Playwright's synchronous interface keeps an event loop running in its thread as long as a browser is open, so
`asyncio.run` fails meanwhile: give the browser to a module or a test, not to the session, and run servers in
another thread or process.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.node import installed

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
EVERYTHING = (*WCAG, "best-practice")
Scheme = Literal["light", "dark"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, for as long as the context lasts."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(ARGUMENTS), timeout=60_000
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def a_page(
    browser: Browser,
    *,
    width: int = 1200,
    height: int = 900,
    scheme: Scheme = "light",
    images: bool = True,
    scripts: bool = True,
    only: tuple[str, ...] = (),
) -> Iterator[Page]:
    """An empty page of its own context (no shared cookies or cache); `only` names the URL prefixes it may fetch.

    With `only` empty everything may be fetched. `images=False` refuses every image, as many mail clients do.
    """
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, java_script_enabled=scripts
    )

    def decide(route: Any) -> None:
        refused = (not images and route.request.resource_type == "image") or (
            only and not route.request.url.startswith(only)
        )
        route.abort() if refused else route.continue_()

    if only or not images:
        context.route("**/*", decide)
    try:
        yield context.new_page()
    finally:
        context.close()


def axe_source() -> str:
    """The script of axe-core, from tests/node."""
    return (installed() / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def axe(page: Page, *, tags: tuple[str, ...] = EVERYTHING, without: tuple[str, ...] = ()) -> list[str]:
    """What axe-core finds wrong with `page`: one line per violated node, `rule: help | selector | why`.

    It enters through the debugger, so a page's Content-Security-Policy does not stop it. The page must have been
    made with scripts on: without them no timer runs, and axe would wait for ever.
    `without` names rules that do not apply (say why where you pass it).
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(axe_source() + "; undefined")
    options = {
        "runOnly": {"type": "tag", "values": list(tags)},
        "rules": {rule: {"enabled": False} for rule in without},
        "resultTypes": ["violations"],
    }
    results = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{violation['id']}: {violation['help']} | {' '.join(map(str, node['target']))} | {node['failureSummary']}"
        for violation in results["violations"]
        for node in violation["nodes"]
    ]


def axe_in_both(page: Page) -> list[tuple[Scheme, str]]:
    """What axe-core finds wrong with `page` in its light colours, and in its dark ones; it stays dark."""
    found: list[tuple[Scheme, str]] = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += [(scheme, line) for line in axe(page)]
    return found


def overflow(page: Page) -> int:
    """By how many CSS pixels the page is wider than its window; 0 when it reflows (WCAG 1.4.10)."""
    return int(page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def picture(page: Page, file: Path, *, full: bool = True) -> Path:
    """A screenshot in `file` (PNG), of the whole length unless `full` is false."""
    file.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(file), full_page=full)
    return file
