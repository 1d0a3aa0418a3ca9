"""What waits to be erased, by which rule, until when: as a table for people."""

from rich.table import Table

from newsletter.cli.common import Project, console, errors, in_words, number
from subscribers.clock import utc_now
from subscribers.deadlines import OPEN, RECEIPTS, RetentionStatus, RuleStatus
from subscribers.errors import ServiceError
from subscribers.retention import policy_of


def status_of(project: Project) -> RetentionStatus:
    """What waits in a project; raises ServiceError for a folder that cannot be read."""
    try:
        return project.forgetting.status(utc_now())
    except OSError as error:
        raise ServiceError(
            f"a folder with files about people cannot be read: {error.strerror}",
            where=str(error.filename or project.configuration.data_dir),
            remedy="give this user the right to read and remove files there",
        ) from None


def show_status(project: Project, found: RetentionStatus) -> None:
    """The table, what to do if something is overdue, and the last receipt."""
    table = Table("List", "Rule", "Period", "Rows", "Nearest deadline", "Overdue")
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
    if rule.stays:
        return rule.list or "all", rule.rule, "-", number(rule.waiting), stays_because(rule.rule), "-"
    zone = policy_of(project.configuration.policies, rule.list).zone if rule.list else project.zone
    nearest = in_words(rule.nearest, zone=zone)
    return rule.list or "all", rule.rule, rule.period, number(rule.waiting), nearest, number(rule.overdue)


def stays_because(rule: str) -> str:
    """The named reason why rows have no deadline (I4)."""
    if rule == RECEIPTS:
        return "kept: about nobody"
    return "stays until the mailing is finished" if rule.endswith(OPEN) else "stays while subscribed"
