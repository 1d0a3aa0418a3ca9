"""What the editors' page shows works when it is copied: every example of it compiles, and lets itself be checked."""

import re
from datetime import date
from pathlib import Path

import pytest

from newsletter.issue.finding import Severity
from newsletter.issue.parse import KnownNames, parse_issue
from newsletter.preflight.check import preflight
from tests.support.mails import a_list, compile_, png

PAGE = Path(__file__).parents[3] / "docs" / "editors.md"
EXAMPLES = re.findall(r"^```markdown\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
HEAD = "---\nlist: nieuwsbrief\nsubject: Zomer\npreheader: Nieuws\ndate: 2027-06-14\n---\n\nWelkom.\n\n"
KNOWN = KnownNames(lists={"nieuwsbrief": frozenset({"region"})})
WORKING_DAY = date(2027, 6, 14)


def made_up(name: str) -> bytes:
    return b"%PDF-1.7\n" if name.endswith(".pdf") else png()


def test_the_page_has_examples():
    assert len(EXAMPLES) >= 4


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_editors_page_compiles_without_an_error(example):
    source = example if example.startswith("---") else HEAD + example
    issue = parse_issue(source, file="zomer.md", slug="zomer", known=KNOWN)
    compiled = compile_(issue, load_image=made_up).compiled
    found = preflight(issue, a_list(), compiled, today=WORKING_DAY)
    assert [finding for finding in found if finding.severity is Severity.ERROR] == []
