"""Bad issues at the command line: one clear message, exit status 2 or 1, nothing written, never a traceback."""

import shutil
from pathlib import Path

import pytest

from tests.support.cli import Outcome, newsletter

FRONT = "---\nlist: nieuwsbrief\nsubject: Proef\npreheader: Een proef\ndate: 2027-06-14\n---\n\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    newsletter("init", "p", cwd=tmp_path).expect(0)
    return tmp_path / "p"


def check(project: Path, text: str | bytes) -> Outcome:
    file = project / "issues" / "proef.md"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return newsletter("check", "issues/proef.md", cwd=project)


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("Geen front matter\n", "proef.md", "---"),
        ("---\nlist: [\n---\n\nTekst\n", "proef.md:", "YAML"),
        (FRONT.replace("preheader", "prehaeder") + "Tekst", "proef.md:4", "preheader"),
        (FRONT.replace("2027-06-14", "14 juni") + "Tekst", "proef.md:5", "2027"),
        (FRONT.replace("nieuwsbrief", "niewsbrief") + "Tekst", "proef.md:2", "nieuwsbrief"),
        (FRONT + ":::agende\n- title: x\n:::\n", "proef.md:8", "agenda"),
        (FRONT + "Dag {{ naam }}\n", "proef.md:8", "name"),
        (FRONT + "Dag {{ name | defualt('x') }}\n", "proef.md:8", "default"),
        (FRONT + "![Een foto](weg.jpg)\n", "proef.md:8", "missing"),
        (FRONT + "![Een foto](../newsletter.toml)\n", "proef.md:8", "outside"),
        (FRONT + "<b>vet</b>\n", "proef.md:8", "HTML"),
        (FRONT + ":::agenda\n- date: 2027-02-30\n  title: x\n:::\n", "proef.md:9", "2027-02-30"),
        (FRONT.encode() + b"caf\xe9\n", "proef.md:8", "UTF-8"),
        (FRONT.encode() + b"a\0b\n", "proef.md:8", "NUL"),
    ],
)
def test_a_bad_issue_is_named_with_file_and_line(project: Path, text: str | bytes, place: str, said: str) -> None:
    outcome = check(project, text)
    outcome.expect(1)
    assert place in outcome.said
    assert said in outcome.said


def test_a_file_that_is_no_image_is_refused(project: Path) -> None:
    (project / "issues" / "nep.jpg").write_bytes(b"%PDF-1.4 not an image")
    outcome = check(project, FRONT + "![Een foto](nep.jpg)\n").expect(1)
    assert "nep.jpg" in outcome.said


def test_an_image_of_forty_megapixels_is_refused_before_it_is_decoded(project: Path) -> None:
    from PIL import Image

    Image.new("1", (8000, 5000)).save(project / "issues" / "groot.png")
    outcome = check(project, FRONT + "![Een foto](groot.png)\n").expect(1)
    assert "megapixel" in outcome.said


def test_a_template_of_the_department_with_a_syntax_error_is_named(project: Path) -> None:
    theme = project / "theme"
    shutil.copytree(Path(__file__).resolve().parents[2] / "templates" / "email", theme)
    layout = theme / "layout.mjml.j2"
    layout.write_text(layout.read_text() + "\n{% if %}\n")
    config = project / "newsletter.toml"
    config.write_text(config.read_text() + '\n[theme]\nfolder = "theme"\n')
    outcome = newsletter("check", "issues/nieuwsbrief.md", cwd=project)
    assert outcome.status in {1, 2}
    assert "layout.mjml.j2" in outcome.said


def test_an_issue_that_does_not_exist_says_how_to_begin(project: Path) -> None:
    assert "newsletter new" in newsletter("check", "issues/niets.md", cwd=project).expect(2).said


@pytest.mark.parametrize("command", ["build", "send"])
def test_an_issue_with_errors_is_neither_built_nor_sent(project: Path, command: str) -> None:
    check(project, FRONT + ":::agende\n:::\n")
    outcome = newsletter(command, "issues/proef.md", cwd=project)
    assert outcome.status in {1, 2}
    assert not (project / "build" / "proef").exists()


def test_outside_a_project_the_remedy_is_said(tmp_path: Path) -> None:
    assert "newsletter init" in newsletter("check", "x.md", cwd=tmp_path).expect(2).said
