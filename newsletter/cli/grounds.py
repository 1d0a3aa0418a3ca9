"""On what grounds an operator puts people on a list: the options that ask for it, and what they must say (B3)."""

from typing import Annotated

import typer

from newsletter.cli.common import Project
from subscribers.cell_text import ATTRIBUTE_LIMIT, WORDING_LIMIT, RowRefusedError, clean_text
from subscribers.errors import InputError

ListOption = Annotated[str, typer.Option("--list", metavar="LIST", help="The list, as newsletter.toml names it.")]
BasisOption = Annotated[
    str, typer.Option("--basis", metavar="BASIS", help="Legal basis: consent, public-task or contract; as the list's.")
]
SourceOption = Annotated[
    str, typer.Option("--source", metavar="TEXT", help="Where it comes from; for consent: where and when it was given.")
]
WordingOption = Annotated[
    str, typer.Option("--wording", metavar="TEXT", help="The words that were shown when consent was given.")
]
VersionOption = Annotated[str, typer.Option("--wording-version", metavar="TEXT", help="Version of those words.")]


def check_grounds(project: Project, slug: str, basis: str, source: str) -> str:
    """The source as it is kept; raise InputError if list, basis and source do not fit together."""
    item = project.configuration.mailing_list(slug)
    if basis != item.basis:
        raise InputError(
            f"the list {slug} is kept on the basis {item.basis}, and its mails say so; not on {basis!r}",
            remedy=f"write --basis {item.basis}, or change the list's basis in newsletter.toml",
        )
    text = one_line(source, "source")
    if not text:
        is_consent = basis == "consent"
        question = "where and when was the consent given?" if is_consent else "where does the address come from?"
        example = "sign-up form on www.example.org, 2024-2026" if is_consent else "register of members, March 2027"
        raise InputError(f"--source is missing: {question} People can read it.", remedy=f'e.g. --source "{example}"')
    return text


def check_wording(wording: str, version: str) -> tuple[str, str]:
    """The words that were shown and their version, as they are kept; raise InputError."""
    return one_line(wording, "wording", WORDING_LIMIT), one_line(version, "wording version")


def one_line(text: str, what: str, limit: int = ATTRIBUTE_LIMIT) -> str:
    """A text typed on the command line, checked as the import checks a cell (A4); raise InputError."""
    try:
        return clean_text(text, limit, what)
    except RowRefusedError as error:
        raise InputError(error.reason, remedy=error.remedy) from None
