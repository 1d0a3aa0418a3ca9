"""A segment: the people of one list for whom a condition holds; which names it may ask about. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from subscribers.hints import shown
from subscribers.segment_tree import Condition, comparisons, names, written
from subscribers.segments import LANGUAGE, LIST, ConditionError, parse_condition
from subscribers.value_types import ValueType

ORGANISATION = "organisation"
DOMAIN = "domain"
"""What stands after the @ of the address."""
SINCE = "since"
"""The day on which the subscription began, in the time zone of the list."""
NAME = "name"
EMAIL = "email"

OF_A_LIST: Mapping[str, ValueType] = {
    ORGANISATION: ValueType.TEXT,
    DOMAIN: ValueType.TEXT,
    SINCE: ValueType.DATE,
    LANGUAGE: ValueType.TEXT,
    LIST: ValueType.TEXT,
}
"""Names that every list knows, besides its own attributes."""
OF_A_PERSON: Mapping[str, ValueType] = {NAME: ValueType.TEXT, EMAIL: ValueType.TEXT}
"""Names that say who somebody is: for looking people up, never for what is kept with a job (I7)."""


@dataclass(frozen=True, kw_only=True)
class Segment:
    """The people on the list `list_slug` for whom `condition` holds."""

    condition: Condition
    list_slug: str
    language: str
    """The list's: who has no attribute of this name reads in it."""
    zone: ZoneInfo

    def __str__(self) -> str:
        """The condition as text, always in the same form."""
        return written(self.condition)


def parse_segment(
    text: str,
    *,
    list_slug: str,
    language: str,
    zone: ZoneInfo,
    attributes: Mapping[str, ValueType],
    is_kept: bool = False,
) -> Segment:
    """The segment that `text` says; raises ConditionError.

    With `is_kept` the text will be stored with a job, for ever: it may not ask who somebody is.
    """
    known = {**OF_A_LIST, **attributes, **OF_A_PERSON}
    condition = parse_condition(text, known)
    if is_kept:
        _refuse_personal(text, condition)
    return Segment(condition=condition, list_slug=list_slug, language=language, zone=zone)


def _refuse_personal(text: str, condition: Condition) -> None:
    name = next((name for name in names(condition) if name in OF_A_PERSON), "")
    if name:
        what = f"{name!r} says who somebody is, and the job keeps its condition for ever"
        raise ConditionError(what, remedy="choose by organisation, domain or an attribute", position=text.find(name))
    held = next((item.text for item in comparisons(condition) if "@" in item.text), "")
    if held:
        what = f"{shown(held)!r} holds an address, and the job keeps its condition for ever"
        raise ConditionError(what, remedy="write domain = ... without the @", position=max(text.find("@"), 0))
