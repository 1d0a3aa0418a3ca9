"""Whether this machine's clock can be believed before anything is erased by it (I4, I10).

A clock that is far ahead for one run would erase what is not due: sign-ups that wait, deliveries, backups, the ledger.
So each run leaves the moment, the random id of this start of the machine, and how long it was up, in
`data_dir/clock.json`; the next run compares. Ahead: nothing is erased until the clock is mended, or an operator says
that it is right. Behind: a run erases too little, never too much, so it goes on and says so.
"""

import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from subscribers.clock import require_aware

FILE_NAME = "clock.json"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
SLACK = timedelta(days=2)
"""How far a clock may run ahead of the time that has passed since the machine was started."""
LONGEST_PAUSE = timedelta(days=31)
"""Without a run; after a new start of the machine nothing else tells how long it was off."""
BACK = timedelta(hours=1)
"""How far a clock may be set back without a word."""


class Doubt(StrEnum):
    """What is wrong with a clock."""

    AHEAD = "ahead"
    """Later than can be: nothing is erased by it."""
    BEHIND = "behind"
    """Earlier than the last run: deadlines are missed by it."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """The clock at one moment, and what else tells the time."""

    at: datetime
    boot: str = ""
    """Random id of this start of the machine; empty if the system tells none."""
    uptime: float = 0.0
    """Seconds since then, sleep included."""


def judge(before: Look | None, now: Look) -> Doubt | None:
    """What is wrong with the clock `now`, after what it was at the last run; None if nothing is, or is known."""
    if before is None:
        return None
    is_same_start = bool(now.boot) and now.boot == before.boot
    passed = timedelta(seconds=max(0.0, now.uptime - before.uptime)) if is_same_start else timedelta(0)
    if now.at < before.at + passed - BACK:
        return Doubt.BEHIND
    return Doubt.AHEAD if now.at > before.at + passed + (SLACK if is_same_start else LONGEST_PAUSE) else None


def look(now: datetime) -> Look:
    """The clock, which says `now`, and how long this machine has been up."""
    boot = ""
    with suppress(OSError):
        boot = _BOOT_ID.read_text(encoding="ascii").strip()
    uptime = time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
    return Look(at=require_aware(now), boot=boot, uptime=uptime)


@dataclass(frozen=True)
class ClockWatch:
    """What the last run of one project left."""

    data_dir: Path

    def last(self) -> Look | None:
        """The clock at the last run; None if there was none, or the file cannot be read."""
        try:
            found = json.loads((self.data_dir / FILE_NAME).read_text(encoding="utf-8"))
            at = require_aware(datetime.fromisoformat(found["at"]))
            return Look(at=at, boot=str(found["boot"]), uptime=float(found["uptime"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def note(self, now: Look) -> None:
        """Leave this for the next run; a file that cannot be written costs that comparison, not the erasure."""
        temporary = self.data_dir / f".{FILE_NAME}.{os.getpid()}"
        with suppress(OSError):
            temporary.write_text(json.dumps({"at": now.at.isoformat(), "boot": now.boot, "uptime": now.uptime}))
            temporary.replace(self.data_dir / FILE_NAME)
