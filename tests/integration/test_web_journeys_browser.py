"""Leaving, preferences, own data: in a real Chromium, with mails that really arrive, with and without scripts."""

import email
import email.policy
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from newsletter.delivery.catcher import Catcher
from newsletter.web.app import create_app
from subscribers.store import find
from subscribers.tokens import Purpose
from subscribers.transactions import reading
from tests.support.browser import a_page, axe_in_both, chromium, overflow
from tests.support.cli import newsletter
from tests.support.visitors import EXTRA, link, notices
from tests.support.web import TOML, WebProject, make_project, running

pytestmark = [pytest.mark.system("chromium", "node")]

LINK = re.compile(r"http://127\.0\.0\.1:8080(/\S+)")


@dataclass
class Town:
    """A running site, its mail, and a browser."""

    project: WebProject
    site: str
    mail: Path
    browser: Browser

    def newest_mail(self, to: str) -> str:
        """Send what waits, as a process of its own, and give the text of the newest mail to an address."""
        until = time.monotonic() + 10
        while not notices(self.project, to) and "nieuw" not in to and time.monotonic() < until:
            time.sleep(0.01)  # written after the answer
        done = newsletter("notices", "send", cwd=self.project.configuration.folder)
        assert done.status == 0, done.err
        messages = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in self._files()]
        mine = [message for message in messages if message["To"] == to]
        assert mine, f"no mail to {to}"
        return mine[-1].get_body(("plain",)).get_content()

    def link_in(self, to: str) -> str:
        found = LINK.search(self.newest_mail(to))
        assert found
        return self.site + found[1]

    def _files(self) -> list[Path]:
        return sorted((self.mail / "new").iterdir(), key=lambda path: path.stat().st_mtime_ns)

    def known(self, address: str):
        with reading(self.project.engine) as connection:
            return find(connection, address)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder, mail = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("mail") / "box"
    with Catcher(mail) as catcher:
        toml = (TOML + EXTRA).replace("port = 2525", f"port = {catcher.port}").format(base_url="http://127.0.0.1:8080")
        (folder / "newsletter.toml").write_text(toml, encoding="utf-8")
        project = make_project(folder)
        with running(create_app(project.parts())) as site, chromium() as browser:
            yield Town(project, site, mail, browser)
        project.engine.dispose()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


@pytest.mark.parametrize("scripts", [True, False])
def test_leaving_by_accident_and_coming_back(town: Town, *, scripts: bool) -> None:
    who = f"terug-{scripts}@example.org".lower()
    ref = town.project.subscribe(who, "maand")
    with a_page(town.browser, scripts=scripts) as page:
        page.goto(town.site + link(town.project, Purpose.UNSUBSCRIBE, ref))
        press(page, "Afmelden")
        heading(page, "U bent afgemeld voor Maandbericht")
        assert town.project.state(ref) == "ended"
        page.get_by_role("button", name=re.compile(r"^Maak de afmelding voor .+ ongedaan$")).click()
        heading(page, "U ontvangt Maandbericht weer")
    assert town.project.state(ref) == "active"


@pytest.mark.parametrize("scripts", [True, False])
def test_the_owner_of_a_forwarded_mail_is_told_and_takes_it_back(town: Town, *, scripts: bool) -> None:
    who = f"eigenaar-{scripts}@example.org".lower()
    ref = town.project.subscribe(who, "maand")
    with a_page(town.browser, scripts=scripts) as page:
        page.goto(town.site + link(town.project, Purpose.UNSUBSCRIBE, ref))
        press(page, "Afmelden")
        page.goto(town.link_in(who))
        assert town.project.state(ref) == "ended"
        page.get_by_role("button", name=re.compile(r"^Maak de afmelding voor .+ ongedaan$")).click()
        heading(page, "U ontvangt Maandbericht weer")
    assert town.project.state(ref) == "active"


@pytest.mark.parametrize("scripts", [True, False])
def test_choosing_fewer_mails_and_another_address(town: Town, *, scripts: bool) -> None:
    who, new = (f"{name}-{scripts}@example.org".lower() for name in ("oud", "nieuw"))
    ref = town.project.subscribe(who, "maand")
    with a_page(town.browser, scripts=scripts) as page:
        page.goto(town.site + link(town.project, Purpose.MANAGE, ref))
        page.get_by_label("Minder vaak").check()
        press(page, "Keuze opslaan")
        expect(page.get_by_role("status")).to_contain_text("opgeslagen")
        page.get_by_label("Nieuw mailadres").fill("geen adres")
        press(page, "Adres wijzigen")
        expect(page.get_by_role("alert")).to_be_visible()
        assert page.get_by_label("Nieuw mailadres").input_value() == "geen adres"
        page.get_by_label("Nieuw mailadres").fill(new)
        press(page, "Adres wijzigen")
        heading(page, "Kijk in uw beide postvakken")
        page.goto(town.link_in(new))
        press(page, "Ja, dit is mijn adres")
        heading(page, "Nog één stap")
        assert town.known(who)
        page.goto(town.link_in(who))
        expect(page.locator("main")).to_contain_text(new)
        press(page, "Ja, wijzig mijn adres")
        heading(page, "Uw adres is gewijzigd")
    assert town.known(who) is None
    assert town.known(new).on("maand").ref == ref


