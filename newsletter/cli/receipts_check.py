"""Whether the receipts are those that were written: held against their seals and the ledger."""

from dataclasses import dataclass

from newsletter.cli.common import Project, errors
from newsletter.cli.grammar import counted
from subscribers.ledger_entry import Kind
from subscribers.receipts import first_broken, missing
from subscribers.sealing import verify_with
from subscribers.transactions import reading


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


def show_proof(proof: Proof) -> None:
    """Say what is wrong with the receipts; nothing if they are as they were written."""
    if proof.changed is not None:
        errors.print(
            f"The receipts prove nothing from number {proof.changed} on: it was changed, or one before it was removed, "
            "or it was made with another secret.key."
        )
    if proof.missing:
        receipts = counted(proof.missing, "receipt that the ledger names is", "receipts that the ledger names are")
        errors.print(f"{receipts} not in the database: removed, or an older copy of the database was restored.")
