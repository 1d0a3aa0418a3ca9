"""Which group of receivers takes the mail of a domain, and its line. Pure; the table is handed in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from newsletter.delivery.lines import Line
from newsletter.delivery.pacing import Limit, Rate

RELAY = "relay "
"""The name of a relay's own line begins with it."""
_MOST_OWN_LINES = 10_000
"""Lines of single domains that are kept; the ones that are free go first."""


def domain_of(address: str) -> str:
    """The domain of an address as an A-label in lower case; what is none stays as it is, and has no group."""
    domain = address.rpartition("@")[2].lower()
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


@dataclass(slots=True, kw_only=True, eq=False)
class Receivers:
    """All lines of a run. Asked per message only while one of them has something to say."""

    groups: Mapping[str, str]
    """Domain → name of its group."""
    limits: Mapping[str, Sequence[Limit]]
    """Name of a group, or a domain → its limits."""
    per_domain: Sequence[Rate] = ()
    """For each domain that has neither group nor limits of its own."""
    relay: Line | None = None
    """All messages pass it: warm-up, and a relay that pushes back."""
    lines: dict[str, Line] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, limits in self.limits.items():
            self.lines[name] = Line(name=name, limits=limits)

    @property
    def is_idle(self) -> bool:
        """Whether nobody is limited, so that nothing has to be asked per message."""
        if self.per_domain or (self.relay and not self.relay.is_free):
            return False
        return all(line.is_free for line in self.lines.values())

    def name_of(self, domain: str) -> str:
        """The name of the line that a domain belongs to."""
        if domain in self.limits:
            return domain
        return self.groups.get(domain, domain)

    def line_of(self, domain: str) -> Line | None:
        """The line of a domain that has to be asked; None if it has none, which is not made here."""
        name = self.name_of(domain)
        if (line := self.lines.get(name)) or not self.per_domain:
            return line
        return self.made(name)

    def lines_of(self, domain: str) -> list[Line]:
        """All lines that a message to this domain has to pass, its own first."""
        found = (self.line_of(domain), self.relay)
        return [line for line in found if line and not line.is_free]

    def made(self, name: str) -> Line:
        """The line of this name, made if need be."""
        if name not in self.lines:
            self._make_room()
            is_group = name in self.groups.values()
            limits = () if is_group else self.per_domain
            self.lines[name] = Line(name=name, limits=limits, is_public=is_group)
        return self.lines[name]

    def _make_room(self) -> None:
        if len(self.lines) < _MOST_OWN_LINES:
            return
        own = [name for name, line in self.lines.items() if not line.is_public and line.speed is None]
        for name in own[: max(1, len(own) // 2)]:
            del self.lines[name]

    def every(self) -> Iterator[Line]:
        """All lines there are."""
        yield from self.lines.values()
        if self.relay:
            yield self.relay


def grouped(table: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Domain → group, of a table that names the domains of each group."""
    return {domain: name for name, domains in table.items() for domain in domains}
