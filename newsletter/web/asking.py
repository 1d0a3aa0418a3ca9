"""How often a visitor may ask for a mail about their data or their address: nobody is flooded through us."""

import time
from dataclasses import dataclass, field

from starlette.requests import Request

from newsletter.config import Configuration
from newsletter.web.limits import HOUR, Limit, network_of

PER_NETWORK = 40
"""Questions in an hour from one network: an office of people behind one address, and no more."""
PER_KEY = 5
"""In an hour about one address or person."""
IN_ALL = 1000
"""In an hour."""


@dataclass(frozen=True, kw_only=True)
class Asking:
    """The limits of a running site, in memory; what is counted is kept as keyed hashes (newsletter/web/limits.py)."""

    configuration: Configuration
    networks: Limit = field(default_factory=lambda: Limit(PER_NETWORK, HOUR))
    keys: Limit = field(default_factory=lambda: Limit(PER_KEY, HOUR))
    all: Limit = field(default_factory=lambda: Limit(IN_ALL, HOUR))

    def may(self, request: Request, key: str) -> bool:
        """Whether this visitor may ask once more; counted only if so."""
        now = time.monotonic()
        peer = request.client.host if request.client else ""
        forwarded = ",".join(request.headers.getlist("x-forwarded-for"))  # a proxy may add a line of its own
        network = network_of(peer, forwarded, self.configuration.site.trusted_proxies)
        has_room = self.networks.has_room(network, now) and self.keys.has_room(key, now) and self.all.has_room("", now)
        return has_room and self.networks.take(network, now) and self.keys.take(key, now) and self.all.take("", now)
