"""Whose mail waits the most, for people and for programs; names no domain of a few (newsletter/delivery/slowest.py)."""

from collections.abc import Sequence
from datetime import tzinfo

from newsletter.cli.common import Project, in_short, number
from newsletter.delivery.job import SendJob
from newsletter.delivery.manners import known_receivers, receivers_of
from newsletter.delivery.receivers import Receivers
from newsletter.delivery.slowest import Waiting, slowest
from newsletter.store.waiting import waiting_by_domain


def waiting_of(project: Project, job: SendJob) -> tuple[Waiting, ...]:
    """Whose mail of this job waits, in the groups of the configuration."""
    is_known = job.list_slug in project.configuration.lists
    receivers = (
        receivers_of(project.configuration, job.list_slug)
        if is_known
        else Receivers(groups=known_receivers(), limits={})
    )
    return slowest(waiting_by_domain(project.engine, job.id), receivers)


def waiting_words(waiting: Sequence[Waiting], zone: tzinfo | None = None) -> str:
    """`gmail 1,204 until 14 Jun 2027 14:05, other domains 12 ...`: the most first; without a zone without times."""
    return ", ".join(
        f"{one.name} {number(one.count)}" + (f" until {in_short(one.until, zone=zone)}" if zone and one.until else "")
        for one in waiting
    )


def waiting_events(waiting: Sequence[Waiting]) -> list[dict[str, object]]:
    """The same for programs."""
    return [{"name": one.name, "waiting": one.count, "until": one.until} for one in waiting]
