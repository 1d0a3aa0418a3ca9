"""Every rule that the program can report has a page, and every page is about a rule."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.cli.explain import titles
from newsletter.preflight.messages import MESSAGES
from newsletter.shipped import rules_dir

ROOT = Path(__file__).resolve().parents[3]
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in rules_dir().glob("*.md")}
PARTS = ["Why", "Example", "How to mend it", "How it is checked"]


def rules_in(tree: ast.AST) -> Iterator[str]:
    """Rules that are named where findings are made: `error("A30", ...)`, `report.add("link", ...)`, `RULE = "..."`."""
    for node in ast.walk(tree):
        found: ast.expr | None = None
        if isinstance(node, ast.Call) and node.args:
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            is_report = isinstance(node.func, ast.Attribute) and node.func.attr == "add" and len(node.args) > 3
            found = node.args[0] if name in {"error", "warning"} or is_report else None
        elif (isinstance(node, ast.keyword) and node.arg == "rule") or (
            isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "RULE"
        ):
            found = node.value
        if isinstance(found, ast.Constant) and isinstance(found.value, str):
            yield found.value


def every_rule() -> set[str]:
    """Rules about issues; what `newsletter doctor` finds is not about one."""
    modules = (path for path in (ROOT / "newsletter").rglob("*.py") if path.parent.name != "doctor")
    return {rule for path in modules for rule in rules_in(ast.parse(path.read_text(encoding="utf-8")))}


def test_the_search_finds_the_rules_of_preflight_and_of_the_parser():
    of_preflight = {message.rule for message in MESSAGES.values()}
    of_parser = {"front-matter", "directive", "condition", "image", "theme", "template", "limit"}
    assert every_rule() >= of_preflight | of_parser


def test_every_rule_has_a_page_and_every_page_a_rule():
    assert set(PAGES) == every_rule()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_says_what_why_how_to_mend_and_how_it_is_checked(name):
    text = PAGES[name]
    assert text.startswith(f"# {name}: ")
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert re.findall(r"^## (.+)$", prose, re.MULTILINE) == PARTS
    assert text.count("```") == 4
    assert "Wrong:" in text
    assert "Right:" in text
    assert 150 <= len(text.split()) <= 450


def test_the_list_has_every_rule_with_a_title_numbers_first():
    names = list(titles())
    assert names[:3] == ["A6", "A30", "A36"]
    assert all(titles().values())
