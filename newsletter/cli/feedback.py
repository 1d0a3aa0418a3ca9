"""`newsletter feedback`: mail that came back. `process` reads it from files."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from newsletter.cli import feedback_edges
from newsletter.cli.common import (
    ConfigOption,
    JsonOption,
    Project,
    console,
    errors,
    number,
    open_project,
    print_json_line,
    progress,
)
from newsletter.cli.grammar import counted
from newsletter.feedback.case import Handled
from newsletter.feedback.model import Outcome, ReturnedMail
from newsletter.feedback.parse import parse_returned_mail
from newsletter.feedback.reading import Files, FoundMail, find_files, read_mails
from subscribers.clock import utc_now
from subscribers.errors import ConfigurationError, InputError
from subscribers.tokens import Keyring

app = typer.Typer(
    help="""Mail that comes back: bounces, complaints, requests to leave; and what waits for a person to read.

    \b
    Examples: newsletter feedback process ~/Maildir --dry-run
              newsletter feedback list
    """,
    no_args_is_help=True,
)

_MEANINGS = {
    Outcome.APPLIED: "something changed",
    Outcome.UNCHANGED: "ours, and nothing had to change",
    Outcome.DROPPED: "automatic replies",
    Outcome.UNMATCHED: "about nobody of ours",
    Outcome.HUMAN: "for a person to read",
}

Understood = Callable[[FoundMail], tuple[ReturnedMail, Handled | None]]
"""Reads one mail, and applies it unless this is a dry run; what became of it, if so."""


@app.command()
def process(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Mails, folders, Maildirs or mbox files.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what each mail is; change nothing.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Understand mail that came back, and act on it: suppress dead addresses, end subscriptions, count soft bounces.

    The files are read and left as they are; the same mail again changes nothing. Exit status 1 if one cannot be
    read, or is for a person to read. With `--json`, one object per mail and line. `--dry-run` needs no newsletter.toml.

    \b
    Example: newsletter feedback process ~/Maildir --dry-run --json
    """
    files = find_files(paths)
    unreadable: list[Path] = []
    understand = _reader(*_known(config)) if dry_run else _applier(open_project(config))
    counts: Counter[str] = Counter()
    begun = time.monotonic()
    for mail in _with_progress(files, unreadable, quiet=as_json):
        understood, handled = understand(mail)
        counts[handled.outcome if handled else understood.kind] += 1
        if as_json:
            print_json_line(_value(mail, understood, handled))
        elif handled is None:
            _show(mail, understood)
        elif handled.outcome is Outcome.HUMAN:
            console.print(f"For a person to read: {escape(mail.name)} ({escape(handled.why)})")
    if not as_json:
        _summarise(counts, files, time.monotonic() - begun)
    waiting = 0 if dry_run else counts[Outcome.HUMAN]
    if waiting and not as_json:
        errors.print(
            f"{counted(waiting, 'mail is', 'mails are')} for a person to read: the files named. They stay where they "
            "are, and no copy of them is made: `newsletter feedback list` does not have them. Remove them when they "
            "are dealt with."
        )
    if unreadable or waiting:
        raise typer.Exit(feedback_edges.NEGATIVE)


def _reader(keyring: Keyring | None, titles: Sequence[str]) -> Understood:
    return lambda mail: (parse_returned_mail(mail.raw, keyring=keyring, titles=titles), None)


def _applier(project: Project) -> Understood:
    applier = feedback_edges.applier_of(project)

    def understand(mail: FoundMail) -> tuple[ReturnedMail, Handled | None]:
        understood = applier.understand(mail.raw)
        handled = applier.handle(understood, mail.raw, now=utc_now())
        if handled.paused_job is not None:
            errors.print(
                f"Job {handled.paused_job} is paused: its mails come back for reasons that are about us (A29)."
            )
        return understood, handled

    return understand


def _known(config: Path | None) -> tuple[Keyring | None, Sequence[str]]:
    """The keys that our own marks in a mail are verified with, and the titles of the lists; none without a project."""
    from newsletter.store.secrets import FILE_NAME

    try:
        project = open_project(config)
    except ConfigurationError:
        if config:
            raise
        return None, ()
    titles = [item.title for item in project.configuration.lists.values()]
    has_key = (project.configuration.data_dir / FILE_NAME).exists()  # a dry run makes none
    return project.keyring if has_key else None, titles


def _with_progress(files: Files, unreadable: list[Path], *, quiet: bool) -> Iterator[FoundMail]:
    """The mails of all files, with a bar that counts files; one that cannot be read is named, and holds up no other."""
    with progress(quiet=quiet) as bar:
        task = bar.add_task("Reading mail", total=len(files.mails))
        for file in files.mails:
            try:
                yield from read_mails(file)
            except InputError as error:
                unreadable.append(file)
                errors.print(escape(f"Passed over: {error}"))
            bar.advance(task)


def _value(mail: FoundMail, understood: ReturnedMail, handled: Handled | None) -> dict[str, Any]:
    """One mail as JSON; personal data goes to standard output and nowhere else."""
    value: dict[str, Any] = {
        "file": mail.name,
        "kind": understood.kind.value,
        "recipients": [
            {
                "address": item.address,
                "action": item.action.value if item.action else None,
                "status": item.status,
                "class": item.bounce_class.value,
            }
            for item in understood.recipients
        ],
    }
    return value if handled is None else {**value, "outcome": handled.outcome.value, "why": handled.why}


def _show(mail: FoundMail, understood: ReturnedMail) -> None:
    console.print(f"{mail.name}: {understood.kind.value}", markup=False)
    for item in understood.recipients:
        words = [item.address, item.action.value if item.action else "", item.status or "", item.bounce_class.value]
        console.print(f"    {'  '.join(word for word in words if word)}", markup=False)
    if understood.problem:
        console.print(f"    {understood.problem}", markup=False)


def _summarise(counts: Counter[str], files: Files, seconds: float) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("Mails")
    table.add_column("Number", justify="right")
    table.add_column("Meaning", style="dim")
    for word, count in sorted(counts.items()):
        table.add_row(str(word), number(count), _MEANINGS.get(word, "") if isinstance(word, Outcome) else "")
    total = sum(counts.values())
    table.add_row("all", number(total), f"{number(round(total / seconds))} per second" if seconds else "", style="bold")
    console.print(table)
    if files.skipped:
        errors.print(f"{counted(files.skipped, 'file', 'files')} passed over: no mail")


feedback_edges.register(app)
