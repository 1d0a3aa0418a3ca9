"""The preview without a browser: colours decided, samples, the desk that looks again, the guard, the pages' words."""

import asyncio
import string
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import jinja2
import pytest

from newsletter.cli.preview import Workbench, place_of
from newsletter.compose.compiled import Asset
from newsletter.issue.finding import error, warning
from newsletter.shipped import templates_dir
from newsletter.web.preview.choice import Choice, Colours, Images, Sample, View, Width, read_choice
from newsletter.web.preview.desk import Desk
from newsletter.web.preview.frame import framed, policy
from newsletter.web.preview.guard import Guard, hosts_of
from newsletter.web.preview.letter import Letter
from newsletter.web.preview.look import Draft, Look, Mail
from newsletter.web.preview.pages import LONGEST_QUOTE, Pages, quoted
from newsletter.web.preview.samples import values_of
from newsletter.web.preview.texts import TEXTS, counts_in_words
from newsletter.web.preview.watch import has_changed, marks_of
from subscribers.errors import InputError
from tests.support.mails import STARTERS, a_list

MAIL = (
    '<html><head><meta name="color-scheme" content="light dark"><style>:root{color-scheme:light dark}'
    "@media only screen and (prefers-color-scheme: dark){p{color:#fff}}"
    "@media (prefers-color-scheme:light){p{color:#000}}</style></head>"
    '<body><p>(prefers-color-scheme: dark)</p><img src="https://nieuws.example.org/media/ab.png"></body></html>'
)
ASSET = Asset(digest="ab", media_type="image/png", name="ab.png", width=1, height=1, embedded=False)


def shown(html: str = MAIL, colours: Colours = Colours.LIGHT) -> str:
    return framed(html, assets=[ASSET], base_url="https://nieuws.example.org", media_url="/t/media", colours=colours)


# ---------------------------------------------------------------- the frame


def test_dark_is_decided_in_the_media_query_and_nowhere_else() -> None:
    dark, light = shown(colours=Colours.DARK), shown()
    assert "@media only screen and (min-width:0){p{color:#fff}}@media (max-width:0){p{color:#000}}" in dark
    assert "@media only screen and (max-width:0){p{color:#fff}}@media (min-width:0){p{color:#000}}" in light
    assert ":root{color-scheme:dark}" in dark
    assert '<meta name="color-scheme" content="light">' in light
    assert "<p>(prefers-color-scheme: dark)</p>" in dark


def test_inverted_turns_the_light_mail_around_and_its_images_back() -> None:
    inverted = shown(colours=Colours.INVERTED)
    assert inverted.count("invert(1) hue-rotate(180deg)") == 2
    assert "color-scheme:light" in inverted


@pytest.mark.parametrize("address", ["https://nieuws.example.org/media/ab.png", "cid:ab.png"])
def test_images_come_from_the_preview_itself(address: str) -> None:
    html = shown(f'<html><head></head><body><img src="{address}"></body></html>')
    assert '<img src="/t/media/ab.png">' in html


def test_links_ask_for_a_window_that_the_sandbox_refuses() -> None:
    assert '<head><base target="_blank">' in shown()
    assert "sandbox allow-same-origin" in policy(Images.SHOWN)
    assert "allow-popups" not in policy(Images.SHOWN)
    assert "img-src 'none'" in policy(Images.HIDDEN)


# ---------------------------------------------------------------- choices and samples


def test_a_choice_survives_its_own_address_and_anything_unknown_is_the_default() -> None:
    choice = Choice(
        view=View.TEXT, width=Width.PHONE, colours=Colours.INVERTED, images=Images.HIDDEN, sample=Sample.LONG
    )
    assert read_choice(dict(pair.split("=") for pair in choice.query.split("&"))) == choice
    assert read_choice({"view": "../../etc", "width": "-1", "sample": ""}) == Choice()


def test_samples_fill_every_attribute_or_none() -> None:
    mailing_list = a_list(attributes=("regio",))
    assert values_of(Sample.FULL, mailing_list).keys() == {"name", "organisation", "regio"}
    assert values_of(Sample.EMPTY, mailing_list) == {}
    assert all(len(value) > 40 for value in values_of(Sample.LONG, mailing_list).values())


def test_a_block_for_readers_of_a_language_is_shown_to_the_sample_who_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "zomer.md"
    head = "---\nlist: nieuwsbrief\nsubject: Zomer\npreheader: Nieuws\ndate: 2027-06-14\n---\n"
    file.write_text(f'{head}Voor wie dit leest.\n\n:::only language = "en"\nIn English.\n:::\n', encoding="utf-8")
    made = Workbench(STARTERS / "newsletter.toml").look(file)
    assert made.mail, made.findings
    seen = {sample for sample in Sample if "In English." in Letter(made.mail, sample).html}
    assert seen == {Sample.ENGLISH}


