"""The blocks whose bodies are YAML: agenda, cards, invitation. Pure."""

from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Any, Literal

import yaml

from newsletter.issue.directives import Directive
from newsletter.issue.inline import InlineBuilder
from newsletter.issue.links import read_target
from newsletter.issue.model import (
    Agenda,
    AgendaEntry,
    Block,
    Card,
    Cards,
    Invitation,
    Mixed,
    Picture,
    ProgrammeItem,
)
from newsletter.issue.times import DAY_REMEDY, TIMES_REMEDY, read_day, read_times
from newsletter.issue.yaml_nodes import Entry, Place, compose, items, mappings, text_of

_AGENDA = ("title", "date", "time", "place", "audience", "link", "link_text")
_CARD = ("title", "text", "image", "alt", "link", "link_text")
_INVITATION = (
    "title",
    "date",
    "time",
    "place",
    "audience",
    "cost",
    "closing_date",
    "programme",
    "link",
    "link_text",
)
_PROGRAMME = ("time", "title", "items")

_UNREADABLE_DAY = date(1, 1, 1)
"""Stands in an entry whose date is a finding; no Issue is made of it."""


class YamlBlocks:
    """Builds one YAML block; `inline` holds where findings go."""

    def __init__(self, directive: Directive, inline: InlineBuilder) -> None:
        self._inline = inline
        self._directive = directive
        self._line = directive.start + 1
        self._place = Place(
            report=inline.report, fields=inline.fields, rule="directive", first_line=directive.start + 2
        )

    def build(self, content: str) -> Block | None:
        """The block, or None and a finding."""
        before = len(self._inline.report.findings)
        node = compose(content, self._place)
        if node is None:
            if len(self._inline.report.findings) == before:
                what = f"the block {self._directive.name!r} is empty"
                self._place.add(self._line, what, "write its keys, or remove it")
            return None
        return _BUILDERS[self._directive.name](self, node)

    def agenda(self, node: yaml.Node) -> Block:
        """Dates with a title."""
        found = [
            Entry(item, self._place, "an agenda entry", _AGENDA)
            for item in mappings(node, self._place, "agenda entries")
        ]
        return Agenda(entries=tuple(AgendaEntry(**self._meeting(entry)) for entry in found), line=self._line)

    def cards(self, node: yaml.Node) -> Block:
        """Two or three columns of equal things."""
        found = [Entry(item, self._place, "a card", _CARD) for item in mappings(node, self._place, "cards")]
        columns: Literal[2, 3] = 3 if self._directive.options["columns"] == "3" else 2
        return Cards(columns=columns, cards=tuple(map(self._card, found)), line=self._line)

    def invitation(self, node: yaml.Node) -> Block | None:
        """One meeting, with its programme."""
        if not isinstance(node, yaml.MappingNode):
            self._place.add(self._place.line(node), "this is not an invitation", "write title: ..., date: ...")
            return None
        entry = Entry(node, self._place, "the invitation", _INVITATION)
        programme = entry.node("programme")
        return Invitation(
            **self._meeting(entry),
            cost=entry.text("cost"),
            closing_date=self._day(entry, "closing_date"),
            programme=self._programme(programme, levels=2) if programme else (),
        )

    def _meeting(self, entry: Entry) -> dict[str, Any]:
        """What an agenda entry and an invitation have in common."""
        start, end = self._times(entry)
        return {
            "title": entry.text("title", required=True),
            "date": self._day(entry, "date", required=True) or _UNREADABLE_DAY,
            "start": start,
            "end": end,
            "place": entry.text("place"),
            "audience": entry.text("audience"),
            "link": self._link(entry),
            "link_text": entry.text("link_text"),
            "line": entry.line,
        }

    def _card(self, entry: Entry) -> Card:
        image = entry.raw("image")
        line = entry.line_of("image")
        picture = Picture(source=self._inline.source(image, line), alt=entry.text("alt"), line=line) if image else None
        if entry.node("alt") and not image:
            self._place.add(entry.line_of("alt"), "'alt' describes no image", "add image: photo.jpg")
        return Card(
            title=entry.text("title", required=True),
            content=self._inline.markdown(entry.raw("text"), entry.line_of("text")),
            picture=picture,
            link=self._link(entry),
            link_text=entry.text("link_text"),
            line=entry.line,
        )

    def _programme(self, node: yaml.Node, *, levels: int) -> tuple[ProgrammeItem, ...]:
        """Items that are a text, or a mapping of time, title and, one level deep, items."""
        return tuple(self._item(item, levels=levels) for item in items(node, self._place, "programme items"))

    def _item(self, node: yaml.Node, *, levels: int) -> ProgrammeItem:
        line = self._place.line(node)
        if not isinstance(node, yaml.MappingNode):
            text = text_of(node, self._place, "a programme item")
            return ProgrammeItem(title=self._inline.markdown(text, line), line=line)
        entry = Entry(node, self._place, "a programme item", _PROGRAMME if levels > 1 else _PROGRAMME[:-1])
        start, end = self._times(entry)
        inner = entry.node("items")
        return ProgrammeItem(
            title=self._inline.markdown(entry.raw("title", required=True), entry.line_of("title")),
            start=start,
            end=end,
            items=self._programme(inner, levels=levels - 1) if inner else (),
            line=line,
        )

    def _day(self, entry: Entry, key: str, *, required: bool = False) -> date | None:
        text = entry.text(key, required=required)
        try:
            return read_day(text) if text else None
        except ValueError as problem:
            self._place.add(entry.line_of(key), f"{key}: {problem}", DAY_REMEDY)
            return None

    def _times(self, entry: Entry) -> tuple[time | None, time | None]:
        text = entry.text("time")
        try:
            return read_times(text) if text else (None, None)
        except ValueError as problem:
            self._place.add(entry.line_of("time"), f"time: {problem}", TIMES_REMEDY)
            return None, None

    def _link(self, entry: Entry) -> Mixed:
        if entry.node("link_text") and not entry.node("link"):
            self._place.add(entry.line_of("link_text"), "'link_text' has no link", "add link: https://...")
        return read_target(entry.raw("link"), entry.line_of("link"), self._inline.fields, self._inline.report)


_BUILDERS: Mapping[str, Callable[[YamlBlocks, yaml.Node], Block | None]] = {
    "agenda": YamlBlocks.agenda,
    "cards": YamlBlocks.cards,
    "invitation": YamlBlocks.invitation,
}
