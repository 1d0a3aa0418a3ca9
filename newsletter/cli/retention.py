"""`newsletter retention`: which deadlines wait, erasing what is due, and the receipt that proves it."""

from dataclasses import asdict, dataclass
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
from newsletter.store.leftovers import sweepers
from subscribers.clock import Clock, utc_now
from subscribers.deadlines import RetentionStatus, RuleStatus, retention_status
from subscribers.ledger_entry import Kind
from subscribers.receipts import first_broken, missing
from subscribers.retention import policy_of
from subscribers.scrubbing import RetentionRun, run_retention
from subscribers.sealing import seal_with, verify_with
from subscribers.transactions import reading

app = typer.Typer(help="The promise to forget: deadlines, erasure, receipts.", no_args_is_help=True)

OVERDUE = 1
"""Exit status when the promise is not kept at this moment."""


@app.command()
def status(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show, per list and rule, how many wait to be erased and until when.

    Exit 1 if anything is overdue, or if the receipts are not those that were written.

    Example: newsletter retention status --json
    """
    project = open_project(config)
    found = retention_status(project.engine, policies=project.configuration.policies, now=utc_now())
    proof = check_receipts(project)
    if as_json:
        overdue = {"overdue": found.overdue, "is_overdue": found.is_overdue}
        print_json({**asdict(found), **overdue, "receipts": asdict(proof)})
    else:
        _show(project, found)
        _show_proof(proof)
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


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Whether the receipts are those that were written."""

    changed: int | None
    """Id of the first receipt that was changed, or that follows one removed."""
    missing: int
    """How many receipts the ledger names that the database lacks."""
    is_broken: bool
    """A receipt was changed, or the newest one is missing. A gap before it stays in `missing`: restoring an older
    copy of the database makes one, too, and nothing could mend that."""


def check_receipts(project: Project) -> Proof:
    """Hold the receipts against their seals and against the ledger; raises ServiceError for a damaged ledger."""
    named = [entry.ref for entry in project.ledger.read() if entry.kind is Kind.RECEIPT]
    with reading(project.engine) as connection:
        changed = first_broken(connection, verify_with(project.keyring))
        gone = missing(connection, named)
    is_broken = changed is not None or (bool(gone) and gone[-1] == named[-1])
    return Proof(changed=changed, missing=len(gone), is_broken=is_broken)


def _show_proof(proof: Proof) -> None:
    if proof.changed is not None:
        errors.print(
            f"The receipts prove nothing from number {proof.changed} on: it was changed, or one before it was removed, "
            "or it was made with another secret.key."
        )
    if proof.missing:
        receipts = counted(proof.missing, "receipt that the ledger names is", "receipts that the ledger names are")
        errors.print(f"{receipts} not in the database: removed, or an older copy of the database was restored.")


def erase_due(project: Project, engine: Engine, *, quiet: bool, clock: Clock = utc_now) -> RetentionRun:
    """Run the retention of a project, with a progress bar where somebody watches."""
    with progress(quiet=quiet) as bar:
        task = bar.add_task("Erasing", total=None, visible=False)
        return run_retention(
            engine,
            policies=project.configuration.policies,
            now=clock(),
            record=project.ledger.append,
            seal=seal_with(project.keyring),
            sweepers=sweepers(project.configuration.data_dir),
            on_progress=lambda done, total: bar.update(task, completed=done, total=total, visible=True),
        )


def _show(project: Project, found: RetentionStatus) -> None:
    table = Table("List", "Rule", "Period", "Waiting", "Nearest deadline", "Overdue")
    for rule in found.rules:
        table.add_row(*_cells(project, rule))
    console.print(table)
    if found.scrub_due_since:
        errors.print("Rows are deleted, but their bytes are not scrubbed yet: run `newsletter retention run`.")
    elif found.overdue:
        errors.print(f"{number(found.overdue)} overdue: run `newsletter retention run`.")
    last = found.last_receipt
    console.print(f"Last receipt: {last.id} of {in_words(last.at, zone=project.zone)}" if last else "No receipt yet.")


def _cells(project: Project, rule: RuleStatus) -> tuple[str, ...]:
    zone = policy_of(project.configuration.policies, rule.list).zone
    nearest = in_words(rule.nearest, zone=zone)
    return rule.list, rule.rule, rule.period, number(rule.waiting), nearest, number(rule.overdue)


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
