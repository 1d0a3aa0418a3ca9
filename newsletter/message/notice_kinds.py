"""What a kind of notice is made of: the words in each language, and where its button leads. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from subscribers.tokens import Purpose

Language: TypeAlias = Literal["nl", "en"]


@dataclass(frozen=True, kw_only=True)
class NoticeText:
    """The words of one kind in one language, each a plain sentence or a few; no line breaks in them.

    Words in braces are filled in: `{title}` of the list, `{titles}` of all that an undo brings back, `{controller}`
    (who sends it), `{until}` (the last day that the link works, in words), `{period}` (how long after leaving data is
    kept), `{source}` (where an imported address is from, in the operator's words). Never a text that a visitor typed:
    a stranger could send it to anyone through us.
    """

    subject: str
    heading: str
    paragraphs: tuple[str, ...]
    """Before the button."""
    button: str = ""
    """What the link says; empty for a notice without one."""
    after: tuple[str, ...] = ()
    """Below the button: what to do if it was not you."""
    why: str
    """At the end: for which reason this mail was sent, true of whoever may get one of this kind."""


@dataclass(frozen=True, kw_only=True)
class NoticeSpec:
    """One kind: its words, and the page that its link opens."""

    texts: Mapping[Language, NoticeText]
    purpose: Purpose | None = None
    """What the token in the link lets its bearer do; None for a link without a token, or no link."""
    path: str = ""
    """Path before the token, such as `/bevestig/`; without a purpose the whole path, `{list}` filled in."""
    binds: Literal["notice", "subscription"] = "notice"
    """Whose ref the token names: the notice (single use), or the subscription that it is about."""
