"""One session for a few mails: with the first of a list's relays that gives one, or with each to ask it (edge)."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from newsletter.config import Configuration
from newsletter.config_lists import MailingList
from newsletter.config_relays import Relay
from newsletter.delivery.attempt import Letter
from newsletter.delivery.endpoint import endpoint_of
from newsletter.delivery.session import Session
from newsletter.delivery.smtp import open_session
from newsletter.delivery.timeouts import Timeouts
from subscribers.errors import NewsletterError

IMPATIENT = Timeouts(connect=10, greeting=30)
"""For a relay after which another one can be asked."""


async def open_first(
    configuration: Configuration, relays: Collection[Relay], mailing_list: MailingList | None = None
) -> tuple[Session, Relay]:
    """A session with the first of `relays` that gives one, those that stand by last, and which it is.

    Raises what the first one lacks (RelayError, ConfigurationError) if none does.
    """
    *others, last = sorted(relays, key=lambda relay: relay.weight == 0)
    problem: NewsletterError | None = None
    for relay in others:
        try:
            return await open_session(endpoint_of(configuration, relay, mailing_list), IMPATIENT), relay
        except NewsletterError as error:
            problem = problem or error
    try:
        return await open_session(endpoint_of(configuration, last, mailing_list)), last
    except NewsletterError as error:
        raise problem or error from None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one relay says of a letter before anything is sent."""

    relay: str
    refusal: str = ""
    """Why it cannot take the letter, by what it offers."""
    problem: NewsletterError | None = None
    """Why no session with it can be had."""

    @property
    def takes_it(self) -> bool:
        """Whether the letter can be sent through it, as far as it tells."""
        return not self.refusal and self.problem is None


async def ask_each(
    configuration: Configuration, relays: Mapping[str, Relay], mailing_list: MailingList, letter: Letter
) -> list[Answer]:
    """Greet every relay, hear what it offers, and leave; the answers of those that stand by come last."""
    names = sorted(relays, key=lambda name: relays[name].weight == 0)
    patience = IMPATIENT if len(names) > 1 else None

    async def ask(name: str) -> Answer:
        try:
            session = await open_session(endpoint_of(configuration, relays[name], mailing_list), patience)
        except NewsletterError as error:
            return Answer(relay=name, problem=error)
        refused = session.refuse(letter)
        await session.quit()
        return Answer(relay=name, refusal=refused.reply.text if refused and refused.reply else "")

    return await asyncio.gather(*map(ask, names))
