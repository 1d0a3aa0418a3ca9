"""The options of an import that are about consent: since when, and from when on it counts."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from newsletter.cli.common import Project
from newsletter.config_lists import MailingList
from subscribers.errors import InputError
from subscribers.import_cutoff import newest_erasure
from subscribers.import_grounds import CONSENT
from subscribers.transactions import reading

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
        help="Consent must be later than this day; by default than the newest erasure, or the list's `consent_cutoff`.",
    ),
]
AskOption = Annotated[
    bool,
    typer.Option("--ask-confirmation", help="Mail everybody who is to be confirmed a request to do so, once."),
]


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


def cutoff(project: Project, item: MailingList, text: str) -> datetime | None:
    """The last instant that is too old for a consent, by option, configuration or erasures; None for no limit."""
    if item.basis != CONSENT:
        return None
    day = _day(text, "--consent-cutoff") if text else item.consent_cutoff
    if day is not None:
        return _midnight(day + timedelta(days=1), item.zone) - timedelta(microseconds=1)
    with reading(project.engine) as connection:
        return newest_erasure(connection)


def _day(text: str, option: str) -> date:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise InputError(f"{text[:40]!r} is not a day", where=option, remedy="write it as 2027-06-14") from None
    if not date(1990, 1, 1) <= day <= date(2900, 1, 1):
        raise InputError(f"{text[:40]!r} is no day of our time", where=option, remedy="write it as 2027-06-14")
    return day


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
