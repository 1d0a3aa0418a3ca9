"""The fields of a sign-up form: what was typed, and what is wrong with it. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from newsletter.config_lists import MailingList
from newsletter.web.forms import Form
from newsletter.web.signup_statement import FORM_VERSION, Statement
from newsletter.web.texts_signup import SIGN_UP
from subscribers.address import Address, AddressError, parse_address
from subscribers.cell_text import NAME_LIMIT, RowRefusedError, clean_text
from subscribers.signup import SignUp

EMAIL, WORDING, FROM = "email", "wording", "form"
TRAP = "website"
"""A field that people do not see and leave empty; programs that fill in everything fill it in, too."""
ELSEWHERE = "elsewhere"
"""Value of FROM in a form that was pasted into another site."""
LONGEST = NAME_LIMIT
"""Characters of a name."""
_SPACES = re.compile(" +")
WEB_ADDRESS = re.compile(r"://|\bwww\.", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A form as it was sent."""

    values: Mapping[str, str]
    """By field, to be shown again."""
    errors: Mapping[str, str] = field(default_factory=dict)
    """By field, in the language of the list."""
    address: Address | None = None
    is_stale: bool = False
    """It was filled in beside other words than those of today, so they cannot be the evidence (B3)."""
    is_trapped: bool = False
    from_elsewhere: bool = False

    @property
    def details(self) -> dict[str, str]:
        """Name and organisation, where given and in order; in the spelling that an import would store."""
        given = {name: text for name, text in self.values.items() if name not in {EMAIL, *self.errors}}
        return {name: clean for name, text in given.items() if (clean := clean_text(text, LONGEST, name))}

    def sign_up(self, slug: str, item: MailingList, said: Statement, at: datetime) -> SignUp:
        """What goes into the store; raises ValueError for a form with errors."""
        if self.address is None or self.errors or self.is_stale:
            msg = "a form with errors is no sign-up"
            raise ValueError(msg)
        place = "form on another site" if self.from_elsewhere else "sign-up page"
        return SignUp(
            address=self.address,
            list=slug,
            details=self.details,
            basis=item.basis,
            source=f"{place}, form {FORM_VERSION}",
            wording=said.wording,
            wording_version=said.version,
            at=at,
        )


def read_form(form: Form, item: MailingList, said: Statement) -> Typed:
    """Check what was sent; fields that the list does not ask for are dropped."""
    fields: tuple[str, ...] = item.signup_fields
    values = {name: _SPACES.sub(" ", form.get(name, "")).strip(" ") for name in (EMAIL, *fields)}
    t = SIGN_UP[item.language]
    errors = {name: t.wrong_line for name in fields if not is_name(values[name])}
    address = None
    try:
        address = parse_address(values[EMAIL])
    except AddressError:
        errors = {EMAIL: t.wrong_email if values[EMAIL] else t.wrong_empty, **errors}
    return Typed(
        values=values,
        errors=errors,
        address=address,
        is_stale=form.get(WORDING) != said.version,
        is_trapped=bool(form.get(TRAP)),
        from_elsewhere=form.get(FROM) == ELSEWHERE,
    )


def is_name(text: str) -> bool:
    """Whether a stranger may call somebody this: one harmless line, and no link in it."""
    try:
        clean_text(text, LONGEST, "name")
    except RowRefusedError:
        return False
    return not WEB_ADDRESS.search(text)
