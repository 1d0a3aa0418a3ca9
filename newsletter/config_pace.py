"""`[pace]` of newsletter.toml, a relay's warm-up plan, a list's hours: being polite to receivers. Pure."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from newsletter.config_values import HostName, Slug, Table
from newsletter.delivery.pacing import Rate
from newsletter.delivery.windows import Window

LARGEST_WINDOW = 1_000_000
"""Messages of one rate."""


def _rate(value: object) -> object:
    if not isinstance(value, str):
        return value
    rate = Rate.parse(value)
    if rate.count > LARGEST_WINDOW:
        msg = f"{value!r} is more than {LARGEST_WINDOW} at a time: leave it out"
        raise ValueError(msg)
    return rate


def _rates(value: Any) -> Any:  # noqa: ANN401 - what the file holds
    """One rate, or a list of rates that hold together; of two with the same period only one makes sense."""
    return (value,) if isinstance(value, str | Rate) else value


def _one_per_period(rates: Sequence[Rate]) -> tuple[Rate, ...]:
    periods = [rate.seconds for rate in rates]
    if len(set(periods)) != len(periods):
        msg = "two rates have the same period; keep the lower one"
        raise ValueError(msg)
    return tuple(rates)


def _window(value: object) -> object:
    return Window.parse(value) if isinstance(value, str) else value


def _windows(value: Any) -> Any:  # noqa: ANN401 - what the file holds
    return (value,) if isinstance(value, str | Window) else value


def _names(value: Any) -> Any:  # noqa: ANN401 - what the file holds
    return (value,) if isinstance(value, str) else value


def _different(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) != len(names):
        msg = "a relay is named twice; keep one, and give it a larger weight"
        raise ValueError(msg)
    return names


AnyNames: TypeAlias = Annotated[
    tuple[str, ...], BeforeValidator(_names), Field(min_length=1), AfterValidator(_different)
]
"""One name, or several."""
AnyRate: TypeAlias = Annotated[Rate, BeforeValidator(_rate)]
AnyRates: TypeAlias = Annotated[tuple[AnyRate, ...], BeforeValidator(_rates), AfterValidator(_one_per_period)]
AnyWindows: TypeAlias = Annotated[tuple[Annotated[Window, BeforeValidator(_window)], ...], BeforeValidator(_windows)]


class PaceGroup(Table):
    """One group of receivers: a large provider of the built-in table, or one of your own."""

    limit: AnyRates = ()
    domains: tuple[HostName, ...] = ()
    """More domains of it, or all of them for a group of your own."""


class PaceDomain(Table):
    """One domain; it leaves its group."""

    limit: AnyRates


class Pace(Table):
    """How fast receivers get our mail, and when a job stops by itself. No limit unless given."""

    groups: dict[Slug, PaceGroup] = Field(default_factory=dict)
    domains: dict[HostName, PaceDomain] = Field(default_factory=dict)
    per_domain: AnyRates = ()
    """For each domain without a group and without limits of its own."""
    halt_refusals: Annotated[int, Field(ge=1)] = 5
    """So many refusals that are certainly about us (authentication, reputation) halt the job (A29)."""
    halt_policy: Annotated[int, Field(ge=1)] = 20
    """So many refusals of policy of any kind do, if they are a twentieth of all that was tried."""
    halt_percent: Annotated[float, Field(gt=0, le=100)] = 25
    """Permanent refusals of whatever kind in a hundred, once `halt_sample` were tried."""
    halt_sample: Annotated[int, Field(ge=10)] = 100
    power_safe: bool | None = None
    """Whether every job syncs the disk before every group of messages (docs/decisions/0018); unless given, with
    PostgreSQL."""

    @model_validator(mode="after")
    def _one_group_each(self) -> Self:
        seen: dict[str, str] = {}
        for name, group in self.groups.items():
            for domain in group.domains:
                if domain in seen:
                    msg = f"{domain} is in the groups {seen[domain]} and {name}; keep one"
                    raise ValueError(msg)
                seen[domain] = name
        return self


class WarmUp(Table):
    """A relay whose address nobody knows yet begins with few messages a day."""

    since: date
    """The first day."""
    per_day: Annotated[tuple[Annotated[int, Field(ge=1, le=LARGEST_WINDOW)], ...], Field(min_length=1)]
    """Messages on the first day, the second, and so on; after the last one there is no limit."""

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if list(self.per_day) != sorted(self.per_day):
            msg = "per_day must rise from day to day"
            raise ValueError(msg)
        return self
