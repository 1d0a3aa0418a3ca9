"""What the configuration asks for politeness, as the parts that work with it (edge: reads the table of receivers)."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from functools import cache
from importlib.resources import files

from newsletter.config import Configuration
from newsletter.config_keys import nearest
from newsletter.config_pace import Pace, WarmUp
from newsletter.delivery.courtesy import Manners
from newsletter.delivery.lines import Line
from newsletter.delivery.pacing import Limit, Ramp, microseconds
from newsletter.delivery.pushback import Thresholds
from newsletter.delivery.receivers import RELAY, Receivers, grouped
from newsletter.delivery.windows import Hours
from subscribers.errors import ConfigurationError


@cache
def known_receivers() -> Mapping[str, str]:
    """Domain → group, of the built-in table."""
    table = tomllib.loads(files("newsletter.delivery").joinpath("receivers.toml").read_text(encoding="utf-8"))
    return grouped({name: [*group["domains"], *group.get("guessed", ())] for name, group in table.items()})


def receivers_of(configuration: Configuration, list_slug: str) -> Receivers:
    """The lines of all receivers of a list, and of its relay; raises ConfigurationError for a group of nobody."""
    pace = configuration.pace
    own = grouped({name: list(map(str.lower, group.domains)) for name, group in pace.groups.items()})
    limits: dict[str, Sequence[Limit]] = {name: group.limit for name, group in pace.groups.items() if group.limit}
    limits |= {domain.lower(): item.limit for domain, item in pace.domains.items()}
    relay = configuration.mailing_list(list_slug).relay
    _require_members(pace)
    return Receivers(
        groups={**known_receivers(), **own},
        limits=limits,
        per_domain=pace.per_domain,
        relay=Line(name=RELAY + relay, limits=_warm_up(configuration.relays[relay].warm_up, configuration, list_slug)),
    )


def _require_members(pace: Pace) -> None:
    """A limit for a group that has no domains, and that the built-in table does not know, would limit nobody."""
    known = set(known_receivers().values())
    for name, group in pace.groups.items():
        if name not in known and not group.domains:
            raise ConfigurationError(
                "no receiver is in this group, so it limits nothing",
                where=f"newsletter.toml: pace.groups.{name}",
                remedy=nearest(name, known, "give it domains = [...]"),
            )


def _warm_up(plan: WarmUp | None, configuration: Configuration, list_slug: str) -> Sequence[Limit]:
    if plan is None:
        return ()
    midnight = datetime.combine(plan.since, time(), configuration.mailing_list(list_slug).zone)
    return (Ramp(start=microseconds(midnight.astimezone(UTC)), counts=plan.per_day, date=plan.since.toordinal()),)


def hours_of(configuration: Configuration, list_slug: str) -> Hours:
    """When mail of the list goes out."""
    item = configuration.mailing_list(list_slug)
    return Hours(zone=item.zone, windows=item.sending_windows, quiet=item.quiet_hours)


def thresholds_of(pace: Pace) -> Thresholds:
    """When a job halts."""
    return Thresholds(
        about_us=pace.halt_refusals,
        perhaps_us=pace.halt_policy,
        error_percent=pace.halt_percent,
        error_sample=pace.halt_sample,
    )


def manners_of(configuration: Configuration, list_slug: str, *, patience: float) -> Manners:
    """The manners of a job of this list."""
    return Manners(
        receivers=receivers_of(configuration, list_slug),
        hours=hours_of(configuration, list_slug),
        thresholds=thresholds_of(configuration.pace),
        patience=patience,
    )
