"""`:::name condition {key=value}` ... `:::`: which there are, where each ends, and which options they take. Pure.

A directive begins and ends at the first column. Those with Markdown in them may hold others; those with YAML hold
lines of YAML and nothing else. To add one: a Kind here, and what builds it in newsletter.issue.builders.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from newsletter.issue.report import Report, meant, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of directive: what stands inside, which options it takes, and what it may stand in."""

    is_yaml: bool
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Each option's possible values; the first is the default."""
    is_bare: bool = False
    """Whether nothing stands inside."""
    inside: frozenset[str] = frozenset()
    """Names of directives that it may stand in; it may always stand by itself, or in an audience block."""
    takes_condition: bool = False
    """Whether a condition follows its name."""


ONLY = "only"

KINDS: Mapping[str, Kind] = {
    "article": Kind(is_yaml=False, options={"image": ("above", "left", "right", "none")}),
    "quote": Kind(is_yaml=False, inside=frozenset({"article", "note"})),
    "note": Kind(is_yaml=False, inside=frozenset({"article"})),
    "agenda": Kind(is_yaml=True),
    "cards": Kind(is_yaml=True, options={"columns": ("2", "3")}),
    "invitation": Kind(is_yaml=True),
    ONLY: Kind(
        is_yaml=False,
        options={"web": ("false", "true")},
        inside=frozenset({"article", "note"}),
        takes_condition=True,
    ),
    "contents": Kind(is_yaml=False, is_bare=True),
    "recording": Kind(is_yaml=True),
    "figures": Kind(is_yaml=True),
    "download": Kind(is_yaml=True, inside=frozenset({"article", "note"})),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """One directive, or (`kind` or `close` is None) a line that looks like one and is passed over."""

    name: str
    kind: Kind | None
    options: Mapping[str, str]
    condition: str = ""
    """What stands between its name and its options."""
    start: int
    """Index of its first line, from 0."""
    close: int | None = None
    """Index of its last line, `:::`."""


_HEAD = re.compile(r":{3,}[ \t]*([^\s{]*)[ \t]*(\{[^{}]*\})?[ \t]*")
_LONGEST_HEAD = 2_000
"""Characters of a first line with a condition."""
_CONDITION_HEAD = re.compile(r":{3,}[ \t]*([^\s{]+)[ \t]+(.*?)[ \t]*(\{[^{}]*\})?")
_OPTION = re.compile(r"""\s*([A-Za-z][\w-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'{}]+))""")
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")


def find(source: str, report: Report) -> dict[int, Directive]:
    """Every directive of `source` by the index of its first line, in one pass over the lines."""
    finder = _Finder(report)
    for index, line in enumerate(source.split("\n")):
        finder.read(index, line)
    finder.finish()
    return finder.found


class _Finder:
    def __init__(self, report: Report) -> None:
        self.found: dict[int, Directive] = {}
        self._report = report
        self._open: list[Directive] = []
        self._fence = ""

    def read(self, index: int, line: str) -> None:
        inside_yaml = bool(self._open and self._open[-1].kind and self._open[-1].kind.is_yaml)
        if not inside_yaml and self._is_code(line):
            return
        if line.startswith(":::"):
            self._read_colons(index, line)

    def finish(self) -> None:
        while self._open:
            self._unclosed(self._open.pop())

    def _is_code(self, line: str) -> bool:
        """Whether `line` belongs to a fenced code block, where colons mean nothing."""
        fence = _FENCE.match(line)
        if self._fence:
            if fence and fence[1].startswith(self._fence) and not line.strip().strip(self._fence[0]):
                self._fence = ""
            return True
        if fence:
            self._fence = fence[1]
        return bool(self._fence)

    def _read_colons(self, index: int, line: str) -> None:
        head = _HEAD.fullmatch(line)
        asking = _CONDITION_HEAD.fullmatch(line.rstrip()) if len(line) <= _LONGEST_HEAD else None
        if head and not head[1] and not head[2]:
            self._close(index)
        elif head and head[1]:
            self._begin(index, head[1], head[2] or "")
        elif asking and asking[1] in KINDS and KINDS[asking[1]].takes_condition:
            self._begin(index, asking[1], asking[3] or "", asking[2])
        else:
            what = f"{shown(line)!r} is not the first line of a block"
            self._report.add("directive", index + 1, what, "write :::article {image=left}")
            self._skip(index)

    def _begin(self, index: int, name: str, options: str, condition: str = "") -> None:
        while self._open and self._open[-1].kind and self._open[-1].kind.is_yaml:
            self._unclosed(self._open.pop())
        kind = KINDS.get(name)
        if kind is None:
            self._report.add("directive", index + 1, f"unknown block {shown(name)!r}", meant(name, KINDS))
        else:
            self._check_place(index, name, kind)
        given = self._options(index, name, kind, options) if kind else {}
        self._open.append(Directive(name=name, kind=kind, options=given, condition=condition, start=index))

    def _check_place(self, index: int, name: str, kind: Kind) -> None:
        for outer in self._open:
            if outer.kind and outer.name not in kind.inside and (outer.name != ONLY or name == ONLY):
                what = f"{name!r} cannot stand inside {outer.name!r}, which began on line {outer.start + 1}"
                self._report.add("directive", index + 1, what, f"close {outer.name!r} first with a line of :::")
                return

    def _options(self, index: int, name: str, kind: Kind, written: str) -> dict[str, str]:
        options = {key: values[0] for key, values in kind.options.items()}
        rest = written[1:-1]
        for found in _OPTION.finditer(rest):
            key, value = found[1], next(part for part in found.groups()[1:] if part is not None)
            if key not in kind.options:
                what = f"{name!r} has no option {key!r}"
                self._report.add("directive", index + 1, what, meant(key, kind.options, "remove it"))
            elif value not in kind.options[key]:
                what = f"{key} cannot be {shown(value)!r}"
                self._report.add("directive", index + 1, what, meant(value, kind.options[key]))
            else:
                options[key] = value
        if _OPTION.sub("", rest).strip(" \t,"):
            what = f"{shown(written)} is not understood"
            self._report.add("directive", index + 1, what, "write options as {image=left}")
        return options

    def _close(self, index: int) -> None:
        if not self._open:
            self._report.add("directive", index + 1, "::: closes nothing", "remove it, or open a block: :::note")
            self._skip(index)
            return
        opened = self._open.pop()
        self.found[opened.start] = replace(opened, close=index)
        if opened.kind is None:
            self._skip(index)

    def _unclosed(self, opened: Directive) -> None:
        what = f"the block {shown(opened.name)!r} is not closed"
        self._report.add("directive", opened.start + 1, what, "end it with a line that holds only :::")
        self.found[opened.start] = opened

    def _skip(self, index: int) -> None:
        self.found[index] = Directive(name="", kind=None, options={}, start=index)
