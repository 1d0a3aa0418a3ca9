"""`newsletter preview` as its editor sees it: the command in a process of its own, its page in a real Chromium."""

import re
import shutil
import signal
import socket
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from newsletter.shipped import templates_dir
from tests.support.browser import Scheme, a_page, axe, overflow
from tests.support.cli import command, environment

BOUND = pytest.mark.system("chromium", "node")
HEAD = "---\nlist: nieuwsbrief\nsubject: {subject}\npreheader: Wat er komt\ndate: 2027-06-14\n---\n\n"
SECTION = """## Bericht nummer {number}

Beste {{{{ name | default("lezer") }}}}, in de buurt van Voorbeeldstad begint deze maand iets nieuws. Bewoners
en de gemeente maken samen een plan voor het plein, en wie wil kan meedenken over groen, licht en plekken om te zitten.
De eerste avond is in het buurthuis; er is soep, en de uitkomst staat een week later op de website van de gemeente.

- [Lees hoe plein {number} wordt ingericht](https://example.org/plein/{number})
- [Meld u aan voor avond {number}](https://example.org/avond/{number})

"""
SAVES = 20


def long_issue() -> str:
    """As long as a real newsletter: 22 sections, 11 KB."""
    return HEAD.format(subject="Zomereditie") + "".join(SECTION.format(number=number) for number in range(1, 23))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(templates_dir() / "starters", tmp_path, dirs_exist_ok=True)
    toml = tmp_path / "newsletter.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace("# reply_to", "reply_to"), encoding="utf-8")
    (tmp_path / "issues" / "zomer.md").write_text(long_issue(), encoding="utf-8")
    return tmp_path


