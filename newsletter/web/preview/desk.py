"""The issues of one folder, looked at again whenever a file they are made from has changed.

A look takes some tens of milliseconds and happens in one thread, so that the pages keep answering. Nothing is
watched that nobody looks at: whoever follows an issue asks for it every few milliseconds, which costs a `stat` per
file. A look that fails is repeated once if the file changed meanwhile, because editors empty a file before they
write it.
"""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from newsletter.web.preview.look import Draft, Look, Mail, Row, Work, row_of
from newsletter.web.preview.watch import Marks, has_changed, mark_of, marks_of

PACE = 0.015
"""Seconds between two looks at the marks of the files of one issue that somebody follows."""
INDEX_PACE = 0.5
"""The same for the whole folder."""
SETTLE = 0.04
"""Seconds that a broken file must stay as it is before it is said to be broken."""
KEPT = 6
"""Issues whose mails are kept; of the others only what the index says."""
SUFFIX = ".md"


@dataclass(frozen=True, slots=True)
class _Seen:
    row: Row
    marks: Marks
    version: int


class Desk:
    """The issues below `folder`; `work` makes a Look of one. Use it inside one event loop."""

    def __init__(self, folder: Path, work: Work) -> None:
        self.folder = folder
        self._work = work
        self._hand = ThreadPoolExecutor(1, thread_name_prefix="preview")
        self._versions = count(1)
        self._drafts: OrderedDict[str, tuple[Draft, Marks]] = OrderedDict()
        self._seen: dict[str, _Seen] = {}
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._closing = False

    def close(self) -> None:
        """End whatever follows an issue."""
        self._closing = True

    def shut(self) -> None:
        """After the last request: end the thread."""
        self.close()
        self._hand.shutdown()

    def names(self) -> list[str]:
        """The issue files of the folder."""
        try:
            return sorted(path.name for path in self.folder.iterdir() if path.suffix == SUFFIX and path.is_file())
        except OSError:
            return []

    def image(self, name: str) -> tuple[str, bytes] | None:
        """Media type and bytes of an image of a mail that is kept."""
        for draft, _ in reversed(self._drafts.values()):
            for file in draft.mail.piece.compilation.files if draft.mail else ():
                if file.asset.name == name:
                    return file.asset.media_type, file.content
        return None

    async def draft(self, name: str) -> Draft | None:
        """The issue as its files are now; None if there is and was no such file."""
        async with self._locks[name]:
            kept = self._drafts.get(name)
            if kept is None and name not in self.names():
                del self._locks[name]
                return None
            if kept and not has_changed(kept[1]):
                return kept[0]
            return await self._look(name, kept[0].mail if kept else None)

    async def follow(self, name: str) -> AsyncIterator[Draft]:
        """The issue now, and again after every change, until the desk is closed."""
        version = 0
        while not self._closing:
            draft = await self.draft(name)
            if draft is None:
                return
            if draft.version != version:
                version = draft.version
                yield draft
            await asyncio.sleep(PACE)

    def rows(self) -> list[Row | str]:
        """What is known of each issue, the newest first; the bare name of one that was not looked at yet."""
        known = [self._seen[name].row if name in self._seen else name for name in self.names()]
        return sorted(known, key=_newest_first)

    async def follow_index(self) -> AsyncIterator[str]:
        """A version of the whole folder, after every change and while it is read for the first time."""
        told = None
        while not self._closing:
            async for version in self._looks():
                if version != told and not self._closing:
                    told = version
                    yield version
            await asyncio.sleep(INDEX_PACE)

    async def _looks(self) -> AsyncIterator[str]:
        """Look at what is new or has changed, one issue after the other."""
        for name in self.names():
            seen = self._seen.get(name)
            if seen is None or has_changed(seen.marks):
                await (self.draft(name) if name in self._drafts else self._glance(name))
                yield self._index_version()
        yield self._index_version()

    async def _glance(self, name: str) -> None:
        """Look at an issue for the index alone."""
        look, marks = await self._done(name, {})
        self._seen[name] = _Seen(row_of(name, look), marks, next(self._versions))

    async def _look(self, name: str, mail: Mail | None) -> Draft:
        look, marks = await self._done(name, self._drafts[name][1] if name in self._drafts else {})
        if look.mail is None:
            await asyncio.sleep(SETTLE)
            if has_changed(marks):
                look, marks = await self._done(name, marks)
        draft = Draft(name=name, version=next(self._versions), look=look, mail=look.mail or mail)
        self._drafts[name] = draft, marks
        self._drafts.move_to_end(name)
        while len(self._drafts) > KEPT:
            self._drafts.popitem(last=False)
        self._seen[name] = _Seen(row_of(name, look), marks, draft.version)
        return draft

    async def _done(self, name: str, before: Marks) -> tuple[Look, Marks]:
        """A look, and the marks from before it began: what changes meanwhile is seen as a change afterwards."""
        path = self.folder / name
        early = {**marks_of(before), path: mark_of(path)}
        look = await asyncio.get_running_loop().run_in_executor(self._hand, self._work, path)
        return look, {item: early[item] if item in early else mark_of(item) for item in (path, *look.watched)}

    def _index_version(self) -> str:
        names = self.names()
        newest = max((self._seen[name].version for name in names if name in self._seen), default=0)
        return f"{len(names)}-{newest}"


def _newest_first(row: Row | str) -> tuple[bool, int, str]:
    """Issues with a date first, the newest on top; then by name."""
    day = row.date if isinstance(row, Row) else None
    return day is None, -(day.toordinal() if day else 0), row if isinstance(row, str) else row.name
