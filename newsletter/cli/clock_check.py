"""Before anything is erased by this machine's clock: whether it can be right (newsletter/store/clock_watch.py)."""

from datetime import datetime
from math import ceil

from newsletter.cli.common import Project, in_words
from newsletter.store.clock_watch import BACK, TRIAL, ClockWatch, Doubt, look, tried
from subscribers.errors import NegativeError
from subscribers.receipts import latest
from subscribers.transactions import reading

ACCEPT = "mend the clock; if it is right: `newsletter retention run --accept-clock`"


def doubt_of(project: Project, now: datetime) -> Doubt | None:
    """What is wrong with the clock after the last run; by the last receipt where no run left anything else."""
    if _watch(project).last():
        return _watch(project).doubt(look(now))
    return Doubt.BEHIND if (at := _last_receipt(project)) and now < at - BACK else None


def in_a_sentence(project: Project, doubt: Doubt, now: datetime) -> str:
    """What is wrong, with both moments and what follows from it."""
    before = _watch(project).last()
    last = in_words(before.at if before else _last_receipt(project), zone=project.zone)
    clock = f"the clock of this machine says {in_words(now, zone=project.zone)}"
    if doubt is Doubt.AHEAD:
        refused = f"{clock}, which cannot be after a last run on {last}: nothing is erased by a clock that may be wrong"
        return f"{refused}. {_believed(project, now)}"
    return f"{clock}, earlier than the last run, on {last}: it erases too little, and deadlines are missed"


def warning(project: Project, now: datetime) -> str:
    """What to say of a clock that is behind; "" for any other, also for one that is ahead, which is refused."""
    if doubt_of(project, now) is not Doubt.BEHIND:
        return ""
    return f"{in_a_sentence(project, Doubt.BEHIND, now)}; {ACCEPT}"


def is_ahead(project: Project, now: datetime) -> bool:
    """Whether the clock is too far ahead to erase by it; no question to the store, which may be beyond reading."""
    return _watch(project).doubt(look(now)) is Doubt.AHEAD


def _believed(project: Project, now: datetime) -> str:
    """What a clock that is ahead has still to run."""
    left = TRIAL.total_seconds() - tried(_watch(project).trial(), look(now)).even
    return f"It is believed by itself after running evenly for another {ceil(left / 3600)} hours"


def refuse_ahead(project: Project, now: datetime) -> None:
    """Raise NegativeError if the clock is too far ahead to erase by it, and remember that for its trial."""
    if is_ahead(project, now):
        _watch(project).refuse(look(now))
        raise NegativeError(in_a_sentence(project, Doubt.AHEAD, now), remedy=ACCEPT)


def remember(project: Project, now: datetime, *, accepted: bool) -> None:
    """Leave the clock for the next run to compare with, unless it is in doubt: what was right stays the measure."""
    if accepted or doubt_of(project, now) is None:
        _watch(project).note(look(now))


def _watch(project: Project) -> ClockWatch:
    return ClockWatch(project.configuration.data_dir)


def _last_receipt(project: Project) -> datetime | None:
    with reading(project.engine) as connection:
        found = latest(connection)
    return found.at if found else None
