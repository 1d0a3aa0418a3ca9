"""The done folder of a mailbox, which an erasure reaches into as it does into our own files (edge; I5).

`data_dir/feedback/imap-done.jsonl` says which subscribers each mail there names: by number of the mail and random refs,
nothing else. The first run after an erasure expunges the mails that named who is gone. A mail is written down before it
is moved there, and by its number when it is found there; where that was cut short and somebody named is gone meanwhile,
every mail found anew is expunged: which of them it was, nobody can tell. What was written down and not found yet, as
another process is about to move it, is remembered for a day.
"""

import json
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from newsletter.feedback.imap import Mailbox
from subscribers.clock import Clock, require_aware, utc_now

FILE_NAME = "imap-done.jsonl"
"""Below data_dir/feedback."""

REMEMBERED = timedelta(days=1)
"""How long a mail that was written down may take to be found; whoever was moving it has long ended by then."""

Refs = frozenset[bytes]


@dataclass(frozen=True, kw_only=True)
class Expected:
    """A mail that was about to be moved."""

    refs: Refs
    at: datetime


@dataclass(frozen=True, kw_only=True)
class DoneFolder:
    """What is known of one folder of one mailbox."""

    path: Path
    name: str
    """Of mailbox and folder."""
    largest: int
    """Octets of a mail that is read; a larger one was put there by somebody else."""
    named_in: Callable[[bytes], Iterable[bytes]]
    """Refs of the subscribers whose addresses stand in a mail."""
    existing: Callable[[set[bytes]], set[bytes]]
    """Which of these refs are still in the store."""

    clock: Clock = utc_now

    def expect(self, people: Iterable[bytes]) -> None:
        """A mail that names these people is about to be moved there."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(_line(people, at=self.clock()))

    def forget_erased(self, mailbox: Mailbox, validity: int) -> int:
        """Expunge what names somebody who is gone, in the folder that is open; how many mails."""
        known, expected = self._read(validity)
        there = mailbox.uids()
        new = {uid: self._names(mailbox, uid) for uid in there if uid not in known}
        known = {uid: refs for uid, refs in known.items() if uid in set(there)} | new
        alive = self.existing({ref for refs in (*known.values(), *(item.refs for item in expected)) for ref in refs})
        is_in_doubt = any(item.refs - alive for item in expected)
        gone = sorted(uid for uid, refs in known.items() if refs - alive or (is_in_doubt and uid in new))
        mailbox.expunge(gone)
        missing = [item for item in _not_found(expected, new.values(), alive) if self.clock() - item.at < REMEMBERED]
        self._write(validity, {uid: refs for uid, refs in known.items() if uid not in gone}, missing)
        return len(gone)

    def _names(self, mailbox: Mailbox, uid: int) -> Refs:
        header = mailbox.header(uid)
        raw = mailbox.content(uid) if header and header.size <= self.largest else None
        return frozenset(self.named_in(raw)) if raw else frozenset()

    def _read(self, validity: int) -> tuple[dict[int, Refs], list["Expected"]]:
        """Who is named by which mail, and by mails whose number is not known: all, after another numbering."""
        lines = list(self._lines())
        is_same = {"folder": self.name, "validity": validity} in lines
        known: dict[int, Refs] = {}
        expected: list[Expected] = []
        for line in lines:
            refs = _refs(line)
            if is_same and isinstance(line.get("uid"), int):
                known[line["uid"]] = refs
            elif refs:
                expected.append(Expected(refs=refs, at=self._at(line)))
        return known, expected

    def _at(self, line: dict[str, Any]) -> datetime:
        """When a line was written; now for one that does not say it."""
        try:
            return min(require_aware(datetime.fromisoformat(line["at"])), self.clock())
        except (KeyError, TypeError, ValueError):
            return self.clock()

    def _lines(self) -> Iterable[dict[str, Any]]:
        try:
            texts = self.path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return
        for text in texts:
            try:
                line = json.loads(text)
            except ValueError:
                continue  # half a line: its writer died before the mail was moved
            if isinstance(line, dict):
                yield line

    def _write(self, validity: int, known: dict[int, Refs], missing: list["Expected"]) -> None:
        """Afresh, whole or not at all; no file where nothing is known."""
        if not known and not missing:
            self.path.unlink(missing_ok=True)
            return
        lines = [json.dumps({"folder": self.name, "validity": validity}) + "\n"]
        lines += [_line(refs, uid) for uid, refs in sorted(known.items())]
        lines += [_line(item.refs, at=item.at) for item in missing]
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = self.path.with_suffix(".new")
        temporary.write_text("".join(lines), encoding="utf-8")
        temporary.replace(self.path)


def _not_found(expected: Iterable[Expected], new: Iterable[Refs], alive: AbstractSet[bytes]) -> list[Expected]:
    """What was expected and is not among the mails found anew; each accounts for one, with most names in common."""
    left = list(expected)
    for refs in new:
        fitting = [item for item in left if item.refs & alive <= refs]
        if fitting:
            left.remove(max(fitting, key=lambda item: len(item.refs & alive)))
    return left


def _line(people: Iterable[bytes], uid: int | None = None, at: datetime | None = None) -> str:
    number = {} if uid is None else {"uid": uid}
    moment = {} if at is None else {"at": at.isoformat()}
    return json.dumps({**number, **moment, "names": sorted(ref.hex() for ref in people)}) + "\n"


def _refs(line: dict[str, Any]) -> Refs:
    names = line.get("names")
    texts = [text for text in names if isinstance(text, str)] if isinstance(names, list) else []
    try:
        return frozenset(bytes.fromhex(text) for text in texts)
    except ValueError:
        return frozenset()
