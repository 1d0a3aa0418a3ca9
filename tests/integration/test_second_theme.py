"""A theme from a folder outside the package: it builds, looks different, and is as readable as the built-in one."""

from pathlib import Path

import pytest

from newsletter.compose.compile import Compilation
from newsletter.compose.fields import fill
from newsletter.compose.folders import folder_images, folder_templates
from newsletter.issue.parse import KnownNames, parse_issue
from tests.support.browser import WCAG, a_page, axe, chromium, overflow
from tests.support.mails import STARTERS, VALUES, a_list, compile_, loader, page_of, png
from tests.unit.compose.test_theme import PAIRS, contrast, inverted

THEME = Path(__file__).resolve().parents[2] / "docs" / "examples" / "theme-serif"
TEMPLATES = folder_templates([THEME])


def sample(**changes) -> Compilation:
    file = STARTERS / "issues" / "nieuwsbrief.md"
    known = KnownNames(lists={"nieuwsbrief": frozenset()})
    issue = parse_issue(file.read_text(encoding="utf-8"), file=file.name, slug="nieuwsbrief", known=known)
    return compile_(issue, templates=TEMPLATES, **{"load_image": folder_images(file.parent), **changes})


def test_colours_faces_logo_and_one_partial_come_from_the_folder():
    made = sample()
    html = fill(made.compiled.html, VALUES)
    assert "#7a2338" in html
    assert "#0b5c6b" not in html
    assert "Georgia" in html
    logo = next(file for file in made.files if file.asset.width == 290)
    assert logo.asset.name in html
    assert 'class="logo-plate"' in html


def test_the_logo_of_a_list_goes_before_that_of_the_theme():
    files = {path.name: path.read_bytes() for path in (STARTERS / "issues").iterdir()}
    made = sample(mailing_list=a_list(logo=Path("own.png")), load_image=loader({**files, "/logo": png(640, 64)}))
    assert (290, 29) in {(file.asset.width, file.asset.height) for file in made.files}


@pytest.mark.parametrize("table", ["colour", "dark"])
def test_every_text_has_the_contrast_of_a42_also_under_full_inversion(table):
    colours = TEMPLATES.theme[table]
    for ink, surface in PAIRS:
        assert contrast(colours[ink], colours[surface]) >= 4.5, (ink, surface)
        if table == "colour":
            assert contrast(inverted(colours[ink]), inverted(colours[surface])) >= 4.5, (ink, surface)


@pytest.mark.system("chromium", "node")
def test_it_has_no_violation_at_any_width_in_light_and_in_dark(tmp_path):
    page = page_of(sample(), tmp_path)
    with chromium() as browser:
        for width in (320, 1200):
            for scheme in ("light", "dark"):
                with a_page(browser, width=width, scheme=scheme, only=("file:",)) as tab:
                    tab.goto(page.as_uri())
                    assert axe(tab, tags=WCAG) == []
                    assert overflow(tab) == 0
