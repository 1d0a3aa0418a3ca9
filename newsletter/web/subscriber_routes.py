"""The routes of the pages where subscribers change, see and erase what is theirs."""

from functools import partial

from starlette.routing import Route

from newsletter.store.forgetting import Forgetting
from newsletter.web.addresses import AddressPage
from newsletter.web.afterwards import Afterwards
from newsletter.web.asking import Asking
from newsletter.web.mine import Door
from newsletter.web.pages import Pages
from newsletter.web.parts import Parts
from newsletter.web.preferences import PreferencePage
from newsletter.web.pressing import Presses
from newsletter.web.returning import Returning
from newsletter.web.room import Room
from newsletter.web.room_pages import RoomPages
from newsletter.web.storing import InThread, Store
from newsletter.web.unsubscribe import End
from newsletter.web.visit import Visits
from subscribers.tokens import Purpose

BOTH = ["GET", "POST"]
FORM_KEY = "my data form"


def subscriber_routes(parts: Parts, pages: Pages, end: End, in_thread: InThread) -> list[Route]:
    """Undo, preferences, change of address and one's own data; raises ConfigurationError for a broken template."""
    configuration, keyring = parts.configuration, parts.keyring
    store = Store(
        engine=parts.engine, in_thread=in_thread, record=parts.record, policies=parts.policies, clock=parts.clock
    )
    asking = Asking(configuration=configuration)
    visits = Visits(store=store, path=f"{pages.prefix}/mijn/", key=keyring.subkey(FORM_KEY))
    presses = Presses(keyring=keyring)
    returning = Returning(
        pages=pages, verify=partial(keyring.verify, Purpose.UNDO), read_press=presses.read, store=store
    )
    preferences = PreferencePage(
        configuration=configuration,
        pages=pages,
        verify=partial(keyring.verify, Purpose.MANAGE),
        sign_undo=presses.sign,
        end=end,
        store=store,
        may=asking.may,
    )
    addresses = AddressPage(pages=pages, verify=partial(keyring.verify, Purpose.ADDRESS), store=store)
    door = Door(
        configuration=configuration,
        pages=pages,
        verify=partial(keyring.verify, Purpose.MY_DATA),
        store=store,
        later=Afterwards(store),
        visits=visits,
        may=asking.may,
    )
    room = Room(
        views=RoomPages(configuration=configuration, pages=pages, sign_manage=partial(keyring.sign, Purpose.MANAGE)),
        store=store,
        visits=visits,
        forgetting=Forgetting(configuration=configuration, engine=parts.engine, keyring=keyring, record=parts.record),
        may=asking.may,
    )
    return [
        Route("/u/undo/{token}", returning.undo, methods=BOTH),
        Route("/u/undo/{token}/{press}", returning.undo_press, methods=BOTH),
        Route("/voorkeuren/adres/{token}", addresses.change, methods=BOTH),
        Route("/voorkeuren/{token}", preferences.preferences, methods=BOTH),
        Route("/mijn/", door.ask, methods=BOTH),
        Route("/mijn", door.ask, methods=BOTH),
        Route("/mijn/gegevens", room.data, methods=BOTH),
        Route("/mijn/gegevens.json", room.download),
        Route("/mijn/gegevens.csv", room.download),
        Route("/mijn/wissen", room.erase, methods=BOTH),
        Route("/mijn/{token}", door.open, methods=BOTH),
    ]
