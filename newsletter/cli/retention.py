"""`newsletter retention`: which deadlines wait, erasing what is due, and the receipt that proves it."""

from dataclasses import asdict, replace
from typing import Any

import typer
from rich.table import Table
from sqlalchemy import Engine

from newsletter.cli.common import (
    ConfigOption,
    JsonOption,
    Project,
    console,
    errors,
    in_words,
    number,
    open_project,
    print_json,
    progress,
)
from newsletter.cli.grammar import counted
from newsletter.cli.receipts_check import check_receipts, show_proof
from newsletter.cli.retention_report import make_report
from newsletter.cli.retention_status import show_status, status_of
from subscribers.clock import Clock, utc_now
from subscribers.scrubbing import RetentionRun

app = typer.Typer(help="The promise to forget: deadlines, erasure, receipts.", no_args_is_help=True)
app.command("report")(make_report)

OVERDUE = 1
"""Exit status when the promise is not kept at this moment."""


@app.command()
def status(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show, per list and rule, how many wait to be erased and until when, and what stays for which reason.

    Exit 1 if anything is overdue, or if the receipts are not those that were written.

    Example: newsletter retention status --json
    """
    project = open_project(config)
    found = status_of(project)
    proof = check_receipts(project)
    if as_json:
        overdue = {"overdue": found.overdue, "is_overdue": found.is_overdue}
        print_json({**asdict(found), **overdue, "receipts": asdict(proof)})
    else:
        show_status(project, found)
        show_proof(proof)
    if found.is_overdue or proof.is_broken:
        raise typer.Exit(OVERDUE)


@app.command()
def run(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Erase everybody past the deadline and print the receipt; exit 1 if it could not be finished.

    Example: newsletter retention run
    """
    project = open_project(config)
    done = erase_due(project, project.engine, quiet=as_json)
    if as_json:
        print_json(asdict(done))
    else:
        show_run(project, done)
    if done.is_overdue:
        raise typer.Exit(OVERDUE)


def erase_due(project: Project, engine: Engine, *, quiet: bool, clock: Clock = utc_now) -> RetentionRun:
    """Run the retention of a project on `engine`, with a progress bar where somebody watches."""
    forgetting = replace(project.forgetting, engine=engine)
    with progress(quiet=quiet) as bar:
        task = bar.add_task("Erasing", total=None, visible=False)
        return forgetting.run(clock(), lambda done, total: bar.update(task, completed=done, total=total, visible=True))


def show_run(project: Project, done: RetentionRun) -> None:
    """What a run did: the receipt, or why there is none."""
    if done.shortened:
        console.print(
            f"{counted(done.shortened, 'deadline', 'deadlines')} brought forward: the configured period is shorter now."
        )
    if done.still_due:
        errors.print(f"Still due, no receipt: {done.still_due}. Run `newsletter retention run` again.")
    elif done.receipt is None:
        console.print("Nothing was due.")
    else:
        console.print(receipt_table(done.receipt.id, done.receipt.counts))
        console.print(
            f"Receipt {done.receipt.id} of {in_words(done.receipt.at, zone=project.zone)}: {done.receipt.digest}"
        )


def receipt_table(number_of: int, counts: dict[str, Any]) -> Table:
    """The counts of a receipt as a small table."""
    table = Table("Erased", "Rows", title=f"Receipt {number_of}", title_justify="left")
    for name, count in counts.items():
        table.add_row(name.replace("_", " "), number(count))
    return table
