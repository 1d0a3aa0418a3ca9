"""Raw mails that came back, on disk below `data_dir/feedback`: waiting, handled, or for a person to read (edge).

    incoming/  kept durably before the sending server is told 250; emptied by newsletter/feedback/inbox.py
    done/      handled; lives for days
    human/     nobody understood it; `newsletter feedback list` shows it

Each is a Maildir. A file begins with lines of ours: when the mail arrived, which recipients it was for, why it waits,
and the random refs of the subscribers it names. By these refs an erasure finds it after the rows are gone (I5).
"""

import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from newsletter.store.durable import sync_folder
from newsletter.store.removing import remove_all, written_at
from subscribers.clock import require_aware
from subscribers.retention import deadline_after, in_days
from subscribers.sweeping import Waiting

FOLDER = "feedback"
"""Below data_dir."""
INCOMING, DONE, HUMAN = "incoming", "done", "human"
DELIVERED = "new", "cur"
"""Where a Maildir keeps mails: as they came, and those that somebody has looked at with a mail program."""
LARGEST_HEAD = 256 * 1024
"""Octets of our own lines, at most."""
LEFT_BEHIND = timedelta(hours=1)
"""A file in `tmp` older than this belongs to a process that died; nothing was acknowledged for it."""
_PREFIX = b"X-Newsletter-"
_ARRIVED, _TO, _WHY, _NAMES, _END = (_PREFIX + name + b": " for name in (b"Arrived", b"To", b"Why", b"Names", b"End"))

Existing = Callable[[set[bytes]], set[bytes]]
"""Which of these refs belong to subscribers who are still in the store."""


@dataclass(frozen=True, kw_only=True)
class RawMail:
    """One mail as it came, and what we know around it."""

    content: bytes
    arrived_at: datetime
    envelope_to: tuple[str, ...] = ()
    why: str = ""
    """Why it is for a person, without personal data."""
    people: tuple[bytes, ...] = ()
    """Refs of the subscribers it names."""
    path: Path = field(default=Path(), compare=False)

    @property
    def head(self) -> bytes:
        """Our own lines, which end before the mail begins."""
        lines = [_ARRIVED + require_aware(self.arrived_at).isoformat().encode()]
        lines += [_TO + ascii(address)[1:-1].encode() for address in self.envelope_to]
        lines += [_WHY + self.why.encode()] if self.why else []
        lines += [_NAMES + ref.hex().encode() for ref in self.people]
        return b"\r\n".join([*lines, _END, b""])


@dataclass(frozen=True)
class Box:
    """One Maildir of raw mails."""

    folder: Path

    def put(self, mail: RawMail, name: str = "") -> Path:
        """Write `mail` and wait until the disk has it; the same `name` again replaces it. Raises OSError."""
        name = name or f"{int(mail.arrived_at.timestamp())}.{secrets.token_hex(8)}"
        self._make()
        temporary, final = self.folder / "tmp" / f"{name}.{secrets.token_hex(4)}", self.folder / "new" / name
        try:
            _write(temporary, mail.head + mail.content)
            os.utime(temporary, (mail.arrived_at.timestamp(),) * 2)
            temporary.replace(final)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(final.parent)
        return final

    def names(self) -> list[str]:
        """The names of its mails, the oldest first."""
        return sorted(path.name for path in self._files())

    def no_mails(self) -> list[str]:
        """The names of what lies among its mails and is none: folders, links that lead nowhere, sockets."""
        found: list[str] = []
        for part in DELIVERED:
            with suppress(FileNotFoundError):
                found += [path.name for path in (self.folder / part).iterdir() if not path.is_file()]
        return sorted(found)

    def read(self, name: str) -> RawMail | None:
        """One mail; None if it is gone meanwhile; raises OSError for one that cannot be read.

        Without lines of ours in front, it arrived when it was written.
        """
        path = self._path(name)
        try:
            data, written = path.read_bytes(), path.stat().st_mtime
        except (FileNotFoundError, IsADirectoryError):
            return None
        return _parsed(path, data, written_at(written))

    def remove(self, name: str) -> None:
        """Take one mail away; nothing happens if it is gone. Raises OSError."""
        path = self._path(name)
        if path.exists():
            path.unlink(missing_ok=True)
            sync_folder(path.parent)

    def _path(self, name: str) -> Path:
        """Where the mail called `name` is; in `cur` after a mail program was pointed at this folder."""
        new, read = (self.folder / part / Path(name).name for part in DELIVERED)
        return read if read.is_file() else new

    def _files(self) -> Iterator[Path]:
        for part in DELIVERED:
            with suppress(FileNotFoundError):
                yield from (path for path in (self.folder / part).iterdir() if path.is_file())

    def stale(self, now: datetime) -> list[Path]:
        """What processes that died left half-written."""
        with suppress(FileNotFoundError):
            files = [path for path in (self.folder / "tmp").iterdir() if path.is_file()]
            return [path for path in files if _arrived(path) < now - LEFT_BEHIND]
        return []

    def _make(self) -> None:
        for name in ("tmp", "new", "cur"):
            (self.folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)


