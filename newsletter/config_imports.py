"""What a list says about its attributes and about imports: `attributes`, `consent_cutoff`. Pure."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator

TypeName: TypeAlias = Literal["text", "number", "date"]
"""What an attribute holds (subscribers/value_types.py)."""


def split_attributes(values: Any) -> Any:  # noqa: ANN401 - what the file holds
    """`[lists.x.attributes]` with a type for each name, as names and types; a list of names stays what it is."""
    if not isinstance(values, Mapping):
        return values
    if "attribute_types" in values:
        raise ValueError('write the types as a table: [lists.x.attributes] and below it members = "number"')
    table = values.get("attributes")
    if not isinstance(table, Mapping):
        return values
    return {**values, "attributes": list(table), "attribute_types": dict(table)}


def _day(value: object) -> object:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError("must be a day, such as 2027-06-14")


AnyDay: TypeAlias = Annotated[date, BeforeValidator(_day)]
