"""What docs/editors.md shows can be copied into an issue."""

import re
from pathlib import Path

from newsletter.issue.directives import KINDS
from newsletter.issue.parse import KnownNames, parse_issue
from tests.support.issue_texts import HEAD

GUIDE = (Path(__file__).resolve().parents[3] / "docs" / "editors.md").read_text(encoding="utf-8")
EXAMPLES = [text for text in re.findall(r"^```markdown\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL) if ":::" in text]


def test_every_example_is_an_issue():
    known = KnownNames(lists={"nieuwsbrief": frozenset({"gemeente", "region"})})
    for text in EXAMPLES:
        assert parse_issue(HEAD + text, file="x.md", slug="x", known=known).blocks


def test_every_kind_of_block_has_an_example():
    shown = set(re.findall(r"^:::(\w+)", "\n".join(EXAMPLES), re.MULTILINE))
    assert shown == set(KINDS)
