"""`newsletter privacy`: the record of processing and the privacy statement, made from settings and schema."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import jinja2
import typer
from rich.markup import escape

from newsletter.cli.common import ConfigOption, console, errors, open_project
from newsletter.cli.files import explained, write_new
from newsletter.config import FILE_NAME, Configuration
from newsletter.privacy.document import Document, to_markdown
from newsletter.privacy.record import record
from newsletter.privacy.render import to_html
from newsletter.web.app import page_loader
from newsletter.web.privacy import VOCABULARY, statement_of
from subscribers.schema import metadata

app = typer.Typer(
    help="""Texts for the privacy officer and for readers, made from settings and schema.

    \b
    Examples: newsletter privacy statement --list nieuwsbrief
              newsletter privacy record --format html --out verwerkingsregister.html
    """,
    no_args_is_help=True,
)


class DocumentFormat(StrEnum):
    """How a document is written."""

    MARKDOWN = "md"
    HTML = "html"


class LanguageChoice(StrEnum):
    """The languages that the software speaks."""

    NL = "nl"
    EN = "en"


OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Write here instead of to the terminal; nothing is overwritten."),
]
FormatOption = Annotated[DocumentFormat, typer.Option("--format", help="md to edit further, html to print.")]
LanguageOption = Annotated[
    LanguageChoice | None, typer.Option("--language", help="Another language than the site's or the list's.")
]


@app.command("record")
def make_record(
    file_format: FormatOption = DocumentFormat.MARKDOWN,
    language: LanguageOption = None,
    out: OutOption = None,
    config: ConfigOption = None,
) -> None:
    """Make the record of processing activities (AVG 30): one activity per list.

    \b
    Example: newsletter privacy record --format html --out verwerkingsregister.html
    """
    configuration = open_project(config).configuration
    spoken = language.value if language else configuration.site.language
    deliver(configuration, record(configuration, metadata, VOCABULARY, spoken), file_format, out)


@app.command("statement")
def make_statement(
    slug: Annotated[str, typer.Option("--list", metavar="LIST", help="The list it is about.")],
    file_format: FormatOption = DocumentFormat.MARKDOWN,
    language: LanguageOption = None,
    out: OutOption = None,
    config: ConfigOption = None,
) -> None:
    """Make the privacy statement of a list (AVG 13); `newsletter serve` shows the same on /privacy/LIST.

    \b
    Example: newsletter privacy statement --list nieuwsbrief --format html --out privacy.html
    """
    configuration = open_project(config).configuration
    document = statement_of(configuration, slug, language.value if language else None)
    deliver(configuration, document, file_format, out)


def deliver(configuration: Configuration, document: Document, file_format: DocumentFormat, out: Path | None) -> None:
    """Write a document to a file or to the terminal."""
    is_html = file_format is DocumentFormat.HTML
    write(to_html(document, loader_of(configuration)) if is_html else to_markdown(document), out)
    if lacking := "; ".join(lacks(configuration)):
        errors.print(escape(f"Not in {FILE_NAME}, so not in the text: {lacking}."))


def lacks(configuration: Configuration) -> list[str]:
    """What the law wants in these texts and only a person can know."""
    lists = configuration.lists.items()
    missing = [
        f"[lists.{slug}] {key}" for slug, item in lists for key in ("purpose", "contact") if not getattr(item, key)
    ]
    if not configuration.privacy.officer:
        missing.append("[privacy] officer, if you have one")
    if not configuration.privacy.processors:
        missing.append("[[privacy.processors]], such as who hosts the server and who relays the mail")
    return missing


def write(text: str, out: Path | None) -> None:
    """To the file `out`, which must not be there yet, or to standard output."""
    if out is None:
        console.file.write(text)
        return
    with explained(out):
        write_new({out: text.encode()})
    errors.print(f"Wrote {escape(str(out))}")


def loader_of(configuration: Configuration) -> jinja2.BaseLoader:
    """Where templates of documents are: the department's pages first."""
    return page_loader(configuration)
