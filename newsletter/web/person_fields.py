"""The fields in which somebody corrects what is stored about them, and what is wrong with what they wrote. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.web.forms import Form
from newsletter.web.mistakes import Mistake, Mistakes, wrong_with
from newsletter.web.own_data import attribute_label
from newsletter.web.texts_leaving import LeavingTexts
from subscribers.cell_text import ATTRIBUTE_LIMIT, NAME_LIMIT
from subscribers.records import SubscriberRecord

ATTRIBUTE = "attribute."
"""Before the name of an attribute in the form."""


@dataclass(frozen=True, kw_only=True)
class PersonField:
    """One field of the form."""

    id: str
    """In the page; `name` is that of the form."""
    name: str
    label: str
    value: str
    limit: int
    autocomplete: str = ""


def fields_of(person: SubscriberRecord, x: LeavingTexts) -> tuple[PersonField, ...]:
    """Name, organisation, and every further value there is of this person."""
    return (
        PersonField(
            id="name", name="name", label=x.name_label, value=person.name, limit=NAME_LIMIT, autocomplete="name"
        ),
        PersonField(
            id="organisation",
            name="organisation",
            label=x.organisation_label,
            value=person.organisation,
            limit=NAME_LIMIT,
            autocomplete="organization",
        ),
        *(
            PersonField(
                id=f"attribute-{number}",
                name=f"{ATTRIBUTE}{name}",
                label=attribute_label(name),
                value=value,
                limit=ATTRIBUTE_LIMIT,
            )
            for number, (name, value) in enumerate(person.attributes.items(), start=1)
        ),
    )


def mistakes_in(form: Form, fields: Sequence[PersonField], x: LeavingTexts) -> Mistakes:
    """The fields of `form` that cannot be taken; a web address may stand in one's own data."""
    wrong = {field: wrong_with(form.get(field.name, ""), field.limit, x, may_link=True) for field in fields}
    return {field.id: Mistake(label=field.label, text=text) for field, text in wrong.items() if text}
