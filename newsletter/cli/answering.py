"""Answering people: `newsletter subscribers copy` (AVG 15 and 20) and `correct` (AVG 16)."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from sqlalchemy import Connection

from newsletter.cli import merging
from newsletter.cli.common import ConfigOption, JsonOption, Project, console, errors, open_project, print_json
from newsletter.cli.leaving import AddressArgument, find_person
from newsletter.cli.private_files import asked, is_below, path_below, shown, written
from newsletter.store.known import everything_about
from newsletter.web.manner import list_of
from newsletter.web.own_data import Words, as_csv, as_json
from subscribers.address import Address, parse_address
from subscribers.cell_text import RowRefusedError
from subscribers.clock import utc_now
from subscribers.errors import ConflictError, InputError, NegativeError
from subscribers.import_rows import typed_value
from subscribers.merging import Foreseen, Merge, foreseen, lock_both
from subscribers.preferences import correct
from subscribers.records import SubscriberRecord, find_by_id
from subscribers.transactions import reading, writing

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


def correct_person(  # noqa: PLR0913, PLR0917 - Typer reads the options from the signature
    address: AddressArgument,
    name: Annotated[str | None, typer.Option("--name", help='The right name; "" removes it.')] = None,
    organisation: Annotated[str | None, typer.Option("--organisation", help='The right one; "" removes it.')] = None,
    attributes: Annotated[
        list[str] | None, typer.Option("--attribute", metavar="NAME=TEXT", help="A further value; may be repeated.")
    ] = None,
    new_address: Annotated[
        str | None, typer.Option("--address", metavar="NEW", help="Another address, when you know that it is theirs.")
    ] = None,
    merge: Annotated[
        bool, typer.Option("--merge", help="Somebody we know has the new address, and they are one person.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be changed; change nothing.")] = False,
    config: ConfigOption = None,
    as_json_: JsonOption = False,
) -> None:
    """Correct what is stored about a person (AVG 16).

    An address that somebody else has would put the two together: it says what that means, and asks, or wants --merge.

    \b
    Example: newsletter subscribers correct jan@example.org --name "Jan de Vries" --attribute gemeente=Ede
    Example: newsletter subscribers correct jan@example.org --address jan.nieuw@example.org --dry-run
    """
    project = open_project(config)
    person = _known(project, address)
    new = parse_address(new_address) if new_address else None
    given = Correction(
        name=name, organisation=organisation, attributes=_attributes(project, person, attributes or []), address=new
    )
    if not given.names:
        raise InputError("nothing was named to correct", remedy="add --name, --organisation, --attribute or --address")
    with reading(project.engine) as connection:
        other = merging.somebody_else(connection, person, new)
    plan = foreseen(given.put_into(person), given.put_into(other)) if other else None
    if other and plan and not as_json_:
        merging.announce(other, plan)
    if dry_run and as_json_:
        print_json({"dry_run": True, "would_correct": given.names, "would_merge": merging.as_values(plan)})
        return
    if dry_run:
        merging.end_dry_run(person, other, given.names)
    if other:
        merging.agree(merge=merge, asks=not as_json_)
    _correct(project, person, given, other)
    _conclude(project, person, plan, as_json=as_json_)


def _conclude(project: Project, person: SubscriberRecord, plan: Foreseen | None, *, as_json: bool) -> None:
    """The last words, after it was done."""
    with reading(project.engine) as connection:
        old = find_by_id(connection, person.id) if plan else None
    if as_json:
        print_json({"corrected": True, "merged": merging.as_values(plan), "old_address_until": merging.erased_by(old)})
    elif plan:
        merging.conclude(old, plan, project.zone)
    else:
        console.print("Corrected.")


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What an operator says is right; None leaves what is there."""

    name: str | None
    organisation: str | None
    attributes: dict[str, str]
    address: Address | None

    @property
    def names(self) -> list[str]:
        """What it corrects."""
        found = {"name": self.name is not None, "organisation": self.organisation is not None}
        found |= dict.fromkeys(self.attributes, True) | {"address": self.address is not None}
        return [name for name, is_given in found.items() if is_given]

    def put_into(self, person: SubscriberRecord) -> SubscriberRecord:
        """The person as corrected, but for the address."""
        return replace(
            person,
            name=person.name if self.name is None else self.name,
            organisation=person.organisation if self.organisation is None else self.organisation,
            attributes={**person.attributes, **self.attributes},
        )


def _correct(project: Project, person: SubscriberRecord, given: Correction, other: SubscriberRecord | None) -> None:
    """All of it or nothing; `other` is who is put together with the person, as was agreed to."""
    with writing(project.engine) as connection:
        if given.address:
            lock_both(connection, person.id, given.address)
        _set_values(connection, person.id, given)
        if given.address is None:
            return
        found = merging.somebody_else(connection, person, given.address)
        if (found.id if found else None) != (other.id if other else None):
            raise ConflictError("who has the new address changed meanwhile; nothing was", remedy="run it again")
        move = Merge(
            connection=connection,
            now=utc_now(),
            policies=project.configuration.policies,
            record=project.ledger.append,
        )
        if not move.to_address(person.id, given.address):
            raise NegativeError("mail to this person is suppressed; nothing was changed")
        if other:
            _set_values(connection, other.id, given)


def _set_values(connection: Connection, subscriber_id: int, given: Correction) -> None:
    try:
        correct(
            connection,
            subscriber_id,
            now=utc_now(),
            name=given.name,
            organisation=given.organisation,
            attributes=given.attributes,
        )
    except RowRefusedError as error:
        raise InputError(error.reason, remedy=error.remedy) from None


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
