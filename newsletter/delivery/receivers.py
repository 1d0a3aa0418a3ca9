"""Which group of receivers takes the mail of a domain, and its line. Pure; the table is handed in."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from newsletter.delivery.lines import Line
from newsletter.delivery.pacing import Limit, Rate

RELAY = "relay "
"""The name of a relay's own line begins with it."""
MOST_LINES = 10_000
"""From here on lines make room: those of single domains that hold nothing end, and half of the others are put away."""
CELLS = 65_536
"""Places for what was put away. Domains that share one count together: slower than their limits, never faster."""


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
    _away: dict[int, str] = field(default_factory=dict)
    """Cell → state of the lines that were put away, as JSON, which takes a tenth of the room."""
    _group_names: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self._group_names = frozenset(self.groups.values())
        for name, limits in self.limits.items():
            self.lines[name] = Line(name=name, limits=limits)

    @property
    def is_idle(self) -> bool:
        """Whether nobody is limited, so that nothing has to be asked per message."""
        if self.per_domain or self._away or (self.relay and not self.relay.is_free):
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
        if (line := self.lines.get(name)) or not (self.per_domain or _cell(name) in self._away):
            return line
        return self.made(name)

    def line_named(self, name: str) -> Line | None:
        """The same by the name of the line, only to look at it: one that was not there is not kept."""
        return self.lines.get(name) or (self._new(name) if self.per_domain else None)

    def lines_of(self, domain: str) -> list[Line]:
        """All lines that a message to this domain has to pass, its own first."""
        found = (self.line_of(domain), self.relay)
        return [line for line in found if line and not line.is_free]

    def made(self, name: str) -> Line:
        """The line of this name, made if need be."""
        if name not in self.lines:
            self.lines[name] = self._new(name)
        return self.lines[name]

    def _new(self, name: str) -> Line:
        is_group = name in self._group_names
        line = Line(name=name, limits=() if is_group else self.per_domain, is_public=is_group)
        if not is_group and (state := self._away.get(_cell(name))):
            line.restore(json.loads(state))
        return line

    def make_room(self, now: int) -> None:
        """Keep what lines take in memory within bounds, whatever domains there are; no limit is forgotten for that.

        Not while somebody holds a line: it may be another one afterwards.
        """
        if len(self.lines) < MOST_LINES:
            return
        own = [line for line in self.lines.values() if not line.is_public]
        busy = [line for line in own if not line.is_settled(now)]
        away = busy[: len(busy) // 2] if 2 * len(busy) > MOST_LINES else []  # the oldest ones
        for line in away:
            cell = _cell(line.name)
            if other := self._away.get(cell):
                line.join(json.loads(other))
            line.forget(now)
            self._away[cell] = json.dumps(line.state)
        stay = {line.name for line in busy[len(away) :]}
        self.lines = {name: line for name, line in self.lines.items() if line.is_public or name in stay}

    def every(self) -> Iterator[Line]:
        """All lines there are."""
        yield from self.lines.values()
        if self.relay:
            yield self.relay


def _cell(name: str) -> int:
    return hash(name) % CELLS


def grouped(table: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Domain → group, of a table that names the domains of each group."""
    return {domain: name for name, domains in table.items() for domain in domains}
