"""Documents as Markdown and as HTML: what was configured cannot become markup."""

import jinja2
import pytest

from newsletter.privacy.document import Bullets, Document, Grid, Paragraph, Ref, Section, reach, to_markdown
from newsletter.privacy.render import to_html
from newsletter.shipped import templates_dir
from subscribers.errors import ConfigurationError

HOSTILE = "<script>alert(1)</script> [x](y) *a* `b` | c # d"
LOADER = jinja2.FileSystemLoader(templates_dir() / "pages")


def document(*blocks, lead="Hier.") -> Document:
    return Document(title="Titel", language="nl", lead=lead, sections=(Section("Kop", blocks),))


def test_every_kind_of_block_has_its_markdown() -> None:
    grid = Grid("Tabel", ("a", "b"), (("een", "1"), ("twee", Ref("hier", "https://example.org/"))), frozenset({1}))
    text = to_markdown(
        document(Paragraph(("Mail ", Ref("a@example.org", "mailto:a@example.org"), ".")), Bullets(("x",)), grid)
    )
    assert text == (
        "# Titel\n\nHier.\n\n## Kop\n\nMail <a@example.org>.\n\n- x\n\nTabel:\n\n"
        "| a | b |\n| --- | ---: |\n| een | 1 |\n| twee | [hier](<https://example.org/>) |\n"
    )


def test_a_table_called_like_its_section_is_not_named_twice() -> None:
    assert to_markdown(document(Grid("Kop", ("a",), (("een",),)))).count("Kop") == 1


def test_configured_text_is_no_markup_in_markdown() -> None:
    text = to_markdown(document(Paragraph(HOSTILE), Grid("T", ("a",), ((HOSTILE,),)), lead=f"een\n# {HOSTILE}"))
    assert "<script>" not in text
    assert "\n# <" not in text
    assert r"\[x\](y) \*a\* \`b\`" in text
    assert r"\| c" in text.splitlines()[-1]


def test_configured_text_is_no_markup_in_html() -> None:
    text = to_html(document(Paragraph(HOSTILE), Bullets((HOSTILE,)), Grid(HOSTILE, (HOSTILE,), ((HOSTILE,),))), LOADER)
    assert "<script" not in text
    assert text.count("&lt;script&gt;") == 5


def test_html_loads_nothing_and_names_its_language() -> None:
    text = to_html(document(Paragraph("a")), LOADER)
    assert '<html lang="nl" dir="ltr">' in text
    assert "<script" not in text
    assert "src=" not in text
    assert "@page { size: A4" in text
    assert "http" not in text


def test_a_broken_template_is_a_mistake_of_the_operator() -> None:
    with pytest.raises(ConfigurationError, match="template of documents"):
        to_html(document(), jinja2.DictLoader({"document.html": "{{ nothing.at.all }}", "document.css": ""}))


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        ("privacy@example.org", Ref("privacy@example.org", "mailto:privacy@example.org")),
        ("https://example.org/avg", Ref("https://example.org/avg", "https://example.org/avg")),
        ("Afdeling Privacy", "Afdeling Privacy"),
        ("javascript:alert(1)", "javascript:alert(1)"),
    ],
)
def test_a_contact_leads_where_it_can(contact: str, expected: object) -> None:
    assert reach(contact) == expected
