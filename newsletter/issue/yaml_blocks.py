"""The blocks whose bodies are YAML. Pure."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Literal

import yaml

from newsletter.issue.directives import Directive
from newsletter.issue.inline import InlineBuilder
from newsletter.issue.model import Block
from newsletter.issue.model_blocks import Card, Cards
from newsletter.issue.model_meetings import Agenda, AgendaEntry, Invitation, ProgrammeItem
from newsletter.issue.yaml_media import download, figures, recording
from newsletter.issue.yaml_nodes import Entry, compose, items, text_of
from newsletter.issue.yaml_reader import YamlReader

_MEETING = ("title", "date", "time", "place", "audience", "link", "link_text", "id", "cancelled", "was")
_INVITATION = (*_MEETING, "cost", "closing_date", "programme")
_CARD = ("title", "text", "image", "alt", "credit", "link", "link_text")
_PROGRAMME = ("time", "title", "items")
_MAXIMUM_ID = 60

_UNREADABLE_DAY = date(1, 1, 1)
"""Stands in an entry whose date is a finding; no Issue is made of it."""


def yaml_block(directive: Directive, inline: InlineBuilder, content: str) -> Block | None:
    """The block that `content` describes, or None and a finding."""
    reader = YamlReader(directive, inline)
    before = len(inline.report.findings)
    node = compose(content, reader.place)
    if node is not None:
        return _BUILDERS[directive.name](reader, node)
    if len(inline.report.findings) == before:
        what = f"the block {directive.name!r} is empty"
        reader.place.add(reader.line, what, "write its keys, or remove it")
    return None


def _agenda(reader: YamlReader, node: yaml.Node) -> Block:
    """Dates with a title."""
    found = reader.entries(node, "an agenda entry", "agenda entries", _MEETING)
    return Agenda(entries=tuple(AgendaEntry(**_meeting(reader, entry)) for entry in found), line=reader.line)


def _cards(reader: YamlReader, node: yaml.Node) -> Block:
    """Two or three columns of equal things."""
    found = reader.entries(node, "a card", "cards", _CARD)
    columns: Literal[2, 3] = 3 if reader.directive.options["columns"] == "3" else 2
    return Cards(columns=columns, cards=tuple(_card(reader, entry) for entry in found), line=reader.line)


def _invitation(reader: YamlReader, node: yaml.Node) -> Block | None:
    """One meeting, with its programme."""
    entry = reader.entry(node, "an invitation", _INVITATION, "write title: ..., date: ...")
    if entry is None:
        return None
    programme = entry.node("programme")
    return Invitation(
        **_meeting(reader, entry),
        cost=entry.text("cost"),
        closing_date=reader.day(entry, "closing_date"),
        programme=_programme(reader, programme, levels=2) if programme else (),
    )


def _meeting(reader: YamlReader, entry: Entry) -> dict[str, Any]:
    """What an agenda entry and an invitation have in common."""
    start, end = reader.times(entry)
    return {
        "title": entry.text("title", required=True),
        "date": reader.day(entry, "date", required=True) or _UNREADABLE_DAY,
        "start": start,
        "end": end,
        "place": entry.text("place"),
        "audience": entry.text("audience"),
        "link": reader.link(entry),
        "link_text": entry.text("link_text"),
        "id": _id(reader, entry),
        "is_cancelled": reader.truth(entry, "cancelled"),
        "was": reader.day(entry, "was"),
        "line": entry.line,
    }


def _id(reader: YamlReader, entry: Entry) -> str:
    """A name that may stand in an address and in the UID of a calendar file."""
    text = entry.text("id")
    is_good = len(text) <= _MAXIMUM_ID and text.isascii() and text == text.lower() and text.replace("-", "a").isalnum()
    if text and (not is_good or text.strip("-") != text):
        remedy = f"use lower-case letters, digits and dashes, at most {_MAXIMUM_ID}"
        reader.place.add(entry.line_of("id"), f"id: {text!r} cannot be used", remedy)
    return text


def _card(reader: YamlReader, entry: Entry) -> Card:
    return Card(
        title=entry.text("title", required=True),
        content=reader.words(entry, "text"),
        picture=reader.picture(entry),
        link=reader.link(entry),
        link_text=entry.text("link_text"),
        line=entry.line,
    )


def _programme(reader: YamlReader, node: yaml.Node, *, levels: int) -> tuple[ProgrammeItem, ...]:
    """Items that are a text, or a mapping of time, title and, one level deep, items."""
    return tuple(_item(reader, item, levels=levels) for item in items(node, reader.place, "programme items"))


def _item(reader: YamlReader, node: yaml.Node, *, levels: int) -> ProgrammeItem:
    line = reader.place.line(node)
    if not isinstance(node, yaml.MappingNode):
        text = text_of(node, reader.place, "a programme item")
        return ProgrammeItem(title=reader.inline.markdown(text, line), line=line)
    entry = Entry(node, reader.place, "a programme item", _PROGRAMME if levels > 1 else _PROGRAMME[:-1])
    start, end = reader.times(entry)
    inner = entry.node("items")
    return ProgrammeItem(
        title=reader.words(entry, "title", required=True),
        start=start,
        end=end,
        items=_programme(reader, inner, levels=levels - 1) if inner else (),
        line=line,
    )


_BUILDERS: Mapping[str, Callable[[YamlReader, yaml.Node], Block | None]] = {
    "agenda": _agenda,
    "cards": _cards,
    "invitation": _invitation,
    "recording": recording,
    "figures": figures,
    "download": download,
}
