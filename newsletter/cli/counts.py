"""How many deliveries are in which state, for people and for programs.

What we set aside ourselves is DEFERRED in the store, with a reason of its own; nobody refused it, so it has its own
word here.
"""

from rich.table import Table
from sqlalchemy import Engine

from newsletter.cli.common import number
from newsletter.delivery.outcome import State
from newsletter.store import pace

ASIDE = "set aside"
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
LEFT = "left by a process that died: `newsletter send` or `newsletter jobs settle` finds out what became of them"


def aside_of(engine: Engine, job: int, counts: dict[State, int]) -> int:
    """How many of the deferred deliveries of the job were set aside by ourselves; asked only if any is deferred."""
    if not counts.get(State.DEFERRED):
        return 0
    return min(pace.all_aside(engine, job)[0], counts[State.DEFERRED])


def counts_table(counts: dict[State, int], aside: int = 0, *, is_left: bool = False) -> Table:
    """The states that occur, with their meaning; the sum is the audience.

    `aside` of the deferred were not refused; with `is_left` no process lives that holds the claimed.
    """
    table = Table(box=None, pad_edge=False)
    table.add_column("Deliveries")
    table.add_column("Number", justify="right")
    table.add_column("Meaning", style="dim")
    for state, count in apart(counts, aside).items():
        if count:
            meaning = LEFT if is_left and state is State.CLAIMED else MEANINGS[state]
            table.add_row(state.name.lower(), number(count), meaning)
        if aside and state is State.DEFERRED:
            table.add_row(ASIDE, number(aside), "waits for its turn: our own pace, nobody refused it")
    table.add_row("all", number(sum(counts.values())), "", style="bold")
    return table


def counts_by_name(counts: dict[State, int], aside: int = 0) -> dict[str, int]:
    """Counts with the words of the states, and with `set_aside` for what was not refused, for JSON."""
    return {**{state.name.lower(): count for state, count in apart(counts, aside).items()}, "set_aside": aside}


def apart(counts: dict[State, int], aside: int) -> dict[State, int]:
    """The counts without what was set aside by ourselves."""
    return {**counts, State.DEFERRED: counts[State.DEFERRED] - aside} if aside else counts
