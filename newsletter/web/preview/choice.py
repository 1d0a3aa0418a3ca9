"""What somebody chose to see: view, width, colours, images and recipient, as they stand in the address. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

Kind = TypeVar("Kind", bound=StrEnum)


class View(StrEnum):
    """What is shown of the mail."""

    MAIL = "mail"
    TEXT = "text"
    SOURCE = "source"
    HEADERS = "headers"


class Width(StrEnum):
    """How wide the window of the mail is, in CSS pixels."""

    PHONE = "375"
    TABLET = "768"
    DESKTOP = "1200"


class Colours(StrEnum):
    """In which colours a mail program shows it."""

    LIGHT = "light"
    DARK = "dark"
    """The program is dark and asks the mail for its dark colours."""
    INVERTED = "inverted"
    """The program is dark and turns the mail's light colours around by itself."""


class Images(StrEnum):
    """Whether the mail program loads images."""

    SHOWN = "on"
    HIDDEN = "off"


class Sample(StrEnum):
    """Whom the mail is filled for."""

    FULL = "full"
    EMPTY = "empty"
    LONG = "long"
    DUTCH = "nl"
    ENGLISH = "en"
    """As FULL, with this language: what blocks for some readers may ask for."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The controls of the page."""

    view: View = View.MAIL
    width: Width = Width.DESKTOP
    colours: Colours = Colours.LIGHT
    images: Images = Images.SHOWN
    sample: Sample = Sample.FULL

    @property
    def query(self) -> str:
        """The query of an address that shows this."""
        return urlencode({key: getattr(self, key).value for key in KINDS})


KINDS: Mapping[str, type[StrEnum]] = {
    "view": View,
    "width": Width,
    "colours": Colours,
    "images": Images,
    "sample": Sample,
}


def read_choice(query: Mapping[str, str]) -> Choice:
    """What an address asks for; anything unknown is the default."""
    return Choice(
        view=_one(View, query.get("view"), View.MAIL),
        width=_one(Width, query.get("width"), Width.DESKTOP),
        colours=_one(Colours, query.get("colours"), Colours.LIGHT),
        images=_one(Images, query.get("images"), Images.SHOWN),
        sample=_one(Sample, query.get("sample"), Sample.FULL),
    )


def _one(kind: type[Kind], text: str | None, default: Kind) -> Kind:
    return next((item for item in kind if item.value == text), default)
