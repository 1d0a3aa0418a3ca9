"""`/metrics` for Prometheus: off unless configured, for whom the configuration names, and about nobody (I7)."""

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import Response

from newsletter import __version__
from newsletter.config import Configuration, read_secret
from newsletter.store.measures import Measures, measure
from newsletter.store.rawmail import HUMAN, box
from newsletter.web.exposition import CONTENT_TYPE, Family, Sample, exposed
from newsletter.web.limits import visitor_of
from newsletter.web.works import Works
from subscribers.clock import Clock

SHARE = 20
"""Counting takes at most one part in so many of the time: what is asked for sooner is what was counted before."""
LEAST_SECONDS = 2.0

InThread = Callable[[Callable[[], str]], Awaitable[str]]


def families(found: Measures, works: Works, people: int, started: float) -> Iterator[Family]:
    """Everything that is shown; names and meanings are documented in docs/operators.md and never change."""
    yield Family(name="info", kind="gauge", help="1, with the version.", samples=[({"version": __version__}, 1)])
    yield Family(name="started_seconds", kind="gauge", help="When serve began.", samples=[({}, started)])
    yield Family(name="jobs", kind="gauge", help="Send jobs.", samples=_by_state(found.jobs))
    yield Family(
        name="halted_jobs",
        kind="gauge",
        help="Jobs that stopped by themselves and wait for a decision.",
        samples=_by("list", found.halted),
    )
    yield Family(
        name="deliveries",
        kind="gauge",
        help="Deliveries of all jobs, erased ones included.",
        samples=_by_state(found.deliveries),
    )
    yield Family(
        name="next_attempt_seconds",
        kind="gauge",
        help="When the first deferred delivery is due.",
        samples=[({"list": slug}, at.timestamp()) for slug, at in sorted(found.next_due.items())],
    )
    yield Family(name="subscriptions", kind="gauge", help="Subscriptions.", samples=_by_state(found.subscriptions))
    yield Family(
        name="suppressed_addresses",
        kind="gauge",
        help="Addresses that are not mailed.",
        samples=_by("reason", found.suppressed),
    )
    yield Family(
        name="bounces_total",
        kind="counter",
        help="Reports that mail failed after the relay had taken it.",
        samples=_by("kind", found.bounces),
    )
    yield Family(
        name="feedback_waiting",
        kind="gauge",
        help="Mails that came back and wait for a person.",
        samples=[({}, people)],
    )
    yield Family(name="notices", kind="gauge", help="Service mails.", samples=_by("state", found.notices))
    yield Family(
        name="oldest_notice_seconds",
        kind="gauge",
        help="When the service mail that waits the longest was asked for.",
        samples=_moment(found.oldest_notice),
    )
    yield Family(
        name="erasures_overdue",
        kind="gauge",
        help="Rows past their deadline; no job starts.",
        samples=[({}, found.overdue)],
    )
    yield Family(
        name="scrub_due_since_seconds",
        kind="gauge",
        help="Since when erased data waits to be scrubbed from the disk.",
        samples=_moment(found.scrub_due_since),
    )
    yield Family(
        name="last_receipt_seconds", kind="gauge", help="The last proven erasure.", samples=_moment(found.last_receipt)
    )
    yield from _of_process(works)


def _of_process(works: Works) -> Iterator[Family]:
    known = sorted(works.known.items())
    yield Family(
        name="work_runs_total",
        kind="counter",
        help="Runs of work that repeats.",
        samples=[({"work": name}, work.runs) for name, work in known],
    )
    yield Family(
        name="work_failures_total",
        kind="counter",
        help="Runs that failed and are tried again.",
        samples=[({"work": name}, work.failures) for name, work in known],
    )
    yield Family(
        name="work_succeeded_seconds",
        kind="gauge",
        help="The last run that did not fail.",
        samples=[({"work": name}, work.succeeded_at) for name, work in known if work.succeeded_at is not None],
    )
    yield Family(
        name="requests_total",
        kind="counter",
        help="Requests that were answered, by route.",
        samples=[
            ({"route": route, "method": method, "status": str(status)}, number)
            for (route, method, status), number in sorted(works.requests.items())
        ],
    )


def _by_state(counted: Mapping[tuple[str, str], int]) -> list[Sample]:
    return [({"list": slug, "state": state}, number) for (slug, state), number in sorted(counted.items())]


def _by(label: str, counted: Mapping[str, int]) -> list[Sample]:
    return [({label: word}, number) for word, number in sorted(counted.items())]


def _moment(found: datetime | None) -> list[Sample]:
    return [({}, found.timestamp())] if found else []


@dataclass(kw_only=True)
class MetricsPage:
    """The endpoint. Whoever may not read it gets the page for what does not exist."""

    configuration: Configuration
    engine: Engine
    works: Works
    clock: Clock
    in_thread: InThread
    error: Callable[[int], Response]
    seconds: Callable[[], float] = time.monotonic
    _token: str = ""
    _text: str = ""
    _until: float = float("-inf")
    _started: float = 0.0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        """Read the token now, so that a fault of the configuration is known at the start."""
        file = self.configuration.metrics.token_file
        self._token = read_secret(self.configuration.folder / file, "token_file") if file else ""
        self._started = self.clock().timestamp()

    async def metrics(self, request: Request) -> Response:
        """The numbers, counted at most as often as SHARE allows."""
        if not self._may_read(request):
            return self.error(404)
        async with self._lock:
            if self.seconds() >= self._until:
                began = self.seconds()
                self._text = await self.in_thread(self._counted)
                took = self.seconds() - began
                self._until = self.seconds() + max(LEAST_SECONDS, SHARE * took)
        return Response(self._text, media_type=CONTENT_TYPE)

    def _may_read(self, request: Request) -> bool:
        settings = self.configuration.metrics
        if not settings.enabled:
            return False
        peer = request.client.host if request.client else ""
        forwarded = ",".join(request.headers.getlist("x-forwarded-for"))
        visitor = visitor_of(peer, forwarded, self.configuration.site.trusted_proxies)
        if visitor is None or not any(visitor in network for network in settings.networks):
            return False
        shown = request.headers.get("authorization", "")
        return not self._token or hmac.compare_digest(shown.encode(), f"Bearer {self._token}".encode())

    def _counted(self) -> str:
        found = measure(self.engine, self.clock())
        people = len(box(self.configuration.data_dir, HUMAN).names())
        return exposed(families(found, self.works, people, self._started))
