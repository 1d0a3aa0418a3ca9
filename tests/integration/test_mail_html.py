"""The HTML of mails before an independent validator: nothing is wrong but what bare MJML output has wrong.

MJML writes layout tables with the attributes that mail programs need (align, bgcolor, width); a validator of web
pages calls those obsolete. Whatever else it finds is ours.
"""

import json
import subprocess
from pathlib import Path

import mjml
import pytest

from newsletter.compose.fields import fill
from tests.support.mails import VALUES, an_issue, compile_, every_block, starter
from tests.support.node import installed

pytestmark = [pytest.mark.system("node")]

BARE = """<mjml lang="nl"><mj-head><mj-title>x</mj-title></mj-head><mj-body><mj-wrapper><mj-section><mj-column>
<mj-text><p>x</p></mj-text><mj-button href="https://example.org/">x</mj-button></mj-column></mj-section></mj-wrapper>
</mj-body></mjml>"""
MAILS = {
    "nieuwsbrief": lambda: starter("nieuwsbrief"),
    "uitnodiging": lambda: starter("uitnodiging"),
    "every-block": lambda: compile_(an_issue(*every_block())),
}


def validated(html: str, folder: Path) -> set[str]:
    """What html-validate says about a page, each message once."""
    (folder / "page.html").write_text(html, encoding="utf-8")
    (folder / ".htmlvalidate.json").write_text('{"root": true, "extends": ["html-validate:standard"]}')
    program = installed() / "node_modules" / "html-validate" / "bin" / "html-validate.mjs"
    with (folder / "found.json").open("w") as out:  # a pipe would be cut off: the program exits before it is read
        subprocess.run(["node", str(program), "-f", "json", "page.html"], cwd=folder, stdout=out, check=False)
    found = json.loads((folder / "found.json").read_text(encoding="utf-8"))
    return {message["message"] for file in found for message in file["messages"]}


@pytest.mark.parametrize("name", MAILS)
def test_a_mail_has_no_error_beyond_those_of_bare_mjml(name, tmp_path):
    (tmp_path / "bare").mkdir()
    baseline = validated(mjml.mjml2html(BARE, fonts={}), tmp_path / "bare")
    assert validated(fill(MAILS[name]().compiled.html, VALUES), tmp_path) <= baseline


def test_the_validator_sees_what_is_wrong(tmp_path):
    html = fill(starter("uitnodiging").compiled.html, VALUES).replace("</h1>", "</h2>")
    assert any("h1" in message for message in validated(html, tmp_path))
