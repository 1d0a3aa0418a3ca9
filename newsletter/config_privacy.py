"""`[privacy]` of newsletter.toml: what the record of processing and the privacy statement cannot know by themselves.

Everything else in those texts comes from the lists, the retention and the schema (B7, B13). Pure.
"""

from typing import Annotated, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from newsletter.config_retention import DAYS_OF_MARKS, MOST_DAYS_OF_MARKS
from newsletter.config_values import Line, Table, site_address

WebAddress: TypeAlias = Annotated[Line, AfterValidator(site_address)]


class Processor(Table):
    """Somebody who processes the data for the controller (AVG 28): who hosts the server, who relays the mail."""

    name: Line
    task: Line
    """What they do, in the language of the site: `hosting van de server`."""
    country: Line = ""
    """Where, if outside the European Economic Area; then `safeguard` says what protects the data there (AVG 46)."""
    safeguard: Line = ""

    @model_validator(mode="after")
    def _protected(self) -> Self:
        if self.country and not self.safeguard:
            msg = "a processor outside the European Economic Area needs a safeguard (AVG 46)"
            raise ValueError(msg)
        return self


class Authority(Table):
    """Where people complain (AVG 77)."""

    name: Line = "Autoriteit Persoonsgegevens"
    url: WebAddress = "https://autoriteitpersoonsgegevens.nl"


class Privacy(Table):
    """Texts of the record and the statement, and whether erased addresses leave a mark."""

    officer: Line | None = None
    """The data protection officer (functionaris gegevensbescherming): a name, an address or a web page."""
    representative: Line | None = None
    """Of a controller outside the Union (AVG 27)."""
    authority: Authority = Authority()
    processors: tuple[Processor, ...] = ()
    measures: tuple[Line, ...] = ()
    """Technical and organisational measures of your own (AVG 32), besides those of the software."""
    audience: Line | None = None
    """For whom the newsletters are meant, if children may be among them (B14)."""
    suppress_after_erasure: bool = False
    """Leave a keyed hash and a date of an erased address, which refuses imports of it (B10)."""
    suppress_days: Annotated[int, Field(ge=1, le=MOST_DAYS_OF_MARKS)] = DAYS_OF_MARKS

    @property
    def mark_days(self) -> int | None:
        """How long such a mark stays; None for none."""
        return self.suppress_days if self.suppress_after_erasure else None
