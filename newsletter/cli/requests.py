"""`newsletter subscribers requests`: what people asked about their data, and by when it must be done (AVG 12(3))."""

import getpass
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from newsletter.cli.common import ConfigOption, JsonOption, Project, console, errors, in_short, open_project, print_json
from newsletter.cli.grammar import counted
from newsletter.cli.grounds import one_line
from newsletter.cli.leaving import AddressArgument, find_person
from newsletter.config_keys import nearest
from subscribers.clock import utc_now
from subscribers.errors import InputError
from subscribers.requests import DataRequest, RequestKind, add_request, finish_request, list_requests
from subscribers.transactions import reading, writing

NEGATIVE = 1

requests = typer.Typer()


def _kind_named(name: str) -> RequestKind:
    """The kind with this name; raises BadParameter with what was meant."""
    try:
        return RequestKind(name.lower())
    except ValueError:
        meant = nearest(name.lower(), map(str, RequestKind), f"use one of: {', '.join(RequestKind)}")
        raise typer.BadParameter(f"{name!r} is no kind of request; {meant}") from None


KindOption = Annotated[
    RequestKind,
    typer.Option("--kind", parser=_kind_named, metavar="KIND", help=f"What was asked: {', '.join(RequestKind)}."),
]


@requests.callback(invoke_without_command=True)
def list_all(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Those that are done as well.")] = False,
    config: ConfigOption = None,
    as_json_: JsonOption = False,
) -> None:
    """What people asked about their data (AVG 12(3)): the one due first on top; exit 1 if anything is overdue.

    \b
    Example: newsletter subscribers requests --json
    """
    if context.invoked_subcommand:
        return
    project, now = open_project(config), utc_now()
    with reading(project.engine) as connection:
        found = list_requests(connection, with_done=everything)
    late = [item for item in found if item.is_overdue(now)]
    if as_json_:
        print_json({"requests": [_object(item, now) for item in found], "overdue": len(late)})
    else:
        _show(project, found, now)
    if late:
        raise typer.Exit(NEGATIVE)


@requests.command("add")
def add_one(
    address: AddressArgument,
    kind: KindOption,
    received: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day on which it arrived; today unless given."),
    ] = None,
    reference: Annotated[str, typer.Option("--reference", metavar="TEXT", help="A number of yours; no name.")] = "",
    config: ConfigOption = None,
    as_json_: JsonOption = False,
) -> None:
    """Write down a request; its month begins on the day it arrived. Of an unknown address nothing is kept but that.

    \b
    Example: newsletter subscribers requests add jan@example.org --kind access --received 2027-06-01
    """
    project = open_project(config)
    person = find_person(project, address)
    with writing(project.engine) as connection:
        number = add_request(
            connection,
            kind=kind,
            received_at=_arrival(project, received),
            zone=project.configuration.zone,
            subscriber_ref=person.ref if person else None,
            reference=one_line(reference, "reference"),
        )
        due = next(item.due_at for item in list_requests(connection, with_done=True) if item.id == number)
    if as_json_:
        print_json({"request": number, "due_at": due, "is_known": person is not None})
        return
    console.print(f"Request {number}: to be done before {in_short(due, project.zone)}.")
    if person is None:
        console.print("Nothing is known about this address: that is the answer to give.")


@requests.command("done")
def finish_one(
    number: Annotated[int, typer.Argument(metavar="REQUEST", help="Its number.")],
    by: Annotated[str, typer.Option("--by", metavar="TEXT", help="Who says so; this account unless given.")] = "",
    config: ConfigOption = None,
    as_json_: JsonOption = False,
) -> None:
    """Say that a request is done.

    \b
    Example: newsletter subscribers requests done 3 --by "privacy desk"
    """
    project = open_project(config)
    with writing(project.engine) as connection:
        who = one_line(by, "name") or getpass.getuser()
        done = finish_request(connection, number, by=who, now=utc_now())
    if as_json_:
        print_json(_object(done, utc_now()))
        return
    late = ", after its month was over" if done.was_late else ""
    console.print(
        f"Request {done.id} is done, by {escape(done.done_by)} on {in_short(done.done_at, project.zone)}{late}."
    )


def _arrival(project: Project, received: datetime | None) -> datetime:
    now = utc_now()
    if received is None:
        return now
    day = received.replace(tzinfo=project.configuration.zone)
    if day > now:
        raise InputError("a request cannot have arrived in the future", remedy="mend --received")
    return min(day + timedelta(hours=12), now)


def _show(project: Project, found: list[DataRequest], now: datetime) -> None:
    table = Table("Request", "Asked", "Who", "Reference", "Received", "Due before", "Done", title_justify="left")
    for item in found:
        due = in_short(item.due_at, project.zone)
        done = f"{in_short(item.done_at, project.zone)}, {item.done_by}" if item.done_at else "-"
        mark = "[bold red]overdue[/] " if item.is_overdue(now) else "late " if item.was_late else ""
        who = escape(item.address or "-")
        received = in_short(item.received_at, project.zone)
        table.add_row(str(item.id), item.kind.value, who, escape(item.reference), received, mark + due, escape(done))
    console.print(table if found else "No request waits.")
    late = sum(item.is_overdue(now) for item in found)
    if late:
        errors.print(f"{counted(late, 'request is', 'requests are')} overdue: answer now (AVG 12(3)).")


def _object(item: DataRequest, now: datetime) -> dict[str, object]:
    return {
        "id": item.id,
        "kind": item.kind.value,
        "address": item.address or None,
        "reference": item.reference,
        "received_at": item.received_at,
        "due_at": item.due_at,
        "is_overdue": item.is_overdue(now),
        "done_at": item.done_at,
        "done_by": item.done_by or None,
    }
