"""Answering people: `newsletter subscribers copy` (AVG 15 and 20) and `correct` (AVG 16)."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from newsletter.cli.common import ConfigOption, JsonOption, Project, console, errors, open_project, print_json
from newsletter.cli.leaving import AddressArgument, find_person
from newsletter.cli.private_files import asked, is_below, path_below, shown, written
from newsletter.store.known import everything_about
from newsletter.web.manner import list_of
from newsletter.web.own_data import Words, as_csv, as_json
from subscribers.address import parse_address
from subscribers.cell_text import RowRefusedError
from subscribers.clock import utc_now
from subscribers.errors import InputError, NegativeError
from subscribers.import_rows import typed_value
from subscribers.merging import Merge
from subscribers.preferences import correct
from subscribers.records import SubscriberRecord
from subscribers.transactions import reading, writing

NEGATIVE = 1
NOT_KNOWN = "nothing is known about this address"


def register(app: typer.Typer) -> None:
    """Put the commands into the group."""
    app.command("copy")(copy_of)
    app.command("correct")(correct_person)


def copy_of(
    address: AddressArgument,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write here; a name that ends in .json or .csv.")
    ] = None,
    config: ConfigOption = None,
    as_json_: JsonOption = False,
) -> None:
    """Write a copy of all that is stored about a person, as JSON and as CSV in words (AVG 15 and 20).

    Both files lie below the project's data folder, where the next erasure removes them, unless --out names another.

    \b
    Example: newsletter subscribers copy jan@example.org
    """
    project = open_project(config)
    person = _known(project, address)
    with reading(project.engine) as connection:
        known = everything_about(connection, person.id)
    contents = {"json": as_json(known), "csv": as_csv(known, _words(project, person))}
    paths = _paths(project, out)
    for suffix, path in paths.items():
        with written(path) as file:
            file.write(contents[suffix].decode())
    if as_json_:
        print_json({"files": [shown(path) for path in paths.values()]})
    for path in () if as_json_ else paths.values():
        console.print(f"Written to {escape(shown(path))}")
    if out and not is_below(project.configuration.data_dir, out):
        errors.print("This file leaves the promise: no erasure reaches it. Delete it yourself when it has served.")


def correct_person(
    address: AddressArgument,
    name: Annotated[str | None, typer.Option("--name", help='The right name; "" removes it.')] = None,
    organisation: Annotated[str | None, typer.Option("--organisation", help='The right one; "" removes it.')] = None,
    attributes: Annotated[
        list[str] | None, typer.Option("--attribute", metavar="NAME=TEXT", help="A further value; may be repeated.")
    ] = None,
    new_address: Annotated[
        str | None, typer.Option("--address", metavar="NEW", help="Another address, when you know that it is theirs.")
    ] = None,
    config: ConfigOption = None,
    as_json_: JsonOption = False,
) -> None:
    """Correct what is stored about a person (AVG 16). An address that somebody else has puts the two together.

    \b
    Example: newsletter subscribers correct jan@example.org --name "Jan de Vries" --attribute gemeente=Ede
    """
    project = open_project(config)
    person = _known(project, address)
    given = _attributes(project, person, attributes or [])
    if name is None and organisation is None and not given and new_address is None:
        raise InputError("nothing was named to correct", remedy="add --name, --organisation, --attribute or --address")
    new = parse_address(new_address) if new_address else None
    with writing(project.engine) as connection:
        try:
            correct(connection, person.id, name=name, organisation=organisation, attributes=given)
        except RowRefusedError as error:
            raise InputError(error.reason, remedy=error.remedy) from None
        merge = Merge(
            connection=connection,
            now=utc_now(),
            policies=project.configuration.policies,
            record=project.ledger.append,
        )
        if new and not merge.to_address(person.id, new):
            raise NegativeError("mail to the new address is suppressed; nothing was changed")
    if as_json_:
        print_json({"corrected": True})
    else:
        console.print("Corrected.")


def _known(project: Project, address: str) -> SubscriberRecord:
    person = find_person(project, address)
    if person is None:
        raise NegativeError(NOT_KNOWN)
    return person


def _words(project: Project, person: SubscriberRecord) -> Words:
    lists = project.configuration.lists
    item = lists.get(list_of(project.configuration, person))
    language = item.language if item else project.configuration.site.language
    titles = {slug: one.title for slug, one in lists.items()}
    return Words(language=language, zone=item.zone if item else project.configuration.zone, titles=titles)


def _paths(project: Project, out: Path | None) -> dict[str, Path]:
    """Where each kind goes; with --out only the kind that its name asks for."""
    data_dir = project.configuration.data_dir
    if out is None:
        return {suffix: path_below(data_dir, "person", utc_now(), suffix) for suffix in ("json", "csv")}
    suffix = out.suffix.removeprefix(".")
    if suffix not in {"json", "csv"}:
        raise InputError("the name must end in .json or .csv", where=str(out), remedy="mend --out")
    return {suffix: asked(out, "--out")}


def _attributes(project: Project, person: SubscriberRecord, given: list[str]) -> dict[str, str]:
    """`NAME=TEXT` as values; only names that a list of theirs knows, or that are stored already."""
    lists = project.configuration.lists.values()
    types = {name: kind for item in lists for name, kind in item.typed_attributes.items()}
    known = {name for item in lists for name in item.attributes} | set(person.attributes)
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or name not in known:
            choice = ", ".join(sorted(known)) or "none is configured"
            raise InputError(f"--attribute {name!r}: write NAME=TEXT, with one of: {choice}")
        try:
            found[name] = typed_value(name, value, types.get(name))
        except RowRefusedError as error:
            raise InputError(error.reason, where=f"--attribute {name}", remedy=error.remedy) from None
    return found
