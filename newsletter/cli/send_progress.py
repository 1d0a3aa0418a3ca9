"""How far a run is: a bar with counts, rate, time left and what is waited for; or lines of JSON for programs."""

import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from math import ceil
from typing import TypeAlias

from rich.console import Console, RenderableType
from rich.progress import Progress as Bars
from rich.progress import ProgressColumn, Task
from rich.text import Text

from newsletter.cli.common import number, print_json_line, progress_of
from newsletter.cli.counts import ASIDE, apart, counts_by_name
from newsletter.cli.unread import takes_more, whoever_reads
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


class TimeLeft(ProgressColumn):
    """The time left as the run knows it: a bar that stood still for a while says nothing about limits."""

    def render(self, task: Task) -> Text:
        """Hours, minutes and seconds; hyphens while nobody knows."""
        left = task.fields.get("left")
        return Text("-:--:--" if left is None else str(timedelta(seconds=ceil(left))), style="progress.remaining")


class _LogAbove(logging.Handler):
    """Prints what is logged while a run is watched, above the bar if there is one."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """One line, as text."""
        self._console.print(Text(record.getMessage(), style="yellow"))


@contextmanager
def reporting(job: SendJob, *, as_json: bool) -> Iterator[Reporter]:
    """Who is told how far the run is; nothing is shown where nobody watches."""
    if as_json:
        yield json_reporter(job)
        return
    log = logging.getLogger("newsletter")
    with progress_of(SendingBars, left=TimeLeft()) as bars:
        log.addHandler(above := _LogAbove(bars.console))
        try:
            yield bar_reporter(bars, job)
        finally:
            log.removeHandler(above)


def bar_reporter(bars: SendingBars, job: SendJob) -> Reporter:
    """Moves the bar and rewrites the lines below it."""
    task = bars.add_task(f"Sending {job.list_slug}/{job.slug}", total=max(job.audience, 1))

    def report(now: Progress) -> None:
        said = [*(["waiting: " + waiting_words(now.slowest)] if now.slowest else []), *now.notes]
        notes = [Text(f"  {note}", style="dim", overflow="ellipsis", no_wrap=True) for note in said[:NOTES]]
        bars.below = (counts_line(now), *notes)
        bars.update(task, completed=now.done, left=now.seconds_left)

    return report


def counts_line(now: Progress) -> Text:
    """`1,204 sent, 3 deferred, 1 unknown, 28 set aside; 890 to go`: the outcomes that occur."""
    counts = apart(now.counts, now.aside)
    parts = [(f"{number(counts[state])} {state.name.lower()}", colour) for state, colour in _COLOURS.items()
             if counts.get(state)]  # fmt: skip
    parts += [(f"{number(now.aside)} {ASIDE}", "cyan")] if now.aside else []
    line = Text("  ")
    for index, (words, colour) in enumerate(parts):
        line.append(", " if index else "").append(words, style=colour)
    return line.append(f"{'; ' if parts else ''}{number(now.to_go)} to go")


def json_reporter(job: SendJob) -> Reporter:
    """Prints an event at the start, and one a second; a reader who went away or stalls keeps nothing from going on."""
    last = [-EVENT_SECONDS]
    with whoever_reads():
        print_json_line(
            {"event": "start", "job": job.id, "list": job.list_slug, "slug": job.slug, "audience": job.audience}
        )

    def report(now: Progress) -> None:
        if now.seconds - last[0] >= EVENT_SECONDS and takes_more(sys.stdout):
            last[0] = now.seconds
            with whoever_reads():
                print_json_line({"event": "progress", **progress_event(now)})

    return report


def progress_event(now: Progress) -> dict[str, object]:
    """What docs/operators.md says of the event `progress`."""
    left = now.seconds_left
    return {
        "done": now.done,
        "audience": now.audience,
        "counts": counts_by_name(now.counts, now.aside),
        "rate": round(now.rate, 1),
        "seconds": round(now.seconds, 1),
        "seconds_left": None if left is None else round(left),
        "notes": list(now.notes),
        "slowest": waiting_events(now.slowest),
    }
