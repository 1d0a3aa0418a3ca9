"""The head of an issue file: YAML between two lines of `---`, checked strictly by pydantic. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from newsletter.issue.fields import Fields
from newsletter.issue.model_text import Mixed
from newsletter.issue.report import Report, meant
from newsletter.issue.times import DAY_REMEDY, read_day
from newsletter.issue.yaml_nodes import Entry, Place, compose
from subscribers.value_types import ValueType

RULE = "front-matter"
_FENCE = "---"
_EXAMPLE = "begin the file with ---, list:, subject:, preheader:, date: and --- on lines of their own"
_REMEDIES = {
    "list": "name a list of newsletter.toml",
    "date": DAY_REMEDY,
    "slug": "use lower-case letters, digits and dashes, at most 40",
    "subject": "write what is new in this issue",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNames:
    """The lists there are; for each the attributes that an issue may use besides name and organisation."""

    lists: Mapping[str, frozenset[str]]
    types: Mapping[str, Mapping[str, ValueType]] = field(default_factory=dict)
    """What the attributes of each list hold; text unless said."""


STANDARD_FIELDS = frozenset({"name", "organisation"})


class _Keys(BaseModel):
    """What the front matter may hold; texts may still have marks of fields in them."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    list: Annotated[str, Field(min_length=1)]
    subject: Annotated[str, Field(min_length=1, max_length=500)]
    date: Annotated[date, BeforeValidator(read_day)]
    preheader: Annotated[str, Field(max_length=500)] = ""
    title: Annotated[str, Field(max_length=500)] = ""
    slug: Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """The head of an issue, understood."""

    list_slug: str
    slug: str
    subject: Mixed
    preheader: Mixed
    date: date
    title: str
    lines: Mapping[str, int]
    """The line of each key."""


def split(source: str, report: Report) -> tuple[str, int, str]:
    """The YAML, the line it begins on, and the body with its lines where they are in the file.

    A file without front matter is all body, and a finding.
    """
    lines = source.split("\n")
    first = next((index for index, line in enumerate(lines) if line.strip()), 0)
    if lines[first].rstrip() != _FENCE:
        report.add(RULE, first + 1, "the file does not begin with front matter", _EXAMPLE)
        return "", 1, source
    for index in range(first + 1, len(lines)):
        if lines[index].rstrip() in {_FENCE, "..."}:
            body = [""] * (index + 1) + lines[index + 1 :]
            return "\n".join(lines[first + 1 : index]), first + 2, "\n".join(body)
    report.add(RULE, first + 1, "the front matter has no end", "put a line of --- after its last key")
    return "", 1, ""


def read(
    text: str, first_line: int, *, slug: str, known: KnownNames, fields: Fields, report: Report
) -> FrontMatter | None:
    """The front matter in `text`, or None and findings; tells `fields` which names this list knows.

    `slug` is used where the front matter gives none: the stem of the file.
    """
    place = Place(report=report, fields=fields, rule=RULE, first_line=first_line)
    node = compose(text, place)
    if not isinstance(node, yaml.MappingNode) and not report.findings:
        line = place.line(node) if node else first_line
        place.add(line, "the front matter is not a list of keys", _EXAMPLE)
    if not isinstance(node, yaml.MappingNode):
        fields.known = STANDARD_FIELDS.union(*known.lists.values())
        return None
    entry = Entry(node, place, "the front matter", tuple(_Keys.model_fields))
    values = entry.present()
    _check_list(values.get("list", ""), entry, known, fields, place)
    keys = _validate({"slug": slug, **values}, entry, place)
    subject = fields.mixed(values.get("subject", ""), entry.line_of("subject"))
    preheader = fields.mixed(values.get("preheader", ""), entry.line_of("preheader"))
    title = entry.text("title")
    if keys is None:
        return None
    return FrontMatter(
        list_slug=keys.list,
        slug=keys.slug,
        subject=subject,
        preheader=preheader,
        date=keys.date,
        title=title,
        lines={key: entry.line_of(key) for key in values},
    )


def _check_list(name: str, entry: Entry, known: KnownNames, fields: Fields, place: Place) -> None:
    fields.known = STANDARD_FIELDS | known.lists.get(name, frozenset().union(*known.lists.values()))
    fields.lists = frozenset(known.lists)
    fields.types = known.types.get(name, {})
    if name and name not in known.lists:
        remedy = meant(name, known.lists, "" if known.lists else "add a list to newsletter.toml")
        remedy += f" The lists here: {', '.join(sorted(known.lists))}" if remedy.endswith("?") else ""
        place.add(entry.line_of("list"), f"unknown list {name!r}", remedy)


def _validate(values: dict[str, str], entry: Entry, place: Place) -> _Keys | None:
    try:
        return _Keys.model_validate(values)
    except ValidationError as problem:
        for error in problem.errors(include_url=False):
            _explain(dict(error), values, entry, place)
        return None


def _explain(error: dict[str, Any], values: dict[str, str], entry: Entry, place: Place) -> None:
    key = str(error["loc"][0])
    value = values.get(key, "")
    remedy = _REMEDIES.get(key, f"write a shorter {key}")
    if error["type"] == "missing" or not value:
        place.add(entry.line_of(key), f"{key!r} is {'missing' if key not in values else 'empty'}", remedy)
    elif key == "slug" and entry.node("slug") is None:
        what = f"the name of the file, {value!r}, cannot be the slug of an issue"
        place.add(entry.line, what, f"rename it, or add slug: to the front matter; {remedy}")
    else:
        said = str(error["msg"]).removeprefix("Value error, ")
        place.add(entry.line_of(key), f"{key}: {said if key == 'date' else f'{value!r} cannot be used'}", remedy)