class Running:
    """The command while it runs."""

    def __init__(self, project: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            command("preview", *arguments, "--no-open"),
            cwd=project,
            env=environment({"PYTHONUNBUFFERED": "1"}),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        found = re.search(r"http\S+", self.process.stdout.readline())
        assert found
        self.url = found[0]
        parts = urlsplit(self.url)
        self.token = parts.path.split("/")[1]
        self.site = f"{parts.scheme}://{parts.netloc}"
        self.port = parts.port or 0

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        status = self.process.wait(20)
        if self.process.stdout:
            self.process.stdout.close()
        return status


@pytest.fixture
def preview(project: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start(*arguments: str) -> Running:
        started.append(Running(project, *arguments))
        return started[-1]

    yield start
    for running in started:
        running.stop()


def opened(page: Page, url: str) -> Page:
    """The page, following its file."""
    page.goto(url)
    expect(page.locator("#status")).to_have_text("Volgt het bestand.")
    expect(page.frame_locator("#frame").locator("h1")).to_be_visible()
    return page


def until(page: Page, condition: str) -> None:
    """Wait for a condition in JavaScript; `wait_for_function` would need the page's policy to allow `eval`."""
    end = time.monotonic() + 20
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(20)


# ---------------------------------------------------------------- who may see it


def test_without_the_token_nothing_is_shown(preview: Callable[..., Running]) -> None:
    running = preview("issues/zomer.md")
    for path in (
        "/",
        "/issue/zomer.md",
        f"/{running.token[:-1]}/",
        f"/{running.token}x/",
        "/mail/zomer.md",
        "/style.css",
    ):
        answer = httpx.get(running.site + path)
        assert (answer.status_code, "Zomereditie" in answer.text) == (403, False), path
    assert httpx.get(running.url).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1.evil.example:{port}"])
def test_a_foreign_host_is_refused_so_that_dns_cannot_be_rebound(preview: Callable[..., Running], host: str) -> None:
    running = preview("issues/zomer.md")
    answer = httpx.get(running.url, headers={"Host": host.format(port=running.port)})
    assert (answer.status_code, "Zomereditie" in answer.text) == (421, False)


def test_only_this_machine_is_listened_to_and_no_other_origin_may_read(preview: Callable[..., Running]) -> None:
    running = preview("issues/zomer.md")
    answer = httpx.get(running.url, headers={"Origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["referrer-policy"] == "no-referrer"
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    with socket.create_server(("127.0.0.2", running.port)):
        pass  # the port is free on every other address


def test_the_mail_runs_no_script_and_no_file_outside_the_folder_is_an_issue(preview: Callable[..., Running]) -> None:
    running = preview("issues/zomer.md")
    base = f"{running.site}/{running.token}"
    policy = httpx.get(f"{base}/mail/zomer.md").headers["content-security-policy"]
    assert "sandbox allow-same-origin" in policy
    assert "script" not in policy
    for name in ("..%2Fnewsletter.toml", "%2Fetc%2Fpasswd", "newsletter.toml", "buurthuis.jpg", "nergens.md"):
        assert httpx.get(f"{base}/issue/{name}").status_code == 404, name
    assert httpx.get(f"{base}/mail/zomer.md?images=off").headers["content-security-policy"].count("img-src 'none'") == 1
    assert httpx.post(running.url).status_code == 405


def test_ctrl_c_ends_it_at_once_also_while_a_page_follows(preview: Callable[..., Running]) -> None:
    running = preview("issues/zomer.md")
    with httpx.stream("GET", f"{running.site}/{running.token}/events/zomer.md", timeout=10) as events:
        assert next(events.iter_lines()).startswith("data: ")
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(5) == 130


def test_a_folder_without_issues_and_a_file_that_is_none_are_explained(project: Path) -> None:
    for argument, said in (("issues/nergens.md", "there is no such issue"), ("newsletter.toml", "this is no issue")):
        done = subprocess.run(
            command("preview", argument), check=False, cwd=project, env=environment(), capture_output=True, text=True
        )
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr


# ---------------------------------------------------------------- following


@BOUND
def test_a_change_is_on_the_screen_soon_after_saving(
    preview: Callable[..., Running], project: Path, browser: Browser
) -> None:
    """The bar is 100 ms on a quiet machine; the test allows for a busy one."""
    file = project / "issues" / "zomer.md"
    with a_page(browser, width=1400) as page:
        opened(page, preview("issues/zomer.md").url)
        took = [saved_to_screen(page, file, f"Proef {number} telt mee") for number in range(SAVES)]
    print(f"save to screen: median {statistics.median(took):.0f} ms of {sorted(map(round, took))}")  # noqa: T201 - measure
    assert statistics.median(took) < 400


def saved_to_screen(page: Page, file: Path, words: str) -> float:
    """Milliseconds from the end of saving until the words stand in the frame."""
    page.evaluate(
        """words => { window.shown = new Promise(done => {
            const look = () => document.getElementById("frame").contentDocument.body?.innerText.includes(words)
                ? done(Date.now()) : requestAnimationFrame(look);
            look(); }) }""",
        words,
    )
    text = re.sub(r"^## .*$", f"## {words}", file.read_text(encoding="utf-8"), count=1, flags=re.MULTILINE)
    file.write_text(text, encoding="utf-8")
    saved = file.stat().st_mtime * 1000
    return float(page.evaluate("window.shown")) - saved


@BOUND
def test_the_mail_stays_scrolled_and_the_focus_stays_where_it_was(
    preview: Callable[..., Running], project: Path, browser: Browser
) -> None:
    with a_page(browser, width=1400) as page:
        opened(page, preview("issues/zomer.md").url)
        page.get_by_label("Gevuld voor").focus()
        page.evaluate("document.getElementById('frame').contentDocument.scrollingElement.scrollTop = 700")
        saved_to_screen(page, project / "issues" / "zomer.md", "Een andere kop")
        assert page.evaluate("document.getElementById('frame').contentDocument.scrollingElement.scrollTop") == 700
        expect(page.get_by_label("Gevuld voor")).to_be_focused()
        expect(page.locator("#status")).to_have_text(re.compile(r"^Bijgewerkt om [\d:]+: .+\.$"))


@BOUND
def test_a_broken_issue_shows_what_is_wrong_and_keeps_the_last_good_mail(
    preview: Callable[..., Running], project: Path, browser: Browser
) -> None:
    file = project / "issues" / "zomer.md"
    good = file.read_text(encoding="utf-8")
    with a_page(browser, width=1400) as page:
        opened(page, preview("issues/zomer.md").url)
        file.write_text(good.replace("## Bericht nummer 3\n", ":::artikel\n"), encoding="utf-8")
        expect(page.locator("#old")).to_contain_text("Dit is de laatste goede versie")
        expect(page.locator("#findings li.error").first).to_contain_text("Regel ")
        expect(page.frame_locator("#frame").get_by_text("Bericht nummer 3")).to_be_visible()
        assert axe(page) == []
        file.write_text(good, encoding="utf-8")
        expect(page.locator("#old")).to_have_count(0)
        expect(page.locator("#findings li.error")).to_have_count(0)


@BOUND
def test_an_issue_that_was_never_good_says_so_and_appears_when_it_is(
    preview: Callable[..., Running], project: Path, browser: Browser
) -> None:
    file = project / "issues" / "zomer.md"
    good = file.read_text(encoding="utf-8")
    file.write_text("nog niets", encoding="utf-8")
    with a_page(browser, width=1400) as page:
        page.goto(preview("issues/zomer.md").url)
        expect(page.locator("#stage")).to_contain_text("nog geen mail")
        assert axe(page) == []
        file.write_text(good, encoding="utf-8")
        expect(page.frame_locator("#frame").locator("h1")).to_have_text("Zomereditie")


@BOUND
def test_an_image_the_configuration_and_a_template_of_ones_own_are_followed_too(
    preview: Callable[..., Running], project: Path, browser: Browser
) -> None:
    toml = project / "newsletter.toml"
    (project / "templates" / "email").mkdir(parents=True)
    toml.write_text(toml.read_text(encoding="utf-8") + '\n[theme]\nfolder = "templates/email"\n', encoding="utf-8")
    with a_page(browser, width=1400) as page:
        opened(page, preview("issues/nieuwsbrief.md").url)
        inside = page.frame_locator("#frame")
        image = inside.locator("img").first
        before = image.get_attribute("src")
        shutil.copyfile(project / "issues" / "wandeling.jpg", project / "issues" / "buurthuis.jpg")
        expect(image).not_to_have_attribute("src", before or "")
        assert image.evaluate("node => node.decode().then(() => node.naturalWidth)") > 300
        toml.write_text(
            toml.read_text(encoding="utf-8").replace("Nieuwsbrief Voorbeeld", "Andere Naam"), encoding="utf-8"
        )
        expect(inside.locator("body")).to_contain_text("Andere Naam")
        (project / "templates" / "email" / "theme.toml").write_text('[colour]\naccent = "#7a1f5c"\n', encoding="utf-8")
        until(page, "document.getElementById('frame').contentDocument.documentElement.innerHTML.includes('#7a1f5c')")
        toml.write_text("[site\n", encoding="utf-8")
        expect(page.locator("#findings")).to_contain_text("newsletter.toml")


# ---------------------------------------------------------------- choosing


@BOUND
def test_width_colours_images_recipient_and_view_are_as_chosen(
    preview: Callable[..., Running], project: Path, browser: Browser
) -> None:
    (project / "newsletter.toml").write_text(
        (project / "newsletter.toml").read_text(encoding="utf-8").replace("# attributes =", "attributes ="),
        encoding="utf-8",
    )
    with a_page(browser, width=1400, scheme="dark") as page:
        opened(page, preview("issues/nieuwsbrief.md").url)
        inside = page.frame_locator("#frame")
        ground = "node => getComputedStyle(node).backgroundColor"
        light = inside.locator("body").evaluate(ground)
        for label, width in (("Telefoon", 375), ("Tablet", 768), ("Computer", 1200)):
            page.get_by_label(label, exact=True).check()
            until(page, f"document.getElementById('frame').contentWindow.innerWidth === {width}")
        page.get_by_label("Donker").check()
        expect(page.locator(".device")).to_have_attribute("data-colours", "dark")
        expect(inside.locator("h1")).to_be_visible()
        assert inside.locator("body").evaluate(ground) != light
        page.get_by_label("Omgekeerd").check()
        expect(page.locator(".device")).to_have_attribute("data-colours", "inverted")
        expect(inside.locator("html")).to_have_css("filter", "invert(1) hue-rotate(180deg)")
        page.get_by_label("Licht").check()
        page.get_by_label("Uit", exact=True).check()
        until(page, "document.getElementById('frame').contentDocument.images[0]?.complete")
        assert inside.locator("img").first.evaluate("node => node.naturalWidth") == 0
        expect(inside.locator("body")).to_contain_text("Beste Noor de Vries")
        page.get_by_label("Gevuld voor").select_option("iemand zonder velden")
        expect(inside.locator("body")).to_contain_text("Beste lezer")
        page.get_by_label("Gevuld voor").select_option("iemand met de langste namen")
        expect(inside.locator("body")).to_contain_text("Beste Wilhelmina Johanna Christina")
        page.reload()
        expect(inside.locator("body")).to_contain_text("Beste Wilhelmina Johanna Christina")
        for label, words in (
            ("Platte tekst", "Beste Wilhelmina"),
            ("HTML", "<!doctype html>"),
            ("Headers", "List-Unsubscribe"),
        ):
            page.get_by_label(label, exact=True).check()
            expect(page.locator("#stage")).to_contain_text(words)
            assert (label, axe(page), overflow(page)) == (label, [], 0)


@BOUND
def test_a_link_in_the_mail_opens_nothing_and_says_where_it_goes(
    preview: Callable[..., Running], browser: Browser
) -> None:
    with a_page(browser, width=1400) as page:
        opened(page, preview("issues/zomer.md").url)
        address = page.url
        page.frame_locator("#frame").get_by_role("link", name="Lees hoe plein 1 wordt").click()
        expect(page.locator("#target")).to_contain_text("https://example.org/plein/1")
        link = page.get_by_role("link", name="Openen in een nieuw venster")
        assert (link.get_attribute("rel"), link.get_attribute("target")) == ("noopener noreferrer", "_blank")
        assert (len(page.context.pages), page.url) == (1, address)
        expect(page.frame_locator("#frame").locator("h1")).to_be_visible()


@BOUND
def test_everything_is_reached_by_keyboard_with_a_visible_focus(
    preview: Callable[..., Running], browser: Browser
) -> None:
    with a_page(browser, width=1400) as page:
        opened(page, preview("issues/zomer.md").url)
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Naar de mail")).to_be_in_viewport()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.locator("#frame")).to_be_focused()
        page.keyboard.press("Shift+Tab")
        expect(page.get_by_label("Gevuld voor")).to_be_focused()
        page.keyboard.press("Shift+Tab")
        expect(page.get_by_label("Aan", exact=True)).to_be_focused()
        for _ in range(2):
            page.keyboard.press("Shift+Tab")
        expect(page.get_by_label("Computer", exact=True)).to_be_focused()
        assert page.locator("input:focus + span").evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
        page.keyboard.press("ArrowLeft")
        until(page, "document.getElementById('frame').contentWindow.innerWidth === 768")
        expect(page.get_by_label("Tablet", exact=True)).to_be_focused()


@BOUND
def test_without_a_script_the_page_works_by_reloading(preview: Callable[..., Running], browser: Browser) -> None:
    with a_page(browser, width=1400, scripts=False) as page:
        page.goto(preview("issues/zomer.md").url)
        page.get_by_label("Platte tekst", exact=True).check()
        page.get_by_role("button", name="Tonen").click()
        expect(page.locator("pre")).to_contain_text("Beste Noor de Vries")


# ---------------------------------------------------------------- for everyone


@BOUND
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_at_any_width(
    preview: Callable[..., Running], project: Path, browser: Browser, scheme: Scheme
) -> None:
    file = project / "issues" / "zomer.md"
    file.write_text(file.read_text(encoding="utf-8").replace("https://example.org/plein/2)", "#)"), encoding="utf-8")
    running = preview("issues/zomer.md")
    for width in (320, 768, 1400):
        with a_page(browser, width=width, scheme=scheme) as page:
            opened(page, running.url)
            expect(page.locator("#findings li.error")).to_have_count(1)
            assert (width, axe(page), overflow(page)) == (width, [], 0)
            page.goto(f"{running.site}/{running.token}/")
            expect(page.get_by_role("link", name="Zomereditie")).to_be_visible()
            assert (width, axe(page), overflow(page)) == (width, [], 0)
            page.goto(f"{running.site}/{running.token}/issue/nergens.md")
            assert axe(page) == []


@BOUND
def test_the_index_names_every_issue_and_follows_the_folder(
    preview: Callable[..., Running], project: Path, browser: Browser
) -> None:
    issues = project / "issues"
    (issues / "kapot.md").write_text("---\nlist: nieuwsbrief\n---\n", encoding="utf-8")
    with a_page(browser, width=1400) as page:
        page.goto(preview().url)
        rows = page.locator("tbody tr")
        expect(rows).to_have_count(4)
        expect(rows.first).to_contain_text("Zomereditie")
        expect(rows.first).to_contain_text("14 juni 2027")
        expect(page.locator("tr", has_text="kapot.md")).to_contain_text("fouten")
        (issues / "herfst.md").write_text(HEAD.format(subject="Herfsteditie") + "Tekst.\n", encoding="utf-8")
        expect(page.get_by_role("link", name="Herfsteditie")).to_be_visible()
        (issues / "kapot.md").unlink()
        expect(rows).to_have_count(4)
        page.get_by_role("link", name="Herfsteditie").click()
        expect(page.frame_locator("#frame").locator("h1")).to_have_text("Herfsteditie")


def test_an_english_site_has_an_english_preview(preview: Callable[..., Running], project: Path) -> None:
    toml = project / "newsletter.toml"
    toml.write_text(
        toml.read_text(encoding="utf-8").replace('# language = "nl"  ', 'language = "en"  ', 1), encoding="utf-8"
    )
    page = httpx.get(preview("issues/zomer.md").url).text
    assert '<html lang="en"' in page
    assert "Filled for" in page


def test_looking_changes_no_file(preview: Callable[..., Running], project: Path) -> None:
    def everything() -> dict[Path, tuple[int, bytes]]:
        return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in project.rglob("*") if path.is_file()}

    before = everything()
    running = preview("issues/zomer.md")
    for path in ("issue/zomer.md", "mail/zomer.md", "stage/zomer.md?view=headers", "", "rows"):
        assert httpx.get(f"{running.site}/{running.token}/{path}").status_code == 200
    running.stop()
    assert everything() == before
