"""Before `subscribers correct --address` puts two people together: what that would do, and the word that it may."""

import sys
from dataclasses import asdict
from datetime import datetime, tzinfo
from typing import Any

import typer
from rich.markup import escape
from sqlalchemy import Connection

from newsletter.cli.common import confirm, console, in_words
from subscribers.address import Address
from subscribers.errors import ConflictError, NegativeError
from subscribers.merging import Foreseen
from subscribers.records import SubscriberRecord, find

_WORDS = {
    "goes_over": "goes over to the new address",
    "on_both": "on both; one subscription stays",
    "begins_again": "left there, or not confirmed there: begins again",
    "stays_behind": "not active: stays at the old address, where nothing is mailed, until its deadline",
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


def as_values(plan: Foreseen | None) -> dict[str, Any] | None:
    """What putting them together would do, for programs; None where there is nobody to put together with."""
    return asdict(plan) if plan else None


def announce(other: SubscriberRecord, plan: Foreseen) -> None:
    """Who has the address, what would become of either, and which values would be lost."""
    lists = ", ".join(f"{item.list} ({item.state})" for item in other.subscriptions) or "no list"
    who = ", ".join(text for text in (other.name, other.organisation) if text) or "without a name"
    console.print(f"{escape(other.address)} belongs to somebody we know: {escape(who)}; on {lists}.")
    console.print("Putting the two together would do this; it cannot be undone:")
    for key, words in _WORDS.items():
        if found := getattr(plan, key):
            console.print(escape(f"  {words}: {', '.join(found)}"))
    for item in plan.differs:
        console.print(escape(f"  at both, and not the same: {item.name}: {item.kept!r} is kept, {item.lost!r} is lost"))
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


def erased_by(old: SubscriberRecord | None) -> datetime | None:
    """When the last of what stays at the old address is erased; None if the next erasure takes it."""
    return max((item.erase_at for item in old.subscriptions if item.erase_at), default=None) if old else None


def conclude(old: SubscriberRecord | None, plan: Foreseen, zone: tzinfo) -> None:
    """What was done, and how long the old address is known."""
    done = "Corrected, and put together with who was at the new address."
    console.print(done if plan.puts_together else "Corrected. No subscription went over: none was active.")
    if until := erased_by(old):
        console.print(escape(f"{old.address if old else ''} stays known until {in_words(until, zone=zone)}."))
    else:
        console.print("The next erasure removes the old address.")


def end_dry_run(person: SubscriberRecord, other: SubscriberRecord | None, given: list[str]) -> None:
    """The last words of a dry run."""
    console.print(f"Would be corrected for {escape(person.address)}: {', '.join(given)}.")
    console.print("Nothing was changed: a dry run." + (" With --merge the two are put together." if other else ""))
    raise typer.Exit
