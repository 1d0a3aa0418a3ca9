"""Before `subscribers correct --address` puts two people together: what that would do, and the word that it may."""

import sys
from dataclasses import asdict

import typer
from rich.markup import escape
from sqlalchemy import Connection

from newsletter.cli.common import confirm, console
from subscribers.address import Address
from subscribers.errors import ConflictError, NegativeError
from subscribers.merging import Foreseen, foreseen
from subscribers.records import SubscriberRecord, find

_WORDS = {
    "goes_over": "goes over to the new address",
    "on_both": "on both; one subscription stays",
    "begins_again": "left there, or not confirmed there: begins again",
    "stays_behind": "stays at the old address until it is erased",
    "fills": "comes along, being empty there",
}


def somebody_else(connection: Connection, person: SubscriberRecord, new: Address | None) -> SubscriberRecord | None:
    """Who has the address `new` already, if that is not `person`; raises NegativeError if they are not mailed."""
    other = find(connection, new) if new else None
    if other is None or other.id == person.id:
        return None
    if other.suppressed:
        raise NegativeError("mail to the new address is suppressed; nothing was changed")
    return other


def as_values(person: SubscriberRecord, other: SubscriberRecord | None) -> dict[str, tuple[str, ...]] | None:
    """What putting them together would do, for programs; None where there is nobody to put together with."""
    return asdict(foreseen(person, other)) if other else None


def announce(person: SubscriberRecord, other: SubscriberRecord) -> None:
    """Who has the address, and what would become of either."""
    lists = ", ".join(f"{item.list} ({item.state})" for item in other.subscriptions) or "no list"
    who = ", ".join(text for text in (other.name, other.organisation) if text) or "without a name"
    console.print(f"{escape(other.address)} belongs to somebody we know: {escape(who)}; on {lists}.")
    console.print("Putting the two together would do this; it cannot be undone:")
    plan: Foreseen = foreseen(person, other)
    for key, words in _WORDS.items():
        if found := getattr(plan, key):
            console.print(f"  {words}: {', '.join(found)}")
    console.print("  whatever else is known at the new address stays as it is; nothing is mailed to the old one")


def agree(*, merge: bool, asks: bool) -> None:
    """Go on with `--merge`, or after a yes on a terminal; raises ConflictError otherwise."""
    if merge:
        return
    if not asks or not sys.stdin.isatty():
        raise ConflictError(
            "the new address belongs to somebody else we know; nothing was changed",
            remedy="`newsletter subscribers show` says who; if they are one person, add --merge",
        )
    confirm("Are they one person, and are the two to be put together?", yes=False)


def end_dry_run(person: SubscriberRecord, other: SubscriberRecord | None, given: list[str]) -> None:
    """The last words of a dry run."""
    console.print(f"Would be corrected for {escape(person.address)}: {', '.join(given)}.")
    console.print("Nothing was changed: a dry run." + (" With --merge the two are put together." if other else ""))
    raise typer.Exit
