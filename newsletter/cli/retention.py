"""`newsletter retention`: which deadlines wait, erasing what is due, and the receipt that proves it."""

from dataclasses import asdict, replace
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Engine

from newsletter.cli import clock_check
from newsletter.cli.clock_check import ACCEPT
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
from newsletter.store.clock_watch import Doubt
from subscribers.clock import Clock, utc_now
from subscribers.errors import NegativeError
from subscribers.scrubbing import RetentionRun

app = typer.Typer(
    help="""The promise to forget: deadlines, erasure, receipts.

    \b
    Examples: newsletter retention status
              newsletter retention report --from 2027-01-01 --to 2027-12-31
    """,
    no_args_is_help=True,
)
app.command("report")(make_report)

OVERDUE = 1
"""Exit status when the promise is not kept at this moment."""


@app.command()
def status(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show, per list and rule, how many wait to be erased and until when, and what stays for which reason.

    Exit 1 if anything is overdue, if the receipts are not those that were written, or if the clock is too far ahead.

    Example: newsletter retention status --json
    """
    project = open_project(config)
    found = status_of(project)
    proof = check_receipts(project)
    doubt = clock_check.doubt_of(project, found.at)
    if as_json:
        overdue = {"overdue": found.overdue, "is_overdue": found.is_overdue}
        print_json({**asdict(found), **overdue, "receipts": asdict(proof), "clock": doubt})
    else:
        show_status(project, found)
        show_proof(proof)
    if doubt and not as_json:
        errors.print(escape(f"Warning: {clock_check.in_a_sentence(project, doubt, found.at)}; {ACCEPT}."))
    if found.is_overdue or proof.is_broken or doubt is Doubt.AHEAD:
        raise typer.Exit(OVERDUE)


@app.command()
def run(
    config: ConfigOption = None,
    as_json: JsonOption = False,
    accept_clock: Annotated[
        bool, typer.Option("--accept-clock", help="The clock of this machine is right, whatever the last run says.")
    ] = False,
) -> None:
    """Erase everybody past the deadline and print the receipt; exit 1 if it could not be finished.

    Nothing is erased by a clock that is far ahead of the time that has passed since the last run.

    Example: newsletter retention run
    """
    project = open_project(config)
    if accept_clock:
        clock_check.remember(project, utc_now(), accepted=True)
    elif doubt := clock_check.warning(project, utc_now()):
        errors.print(escape(f"Warning: {doubt}."))
    done = erase_due(project, project.engine, quiet=as_json)
    if as_json:
        print_json(asdict(done))
    else:
        show_run(project, done)
    if done.is_overdue:
        raise typer.Exit(OVERDUE)


def erase_due(project: Project, engine: Engine, *, quiet: bool, clock: Clock = utc_now) -> RetentionRun:
    """Run the retention of a project on `engine`, with a progress bar where somebody watches.

    By this machine's clock only if it can be right: raises NegativeError if it is far ahead.
    """
    forgetting, now = replace(project.forgetting, engine=engine), clock()
    is_of_machine = clock is utc_now
    if is_of_machine:
        clock_check.refuse_ahead(project, now)
    with progress(quiet=quiet) as bar:
        task = bar.add_task("Erasing", total=None, visible=False)
        done = forgetting.run(now, lambda done, total: bar.update(task, completed=done, total=total, visible=True))
    if is_of_machine:
        clock_check.remember(project, now, accepted=False)
    return done


def erase_first(project: Project, *, quiet: bool) -> None:
    """What is due is erased before every job (I4), and the receipt is shown; raises NegativeError if it stays due.

    Also for what no query of the database shows, such as a file past its days that cannot be removed.
    """
    done = erase_due(project, project.engine, quiet=quiet)
    if done.is_overdue:
        raise NegativeError(
            f"data of people who left is overdue for erasure: no job runs before it is gone ({done.still_due})",
            remedy="run `newsletter retention run`",
        )
    if done.receipt and not quiet:
        show_run(project, done)


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
