"""The folder where taken mail waits: each mail is applied, and then moved to where its outcome belongs (edge).

A mail stays in `incoming` until the transaction that it caused is durable. Killed in between, the next round finds it
again, and the store knows it (newsletter/feedback/case.py). One process works through the folder at a time.
"""

import fcntl
import logging
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from newsletter.config import Configuration
from newsletter.feedback.applying import Applier
from newsletter.feedback.case import Handled
from newsletter.feedback.evidence import is_signed
from newsletter.feedback.model import Outcome
from newsletter.store.rawmail import DONE, FOLDER, HUMAN, INCOMING, Box, RawMail, box
from newsletter.store.rawmail_room import MEGABYTE, SIGNED_TIMES, Room
from subscribers.clock import Clock, utc_now

KEPT = {Outcome.APPLIED: DONE, Outcome.UNCHANGED: DONE, Outcome.DROPPED: DONE, Outcome.HUMAN: HUMAN}
"""Where a mail goes; one about nobody of ours is removed at once: it may name who was erased."""

_OWN_NAME = re.compile(r"\d{1,12}\.[0-9a-f]{16}", re.ASCII)
"""As `Box.put` gives them: a moment and random digits."""

log = logging.getLogger("newsletter.feedback")


@dataclass(kw_only=True)
class Round:
    """What one look at the folder, or at a mailbox, came to."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    paused: set[int] = field(default_factory=set)
    """Jobs that were paused because their mails come back (A29)."""
    left: int = 0
    """Mails that stay where they are, in a mailbox that people read."""

    unreadable: list[str] = field(default_factory=list)
    """Names of files that are no mails or cannot be read, and were passed over; those that were not told before."""

    def add(self, handled: Handled) -> None:
        """Count one mail."""
        self.outcomes[handled.outcome] += 1
        if handled.paused_job is not None:
            self.paused.add(handled.paused_job)

    @property
    def total(self) -> int:
        """How many mails were handled."""
        return self.outcomes.total()

    def __str__(self) -> str:
        said = [f"{count} {outcome.value}" for outcome, count in sorted(self.outcomes.items())]
        said += [f"{self.left} left for people"] * bool(self.left)
        said += [
            f"job {job} is paused: its mails come back for reasons that are about us; `newsletter jobs show {job}`"
            for job in sorted(self.paused)
        ]
        said += [f"passed over in {FOLDER}/{INCOMING}, cannot be read: {name}" for name in self.unreadable]
        return ", ".join(said)


def room_of(configuration: Configuration) -> Room:
    """How much the folder of a project may hold."""
    settings = configuration.feedback
    return Room(configuration.data_dir, mails=settings.kept_mails, octets=settings.kept_megabytes * MEGABYTE)


@dataclass(frozen=True, kw_only=True)
class Inbox:
    """The raw mails of one project."""

    applier: Applier
    data_dir: Path
    room: Room | None = None
    """How much may be taken; as much as the disk holds unless given."""
    clock: Clock = utc_now
    step: Callable[[str], None] = lambda _name: None
    """Told before each step; tests end the process there."""
    told: set[str] = field(default_factory=set)
    """Names of files that cannot be read, told once."""

    def take(self, content: bytes, envelope_to: tuple[str, ...]) -> Path:
        """Keep a mail durably, to be applied later; raises OSError, also where no more may be kept."""
        if self.room:
            self._take_room(self.room, content, envelope_to)
        mail = RawMail(content=content, arrived_at=self.clock(), envelope_to=envelope_to)
        return self._box(INCOMING).put(mail)

    def _take_room(self, room: Room, content: bytes, envelope_to: tuple[str, ...]) -> None:
        """A flood of other mails keeps out no bounce and no request to leave (A18), up to a limit of their own."""
        try:
            room.take(len(content))
        except OSError:
            if not is_signed(self.applier.keyring, content, envelope_to):
                raise
            room.take(len(content), times=SIGNED_TIMES)

    def work(self) -> Round | None:
        """Apply everything that waits, the oldest first; None if another process is doing that."""
        done = Round()
        self._pass_over(done, self._box(INCOMING).no_mails())
        for torn in self._box(INCOMING).stale(self.clock()):  # never acknowledged: its process died before
            torn.unlink(missing_ok=True)
        if not self._box(INCOMING).names():
            return done
        with self._alone() as is_ours:
            if not is_ours:
                return None
            for name in self._box(INCOMING).names():
                try:
                    mail = self._box(INCOMING).read(name)
                except OSError:  # those behind it must not wait for somebody to mend it
                    self._pass_over(done, [name])
                    continue
                if mail:
                    done.add(self._apply(name, mail))
        return done

    def _pass_over(self, done: Round, names: Iterable[str]) -> None:
        """What cannot be read stays where it is, until its days are over; it is told once."""
        new = [name for name in names if name not in self.told]
        self.told.update(new)
        done.unreadable += [shown_name(name) for name in new]

    def _apply(self, name: str, mail: RawMail) -> Handled:
        self.step("apply")
        handled = self.applier.read(
            mail.content, now=self.clock(), arrived_at=mail.arrived_at, envelope_to=mail.envelope_to
        )
        self.step("keep")
        keep(self.data_dir, name, mail, handled)
        self.step("remove")
        self._box(INCOMING).remove(name)
        return handled

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether nobody else works through the folder; the kernel frees it when a process dies."""
        (self.data_dir / FOLDER).mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(self.data_dir / FOLDER / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(lock)

    def _box(self, name: str) -> Box:
        return box(self.data_dir, name)


def keep(data_dir: Path, name: str, mail: RawMail, handled: Handled) -> None:
    """Put a handled mail where its outcome belongs, with the people it names on its first lines; raises OSError."""
    where = KEPT.get(handled.outcome)
    if where:
        box(data_dir, where).put(replace(mail, why=handled.why, people=handled.people), name)


def shown_name(name: str) -> str:
    """A name that we gave, as it is; one of somebody else may hold an address, and is not repeated (I7)."""
    return name if _OWN_NAME.fullmatch(name) else "a file with a name that is not ours"


def waiting_for_people(data_dir: Path) -> tuple[list[RawMail], list[str]]:
    """The mails that nobody understood, the oldest first; and the names of files there that cannot be read."""
    human = box(data_dir, HUMAN)
    mails, unreadable = [], [shown_name(name) for name in human.no_mails()]
    for name in human.names():
        try:
            mail = human.read(name)
        except OSError:
            unreadable.append(shown_name(name))
            continue
        mails += [mail] if mail else []
    return mails, unreadable


def age_in_days(mail: RawMail, now: datetime) -> int:
    """How many whole days a mail has waited."""
    return max(0, (now - mail.arrived_at).days)
