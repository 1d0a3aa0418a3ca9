"""What `newsletter init` and `newsletter new` copy: a configuration that shows every key, issues that build at once."""

import re
import tomllib
from string import Template

import pytest

from newsletter.config import load
from newsletter.config_dkim import Dkim
from newsletter.config_lists import MailingList
from newsletter.config_relays import Relay
from newsletter.config_signup import SignUp
from newsletter.config_site import Database, Limits, Site, Theme
from newsletter.issue.parse import KnownNames, parse_issue
from tests.support.mails import STARTERS, compile_, starter

TABLES = {
    "site": Site,
    "database": Database,
    "relays.main": Relay,
    "lists.nieuwsbrief": MailingList,
    "dkim.rsa2027": Dkim,
    "limits": Limits,
    "signup": SignUp,
    "theme": Theme,
}
SOURCE = (STARTERS / "newsletter.toml").read_text(encoding="utf-8")
ELSEWHERE = {"password", "token", "attribute_types"}
"""A secret belongs into the environment or a file of its own, as the head says. Types stand in `attributes`."""
INSTEAD = re.compile(r"^token_(?:file|command) = .*$", re.MULTILINE)
"""What goes with another choice than the one shown."""


def keys_of(model) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def opened(source: str) -> str:
    """The file with every commented key in force."""
    return re.sub(r"^# (?=\[|[a-z_]+ = )", "", source, flags=re.MULTILINE)


def test_the_configuration_works_as_it_is():
    configuration = load(STARTERS / "newsletter.toml", {})
    assert list(configuration.lists) == ["nieuwsbrief"]


def test_every_key_of_every_table_is_shown_and_explained():
    values = tomllib.loads(opened(SOURCE))
    for path, model in TABLES.items():
        shown = values
        for part in path.split("."):
            shown = shown[part]
        assert set(shown) == keys_of(model) - ELSEWHERE, path


def test_every_commented_key_may_be_put_in_force(tmp_path):
    (tmp_path / "newsletter.toml").write_text(INSTEAD.sub("", opened(SOURCE)), encoding="utf-8")
    load(tmp_path / "newsletter.toml", {})


def test_what_is_commented_is_the_default_where_it_looks_like_one():
    values = tomllib.loads(opened(SOURCE))
    for path, model in TABLES.items():
        shown = values
        for part in path.split("."):
            shown = shown[part]
        for name, field in model.model_fields.items():
            if isinstance(field.default, int) and (field.alias or name) in shown:
                assert shown[field.alias or name] == field.default, f"{path}.{name}"


@pytest.mark.parametrize("name", ["nieuwsbrief", "uitnodiging"])
def test_a_sample_compiles_and_text_and_html_have_the_same_links(name):
    compiled = starter(name).compiled
    html = {link for link in re.findall(r'href="([^"#]+)"', str(compiled.html)) if link.startswith("http")}
    text = set(re.findall(r"https?://[^\s>)'\"]+", str(compiled.text).replace("\\n", "\n")))
    assert {link.rstrip(".,") for link in html} == {link.rstrip(".,") for link in text}


def test_the_skeleton_of_a_new_issue_compiles():
    skeleton = Template((STARTERS / "new.md").read_text(encoding="utf-8"))
    source = skeleton.substitute(slug="zomereditie", date="2027-06-14", list="nieuwsbrief")
    known = KnownNames(lists={"nieuwsbrief": frozenset()})
    issue = parse_issue(source, file="zomereditie.md", slug="zomereditie", known=known)
    assert compile_(issue).compiled.title == "Nieuws over zomereditie"
