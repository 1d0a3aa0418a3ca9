"""`newsletter subscribers`: one person at a time; the other commands stand in modules of their own."""

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from newsletter.cli import answering, exporting, importing, leaving
from newsletter.cli.common import (
    ConfigOption,
    JsonOption,
    Project,
    console,
    in_words,
    open_project,
    print_json,
)
from newsletter.cli.grounds import (
    BasisOption,
    ListOption,
    SourceOption,
    VersionOption,
    WordingOption,
    check_grounds,
    check_wording,
    one_line,
)
from newsletter.cli.known_words import OperatorWords, rows_of
from newsletter.cli.leaving import NEGATIVE, NOT_KNOWN, AddressArgument, find_person, known_of
from newsletter.cli.requests import requests
from subscribers.address import parse_address
from subscribers.clock import utc_now
from subscribers.errors import NegativeError
from subscribers.retention import policy_of
from subscribers.store import (
    AddOutcome,
    SubscriberRecord,
    add,
)
from subscribers.subscription import Actor
from subscribers.transactions import writing

app = typer.Typer(
    help="""People on the lists: import, export, count, add, show, correct, copy, unsubscribe, erase.

    \b
    Examples: newsletter subscribers import people.csv --list nieuwsbrief \\
                  --basis consent --source "form on www.example.org" --dry-run
              newsletter subscribers show jan@example.org
    """,
    no_args_is_help=True,
)
app.command("import")(importing.import_file)
app.command("export")(exporting.export_list)
app.command("count")(exporting.count_list)
leaving.register(app)
answering.register(app)
app.add_typer(requests, name="requests")


@app.command("show")
def show_person(address: AddressArgument, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show everything that is stored about a person (AVG 15); exit 1 if nothing is.

    \b
    Example: newsletter subscribers show jan@example.org --json
    """
    project = open_project(config)
    person = find_person(project, address)
    known = known_of(project, person)
    if as_json:
        print_json(known)
    elif person:
        _show(project, person, known)
    else:
        console.print(NOT_KNOWN)
    if not person:
        raise typer.Exit(NEGATIVE)


@app.command("add")
def add_person(  # noqa: PLR0913, PLR0917 - Typer reads the options from the signature
    address: AddressArgument,
    slug: ListOption,
    basis: BasisOption,
    source: SourceOption = "",
    name: Annotated[str, typer.Option("--name", metavar="TEXT")] = "",
    organisation: Annotated[str, typer.Option("--organisation", metavar="TEXT")] = "",
    wording: WordingOption = "",
    wording_version: VersionOption = "",
    fresh_consent: Annotated[
        bool, typer.Option("--fresh-consent", help="The person agreed again after leaving; --source says where.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put one person on a list; exit 1 if they left it, or may not be mailed.

    \b
    Example: newsletter subscribers add jan@example.org --list nieuwsbrief --name "Jan de Vries" \\
                 --basis consent --source "asked for it by telephone on 14 June 2027"
    """
    project = open_project(config)
    kept_source = check_grounds(project, slug, basis, source)
    kept_wording, kept_version = check_wording(wording, wording_version)
    person = parse_address(address)
    with writing(project.engine) as connection:
        result = add(
            connection,
            address=person,
            name=one_line(name, "name"),
            organisation=one_line(organisation, "organisation"),
            list=slug,
            basis=basis,
            source=kept_source,
            wording=kept_wording,
            wording_version=kept_version,
            actor=Actor.OPERATOR,
            now=utc_now(),
            fresh_consent=fresh_consent,
            marker=project.forgetting.marking.marker,
        )
        if result.is_refused:
            raise _refused(result.outcome, slug)
    if as_json:
        print_json({"outcome": result.outcome.value, "needs_smtputf8": person.needs_smtputf8})
        return
    console.print(f"{escape(person.spelling)}: {result.outcome.value.replace('-', ' ')}, on the list {slug}.")
    if person.needs_smtputf8:
        console.print("This address needs mail servers with SMTPUTF8 all the way.")


def _refused(outcome: AddOutcome, slug: str) -> NegativeError:
    if outcome is AddOutcome.SUPPRESSED:
        return NegativeError("this address is not mailed", remedy="`newsletter subscribers show` says why")
    if outcome is AddOutcome.ERASED_BEFORE:
        return NegativeError(
            "this address was erased, and a mark of that refuses it; nothing was changed",
            remedy="if they agreed again, add --fresh-consent and say in --source where",
        )
    return NegativeError(
        f"this person left the list {slug}, or never confirmed; nothing was changed",
        remedy="if they agreed again, add --fresh-consent and say in --source where",
    )


def _show(project: Project, person: SubscriberRecord, known: dict[str, list[dict[str, Any]]]) -> None:
    """Every value under a label: nothing stored can be left out."""
    zone = policy_of(project.configuration.policies, person.subscriptions[0].list if person.subscriptions else "").zone
    words = OperatorWords(language="en", zone=zone)
    for name, rows in known.items():
        for row in rows:
            table = Table(title=words.heading(name), title_justify="left", show_header=False, box=None)
            for label, text in rows_of(name, row, words):
                table.add_row(label, escape(text))
            console.print(table)
    for item in person.subscriptions:
        if item.erase_at:
            console.print(f"Erased from {in_words(item.erase_at, zone=zone)}: {item.list}")
