"""`/metrics` for Prometheus: off unless configured, for whom the configuration names, and about nobody (I7)."""

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import Response

from newsletter import __version__
from newsletter.config import Configuration
from newsletter.config_secrets import read_secret
from newsletter.store.measures import Measures, measure
from newsletter.store.rawmail import HUMAN, box
from newsletter.web.exposition import CONTENT_TYPE, Family, Sample, exposed
from newsletter.web.limits import visitor_of
from newsletter.web.works import Works
from subscribers.clock import Clock

SHARE = 20
"""Counting takes at most one part in so many of the time: what is asked for sooner is what was counted before."""
LEAST_SECONDS = 2.0
SINCE = "in seconds since 1970"

InThread = Callable[[Callable[[], str]], Awaitable[str]]


def families(found: Measures, works: Works, people: int, started: float) -> Iterator[Family]:
    """Everything that is shown; names and meanings are documented in docs/operators.md and never change."""
    yield _gauge("info", "1, with the version.", [({"version": __version__}, 1)])
    yield _gauge("started_seconds", f"When serve began, {SINCE}.", [({}, started)])
    yield _gauge("jobs", "Send jobs.", _by_state(found.jobs))
    yield _gauge("halted_jobs", "Jobs that stopped by themselves and wait for a decision.", _by("list", found.halted))
    yield _gauge("deliveries", "Deliveries of all jobs, erased ones included.", _by_state(found.deliveries))
    next_due = [({"list": slug}, at.timestamp()) for slug, at in sorted(found.next_due.items())]
    yield _gauge("next_attempt_seconds", f"When the first deferred delivery is due, {SINCE}.", next_due)
    yield _gauge("subscriptions", "Subscriptions.", _by_state(found.subscriptions))
    yield _gauge("suppressed_addresses", "Addresses that are not mailed.", _by("reason", found.suppressed))
    bounced = "Reports that mail failed after the relay had taken it."
    yield _counter("bounces_total", bounced, _by("kind", found.bounces))
    yield _gauge("feedback_waiting", "Mails that came back and wait for a person.", [({}, people)])
    yield _gauge("notices", "Service mails.", _by("state", found.notices))
    oldest = f"When the service mail that waits the longest was asked for, {SINCE}."
    yield _gauge("oldest_notice_seconds", oldest, _moment(found.oldest_notice))
    yield _gauge("erasures_overdue", "Rows past their deadline; no job starts.", [({}, found.overdue)])
    scrub = f"Since when erased data waits to be scrubbed from the disk, {SINCE}."
    yield _gauge("scrub_due_since_seconds", scrub, _moment(found.scrub_due_since))
    yield _gauge("last_receipt_seconds", f"The last proven erasure, {SINCE}.", _moment(found.last_receipt))
    yield from _of_process(works)


def _of_process(works: Works) -> Iterator[Family]:
    known = sorted(works.known.items())
    runs: list[Sample] = [({"work": name}, work.runs) for name, work in known]
    failures: list[Sample] = [({"work": name}, work.failures) for name, work in known]
    succeeded = [({"work": name}, work.succeeded_at) for name, work in known if work.succeeded_at is not None]
    requests = [
        ({"route": route, "method": method, "status": str(status)}, number)
        for (route, method, status), number in sorted(works.requests.items())
    ]
    yield _counter("work_runs_total", "Runs of work that repeats.", runs)
    yield _counter("work_failures_total", "Runs that failed and are tried again.", failures)
    yield _gauge("work_succeeded_seconds", f"The last run that did not fail, {SINCE}.", succeeded)
    yield _counter("requests_total", "Requests that were answered, by route.", requests)


def _gauge(name: str, meaning: str, samples: Sequence[Sample]) -> Family:
    return Family(name=name, kind="gauge", help=meaning, samples=samples)


def _counter(name: str, meaning: str, samples: Sequence[Sample]) -> Family:
    return Family(name=name, kind="counter", help=meaning, samples=samples)


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
