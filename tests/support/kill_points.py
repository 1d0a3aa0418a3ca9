"""A retention run in a process of its own that kills itself, with SIGKILL, at its n-th point.

Points are all that can be half done: before and after every statement, before every commit, after every commit, before
and after every write of the ledger, around each file that is removed, and around each step of the scrub. With n = 0 it
runs to its end and prints how many points there are.

    python -m tests.support.kill_points URL FOLDER N
"""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, event

from newsletter.store.engine import connect
from newsletter.store.ledger import Ledger
from newsletter.store.leftovers import Exports, sweepers
from subscribers import proving, vacuum
from subscribers.marks import Marking, marker_of
from subscribers.retention import RetentionPolicy
from subscribers.scrubbing import run_retention
from subscribers.tokens import Keyring
from tests.support.crowd import NOW

POLICIES = {"nieuws": RetentionPolicy()}
MARKING = Marking(marker=marker_of(Keyring({1: b"k" * 32}, 1)), days=365)
PAGE = 3


@dataclass(eq=False)
class Points:
    """Counts the points, and dies at the one that was asked for."""

    deadly: int
    passed: int = 0

    def __call__(self, *_ignored: Any, **_more: Any) -> None:
        self.passed += 1
        if self.passed == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def worked(*arguments: Any, **more: Any) -> Any:
            self()
            result = work(*arguments, **more)
            self()
            return result

        return worked


def run(engine: Engine, folder: Path, points: Points | None = None) -> None:
    """One run of the retention with every kind of thing that is due."""
    around = points.around if points else lambda work: work
    kept = Exports(path=folder / "exports", days=7, zone=ZoneInfo("Europe/Amsterdam"))
    run_retention(
        engine,
        policies=POLICIES,
        now=NOW,
        record=around(Ledger(folder / "ledger").append),
        folders=[kept],
        sweepers=[around(sweep) for sweep in sweepers([kept])],
        marking=MARKING,
        page=PAGE,
        patience=20,
    )


def watch(engine: Engine, points: Points) -> None:
    """Make points of all that this process does to the store."""
    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(engine, name, points)
    proving.leave_no_byte = points.around(proving.leave_no_byte)
    vacuum._truncated = points.around(vacuum._truncated)
    vacuum._rewrite = points.around(vacuum._rewrite)


def main() -> None:
    """Run, and say how many points were passed."""
    url, folder, deadly = sys.argv[1:]
    points = Points(int(deadly))
    engine = connect(url)
    watch(engine, points)
    run(engine, Path(folder), points)
    sys.stdout.write(f"{points.passed}\n")


if __name__ == "__main__":
    main()
