"""What is wrong with what somebody filled in: which field, why, and how to mend it (WCAG 3.3.1, A43). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from newsletter.web.signup_form import WEB_ADDRESS
from newsletter.web.texts_leaving import LeavingTexts
from subscribers.cell_text import NAME_LIMIT, RowRefusedError, clean_text


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One field that cannot be taken."""

    label: str
    """As it stands above the field."""
    text: str
    """What is wrong, and what to write instead."""
    has_field: bool = True
    """Whether the page has the field; the summary links to it then."""


Mistakes: TypeAlias = Mapping[str, Mistake]
"""By the id of the field in the page, in the order of the page; empty if all is well."""


def in_address(typed: str, x: LeavingTexts) -> Mistakes:
    """Of a new address that is none."""
    return {"address": Mistake(label=x.address_label, text=x.address_wrong if typed else x.address_empty)}


def in_names(given: Mapping[str, str], x: LeavingTexts) -> Mistakes:
    """Of a name and an organisation that the bearer of a forwarded link may write: no web address."""
    labels = {"name": x.name_label, "organisation": x.organisation_label}
    found = {field: wrong_with(given.get(field, ""), NAME_LIMIT, x) for field in labels}
    return {field: Mistake(label=labels[field], text=text) for field, text in found.items() if text}


def wrong_with(text: str, limit: int, x: LeavingTexts, *, may_link: bool = False) -> str:
    """Why a text cannot be stored and how to mend it; "" if it can."""
    if not may_link and WEB_ADDRESS.search(text):
        return x.wrong_link
    if len(text.strip()) > limit:
        return x.wrong_long.format(limit=limit)
    try:
        clean_text(text, limit, "text")
    except RowRefusedError:
        return x.wrong_line
    return ""