@dataclass(frozen=True, kw_only=True)
class KeptMails:
    """A box as the retention sees it (subscribers/sweeping.py, Folder): it grows old, and erasures reach into it."""

    box: Box
    name: str
    days: int
    zone: ZoneInfo
    existing: Existing

    @property
    def period(self) -> str:
        """How long a mail stays, in words."""
        return in_days(self.days)

    def waiting(self, now: datetime) -> Waiting:
        """Count the mails and their deadlines."""
        return _counted([self._due(path) for path in self.box._files()], now)  # noqa: SLF001 - the same module

    def expire(self, now: datetime) -> Waiting:
        """Remove what is past its days, and what a crash left half-written; raises OSError."""
        old = {path: due for path in self.box._files() if (due := self._due(path)) <= now}  # noqa: SLF001 - the same module
        remove_all((*old, *self.box.stale(now)))
        return _counted(list(old.values()), now)

    def empty(self, now: datetime) -> int:
        """Remove each mail that names a subscriber who is no longer in the store; raises OSError."""
        named = {path: refs for path in self.box._files() if (refs := _refs(path))}  # noqa: SLF001 - the same module
        alive = self.existing({ref for refs in named.values() for ref in refs})
        gone = [path for path, refs in named.items() if not refs <= alive]
        remove_all((*gone, *self.box.stale(now)))
        return len(gone)

    def _due(self, path: Path) -> datetime:
        return deadline_after(_arrived(path), self.days, self.zone)


def box(data_dir: Path, name: str) -> Box:
    """The box called INCOMING, DONE or HUMAN."""
    return Box(data_dir / FOLDER / name)


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _arrived(path: Path) -> datetime:
    """When the mail arrived, as its file says; now for one that is gone meanwhile."""
    try:
        return written_at(path.stat().st_mtime)
    except FileNotFoundError:
        return datetime.now(UTC)


def _counted(dues: Sequence[datetime], now: datetime) -> Waiting:
    return Waiting(count=len(dues), nearest=min(dues, default=None), overdue=sum(due <= now for due in dues))


def _parsed(path: Path, data: bytes, written: datetime) -> RawMail:
    lines, content = _split(data)
    said = [line.partition(b": ") for line in lines]
    arrived = next((text for name, _, text in said if name + b": " == _ARRIVED), b"")
    try:
        arrived_at = require_aware(datetime.fromisoformat(arrived.decode("ascii")))
    except ValueError:
        arrived_at = written
    return RawMail(
        content=content,
        arrived_at=arrived_at,
        envelope_to=tuple(_unescaped(line.removeprefix(_TO)) for line in lines if line.startswith(_TO)),
        why=b"".join(line.removeprefix(_WHY) for line in lines if line.startswith(_WHY)).decode("utf-8", "replace"),
        people=tuple(sorted(_refs_in(lines))),
        path=path,
    )


def _unescaped(text: bytes) -> str:
    return text.decode("ascii", "replace").encode().decode("unicode_escape", "replace")


def _split(data: bytes) -> tuple[list[bytes], bytes]:
    """Our lines and the mail after them; no lines if the file does not begin with ours."""
    end = data.find(_END + b"\r\n", 0, LARGEST_HEAD) if data.startswith(_ARRIVED) else -1
    if end < 0:
        return [], data
    return data[:end].split(b"\r\n"), data[end + len(_END) + 2 :]


def _refs(path: Path) -> set[bytes]:
    try:
        with path.open("rb") as file:
            return _refs_in(_split(file.read(LARGEST_HEAD + 1024))[0])
    except FileNotFoundError:
        return set()


def _refs_in(lines: Iterable[bytes]) -> set[bytes]:
    found = set()
    for line in lines:
        if line.startswith(_NAMES):
            with suppress(ValueError):
                found.add(bytes.fromhex(line.removeprefix(_NAMES).decode("ascii", "replace")))
    return found
