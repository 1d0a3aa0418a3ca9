"""How far a run is: a bar with counts, rate, time left and what is waited for; or lines of JSON for programs."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from rich.console import RenderableType
from rich.progress import Progress as Bars
from rich.text import Text

from newsletter.cli.common import number, print_json_line, progress_of
from newsletter.cli.counts import counts_by_name
from newsletter.cli.waiting import waiting_events, waiting_words
from newsletter.delivery.control import Progress
from newsletter.delivery.job import SendJob
from newsletter.delivery.outcome import State

Reporter: TypeAlias = Callable[[Progress], None]

NOTES = 5
"""Lines about what is waited for, at most."""
EVENT_SECONDS = 1.0
"""Between two events for programs."""
_COLOURS = {
    State.SENT: "green",
    State.DEFERRED: "yellow",
    State.REFUSED: "red",
    State.UNKNOWN: "bold red",
    State.EXPIRED: "red",
    State.SKIPPED: "dim",
    State.CANCELLED: "dim",
}
"""The outcomes that the line of counts names, in this order."""


class SendingBars(Bars):
    """A progress bar with lines below it."""

    below: tuple[Text, ...] = ()

    def get_renderables(self) -> Iterable[RenderableType]:
        """The bar, the counts, and what is waited for."""
        yield from super().get_renderables()
        yield from self.below


@contextmanager
def reporting(job: SendJob, *, as_json: bool) -> Iterator[Reporter]:
    """Who is told how far the run is; nothing is shown where nobody watches."""
    if as_json:
        yield json_reporter(job)
        return
    with progress_of(SendingBars) as bars:
        yield bar_reporter(bars, job)


def bar_reporter(bars: SendingBars, job: SendJob) -> Reporter:
    """Moves the bar and rewrites the lines below it."""
    task = bars.add_task(f"Sending {job.list_slug}/{job.slug}", total=max(job.audience, 1))

    def report(now: Progress) -> None:
        said = [*(["waiting: " + waiting_words(now.slowest)] if now.slowest else []), *now.notes]
        notes = [Text(f"  {note}", style="dim", overflow="ellipsis", no_wrap=True) for note in said[:NOTES]]
        bars.below = (counts_line(now), *notes)
        bars.update(task, completed=now.done)

    return report


def counts_line(now: Progress) -> Text:
    """`1,204 sent, 3 deferred, 1 unknown; 890 to go`: the outcomes that occur."""
    parts = [(f"{number(now.counts[state])} {state.name.lower()}", colour) for state, colour in _COLOURS.items()
             if now.counts.get(state)]  # fmt: skip
    line = Text("  ")
    for index, (words, colour) in enumerate(parts):
        line.append(", " if index else "").append(words, style=colour)
    left = now.audience - now.done
    return line.append(f"{'; ' if parts else ''}{number(left)} to go")


def json_reporter(job: SendJob) -> Reporter:
    """Prints an event at the start, and one a second."""
    last = [-EVENT_SECONDS]
    print_json_line(
        {"event": "start", "job": job.id, "list": job.list_slug, "slug": job.slug, "audience": job.audience}
    )

    def report(now: Progress) -> None:
        if now.seconds - last[0] >= EVENT_SECONDS:
            last[0] = now.seconds
            print_json_line({"event": "progress", **progress_event(now)})

    return report


def progress_event(now: Progress) -> dict[str, object]:
    """What docs/operators.md says of the event `progress`."""
    left = now.audience - now.done
    return {
        "done": now.done,
        "audience": now.audience,
        "counts": counts_by_name(now.counts),
        "rate": round(now.rate, 1),
        "seconds": round(now.seconds, 1),
        "seconds_left": round(left / now.rate) if now.rate and left else 0 if not left else None,
        "notes": list(now.notes),
        "slowest": waiting_events(now.slowest),
    }
