"""In whose name and language a person is spoken to who may be on several lists. Pure."""

from newsletter.config import Configuration
from subscribers.records import SubscriberRecord
from subscribers.subscription import State


def list_of(configuration: Configuration, person: SubscriberRecord) -> str:
    """The list a person is addressed for: one in the site's language first, and one they are on before one they left.

    So leaving a list does not change the language that is spoken with them. The first configured list for who is on
    none that is configured; "" if there is none at all.
    """

    def rank(slug: str, state: State) -> tuple[bool, bool]:
        return configuration.lists[slug].language != configuration.site.language, state is not State.ACTIVE

    theirs = [item for item in person.subscriptions if item.list in configuration.lists]
    theirs.sort(key=lambda item: rank(item.list, item.state))
    return next(iter([*(item.list for item in theirs), *configuration.lists]), "")
