"""Listing the deliveries of a job one by one, with the address of each: for the operator's terminal only."""

from collections.abc import Iterable
from dataclasses import asdict

import typer
from rich.markup import escape

from newsletter.cli.common import Project, console, errors, in_short, number, print_json_line
from newsletter.cli.known_words import without_code
from newsletter.delivery.job import SendJob
from newsletter.delivery.outcome import State
from newsletter.store import deliveries
from newsletter.store.settling import Entry, entries


def state_named(name: str) -> State:
    """The state of a delivery with this name; raises BadParameter."""
    try:
        return State[name.upper()]
    except KeyError:
        known = ", ".join(state.name.lower() for state in State)
        raise typer.BadParameter(f"{name!r} is not one of {known}") from None


def show_entries(project: Project, job: SendJob, state: State, *, as_json: bool) -> None:
    """List who is in `state`: a line per person, or an object per line."""
    listed = 0
    for entry in entries(project.engine, job.id, state):
        listed += 1
        print_json_line(asdict(entry)) if as_json else console.print(_line(project, job, entry))
    if listed:
        errors.print("This is personal data, shown here only: no log or file of the software has it.")
    erased = deliveries.counts(project.engine, job.id)[state] - listed
    if erased > 0:
        errors.print(f"{number(erased)} more, of people who were erased since.")
    if not as_json and not listed:
        console.print(f"Nobody is {state.name.lower()} in {job}.")
    elif not as_json and state is State.UNKNOWN:
        console.print(
            f"Look in the relay's log. If it has them: `newsletter jobs settle {job.id} --as-sent`; "
            f"if not: `newsletter jobs settle {job.id} --resend`."
        )


def _line(project: Project, job: SendJob, entry: Entry) -> str:
    lists = project.configuration.lists
    zone = lists[job.list_slug].zone if job.list_slug in lists else None
    said = " ".join(_filled((entry.reason, entry.code, without_code(entry.code, entry.reply))))
    due = f", next attempt {in_short(entry.due_at, zone=zone)}" if entry.due_at else ""
    return escape(f"{entry.address}  {said}  since {in_short(entry.since, zone=zone)}{due}")


def _filled(values: Iterable[object]) -> list[str]:
    return [str(value) for value in values if value not in {None, ""}]
