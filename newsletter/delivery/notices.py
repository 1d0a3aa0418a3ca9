"""Sending notices: service mails, through the relays of their list, while somebody waits for a link (edge).

Never dependent on a job, nor on erasure being up to date. The rules are those of deliveries (I3): what may have been
taken is unknown and never sent again by itself; what was refused for now is tried again with growing waits, as long as
it is of use. One process per machine sends; what another machine holds is left to it until its lease runs out.
"""

import asyncio
import fcntl
import os
import re
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from newsletter.delivery.notice_letters import NoticeWriter, notice_templates
from newsletter.delivery.notice_line import Line
from newsletter.delivery.worker import SPOOL, Sending
from newsletter.store import notices
from newsletter.store.identity import check
from subscribers.errors import ServiceError
from subscribers.notice import NoticeState

LOCK = "notices.lock"
"""Held by the one process of this machine that sends; its content names the last one that did."""
_NAME = re.compile(rb"[0-9a-f]{16}")


@dataclass(frozen=True, kw_only=True)
class NoticeResult:
    """How many notices a run sent, put off, gave up, and lost sight of."""

    sent: int = 0
    deferred: int = 0
    refused: int = 0
    unknown: int = 0
    is_busy: bool = False
    """Another process of this machine sends them at this moment."""

    @property
    def handled(self) -> int:
        """All of them."""
        return self.sent + self.deferred + self.refused + self.unknown


def send_notices(sending: Sending) -> NoticeResult:
    """Send every notice that is due, in this thread; return at once if none is.

    Raises ServiceError if a relay cannot be used (its notices wait, those of other relays are sent), and
    ConfigurationError.
    """
    if not notices.due_lists(sending.engine, sending.clock()) and not notices.has_claims(sending.engine):
        return NoticeResult()
    check(sending.engine, sending.configuration.data_dir)
    with _only_sender(sending.configuration.data_dir / SPOOL) as names:
        if names is None:
            return NoticeResult(is_busy=True)
        worker, earlier = names
        counts = Counter({NoticeState.UNKNOWN: notices.recover(sending.engine, earlier, sending.clock())})
        failures = asyncio.run(_send_all(sending, worker, counts))
    if failures:
        raise ServiceError("\n".join(failures))
    return NoticeResult(
        sent=counts[NoticeState.SENT],
        deferred=counts[NoticeState.QUEUED],
        refused=counts[NoticeState.REFUSED],
        unknown=counts[NoticeState.UNKNOWN],
    )


async def _send_all(sending: Sending, worker: str, counts: Counter[NoticeState]) -> list[str]:
    """Every relay at its own pace; what one of them lacks does not stop the others, and is returned."""
    relays, lost = _by_relays(sending)
    if lost:
        counts[NoticeState.REFUSED] += notices.refuse_lists(sending.engine, lost)
    configuration = sending.configuration
    writer = NoticeWriter(
        configuration=configuration,
        keyring=sending.keyring,
        templates=notice_templates(configuration),
        clock=sending.clock,
    )
    known = configuration.relays
    lines = [
        Line(sending=sending, writer=writer, worker=worker, relays=[known[name] for name in names], lists=slugs)
        for names, slugs in relays.items()
    ]
    failures = await asyncio.gather(*(line.run() for line in lines))
    for line in lines:
        counts.update(line.counts)
    return [problem for problem in failures if problem]


def _by_relays(sending: Sending) -> tuple[dict[tuple[str, ...], list[str]], list[str]]:
    """The lists with due notices by their relays, and those that the configuration does not know any more."""
    relays: dict[tuple[str, ...], list[str]] = {}
    lost: list[str] = []
    for slug in notices.due_lists(sending.engine, sending.clock()):
        known = sending.configuration.lists.get(slug)
        if known is None:
            lost.append(slug)
        else:
            relays.setdefault(known.relay_names, []).append(slug)
    return relays, lost


@contextmanager
def _only_sender(spool: Path) -> Iterator[tuple[str, list[str]] | None]:
    """Our name and that of the sender before us, who is gone; None if another process of this machine sends now.

    The kernel takes the lock from a process that died, `kill -9` included, so its name is that of a dead one.
    """
    path = spool / LOCK
    try:
        spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ServiceError(f"the spool cannot be used: {error.strerror}", where=str(path)) from None
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        before = [name.decode() for name in _NAME.findall(os.pread(file, 64, 0))]
        name = secrets.token_hex(8)
        os.pwrite(file, name.encode(), 0)
        yield name, before
    finally:
        os.close(file)
