"""Blocks in YAML that point at something to hear, see, count or keep: recording, figures, download. Pure."""

import re
from collections.abc import Mapping
from typing import Literal

import yaml

from newsletter.issue.model import Block
from newsletter.issue.model_blocks import Download, Figure, Figures, Recording
from newsletter.issue.model_text import Mixed
from newsletter.issue.report import meant
from newsletter.issue.yaml_nodes import Entry
from newsletter.issue.yaml_reader import YamlReader

_RECORDING = ("kind", "title", "length", "text", "image", "alt", "credit", "link", "link_text")
_KINDS: Mapping[str, Literal["podcast", "film"]] = {"podcast": "podcast", "film": "film"}
_FIGURE = ("figure", "label")
_FEWEST, _MOST = 2, 4
_DOWNLOAD = ("title", "text", "file", "link", "type", "size")
_LENGTH = re.compile(r"(\d{1,4})(?:\s*(?:min\.?|minuten|minuut|minutes?))?", re.IGNORECASE | re.ASCII)


def recording(reader: YamlReader, node: yaml.Node) -> Block | None:
    """A podcast or a film."""
    entry = reader.entry(node, "a recording", _RECORDING, "write kind: podcast, title: ..., link: ...")
    if entry is None:
        return None
    kind = entry.text("kind", required=True)
    if kind and kind not in _KINDS:
        reader.place.add(entry.line_of("kind"), f"kind cannot be {kind!r}", meant(kind, _KINDS))
    return Recording(
        kind=_KINDS.get(kind, "podcast"),
        title=entry.text("title", required=True),
        minutes=_minutes(reader, entry),
        content=reader.words(entry, "text"),
        picture=reader.picture(entry),
        link=_needed_link(reader, entry),
        link_text=entry.text("link_text"),
        line=reader.line,
    )


def figures(reader: YamlReader, node: yaml.Node) -> Block:
    """Two to four numbers, each with what it counts."""
    found = tuple(
        Figure(
            value=entry.text("figure", required=True),
            label=reader.words(entry, "label", required=True),
            line=entry.line,
        )
        for entry in reader.entries(node, "a figure", "figures", _FIGURE)
    )
    if found and not _FEWEST <= len(found) <= _MOST:
        what = f"{len(found)} figures cannot stand side by side"
        reader.place.add(reader.line, what, f"give {_FEWEST} to {_MOST}, or write a table")
    return Figures(figures=found, line=reader.line)


def download(reader: YamlReader, node: yaml.Node) -> Block | None:
    """A document: a file beside the issue, or a link elsewhere with its type and size."""
    entry = reader.entry(node, "a download", _DOWNLOAD, "write title: ..., file: ...")
    if entry is None:
        return None
    file = entry.text("file")
    if file and entry.node("link"):
        reader.place.add(entry.line_of("link"), "a download has a file and a link", "keep one of them")
    for key in ("type", "size"):
        if file and entry.node(key):
            reader.place.add(entry.line_of(key), f"{key!r} is taken from the file itself", f"remove {key}")
        elif not file:
            entry.text(key, required=True)
    return Download(
        title=entry.text("title", required=True),
        content=reader.words(entry, "text"),
        file=file,
        link=() if file else _needed_link(reader, entry),
        type=entry.text("type"),
        size=entry.text("size"),
        line=reader.line,
    )


def _needed_link(reader: YamlReader, entry: Entry) -> Mixed:
    entry.raw("link", required=True)
    return reader.link(entry)


def _minutes(reader: YamlReader, entry: Entry) -> int | None:
    text = entry.text("length")
    found = _LENGTH.fullmatch(text)
    if text and not (found and int(found[1])):
        reader.place.add(entry.line_of("length"), f"length: {text!r} is no number of minutes", "write length: 25")
    return int(found[1]) if found else None