# ---------------------------------------------------------------- watching


def test_a_file_that_is_written_made_removed_or_replaced_has_changed(tmp_path: Path) -> None:
    file, other = tmp_path / "a.md", tmp_path / "b.md"
    file.write_text("een", encoding="utf-8")
    marks = marks_of([file, other])
    assert not has_changed(marks)
    other.write_text("twee", encoding="utf-8")
    assert has_changed(marks)
    marks = marks_of([file, other])
    other.replace(file)
    assert has_changed(marks)


def a_desk(folder: Path, looks: list[str], broken: Callable[[str], bool] = lambda text: not text) -> Desk:
    """A desk whose issues are good unless `broken`; `looks` gathers what was read."""
    good = Workbench(STARTERS / "newsletter.toml").look(STARTERS / "issues" / "uitnodiging.md").mail

    def work(path: Path) -> Look:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        looks.append(text)
        return Look(mail=None if broken(text) else good, findings=(), source=text)

    return Desk(folder, work)


def test_an_issue_is_looked_at_once_until_it_changes(tmp_path: Path) -> None:
    file, looks = tmp_path / "zomer.md", list[str]()
    file.write_text("een", encoding="utf-8")
    desk = a_desk(tmp_path, looks)

    async def twice_and_again() -> tuple[int, ...]:
        drafts = [await desk.draft("zomer.md"), await desk.draft("zomer.md")]
        file.write_text("twee", encoding="utf-8")
        drafts.append(await desk.draft("zomer.md"))
        return tuple(draft.version for draft in drafts if draft)

    first, second, third = asyncio.run(twice_and_again())
    assert (first == second, third > second, looks) == (True, True, ["een", "twee"])
    desk.shut()


def test_a_broken_issue_keeps_its_last_good_mail_and_one_that_is_gone_too(tmp_path: Path) -> None:
    file = tmp_path / "zomer.md"
    file.write_text("een", encoding="utf-8")
    desk = a_desk(tmp_path, [])

    async def story() -> list[tuple[bool, bool]]:
        told = []
        for step in (lambda: None, lambda: file.write_text("", encoding="utf-8"), file.unlink):
            step()
            draft = await desk.draft("zomer.md")
            assert draft
            told.append((draft.mail is not None, draft.is_old))
        return told

    assert asyncio.run(story()) == [(True, False), (True, True), (True, True)]
    desk.shut()


def test_a_file_that_an_editor_empties_before_writing_is_never_told_as_broken(tmp_path: Path) -> None:
    file = tmp_path / "zomer.md"
    file.write_text("een", encoding="utf-8")
    desk = a_desk(tmp_path, [])

    async def story() -> bool:
        await desk.draft("zomer.md")
        file.write_text("", encoding="utf-8")
        looking = asyncio.create_task(desk.draft("zomer.md"))
        await asyncio.sleep(0.01)
        file.write_text("twee", encoding="utf-8")
        draft = await looking
        return draft is not None and draft.is_old

    assert asyncio.run(story()) is False
    desk.shut()


def test_only_issue_files_of_the_folder_itself_are_known(tmp_path: Path) -> None:
    (tmp_path / "geheim.md").write_text("x", encoding="utf-8")
    issues = tmp_path / "issues"
    issues.mkdir()
    (issues / "foto.jpg").write_bytes(b"x")
    desk = a_desk(issues, [])
    for name in ("../geheim.md", "foto.jpg", "nergens.md", "", ".."):
        assert asyncio.run(desk.draft(name)) is None
    desk.shut()


def test_a_path_that_is_no_issue_is_explained(tmp_path: Path) -> None:
    (tmp_path / "foto.jpg").write_bytes(b"x")
    assert place_of(tmp_path) == (tmp_path, "")
    for name in ("nergens.md", "foto.jpg"):
        with pytest.raises(InputError):
            place_of(tmp_path / name)


# ---------------------------------------------------------------- the guard


