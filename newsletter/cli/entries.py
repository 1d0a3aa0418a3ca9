"""Listing the deliveries of a job one by one, with the address of each: for the operator's terminal only."""

from collections.abc import Iterable
from dataclasses import asdict

import typer
from rich.markup import escape

from newsletter.cli.common import Project, console, errors, in_short, number, print_json_line
from newsletter.cli.known_words import without_code
from newsletter.delivery.job import JobState, SendJob
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
        console.print(f"What became of them: {_how_to_settle(job)}.")


def unknown_hint(job: SendJob, counts: dict[State, int]) -> str:
    """How to list and settle the unknown ones of a job; nothing if it has none."""
    if not counts[State.UNKNOWN]:
        return ""
    return (
        f"{number(counts[State.UNKNOWN])} unknown: `newsletter jobs show {job.id} --state unknown` lists them; "
        f"what became of them: {_how_to_settle(job)}."
    )


def _how_to_settle(job: SendJob) -> str:
    resend = "" if job.state is JobState.CANCELLED else ", --resend if not"
    return (
        f"`newsletter jobs settle {job.id} --maillog FILE` asks the relay's log; without it --as-sent if the relay had "
        f"them{resend}"
    )


def _line(project: Project, job: SendJob, entry: Entry) -> str:
    lists = project.configuration.lists
    zone = lists[job.list_slug].zone if job.list_slug in lists else None
    said = " ".join(_filled((entry.reason, entry.code, without_code(entry.code, entry.reply))))
    due = f", next attempt {in_short(entry.due_at, zone=zone)}" if entry.due_at else ""
    return escape(f"{entry.address}  {said}  since {in_short(entry.since, zone=zone)}{due}")


def _filled(values: Iterable[object]) -> list[str]:
    return [str(value) for value in values if value not in {None, ""}]
