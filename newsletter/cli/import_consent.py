"""The options of an import about time: since when people consent, how old the file is, and who was erased since."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

import typer

from newsletter.cli.grammar import counted
from newsletter.config_lists import MailingList
from subscribers.errors import InputError
from subscribers.import_grounds import CONSENT, Erasures

ConsentedAtOption = Annotated[
    str,
    typer.Option(
        "--consented-at",
        metavar="DAY",
        help="The day on which everybody consented whose row does not say it; --source says how you know.",
    ),
]
CutoffOption = Annotated[
    str,
    typer.Option(
        "--consent-cutoff",
        metavar="DAY",
        help="Consent must be later than this day; by default than the newest erasure and the list's `consent_cutoff`.",
    ),
]
AskOption = Annotated[
    bool,
    typer.Option("--ask-confirmation", help="Mail everybody who is to be confirmed a request to do so, once."),
]


MadeOnOption = Annotated[
    str,
    typer.Option(
        "--made-on",
        metavar="DAY",
        help="On a list that is not on consent: the day on which the file was drawn from its source, or checked "
        "against who left. Needed once people were erased here.",
    ),
]
BringBackOption = Annotated[
    bool,
    typer.Option(
        "--bring-back", help="Also put on the list who may have been erased since --made-on: you know that they agree."
    ),
]


_ERASED = "then somebody was last erased here, or changed their address, and an older file may still name them"


class Cutoff(NamedTuple):
    """From when on consent counts, and who says so."""

    at: datetime | None = None
    why: str = ""


def consented_at(item: MailingList, text: str, now: datetime) -> datetime | None:
    """The first instant of the day that `--consented-at` names; raises InputError."""
    if not text:
        return None
    if item.basis != CONSENT:
        raise InputError("--consented-at is for lists on consent", remedy="leave it out")
    moment = _midnight(_day(text, "--consented-at"), item.zone)
    if moment > now:
        raise InputError("--consented-at lies in the future", remedy="name the day on which they consented")
    return moment


def cutoff(item: MailingList, text: str, gone: Erasures | None) -> Cutoff:
    """The last instant that is too old for a consent; without one no limit.

    Only the option may be earlier than the newest erasure: a setting was written before it, and knows nothing of it.
    """
    if item.basis != CONSENT:
        return Cutoff()
    if text:
        return Cutoff(_end_of(_day(text, "--consent-cutoff"), item.zone), "--consent-cutoff")
    chosen = Cutoff()
    if item.consent_cutoff:
        chosen = Cutoff(_end_of(item.consent_cutoff, item.zone), "the list's `consent_cutoff`")
    return later(chosen, gone.last if gone else None)


def later(chosen: Cutoff, erased: datetime | None) -> Cutoff:
    """The cutoff, moved to the newest erasure where that is later."""
    if erased is None or (chosen.at and chosen.at >= erased):
        return chosen
    return Cutoff(erased, _ERASED)


def older_than_erasures(
    item: MailingList, text: str, now: datetime, gone: Erasures | None, *, bring_back: bool
) -> datetime | None:
    """When the file was made, if people were erased after it and `--bring-back` was not given.

    Raises InputError where it has to be said and is not. On consent the cutoff answers the same question.
    """
    if item.basis == CONSENT:
        if text or bring_back:
            option = "--made-on" if text else "--bring-back"
            raise InputError(f"{option} is for lists that are not on consent", remedy="name --consent-cutoff instead")
        return None
    made = _midnight(_day(text, "--made-on"), item.zone) if text else None
    if made and made > now:
        raise InputError("--made-on lies in the future", remedy="name the day on which the file was made")
    if gone is None:
        return None
    if made is None:
        raise _too_old_perhaps(gone, item.zone)
    return made if made <= gone.last and not bring_back else None


def _too_old_perhaps(gone: Erasures, zone: ZoneInfo) -> InputError:
    first, last = (moment.astimezone(zone).date() for moment in (gone.first, gone.last))
    when = f"between {first} and {last}" if first != last else f"on {last}"
    who = counted(gone.people, "person was", "people were")
    what = f"{who} erased here {when}" if gone.people else f"an address was changed, or a backup restored, {when}"
    return InputError(
        f"{what}; this file may bring back who left",
        remedy="say how old it is: --made-on DAY, the day on which it was drawn from its source, or checked against "
        "who left",
    )


def _day(text: str, option: str) -> date:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise InputError(f"{text[:40]!r} is not a day", where=option, remedy="write it as 2027-06-14") from None
    if not date(1990, 1, 1) <= day <= date(2900, 1, 1):
        raise InputError(f"{text[:40]!r} is no day of our time", where=option, remedy="write it as 2027-06-14")
    return day


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    return _midnight(day + timedelta(days=1), zone) - timedelta(microseconds=1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