@pytest.mark.parametrize(
    ("path", "hosts", "status"),
    [
        ("/geheim/x/y", [b"127.0.0.1:8000"], 0),
        ("/geheim", [b"LOCALHOST:8000"], 0),
        ("/geheim/", [b"127.0.0.1:8001"], 421),
        ("/geheim/", [b"evil.example"], 421),
        ("/geheim/", [], 421),
        ("/geheim/", [b"127.0.0.1:8000", b"evil.example"], 421),
        ("/gehei/", [b"127.0.0.1:8000"], 403),
        ("/geheimer/", [b"127.0.0.1:8000"], 403),
        ("//geheim/", [b"127.0.0.1:8000"], 403),
        ("*", [b"127.0.0.1:8000"], 403),
        ("/ge\udce9/", [b"127.0.0.1:8000"], 403),
    ],
)
def test_the_guard_passes_only_our_own_host_with_the_token(path: str, hosts: list[bytes], status: int) -> None:
    passed, answers = [], []

    async def inside(scope, receive, send) -> None:
        passed.append(scope["path"])

    async def send(message) -> None:
        answers.append(message.get("status", 0))

    scope = {"type": "http", "method": "GET", "path": path, "headers": [(b"host", host) for host in hosts]}
    guard = Guard(inside, token="geheim", hosts=hosts_of(8000))
    asyncio.run(guard(scope, None, send))  # type: ignore[arg-type]  # nothing is received
    assert (bool(passed), answers[:1]) == ((True, []) if status == 0 else (False, [status]))
    assert all(not item.startswith("/geheim") for item in passed)


# ---------------------------------------------------------------- the pages


def _gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_texts_say_the_same_in_both_languages_and_dutch_is_formal() -> None:
    dutch, english = asdict(TEXTS["nl"]), asdict(TEXTS["en"])
    assert dutch["choices"].keys() == english["choices"].keys() == {*View, *Width, *Colours, *Images, *Sample}
    for name in dutch.keys() - {"choices"}:
        assert _gaps(str(dutch[name])) == _gaps(str(english[name])), name
    words = " ".join(map(str, dutch.values())).casefold().split()
    assert not {"je", "jij", "jouw"} & set(words)


@pytest.mark.parametrize(
    ("errors", "warnings", "said"), [(0, 0, "geen bevindingen"), (1, 0, "1 fout"), (2, 1, "2 fouten, 1 waarschuwing")]
)
def test_counts_are_said_in_words(errors: int, warnings: int, said: str) -> None:
    assert counts_in_words(errors, warnings, "nl") == said


def test_a_finding_is_quoted_with_the_words_it_is_about() -> None:
    source = "kort\n" + "voor " * 100 + "[hier](#)" + " na" * 100
    about = [error("A41", "issues/zomer.md", 2, "de link 'hier' zegt niets", ""), warning("B6", "x.toml", 1, "?", "")]
    other, long = quoted(about, source, "zomer.md")
    assert (other.elsewhere, other.line_text) == ("x.toml", "")
    assert "[hier](#)" in long.line_text
    assert len(long.line_text) <= LONGEST_QUOTE + 4
    beyond = quoted([error("x", "zomer.md", 99, "?", "")], source, "zomer.md")
    assert beyond[0].line_text == ""


def test_what_an_editor_wrote_is_escaped_everywhere() -> None:
    evil = '<script>alert("x")</script>'
    look = Look(mail=None, findings=(error("x", "zomer.md", 1, evil, evil),), source=evil)
    pages = Pages(jinja2.FileSystemLoader(templates_dir() / "preview"), language="nl", root="/t")
    page = pages.issue(Draft(name=f"{evil}.md", version=1, look=look, mail=None), Choice())
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;") >= 4


@pytest.fixture(scope="module")
def mail() -> Mail:
    made = Workbench(STARTERS / "newsletter.toml").look(STARTERS / "issues" / "nieuwsbrief.md").mail
    assert made
    return made


@pytest.mark.parametrize("sample", list(Sample))
def test_every_sample_gets_a_whole_message(mail: Mail, sample: Sample) -> None:
    letter = Letter(mail, sample)
    names = {header.name for header in letter.headers}
    assert {"From", "To", "Subject", "List-Unsubscribe", "List-Id"} <= names
    assert letter.sizes.html == len(letter.html.encode())
    assert letter.source.replace("\n", "") == letter.html.replace("\n", "")


def test_a_look_at_a_missing_image_waits_for_it(tmp_path: Path) -> None:
    file = tmp_path / "zomer.md"
    head = "---\nlist: nieuwsbrief\nsubject: Zomer\npreheader: Nieuws\ndate: 2027-06-14\n---\n"
    file.write_text(f"{head}![Een foto](foto.jpg)\n", encoding="utf-8")
    look = Workbench(STARTERS / "newsletter.toml").look(file)
    assert look.mail is None
    assert tmp_path / "foto.jpg" in look.watched
    assert look.findings[0].rule == "image"
