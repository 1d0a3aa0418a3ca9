"""`newsletter subscribers unsubscribe` and `erase`: leaving a list, and being forgotten."""

import getpass
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from newsletter.cli.common import (
    ConfigOption,
    JsonOption,
    Project,
    YesOption,
    confirm,
    console,
    errors,
    in_words,
    number,
    open_project,
    print_json,
)
from newsletter.cli.grounds import (
    ListOption,
)
from newsletter.cli.retention import receipt_table
from newsletter.store.known import everything_about
from subscribers.clock import utc_now
from subscribers.errors import InputError
from subscribers.requests import finish_erasures
from subscribers.retention import policy_of
from subscribers.scrubbing import Erased
from subscribers.store import (
    EndOutcome,
    SubscriberRecord,
    end_subscription,
    find,
)
from subscribers.subscription import Actor, EndedReason
from subscribers.transactions import reading, writing

NOT_KNOWN = "Nothing is known about this address."
NEGATIVE = 1

AddressArgument = Annotated[str, typer.Argument(metavar="ADDRESS", help="The e-mail address, in any spelling.")]


def register(app: typer.Typer) -> None:
    """Put both commands into the group."""
    app.command("unsubscribe")(unsubscribe_person)
    app.command("erase")(erase_person)


def unsubscribe_person(
    address: AddressArgument,
    slug: ListOption,
    arrived: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day on which the request arrived; today unless given."),
    ] = None,
    yes: YesOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """End one subscription at the person's request; says when their data are erased.

    \b
    Example: newsletter subscribers unsubscribe jan@example.org --list nieuwsbrief
    """
    project = open_project(config)
    item = project.configuration.mailing_list(slug)
    person = find_person(project, address)
    subscription = person.on(slug) if person else None
    if person is None or subscription is None:
        raise InputError(f"this address is not on the list {slug}", remedy="`newsletter subscribers show` tells more")
    moment = _moment(project, slug, arrived)
    confirm(f"End the subscription of {person.address} to {item.title}?", yes=yes)
    with writing(project.engine) as connection:
        result = end_subscription(
            connection,
            subscription.ref,
            reason=EndedReason.BY_OPERATOR,
            actor=Actor.OPERATOR,
            policy=policy_of(project.configuration.policies, slug),
            arrived_at=moment,
            record=project.ledger.append,
            source="newsletter subscribers unsubscribe",
        )
    if as_json:
        print_json({"outcome": result.outcome.value, "erase_at": result.erase_at})
        return
    before = " had left before" if result.outcome is EndOutcome.ALREADY_ENDED else " has left"
    console.print(f"{escape(person.address)}{before}: {escape(item.title)}.")
    console.print(f"What is known of this subscription is erased from {in_words(result.erase_at, zone=item.zone)}.")


def _moment(project: Project, slug: str, arrived: datetime | None) -> datetime:
    """When a request arrived (I4): now, or the end of a day that was named, which is never in the future."""
    now = utc_now()
    if arrived is None:
        return now
    day = arrived.replace(tzinfo=project.configuration.mailing_list(slug).zone)
    if day > now:
        raise InputError("the request cannot have arrived in the future", remedy="mend --arrived")
    return min(day + timedelta(hours=12), now)


def erase_person(
    address: AddressArgument,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be erased; change nothing.")] = False,
    yes: YesOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase everything about a person at once, from every list (AVG 17), and print the receipt. It cannot be undone.

    Exit status 1: the rows are gone, but their bytes could not be scrubbed yet; run it again.

    \b
    Example: newsletter subscribers erase jan@example.org --dry-run
    """
    project = open_project(config)
    person = find_person(project, address)
    known = {table: len(rows) for table, rows in known_of(project, person).items()}
    if person and not as_json:
        _announce(person, known)
    if dry_run:
        _end_dry_run(known, as_json=as_json)
        return
    if person:
        confirm(f"Erase all of this about {person.address} for good, and every export made so far?", yes=yes)
    done = project.forgetting.erase(address, utc_now())
    if person:
        with writing(project.engine) as connection:
            finish_erasures(connection, person.ref, by=getpass.getuser(), now=utc_now())
    if as_json:
        print_json(done)
    else:
        _show_erased(project, done)
    if done.still_due:
        raise typer.Exit(NEGATIVE)


def _announce(person: SubscriberRecord, known: dict[str, int]) -> None:
    lists = ", ".join(item.list for item in person.subscriptions) or "no list"
    table = Table("Table", "Rows", title=f"{escape(person.address)}, on {lists}", title_justify="left")
    for name, rows in known.items():
        table.add_row(name.replace("_", " "), number(rows))
    console.print(table)


def _end_dry_run(known: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        print_json({"dry_run": True, "would_erase": known})
    else:
        console.print("Nothing was changed: a dry run." if known else NOT_KNOWN)


def _show_erased(project: Project, done: Erased) -> None:
    if not done.was_known:
        console.print(NOT_KNOWN)
    if done.receipt:
        console.print(receipt_table(done.receipt.id, done.receipt.counts))
        console.print(
            f"Receipt {done.receipt.id} of {in_words(done.receipt.at, zone=project.zone)}: {done.receipt.digest}"
        )
    _show_what_stays(project, done)
    if done.still_due:
        errors.print(f"Deleted, but not scrubbed yet, so no receipt: {done.still_due}. Run `newsletter retention run`.")


def _show_what_stays(project: Project, done: Erased) -> None:
    """What no erasure reaches: backups, and a mark where one is kept (B10, B11); the page of `/mijn/` says the same."""
    configuration, now = project.configuration, utc_now()
    days = configuration.backup.days(configuration.policies.values())
    if done.was_known and days:
        until = in_words(now + timedelta(days=days), zone=project.zone)
        console.print(f"Backups made before now may still hold this person, until {until} at the latest.")
    if done.was_known and configuration.privacy.mark_days:
        until = in_words(now + timedelta(days=configuration.privacy.mark_days), zone=project.zone)
        console.print(f"An encrypted mark of the address stays until {until}, so that no old file brings them back.")


def find_person(project: Project, address: str) -> SubscriberRecord | None:
    """The person with this address, in any spelling; raises AddressError."""
    with reading(project.engine) as connection:
        return find(connection, address)


def known_of(project: Project, person: SubscriberRecord | None) -> dict[str, list[dict[str, Any]]]:
    """All that is stored about them, by table; states of deliveries as words."""
    if person is None:
        return {}
    with reading(project.engine) as connection:
        return everything_about(connection, person.id)
