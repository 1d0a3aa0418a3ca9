"""The pages inside `/mijn/`, as bytes. Pure: what is stored is handed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from newsletter.config import Configuration
from newsletter.web import own_data
from newsletter.web.forms import Form
from newsletter.web.manner import list_of
from newsletter.web.mistakes import Mistakes, in_address
from newsletter.web.own_data import Known, Words
from newsletter.web.pages import Pages
from newsletter.web.person_fields import fields_of, mistakes_in
from newsletter.web.texts import Language, period_in_words
from newsletter.web.texts_leaving import LEAVING
from newsletter.web.texts_mine import MINE, MineTexts
from newsletter.web.unsubscribe import Sign
from newsletter.web.visit import Visit
from subscribers.clock import utc_now
from subscribers.records import SubscriberRecord
from subscribers.retention import Period
from subscribers.subscription import State


@dataclass(frozen=True, kw_only=True)
class RoomPages:
    """Each page in the language of the person's first list."""

    configuration: Configuration
    pages: Pages
    sign_manage: Sign

    def __post_init__(self) -> None:
        """Render every page once, so that a broken template is known at the start."""
        visit = Visit(subscriber_id=0, secret="", csrf="")
        nobody = SubscriberRecord(
            id=0,
            ref=b"",
            address="",
            name="",
            organisation="",
            attributes={"sample": ""},
            created_at=utc_now(),
            subscriptions=(),
            suppressed=None,
        )
        self.room(visit, nobody, {"subscriber": [{"address": ""}]}, wrong=self.wrong_address("", nobody))
        self.sure(visit, nobody, list(self.configuration.lists))

    def manner_of(self, person: SubscriberRecord) -> tuple[Language, ZoneInfo]:
        """Language and time zone for this person."""
        slug = list_of(self.configuration, person)
        item = self.configuration.lists.get(slug)
        return self.pages.language_of(slug), item.zone if item else self.configuration.zone

    def words_for(self, person: SubscriberRecord) -> Words:
        """How what is stored about them is put into words."""
        language, zone = self.manner_of(person)
        titles = {slug: item.title for slug, item in self.configuration.lists.items()}
        return Words(language=language, zone=zone, titles=titles)

    def texts_of(self, person: SubscriberRecord) -> MineTexts:
        """The sentences in their language."""
        return MINE[self.manner_of(person)[0]]

    def wrong_in(self, form: Form, person: SubscriberRecord) -> Mistakes:
        """What cannot be taken of a correction."""
        x = LEAVING[self.manner_of(person)[0]]
        return mistakes_in(form, fields_of(person, x), x)

    def wrong_address(self, typed: str, person: SubscriberRecord) -> Mistakes:
        """What is wrong with an address that is none."""
        return in_address(typed, LEAVING[self.manner_of(person)[0]])

    def too_busy(self, person: SubscriberRecord) -> str:
        """One sentence: not now."""
        return LEAVING[self.manner_of(person)[0]].too_busy

    def room(self, visit: Visit, person: SubscriberRecord, known: Known, **values: Any) -> bytes:  # noqa: ANN401 - for the template
        """Everything that is stored, and what can be done with it."""
        language, _ = self.manner_of(person)
        shown: dict[str, Any] = {"said": "", "wrong": {}, "typed": "", "given": {}}
        return self._page(
            "mine-data.html",
            language,
            visit=visit,
            person=person,
            fields=fields_of(person, LEAVING[language]),
            sections=own_data.sections(known, self.words_for(person)),
            open_lists=self._open_lists(person),
            **shown | values,
        )

    def sure(self, visit: Visit, person: SubscriberRecord, lists: Sequence[str]) -> bytes:
        """The question before the erasure, with what will end by it."""
        language, _ = self.manner_of(person)
        titles = ", ".join(self.pages.title_of(slug) for slug in lists)
        return self._page("mine-erase.html", language, visit=visit, titles=titles)

    def erased(self, person: SubscriberRecord, *, is_scrubbed: bool) -> bytes:
        """The answer to an erasure, with what stays for a while: backups, and a mark where one is kept (B10, B11)."""
        m, language = self.texts_of(person), self.manner_of(person)[0]
        days = self.configuration.backup.days(self.configuration.policies.values())
        further = ((m.erased_backups, days), (m.erased_mark, self.configuration.privacy.mark_days))
        lines = [text.format(period=period_in_words(Period(count), language)) for text, count in further if count]
        return self._said(person, m.erased_heading, m.erased, *(() if is_scrubbed else (m.erased_soon,)), *lines)

    def bye(self, person: SubscriberRecord) -> bytes:
        """The answer to logging out."""
        m = self.texts_of(person)
        return self._said(person, m.bye_heading, m.bye)

    def out(self) -> bytes:
        """Whoever has no session, or whose form is not of it."""
        language = self.configuration.site.language
        m = MINE[language]
        link = f"{self.pages.prefix}/mijn/"
        return self.pages.general(
            "notice.html", language, heading=m.out_heading, lines=(m.out,), link=link, link_text=m.again
        )

    def _open_lists(self, person: SubscriberRecord) -> list[tuple[str, str, str]]:
        """Slug, title and token of each list they may leave."""
        still = [item for item in person.subscriptions if item.state is not State.ENDED]
        return [(item.list, self.pages.title_of(item.list), self.sign_manage(item.ref)) for item in still]

    def _said(self, person: SubscriberRecord, heading: str, *lines: str) -> bytes:
        language, _ = self.manner_of(person)
        return self.pages.general("notice.html", language, heading=heading, lines=lines, link="")

    def _page(self, template: str, language: Language, **values: object) -> bytes:
        return self.pages.general(template, language, m=MINE[language], x=LEAVING[language], **values)
