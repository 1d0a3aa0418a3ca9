"""`newsletter jobs resume --retry`: queue again what was refused or expired."""

from typing import Annotated

import typer

from newsletter.cli.common import Project, confirm, console, number
from newsletter.cli.sending_parts import sending_of
from newsletter.cli.timing import how_it_goes_on
from newsletter.delivery.outcome import Event, State, sources
from newsletter.delivery.retry import Reason
from newsletter.delivery.retrying import requeue_job
from newsletter.store.jobs import get_job
from newsletter.store.requeue import count_retryable
from subscribers.errors import NegativeError

MAY = sorted(state.name.lower() for state in sources(Event.REQUEUE))


def _state(name: str) -> State:
    if name.lower() not in MAY:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(MAY)}")
    return State[name.upper()]


def _kind(name: str) -> Reason:
    try:
        return Reason(name.lower())
    except ValueError:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(Reason)}") from None


RetryOption = Annotated[
    State | None,
    typer.Option("--retry", parser=_state, metavar="STATE", help="Queue these again first: refused or expired."),
]
ClassOption = Annotated[
    Reason | None,
    typer.Option("--class", parser=_kind, metavar="REASON", help="Only with this reason, such as policy."),
]


def retry_job(project: Project, job: int, state: State, kind: Reason | None, *, yes: bool) -> None:
    """Ask and queue again; raises NegativeError if there is nothing, ConflictError for a cancelled job."""
    found = get_job(project.engine, job)
    count = count_retryable(project.engine, job, state, kind)
    words = state.name.lower() + (f" for {kind}" if kind else "")
    if not count:
        raise NegativeError(f"nobody is {words} in {found} who could be tried again", remedy="")
    confirm(f"Queue {number(count)} again that were {words} in {found}?", yes=yes)
    done = requeue_job(sending_of(project), found, state, kind)
    console.print(f"{number(done)} of {found} queued again: {how_it_goes_on(project, found)}.")
