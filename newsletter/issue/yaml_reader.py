"""What the blocks in YAML have in common: days, times, links, images, each wrong one a finding on its line. Pure."""

from collections.abc import Sequence
from datetime import date, time

import yaml

from newsletter.issue.directives import Directive
from newsletter.issue.inline import InlineBuilder
from newsletter.issue.links import read_target
from newsletter.issue.model_blocks import Picture
from newsletter.issue.model_text import Inlines, Mixed
from newsletter.issue.times import DAY_REMEDY, TIMES_REMEDY, read_day, read_times
from newsletter.issue.yaml_nodes import Entry, Place, mappings

_TRUTHS = {"true": True, "yes": True, "ja": True, "false": False, "no": False, "nee": False}


class YamlReader:
    """Reads the entries of one block; `inline` holds where findings go."""

    def __init__(self, directive: Directive, inline: InlineBuilder) -> None:
        self.inline = inline
        self.directive = directive
        self.line = directive.start + 1
        self.place = Place(report=inline.report, fields=inline.fields, rule="directive", first_line=directive.start + 2)

    def entries(self, node: yaml.Node, one: str, many: str, keys: Sequence[str]) -> list[Entry]:
        """The mappings of a list."""
        return [Entry(item, self.place, one, keys) for item in mappings(node, self.place, many)]

    def entry(self, node: yaml.Node, name: str, keys: Sequence[str], remedy: str) -> Entry | None:
        """The block as one mapping; anything else is a finding with `remedy`."""
        if isinstance(node, yaml.MappingNode):
            return Entry(node, self.place, name, keys)
        self.place.add(self.place.line(node), f"this is not {name}", remedy)
        return None

    def day(self, entry: Entry, key: str, *, required: bool = False) -> date | None:
        """`2027-06-21`."""
        text = entry.text(key, required=required)
        try:
            return read_day(text) if text else None
        except ValueError as problem:
            self.place.add(entry.line_of(key), f"{key}: {problem}", DAY_REMEDY)
            return None

    def times(self, entry: Entry) -> tuple[time | None, time | None]:
        """Start and end under the key `time`."""
        text = entry.text("time")
        try:
            return read_times(text) if text else (None, None)
        except ValueError as problem:
            self.place.add(entry.line_of("time"), f"time: {problem}", TIMES_REMEDY)
            return None, None

    def link(self, entry: Entry) -> Mixed:
        """The target under `link`; `link_text` without one is a finding."""
        if entry.node("link_text") and not entry.node("link"):
            self.place.add(entry.line_of("link_text"), "'link_text' has no link", "add link: https://...")
        return read_target(entry.raw("link"), entry.line_of("link"), self.inline.fields, self.inline.report)

    def words(self, entry: Entry, key: str, *, required: bool = False) -> Inlines:
        """Inline Markdown with fields."""
        return self.inline.markdown(entry.raw(key, required=required), entry.line_of(key))

    def picture(self, entry: Entry) -> Picture | None:
        """The image under `image`, `alt` and `credit`."""
        image, line = entry.raw("image"), entry.line_of("image")
        if image:
            source, alt = self.inline.source(image, line), entry.text("alt")
            return Picture(source=source, alt=alt, credit=entry.text("credit"), line=line)
        for key in ("alt", "credit"):
            if entry.node(key):
                self.place.add(entry.line_of(key), f"{key!r} belongs to no image", "add image: photo.jpg")
        return None

    def truth(self, entry: Entry, key: str) -> bool:
        """`true` or `false`; false if absent."""
        text = entry.text(key)
        if text and text.casefold() not in _TRUTHS:
            self.place.add(entry.line_of(key), f"{key} cannot be {text!r}", f"write {key}: true, or leave it out")
        return _TRUTHS.get(text.casefold(), False)
