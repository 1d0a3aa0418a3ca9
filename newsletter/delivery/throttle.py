"""A token bucket: at most so many messages per second, with a small burst. Pure; the clock is handed in."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """`rate` messages per second, at most `burst` at once; `tokens` were there at `at` (seconds, monotonic)."""

    rate: float
    burst: float
    tokens: float
    at: float

    @classmethod
    def full(cls, rate: float, now: float) -> "Bucket":
        """A bucket for `rate` messages per second (more than 0) that allows a tenth of a second at once."""
        if not rate > 0:
            msg = f"a rate of {rate} messages per second sends nothing"
            raise ValueError(msg)
        burst = max(1.0, rate / 10)
        return cls(rate=rate, burst=burst, tokens=burst, at=now)

    def at_rate(self, rate: float, now: float) -> "Bucket":
        """Another rate from now on; who waits already waits as long as was said."""
        fresh = Bucket.full(rate, now)
        tokens = min(self.burst, self.tokens + max(0.0, now - self.at) * self.rate)
        return replace(fresh, tokens=min(tokens, fresh.burst) if tokens > 0 else tokens * rate / self.rate)

    def take(self, now: float) -> tuple["Bucket", float]:
        """The bucket after taking one message, and the seconds to wait before sending it."""
        tokens = min(self.burst, self.tokens + max(0.0, now - self.at) * self.rate) - 1
        return replace(self, tokens=tokens, at=max(now, self.at)), max(0.0, -tokens / self.rate)
