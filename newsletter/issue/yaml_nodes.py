"""YAML with line numbers, every value a text: `09:30` stays a time and `no` stays a word. Pure.

Composed, not constructed: no value gets a type that YAML guesses. Aliases, which can blow a few lines up to
gigabytes, and deep nesting are refused.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import yaml

from newsletter.issue.fields import Fields
from newsletter.issue.report import Report, meant, shown

MAXIMUM_CHARACTERS = 32_000
_MAXIMUM_DEPTH = 8
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class _Loader(yaml.BaseLoader):
    """Resolves nothing; refuses aliases and depth."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it out
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(problem="anchors and aliases (&, *) are not used", problem_mark=event.start_mark)
        if self.depth > _MAXIMUM_DEPTH:
            raise yaml.MarkedYAMLError(problem="too many levels", problem_mark=event.start_mark)
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where YAML stands, and who hears what is wrong with it."""

    report: Report
    fields: Fields
    rule: str
    first_line: int
    """Line of the file (from 1) on which the YAML begins."""

    def line(self, node: yaml.Node) -> int:
        """The line of the file on which `node` begins."""
        return self.first_line + node.start_mark.line

    def add(self, line: int, what: str, remedy: str) -> None:
        """Note a finding."""
        self.report.add(self.rule, line, what, remedy)


def compose(text: str, place: Place) -> yaml.Node | None:
    """The tree of `text`, or None and a finding (None without one for empty text)."""
    if len(text) > MAXIMUM_CHARACTERS:
        place.add(place.first_line, f"{len(text):,} characters of YAML", f"keep it below {MAXIMUM_CHARACTERS:,}")
        return None
    loader = _Loader(text)
    try:
        return loader.get_single_node()
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = place.first_line + (mark.line if mark else 0)
        place.add(line, f"this is not YAML: {problem.problem or problem.context}", _remedy(problem))
    except yaml.YAMLError as problem:
        place.add(place.first_line, f"this is not YAML: {shown(str(problem))}", "look for unusual characters")
    finally:
        loader.dispose()
    return None


def _remedy(problem: yaml.MarkedYAMLError) -> str:
    said = str(problem.problem)
    if "mapping values" in said:
        return 'put a text with a colon in it between quotes: title: "Lunch: de opbrengst"'
    if "anchors" in said or "cannot start any token" in said or "expected alphabetic" in said:
        return "put a text that begins with a mark such as & * ! % @ ` between quotes"
    return "write each line as `key: value`, with the same indent"


class Entry:
    """A YAML mapping that is being read: known keys only, each once; what is wrong is a finding on its line."""

    def __init__(self, node: yaml.MappingNode, place: Place, name: str, keys: Sequence[str]) -> None:
        self.line = place.line(node)
        self._place = place
        self._name = name
        self._values: dict[str, yaml.Node] = {}
        for key, value in node.value:
            word = key.value if isinstance(key, yaml.ScalarNode) else ""
            if word not in keys:
                what = f"{name} has no {shown(place.fields.restore(word))!r}"
                place.add(place.line(key), what, meant(word, keys))
            elif word in self._values:
                place.add(place.line(key), f"{word!r} stands here twice", "keep one of them")
            else:
                self._values[word] = value

    def line_of(self, key: str) -> int:
        """The line of the value of `key`, or of the mapping."""
        node = self._values.get(key)
        return self._place.line(node) if node else self.line

    def node(self, key: str) -> yaml.Node | None:
        """The value of `key` as it is."""
        return self._values.get(key)

    def raw(self, key: str, *, required: bool = False) -> str:
        """The text of `key`, marks of fields in it, stripped; "" if absent (a finding if `required`)."""
        node = self._values.get(key)
        text = text_of(node, self._place, key) if node else ""
        if required and not text and (node is None or isinstance(node, yaml.ScalarNode)):
            what = f"{key!r} of {self._name} is {'empty' if node else 'missing'}"
            self._place.add(self.line_of(key), what, f"add {key}: ...")
        return text

    def text(self, key: str, *, required: bool = False) -> str:
        """The text of `key` on one line, where no field can stand."""
        text = " ".join(self.raw(key, required=required).split())
        return self._place.fields.plain(text, self.line_of(key), f"{key!r} of {self._name}")

    def present(self) -> dict[str, str]:
        """All texts that are given, marks in them."""
        return {key: self.raw(key) for key in self._values}


def text_of(node: yaml.Node, place: Place, name: str) -> str:
    """The text of a scalar, or "" and a finding; a control character smuggled in by an escape is one too (A4)."""
    if not isinstance(node, yaml.ScalarNode) or not node.tag.startswith(("tag:yaml.org,2002:str", "!")):
        place.add(place.line(node), f"{name!r} is not a text", "write one text, between quotes if it has odd marks")
        return ""
    value = str(node.value).strip()
    if _CONTROL.search(value.replace("\n", " ") if node.style in {"|", ">"} else value):
        place.add(place.line(node), f"a control character stands in {name!r}", "write it on one line")
        return _CONTROL.sub(" ", value)
    return value


def mappings(node: yaml.Node | None, place: Place, name: str) -> Iterator[yaml.MappingNode]:
    """The mappings in a list; anything else is a finding."""
    for item in items(node, place, name):
        if isinstance(item, yaml.MappingNode):
            yield item
        else:
            place.add(place.line(item), f"this is not {name}", "write `- title: ...` and indent what belongs to it")


def items(node: yaml.Node | None, place: Place, name: str) -> Sequence[yaml.Node]:
    """The items of a list; anything else is a finding."""
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    line = place.line(node) if node else place.first_line
    place.add(line, f"a list of {name} is expected", "begin each with a dash: `- title: ...`")
    return []
