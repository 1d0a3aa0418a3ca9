"""Values of `newsletter.toml` that are more than text: lines, host names, addresses of sites, paths. Pure.

Each check returns the value as it is kept, or raises ValueError with what is wrong in words for a person.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from subscribers.address import Address, AddressError, parse_address
from subscribers.cell_text import DIRECTION_MARKS
from subscribers.headings import WHEREABOUTS
from subscribers.importing import HEADINGS, plain_heading
from subscribers.retention import Period, parse_period

_NO_LINE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?", re.ASCII)
_LONGEST_NAME = 253
"""Octets of a host name (RFC 1035)."""
_OWN_FIELDS = frozenset({"list", "unsubscribeurl", "preferencesurl", "since", "leftat", "reason"})
"""What an issue or an export calls something else, as `plain_heading` writes it."""


class Table(BaseModel):
    """A table of the file: every key is known, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True)


def one_line(text: str) -> str:
    """Text that may stand in a header, without the space around it (A4)."""
    if any(unicodedata.category(character) in _NO_LINE or character in DIRECTION_MARKS for character in text):
        msg = "it must be one line of text without control characters"
        raise ValueError(msg)
    return text.strip()


def _path(value: object) -> object:
    if isinstance(value, str):
        one_line(value)
    elif not isinstance(value, Path):
        raise ValueError("must be text in quotes")  # noqa: TRY004 - pydantic collects ValueErrors
    return value


def host_name(text: str) -> str:
    """A host's name (as A-label) or IP address; it goes into lookups and onto the wire."""
    try:
        return str(ip_address(text))
    except ValueError:
        pass
    name = text
    if not text.isascii():
        try:
            name = text.encode("idna").decode("ascii")
        except UnicodeError:
            name = ""
    if len(name) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in name.removesuffix(".").split(".")):
        msg = f"{text[:80]!r} is not a host name such as smtp.example.org"
        raise ValueError(msg)
    return name


def site_address(text: str) -> str:
    """An absolute http(s) address, without the slash at its end."""
    try:
        parts = urlsplit(text)
        is_right = parts.scheme in {"http", "https"} and parts.hostname and not (parts.query or parts.fragment)
        is_right = is_right and (parts.port is None or parts.port > 0) and not re.search(r"[\s\x00-\x1f\x7f]", text)
    except ValueError:
        is_right = False
    if not is_right:
        msg = f"{text[:200]!r} is not an absolute http(s) address such as https://nieuws.example.org"
        raise ValueError(msg)
    return text.rstrip("/")


class Mailbox(BaseModel):
    """A display name and an address: `Programma Voorbeeld <nieuwsbrief@example.org>`."""

    model_config = ConfigDict(frozen=True)
    name: str
    address: str

    @property
    def parsed(self) -> Address:
        """The address, as the subscribers package knows it."""
        return parse_address(self.address)


def parse_mailbox(value: object) -> object:
    """Read `Name <address>` or a bare address; raise ValueError for anything else."""
    if isinstance(value, Mailbox | None):
        return value
    if not isinstance(value, str):
        raise ValueError("must be text in quotes")  # noqa: TRY004 - pydantic collects ValueErrors
    text = one_line(value)
    name, bracket, rest = text.rpartition("<")
    bare = rest.removesuffix(">") if bracket else text
    try:
        return {"name": name.strip().strip('"'), "address": parse_address(bare.strip()).spelling}
    except AddressError as error:
        msg = f"{value!r} is not a mailbox: {error.reason}"
        raise ValueError(msg) from None


def attribute_names(names: Sequence[str]) -> tuple[str, ...]:
    """Names of further columns; none may hide a column that the import reads, or another name (B3)."""
    if problem := next(_hidden(names), ""):
        raise ValueError(problem)
    return tuple(names)


def _hidden(names: Sequence[str]) -> Iterator[str]:
    met: dict[str, str] = {}
    for name in names:
        word = plain_heading(name)
        if word in HEADINGS:
            yield f"{name!r} is a column that the import reads as {HEADINGS[word]}; choose another name"
        if word in WHEREABOUTS:
            yield f"{name!r} is never stored: where somebody was, or how keenly they read; remove it"
        if word in _OWN_FIELDS:
            yield f"{name!r} has a meaning of its own in issues and exports; choose another name"
        if word in met:
            yield f"{name!r} and {met[word]!r} would be one column of an import; keep one"
        met[word] = name


Line: TypeAlias = Annotated[str, AfterValidator(one_line)]
"""Text that may stand in a header: no CR, LF or other control character (A4)."""
HostName: TypeAlias = Annotated[str, AfterValidator(host_name)]
SiteAddress: TypeAlias = Annotated[str, AfterValidator(site_address)]
Slug: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$")]
AnyPath: TypeAlias = Annotated[Path, BeforeValidator(_path)]
AnyMailbox: TypeAlias = Annotated[Mailbox, BeforeValidator(parse_mailbox)]
AnyPeriod: TypeAlias = Annotated[Period, BeforeValidator(parse_period)]
AttributeNames: TypeAlias = Annotated[tuple[Slug, ...], AfterValidator(attribute_names)]