@pytest.mark.parametrize("scripts", [True, False])
def test_from_the_question_to_the_erasure(town: Town, *, scripts: bool) -> None:
    who = f"weten-{scripts}@example.org".lower()
    town.project.subscribe(who, "maand")
    town.project.subscribe(who, "bulletin")
    with a_page(town.browser, scripts=scripts) as page:
        page.goto(town.site)
        page.get_by_role("link", name="Uw gegevens inzien of wissen").click()
        page.get_by_label("Uw mailadres").fill(who)
        press(page, "Stuur mij een link")
        heading(page, "Kijk in uw mail")
        single_use = town.link_in(who)
        page.goto(single_use)
        press(page, "Open mijn gegevens")
        heading(page, "Uw gegevens")
        expect(page.locator("main")).to_contain_text(who)
        expect(page.locator("main")).to_contain_text("Maandbericht")
        page.get_by_label("Uw naam").fill("Noor de Vries")
        press(page, "Opslaan")
        expect(page.get_by_role("status")).to_contain_text("verbeterd")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download voor een ander programma (JSON)").click()
        stored = json.loads(Path(download.value.path()).read_text())
        assert stored["subscriber"][0]["name"] == "Noor de Vries"
        press(page, "Afmelden voor Maandbericht")
        expect(page.get_by_role("status")).to_contain_text("U bent afgemeld")
        page.get_by_role("link", name="Verder naar alles wissen").click()
        heading(page, "Weet u het zeker?")
        press(page, "Ja, wis alles nu")
        heading(page, "Uw gegevens zijn gewist")
        assert page.context.cookies() == []
        page.goto(f"{town.site}/mijn/gegevens")
        heading(page, "U bent niet meer ingelogd")
        page.goto(single_use)
        heading(page, "Deze link is gebruikt of verlopen")
    assert town.known(who) is None


@pytest.mark.parametrize("width", [320, 1200])
@pytest.mark.parametrize("slug", ["maand", "bulletin"])
def test_axe_finds_nothing_light_or_dark_and_every_page_reflows(town: Town, width: int, slug: str) -> None:
    who = f"axe-{width}-{slug}@example.org"
    ref = town.project.subscribe(who, slug)
    manage = town.site + link(town.project, Purpose.MANAGE, ref)
    with a_page(town.browser, width=width) as page:

        def fine(where: str) -> None:
            assert (where, axe_in_both(page), overflow(page)) == (where, [], 0)

        def sent(action: str, **fields: str) -> None:
            """Press the button of one form of the preferences."""
            page.goto(manage)
            for name, value in fields.items():
                page.locator(f"#{name}").fill(value)
            page.locator(f'button[value="{action}"]').click()
            fine(action)

        page.goto(manage)
        fine("preferences")
        sent("name", name="Noor")
        sent("name", name="=1+1")
        expect(page.get_by_role("alert")).to_be_focused()
        sent("address", address="wrong")
        page.get_by_role("alert").get_by_role("link").click()
        expect(page.locator("#address")).to_be_focused()
        sent("address", address=f"nieuw-{who}")
        mails = {kind: mail for kind, mail, _ in notices(town.project, who)}
        for kind in ("address-old", "address-new"):
            page.goto(town.site + link(town.project, Purpose.ADDRESS, mails[kind]))
            fine(kind)
        page.locator('button[value="refuse"]').click()
        fine("refused")
        sent("data")
        page.goto(town.site + link(town.project, Purpose.MY_DATA, notices(town.project, who)[-1][1]))
        fine("link")
        page.get_by_role("button").click()
        fine("data")
        page.locator("#name").fill("=1+1")
        page.locator('button[value="correct"]').click()
        fine("wrong name")
        page.goto(f"{town.site}/mijn/wissen")
        fine("sure")
        sent("leave")
        page.get_by_role("button").click()
        fine("returned")
        sent("leave-all")
        page.goto(manage)
        fine("over")
        page.get_by_role("button").click()
        fine("undo asked for")
        for path in ("/mijn/", "/mijn/?language=en", link(town.project, Purpose.UNDO, ref)):
            page.goto(town.site + path)
            fine(path[:20])
        page.goto(f"{town.site}/mijn/gegevens")
        page.locator('button[value="log-out"]').click()
        fine("logged out")


def test_everything_works_by_keyboard_with_a_visible_focus(town: Town) -> None:
    ref = town.project.subscribe("toetsen@example.org", "maand")
    with a_page(town.browser) as page:
        page.goto(town.site + link(town.project, Purpose.MANAGE, ref))
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.get_by_label("Elke editie")).to_be_focused()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        button = page.get_by_role("button", name="Keuze opslaan")
        expect(button).to_be_focused()
        assert button.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_be_visible()


def test_a12_a_scanner_that_runs_scripts_and_follows_every_link_changes_nothing(
    town: Town, pytestconfig: pytest.Config
) -> None:
    who = "scanner@example.org"
    ref = town.project.subscribe(who, "maand")
    with a_page(town.browser) as page:
        page.goto(town.site + link(town.project, Purpose.MANAGE, ref))
        press(page, "Stuur mij die link")
    starts = [link(town.project, purpose, ref) for purpose in (Purpose.UNSUBSCRIBE, Purpose.UNDO, Purpose.MANAGE)]
    starts += [link(town.project, Purpose.MY_DATA, notices(town.project, who)[0][1]), "/mijn/"]
    before = town.project.everything()
    with a_page(town.browser, only=(town.site,)) as page:
        for start in starts:
            page.goto(town.site + start)
            page.wait_for_timeout(10_000 if pytestconfig.getoption("--full") else 300)
            assert page.locator("script").count() == 0
            for target in page.eval_on_selector_all("a[href]", "nodes => nodes.map(node => node.href)"):
                if target.startswith(town.site):
                    page.goto(target)
    assert town.project.everything() == before
