"""Limits on how often something may happen, in memory and bounded; nothing of what is counted can be read back. Pure.

A key (a network, a domain, an address) is kept as a keyed hash under a key that dies with the process: no IP address
and no address of anybody is stored, also not here (I7).
"""

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

HOUR = 3600.0
DAY = 24 * HOUR
CAPACITY = 50_000
"""Keys per limit; the one that was idle for longest makes room. About 10 MB when full."""
_HASH_OCTETS = 16
_LONGEST_HEADER = 2000
_V4_PREFIX = 24
_V6_PREFIX = 56
"""What one subscriber of an Internet provider commonly has."""

Network = IPv4Network | IPv6Network


@dataclass(slots=True)
class _Level:
    """How full a key's bucket was, and when."""

    level: float
    at: float


class Limit:
    """At most `number` per `seconds` for each key: a bucket that leaks evenly."""

    def __init__(self, number: int, seconds: float, *, capacity: int = CAPACITY) -> None:
        self._number = number
        self._leak = number / seconds
        self._capacity = capacity
        self._secret = secrets.token_bytes(32)
        self._levels: OrderedDict[bytes, _Level] = OrderedDict()

    def __len__(self) -> int:
        return len(self._levels)

    def has_room(self, key: str, now: float) -> bool:
        """Whether one more fits for `key` at `now` (seconds of a clock that never goes back). Changes nothing."""
        level = self._levels.get(self._hidden(key))
        return level is None or self._leaked(level, now) + 1 <= self._number

    def take(self, key: str, now: float) -> bool:
        """Count one more for `key` if it fits; whether it did."""
        hidden = self._hidden(key)
        found = self._levels.pop(hidden, None)
        level = self._leaked(found, now) if found else 0.0
        fits = level + 1 <= self._number
        self._levels[hidden] = _Level(level + 1 if fits else level, now)
        if len(self._levels) > self._capacity:
            self._levels.popitem(last=False)
        return fits

    def _leaked(self, level: _Level, now: float) -> float:
        return max(0.0, level.level - (now - level.at) * self._leak)

    def _hidden(self, key: str) -> bytes:
        return hmac.digest(self._secret, key.encode("utf-8", "surrogatepass"), "sha256")[:_HASH_OCTETS]


def network_of(peer: str, forwarded_for: str, trusted: Sequence[Network]) -> str:
    """The network of the visitor; "" for what is no address, so that all such visitors share one limit."""
    address = visitor_of(peer, forwarded_for, trusted)
    if address is None:
        return ""
    prefix = _V4_PREFIX if address.version == 4 else _V6_PREFIX  # noqa: PLR2004 - the Internet Protocol's own numbers
    return str(ip_network((address, prefix), strict=False))


def visitor_of(peer: str, forwarded_for: str, trusted: Sequence[Network]) -> IPv4Address | IPv6Address | None:
    """The visitor: the peer, or whom the trusted proxies before us say they speak for; None if that is no address.

    X-Forwarded-For is read from its end, where our own proxies write, and only as far as they are trusted; what a
    visitor invents stands before that.
    """
    address = _address(peer)
    for claimed in reversed(forwarded_for[-_LONGEST_HEADER:].split(",")):
        if address is None or not _is_among(address, trusted) or not claimed.strip():
            break
        address = _address(claimed)
    return address


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address without port, brackets and zone; an IPv4 address that is written as IPv6 is the former."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _is_among(address: IPv4Address | IPv6Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def mailbox_of(address: str) -> str:
    """The mailbox that variants of an address commonly end up in: without `+tag` and dots before the @."""
    local, _, domain = address.casefold().rpartition("@")
    return f"{local.partition('+')[0].replace('.', '') or local}@{domain}"
