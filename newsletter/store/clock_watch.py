"""Whether this machine's clock can be believed before anything is erased by it (I4, I10).

A clock that is far ahead for one run would erase what is not due: sign-ups that wait, deliveries, backups, the ledger.
So each run leaves the moment, the random id of this start of the machine, and how long it was up, in
`data_dir/clock.json`; the next run compares. Ahead: nothing is erased until the clock is mended, or an operator says
that it is right, or it has run evenly by the time that the machine was up for days: a promise that stops for ever is
none. Behind: a run erases too little, never too much, so it goes on and says so.
"""

import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from subscribers.clock import require_aware

FILE_NAME = "clock.json"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
SLACK = timedelta(days=2)
"""How far a clock may run ahead of the time that has passed since the machine was started."""
LONGEST_PAUSE = timedelta(days=31)
"""Without a run; after a new start of the machine nothing else tells how long it was off."""
BACK = timedelta(hours=1)
"""How far a clock may be set back without a word."""


TRIAL = timedelta(days=3)
"""How long a clock that jumped ahead must have run evenly, by the time that the machine was up, to be believed."""


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


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A clock that is ahead, since it was first refused."""

    latest: Look
    even: float = 0.0
    """Seconds that it has run evenly."""

    @property
    def is_passed(self) -> bool:
        """Whether that is long enough to believe it."""
        return self.even >= TRIAL.total_seconds()


def tried(trial: Trial | None, now: Look) -> Trial:
    """The trial after another look: begun anew if the clock went otherwise than the machine was up. Pure."""
    if trial is None:
        return Trial(latest=now)
    before, went = trial.latest, (now.at - trial.latest.at).total_seconds()
    if bool(now.boot) and now.boot == before.boot:
        passed = now.uptime - before.uptime
        is_even = passed >= 0 and abs(went - passed) <= BACK.total_seconds()
    else:  # it was off for a time that nobody measured
        passed = min(now.uptime, went)
        is_even = 0 <= went <= now.uptime + SLACK.total_seconds()
    return Trial(latest=now, even=trial.even + passed if is_even else 0.0)


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
        return _read_look(self._file())

    def trial(self) -> Trial | None:
        """That of a clock which was refused since the last run."""
        found = self._file().get("trial")
        latest = _read_look(found) if isinstance(found, dict) else None
        try:
            return Trial(latest=latest, even=float(found["even"])) if latest and isinstance(found, dict) else None
        except (ValueError, KeyError, TypeError):
            return None

    def doubt(self, now: Look) -> Doubt | None:
        """What is wrong with the clock `now`, after the last run and after a trial. Leaves nothing."""
        before = self.last()
        doubt = judge(before, now)
        is_passed = doubt is Doubt.AHEAD and tried(self.trial(), now).is_passed
        return None if is_passed else doubt

    def note(self, now: Look) -> None:
        """Leave this for the next run; a file that cannot be written costs that comparison, not the erasure."""
        self._write(_as_json(now))

    def refuse(self, now: Look) -> None:
        """Leave that this clock was ahead of the last run, which stays the measure."""
        before = self.last()
        if before is not None:
            trial = tried(self.trial(), now)
            self._write({**_as_json(before), "trial": {**_as_json(trial.latest), "even": trial.even}})

    def _file(self) -> dict[str, Any]:
        try:
            found = json.loads((self.data_dir / FILE_NAME).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, content: dict[str, Any]) -> None:
        temporary = self.data_dir / f".{FILE_NAME}.{os.getpid()}"
        with suppress(OSError):
            temporary.write_text(json.dumps(content))
            temporary.replace(self.data_dir / FILE_NAME)


def _read_look(found: dict[str, Any]) -> Look | None:
    try:
        at = require_aware(datetime.fromisoformat(found["at"]))
        return Look(at=at, boot=str(found["boot"]), uptime=float(found["uptime"]))
    except (ValueError, KeyError, TypeError):
        return None


def _as_json(found: Look) -> dict[str, Any]:
    return {"at": found.at.isoformat(), "boot": found.boot, "uptime": found.uptime}
