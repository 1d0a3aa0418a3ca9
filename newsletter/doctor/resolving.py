"""Questions to the name servers of this machine, each once (edge)."""

from collections.abc import Callable
from functools import cached_property
from ipaddress import ip_address
from typing import Any, TypeVar

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
import dns.reversename

from newsletter.doctor.diagnosis import DnsUnavailableError

SECONDS = 5.0
"""What one question may take, all servers together."""
_NOTHING = (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer)

T = TypeVar("T")


class DnsResolver:
    """A `Resolver` that asks the real DNS. `nameservers` are addresses to ask instead of those of this machine."""

    def __init__(self, nameservers: list[str] | None = None, port: int = 53) -> None:
        self._nameservers, self._port = nameservers, port
        self._answers: dict[tuple[str, str], tuple[Any, ...]] = {}

    def texts(self, name: str) -> tuple[str, ...]:
        """TXT records, the strings of each joined."""
        return self._ask(name, "TXT", lambda data: b"".join(data.strings).decode("utf-8", "replace"))

    def exchangers(self, name: str) -> tuple[tuple[int, str], ...]:
        """MX records, the preferred first."""
        found = self._ask(name, "MX", lambda data: (data.preference, _plain(data.exchange)))
        return tuple(sorted(found))

    def addresses(self, name: str) -> tuple[str, ...]:
        """A and AAAA records; an address is its own."""
        try:
            return (str(ip_address(name)),)
        except ValueError:
            return (
                *self._ask(name, "A", lambda data: data.address),
                *self._ask(name, "AAAA", lambda data: data.address),
            )

    def names(self, address: str) -> tuple[str, ...]:
        """PTR records of an address."""
        return self._ask(dns.reversename.from_address(address).to_text(), "PTR", lambda data: _plain(data.target))

    def _ask(self, name: str, kind: str, read: Callable[[Any], T]) -> tuple[T, ...]:
        key = (name.rstrip(".").casefold(), kind)
        if key not in self._answers:
            self._answers[key] = self._answered(*key, read)
        return self._answers[key]

    def _answered(self, name: str, kind: str, read: Callable[[Any], T]) -> tuple[T, ...]:
        try:
            return tuple(read(data) for data in self._resolver.resolve(f"{name}.", kind, lifetime=SECONDS))
        except _NOTHING:
            return ()
        except dns.exception.DNSException as problem:
            raise DnsUnavailableError(f"{kind} {name} ({type(problem).__name__})") from None

    @cached_property
    def _resolver(self) -> dns.resolver.Resolver:
        try:
            resolver = dns.resolver.Resolver(configure=self._nameservers is None)
        except dns.resolver.NoResolverConfiguration:
            raise DnsUnavailableError("this machine names no name server") from None
        if self._nameservers is not None:
            resolver.nameservers, resolver.port = list(self._nameservers), self._port
        return resolver


def _plain(name: dns.name.Name) -> str:
    """A host without the dot at its end; empty for the root, which a null MX names."""
    return name.to_text(omit_final_dot=True) if name != dns.name.root else ""
