"""How many deliveries are in which state, for people and for programs."""

from rich.table import Table

from newsletter.cli.common import number
from newsletter.delivery.outcome import State

MEANINGS = {
    State.QUEUED: "waiting",
    State.CLAIMED: "in the hands of a process",
    State.DEFERRED: "refused for now, tried again later",
    State.SENT: "taken by the relay",
    State.REFUSED: "refused for good",
    State.EXPIRED: "given up after waiting too long",
    State.SKIPPED: "no longer subscribed, or suppressed",
    State.CANCELLED: "cancelled by the operator",
    State.UNKNOWN: "sent, and no answer heard: the relay may or may not have it",
}


def counts_table(counts: dict[State, int]) -> Table:
    """The states that occur, with their meaning; the sum is the audience."""
    table = Table(box=None, pad_edge=False)
    table.add_column("Deliveries")
    table.add_column("Number", justify="right")
    table.add_column("Meaning", style="dim")
    for state, count in counts.items():
        if count:
            table.add_row(state.name.lower(), number(count), MEANINGS[state])
    table.add_row("all", number(sum(counts.values())), "", style="bold")
    return table


def counts_by_name(counts: dict[State, int]) -> dict[str, int]:
    """Counts with the words of the states, for JSON."""
    return {state.name.lower(): count for state, count in counts.items()}
