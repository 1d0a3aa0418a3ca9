"""What became of the work that repeats while `serve` runs, and how many requests were answered: for `/metrics`."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One piece of work that repeats."""

    runs: int = 0
    failures: int = 0
    succeeded_at: float | None = None
    """Seconds since 1970."""


@dataclass(eq=False)
class Works:
    """Kept in memory: it begins anew with every start, as Prometheus expects of counters."""

    requests: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    """By name of the route, method and status; only the event loop adds to it."""
    _known: dict[str, Work] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answered(self, route: str, method: str, status: int) -> None:
        """One more request was answered."""
        self.requests[route, method, status] += 1

    def done(self, name: str, at: float) -> None:
        """The work was done."""
        with self._lock:
            before = self._known.get(name, Work())
            self._known[name] = Work(runs=before.runs + 1, failures=before.failures, succeeded_at=at)

    def failed(self, name: str) -> None:
        """It raised; it is tried again."""
        with self._lock:
            before = self._known.get(name, Work())
            self._known[name] = Work(
                runs=before.runs + 1, failures=before.failures + 1, succeeded_at=before.succeeded_at
            )

    @property
    def known(self) -> Mapping[str, Work]:
        """By name."""
        with self._lock:
            return dict(self._known)
