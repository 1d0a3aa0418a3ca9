"""When a job starts and how long it takes: `--at`, `--spread-over`, and the calculation before confirming."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape
from rich.table import Table

from newsletter.cli.common import Project, console, in_words, number
from newsletter.config_relays import Relay
from newsletter.delivery.forecast import Forecast, Plan, forecast, spread_speed
from newsletter.delivery.kept_lines import look_up
from newsletter.delivery.manners import hours_of, receivers_of
from newsletter.delivery.pacing import microseconds
from newsletter.delivery.receivers import Receivers
from newsletter.store import pace
from subscribers.clock import utc_now
from subscribers.errors import InputError

AtOption = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help='Start then, in the list\'s time zone: "2027-06-14 09:00"; or: now.'),
]
SpreadOption = Annotated[
    float | None,
    typer.Option("--spread-over", metavar="HOURS", min=0.01, max=24 * 30, help="Take this long, evenly."),
]
UNLIMITED_SPEED = 1000.0
"""Messages per second that a relay without a limit is thought to take."""
MOST_SHARES = 12
"""Lines of the calculation."""


def parse_at(text: str | None, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The instant of `--at`; None for now and for nothing. Raises InputError for the past and for no time."""
    if text is None or text.strip().lower() == "now":
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InputError(
            f"{text[:40]!r} is no time", where="--at", remedy='write it as "2027-06-14 09:00", in the list\'s time zone'
        ) from None
    at = (found if found.tzinfo else _local(found, zone)).astimezone(UTC)
    if at <= now:
        raise InputError(
            f"{in_words(at, zone=zone)} is past", where="--at", remedy="name a later time, or leave it out"
        )
    return at


def _local(found: datetime, zone: ZoneInfo) -> datetime:
    local = found.replace(tzinfo=zone)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != found:
        raise InputError(
            f"{found:%Y-%m-%d %H:%M} is in the hour that the clock skips", where="--at", remedy="name another time"
        )
    return local


def calculate(
    project: Project,
    list_slug: str,
    mix: Mapping[str, int],
    *,
    start: datetime,
    spread: timedelta | None,
    is_made_up: bool = False,
) -> Forecast:
    """How long a job to these recipients takes under the limits, and after what was sent and set aside before.

    Of recipients that are made up nothing is looked up in the store.
    """
    configuration = project.configuration
    receivers = _receivers(project, list_slug, is_made_up=is_made_up)
    ahead, elsewhere = ({}, {}) if is_made_up or receivers.is_idle else _set_aside(project, list_slug)
    return forecast(
        Plan(
            mix=mix,
            receivers=receivers,
            hours=hours_of(configuration, list_slug),
            speed=_speed(configuration.relays_of(list_slug).values(), spread_speed(sum(mix.values()), spread)),
            start=start,
            ahead=ahead,
            elsewhere=elsewhere,
            now=utc_now(),
        )
    )


def _set_aside(project: Project, list_slug: str) -> tuple[dict[str, int], dict[str, int]]:
    """Domain → how many were set aside: of lists with the relay of this one, and of all others.

    Of several relays the first one counts, as where a run counts (newsletter/delivery/manners.py).
    """
    lists, relay = project.configuration.lists, project.configuration.mailing_list(list_slug).relay
    ahead, elsewhere = Counter[str](), Counter[str]()
    for slug, counts in pace.aside_by_domain(project.engine).items():
        (ahead if slug in lists and lists[slug].relay == relay else elsewhere).update(counts)
    return ahead, elsewhere


def _receivers(project: Project, list_slug: str, *, is_made_up: bool) -> Receivers:
    receivers = receivers_of(project.configuration, list_slug)
    if not is_made_up:
        look_up(receivers, project.engine, microseconds(utc_now()))
    return receivers


def _speed(relays: Collection[Relay], spread: float | None) -> float:
    """Messages per second that the relays take together; one that stands by counts only if all do.

    Each gets its part of a spread job, whatever the others can take (newsletter/delivery/relays.py).
    """
    weights = [(relay, relay.weight) for relay in relays if relay.weight] or [(relay, 1) for relay in relays]
    total = sum(weight for _, weight in weights)
    speeds = [(relay.messages_per_second or UNLIMITED_SPEED, weight) for relay, weight in weights]
    return sum(speed if spread is None else min(speed, spread * weight / total) for speed, weight in speeds)


def is_limited(project: Project, list_slug: str, spread: timedelta | None, *, is_made_up: bool = False) -> bool:
    """Whether anything slows a job of this list, so that a calculation says something."""
    configuration = project.configuration
    relays = configuration.relays_of(list_slug).values()
    return bool(
        spread
        or any(relay.messages_per_second or relay.warm_up for relay in relays)
        or not hours_of(configuration, list_slug).is_always
        or not _receivers(project, list_slug, is_made_up=is_made_up).is_idle
    )


def show_forecast(found: Forecast, zone: tzinfo) -> None:
    """The calculation, for people."""
    if not found.shares:
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("Receivers")
    table.add_column("Mails", justify="right")
    table.add_column("Takes", justify="right")
    table.add_column("")
    for share in found.shares[:MOST_SHARES]:
        limited = "by its own limits" if share.is_limited else ""
        table.add_row(escape(share.name), number(share.count), duration(share.ends - found.begins), limited)
    console.print(table)
    if not found.is_complete:
        console.print("Under these limits it would take more than ten years.")
        return
    begins, ends = in_words(found.begins, zone=zone), in_words(found.ends, zone=zone)
    console.print(f"Under the limits: from {begins} to {ends}, {duration(found.lasts)} in all.")


def forecast_as_json(found: Forecast) -> dict[str, object]:
    """The calculation, for programs; times in seconds."""
    shares = [
        {**asdict(share), "seconds": round((share.ends - found.begins).total_seconds())} for share in found.shares
    ]
    return {
        "begins": found.begins,
        "ends": found.ends,
        "seconds": round(found.lasts.total_seconds()),
        "complete": found.is_complete,
        "shares": shares,
    }


def duration(time: timedelta) -> str:
    """A length of time in two units at most: `2 d 4 h`, `12 min`, `40 s`."""
    seconds = round(time.total_seconds())
    units = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
    parts: list[str] = []
    for name, size in units:
        if seconds >= size or (name == "s" and not parts):
            parts.append(f"{seconds // size} {name}")
            seconds %= size
        elif parts:
            break
    return " ".join(parts[:2])
