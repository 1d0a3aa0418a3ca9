"""HTML and CSS that large mail programs do not support, where a reader would lose content or access. Pure.

What they support stands in `data/clients.toml`, each row with its source and date. Rules in <style> are
enhancements (phones, dark mode) and may be lost; only what fetches something from elsewhere is sought there.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from newsletter.issue.finding import Finding
from newsletter.preflight.mail import Mail
from newsletter.preflight.messages import Messages

STYLE_LIMIT = 16_384
"""Characters of <style> that Gmail reads, all blocks together (hteumeuleu/email-bugs, issue 90, 2021)."""

_STYLE_BLOCK = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One row of the table: how the feature is recognised, who lacks it, what that does, what to do instead."""

    name: str
    kind: str
    pattern: re.Pattern[str]
    is_error: bool
    clients: tuple[str, ...]
    texts: dict[str, tuple[str, str]]
    source: str
    tested: date


@cache
def features() -> tuple[Feature, ...]:
    """The table."""
    table = tomllib.loads(files("newsletter.preflight").joinpath("data/clients.toml").read_text(encoding="utf-8"))
    names = table["names"]
    return tuple(
        Feature(
            name=row["name"],
            kind=row["kind"],
            pattern=_pattern(row["kind"], row["match"], row.get("property", "")),
            is_error=row["level"] == "error",
            clients=tuple(names[client] for client in row["clients"]),
            texts={language: (row[language][0], row[language][1]) for language in ("nl", "en")},
            source=row["source"],
            tested=row["tested"],
        )
        for row in table["feature"]
    )


def check_clients(mail: Mail, messages: Messages) -> Iterator[Finding]:
    """Each feature once, however often it is used."""
    used = _used(mail)
    for feature in features():
        if feature.pattern.search(used[feature.kind]):
            effect, remedy = feature.texts[messages.language]
            name = "unsupported-badly" if feature.is_error else "unsupported"
            clients = ", ".join(feature.clients)
            yield messages.finding(name, 0, feature=feature.name, clients=clients, effect=effect, remedy=remedy)
    size = sum(len(block) for block in _STYLE_BLOCK.findall(mail.html))
    if size > STYLE_LIMIT:
        yield messages.finding("long-style", 0, size=size, limit=STYLE_LIMIT)


def _pattern(kind: str, match: str, name: str) -> re.Pattern[str]:
    """Over lines: each has one declaration, one name of an element, one address."""
    written = rf"^\s*(?:{name})\s*:\s*(?:{match})" if kind == "style" else rf"^(?:{match})"
    if kind == "element":
        written += "$"
    return re.compile(written if kind != "selector" else match, re.IGNORECASE | re.MULTILINE)


def _used(mail: Mail) -> dict[str, str]:
    """What the mail uses, by kind, each thing once and on a line of its own."""
    styles = {element.get("style", "") for element in mail.elements}
    images = {element.get("src", "") for element in mail.elements if element.tag == "img"}
    return {
        "style": "\n".join({part for style in styles for part in style.split(";")}),
        "element": "\n".join({str(element.tag) for element in mail.elements}),
        "image": "\n".join(images),
        "selector": "\n".join(_STYLE_BLOCK.findall(mail.html)),
    }
