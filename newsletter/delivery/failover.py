"""One session for a few mails: with the first of a list's relays that gives one (edge)."""

from collections.abc import Collection

from newsletter.config import Configuration
from newsletter.config_lists import MailingList
from newsletter.config_relays import Relay
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
