"""`newsletter feedback fetch`: mail that came back to a mailbox, applied one by one, then moved out of the way (edge).

Three steps per mail: read it, apply it (durable, known again by its digest), move it. Killed between any two, the next
run finds the mail still there and changes nothing twice. What is not about our mailings is a person's own mail: it
stays where it is, unread, or goes to the folder that the configuration names.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, partial
from pathlib import Path

from newsletter.config_feedback import ImapMailbox
from newsletter.feedback.applying import Applier
from newsletter.feedback.case import Handled
from newsletter.feedback.done_folder import FILE_NAME, DoneFolder
from newsletter.feedback.imap import Mailbox
from newsletter.feedback.inbox import Round
from newsletter.feedback.model import Outcome
from newsletter.store.feedback import existing
from newsletter.store.rawmail import FOLDER
from subscribers.clock import Clock, utc_now

MARK = "imap.json"
"""Below data_dir/feedback: up to which number the folder was read."""
UNDERSTOOD = frozenset({Outcome.APPLIED, Outcome.UNCHANGED, Outcome.DROPPED})


@dataclass(frozen=True, kw_only=True)
class Fetching:
    """One mailbox and the store that its mails are applied to."""

    applier: Applier
    settings: ImapMailbox
    password: str
    data_dir: Path
    keep_days: int
    """How long handled mails stay in the done folder; 0 removes them in the next run after their day."""
    ca_file: Path | None = None
    clock: Clock = utc_now
    is_ahead: Callable[[datetime], bool] = lambda _now: False
    """Whether the clock is too far ahead to remove anything by it (newsletter/store/clock_watch.py)."""
    step: Callable[[str], None] = lambda _name: None
    """Told before each step; tests end the process there."""

    def run(self) -> Round:
        """Handle every mail that was not looked at before; raises ServiceError when the server fails."""
        done = Round()
        with Mailbox(self.settings, self.password, self.ca_file) as mailbox:
            for folder in (self.settings.done_folder, self.settings.human_folder):
                if folder:
                    mailbox.make(folder)
            validity = mailbox.open(self.settings.folder)
            mark = Mark(self.data_dir / FOLDER / MARK, self._name, validity)
            for uid in mailbox.uids(mark.read()):
                self._one(mailbox, uid, done)
                self.step("mark")
                mark.write(uid)
            validity = mailbox.open(self.settings.done_folder)
            if not self.is_ahead(now := self.clock()):
                mailbox.expunge_before((now - timedelta(days=self.keep_days)).date())
            self._done_folder.forget_erased(mailbox, validity)
        return done

    @property
    def _name(self) -> str:
        return f"{self.settings.host}/{self.settings.folder}"

    @cached_property
    def _done_folder(self) -> DoneFolder:
        return DoneFolder(
            path=self.data_dir / FOLDER / FILE_NAME,
            name=f"{self.settings.host}/{self.settings.done_folder}",
            largest=self._largest,
            named_in=self.applier.named,
            existing=partial(existing, self.applier.engine),
            clock=self.clock,
        )

    @property
    def _largest(self) -> int:
        return self.settings.megabytes * 1024 * 1024

    def _one(self, mailbox: Mailbox, uid: int, done: Round) -> None:
        header = mailbox.header(uid)
        if header is None:
            return
        raw = mailbox.content(uid) if header.size <= self._largest else None
        if raw is None:  # too large, or gone meanwhile
            done.left += 1
            return
        self.step("apply")
        handled = self.applier.read(raw, now=self.clock(), arrived_at=header.arrived_at)
        done.add(handled)
        self.step("move")
        self._put_away(mailbox, uid, handled, done)

    def _put_away(self, mailbox: Mailbox, uid: int, handled: Handled, done: Round) -> None:
        if handled.is_ours and handled.outcome is Outcome.UNMATCHED:  # it names who was erased, or may
            mailbox.discard(uid, self.settings.done_folder)
        elif handled.is_ours and handled.outcome in UNDERSTOOD:
            self._done_folder.expect(handled.people)
            mailbox.move(uid, self.settings.done_folder)
        elif self.settings.human_folder and self.settings.human_folder != self.settings.folder:
            mailbox.move(uid, self.settings.human_folder)
        else:
            done.left += 1


@dataclass(frozen=True)
class Mark:
    """The highest number that was looked at in a folder, as long as its numbering is the same (UIDVALIDITY)."""

    path: Path
    name: str
    validity: int

    def read(self) -> int:
        """That number; 0 for another folder, a new numbering, or a file that is no mark."""
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
            is_same = found["folder"] == self.name and found["validity"] == self.validity
            return int(found["uid"]) if is_same else 0
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def write(self, uid: int) -> None:
        """Remember it; a mark that is lost costs a second look, not a second change."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = self.path.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps({"folder": self.name, "validity": self.validity, "uid": uid}), encoding="utf-8")
        temporary.replace(self.path)
