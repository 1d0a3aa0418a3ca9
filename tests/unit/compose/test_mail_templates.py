"""Templates: sandboxed, strict, replaceable by a department, and every fault named with file and line."""

import jinja2
import pytest

from newsletter.compose.folders import folder_templates
from newsletter.compose.mjml import to_html
from newsletter.compose.templating import Templates
from newsletter.issue.finding import IssueError
from newsletter.issue.model import Quote
from newsletter.issue.model_blocks import Paragraph
from newsletter.issue.model_text import Text
from newsletter.shipped import templates_dir
from tests.support.mails import an_issue, compile_, every_block

BUILT_IN = jinja2.FileSystemLoader(templates_dir() / "email")
QUOTE = Quote(blocks=(Paragraph(content=(Text("Zo is het."),), line=1),), person="Noor", line=1)


def own(name: str, text: str) -> Templates:
    return Templates([jinja2.DictLoader({name: text}), BUILT_IN])


def html(templates: Templates, *blocks) -> str:
    return str(compile_(an_issue(*blocks), templates=templates).compiled.html)


def test_a_department_replaces_one_partial_and_changes_one_colour(tmp_path):
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks" / "quote.mjml.j2").write_text('<p class="own">Citaat: {{ flow(block.blocks) }}</p>')
    (tmp_path / "theme.toml").write_text('[colour]\naccent = "#701c45"\n')
    made = html(folder_templates([tmp_path]), *every_block(), QUOTE)
    assert "Citaat:" in made
    assert "<blockquote" not in made
    assert "#701c45" in made
    assert "#0b5c6b" not in made


def test_a_department_may_wrap_the_partial_it_replaces():
    wrapped = '<div class="own">{% include "builtin/blocks/quote.mjml.j2" %}</div>'
    made = html(own("blocks/quote.mjml.j2", wrapped), QUOTE)
    assert made.index('class="own"') < made.index("<blockquote")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("<p>\n{% if block %}\n</p>", 3, "Unexpected end"),
        ("<p>\n{{ block.nonsense }}</p>", 2, "nonsense"),
        ("\n\n{{ missing }}", 3, "'missing' is undefined"),
        ("{{ 1 / 0 }}", 1, "division"),
        ('{{ "x"|nofilter }}', 1, "nofilter"),
        ('\n{% include "nergens.j2" %}', 2, "nergens.j2"),
        ("{{ block.__class__.__mro__ }}", 1, "unsafe"),
        ("{{ flow.__globals__ }}", 1, "unsafe"),
    ],
)
def test_a_fault_in_a_template_names_its_file_and_line(tmp_path, text, line, said):
    (tmp_path / "blocks").mkdir()
    path = tmp_path / "blocks" / "quote.mjml.j2"
    path.write_text(text)
    with pytest.raises(IssueError) as caught:
        html(folder_templates([tmp_path]), QUOTE)
    (finding,) = caught.value.findings
    assert (finding.file, finding.line, finding.rule) == (str(path), line, "template")
    assert said in finding.what
    assert finding.remedy


def test_a_tag_that_mjml_does_not_know_is_an_error_that_names_it():
    with pytest.raises(IssueError, match="<mj-foo>"):
        html(own("flow.mjml.j2", "<mj-section><mj-foo>{{ content }}</mj-foo></mj-section>"), QUOTE)


def test_an_unclosed_tag_is_an_error_that_shows_the_place():
    with pytest.raises(IssueError, match="valid MJML"):
        html(own("blocks/quote.mjml.j2", "<b>{{ flow(block.blocks) }}"), QUOTE)


def test_nothing_can_be_included_by_mjml():
    for place in ("/etc/passwd", "file:///etc/passwd", "https://example.com/x"):
        with pytest.raises(IssueError, match="valid MJML"):
            to_html(f'<mjml><mj-body><mj-include path="{place}" /></mj-body></mjml>')


def test_a_field_that_mjml_would_repeat_is_caught_and_named():
    column = "<mj-column><mj-text>x</mj-text></mj-column>"
    section = f'<mj-section css-class="{{{{ mixed(furniture.unsubscribe.target) }}}}">{column}</mj-section>'
    with pytest.raises(IssueError, match="repeat the field unsubscribe_url"):
        html(own("flow.mjml.j2", section), QUOTE)
