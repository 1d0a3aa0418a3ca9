"""The machine's own part: keys, folders, database, deadlines, relay (edge)."""

import asyncio
import shutil
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from sqlalchemy.exc import DBAPIError

from newsletter.config import Configuration
from newsletter.config_relays import Relay
from newsletter.delivery.endpoint import endpoint_of
from newsletter.delivery.smtp import open_session
from newsletter.doctor.diagnosis import Diagnosis, fault, good, note, warning
from newsletter.store.dkim_keys import signer_of
from newsletter.store.engine import explain
from newsletter.store.migrate import open_store
from newsletter.store.secrets import load_keyring
from subscribers.clock import Clock, utc_now
from subscribers.deadlines import count_overdue
from subscribers.errors import NewsletterError
from subscribers.transactions import reading

LEAST_FREE = 500 * 1000 * 1000
"""Bytes: an erasure rewrites the database beside itself."""


def examine_house(configuration: Configuration, clock: Clock = utc_now) -> Iterator[Diagnosis]:
    """Everything that can be looked at without asking DNS."""
    yield from _lists(configuration)
    yield from _tried("secret key", partial(_secret_key, configuration))
    yield from _tried("database", partial(_database, configuration, clock))
    yield from _disk(configuration)
    for slug in configuration.lists:
        yield from _tried(f"DKIM key of {slug}", partial(_keys, configuration, slug))
    for name, relay in configuration.relays.items():
        yield from _tried(f"relay {name}", partial(_relay, configuration, name, relay))


def _tried(about: str, examine: Callable[[], Iterable[Diagnosis]]) -> Iterator[Diagnosis]:
    """What `examine` finds, or its error as a fault with its own remedy."""
    try:
        yield from examine()
    except NewsletterError as error:
        yield fault(about, f"{error.where}: {error.what}" if error.where else error.what, error.remedy)
    except DBAPIError as error:
        said = explain(error)
        yield fault(about, said.what, said.remedy)


def _lists(configuration: Configuration) -> Iterator[Diagnosis]:
    about = "configuration"
    if not configuration.lists:
        yield warning(about, "there is no list", "add [lists.NAME] to newsletter.toml")
        return
    yield good(about, f"{len(configuration.lists)} list{'s' * (len(configuration.lists) > 1)}, read without an error")
    if not configuration.site.base_url.startswith("https:"):
        remedy = "put a proxy with a certificate before `newsletter serve` and write its https address as base_url"
        yield warning(about, "base_url is not https: mail programs show no unsubscribe button (A10)", remedy)


def _secret_key(configuration: Configuration) -> Iterator[Diagnosis]:
    load_keyring(configuration.data_dir)
    yield good("secret key", "is there, readable by its owner only")
    yield note("secret key", "without it, links in mail that was sent stop working", "keep a copy apart from backups")


def _database(configuration: Configuration, clock: Clock) -> Iterator[Diagnosis]:
    engine = open_store(configuration)
    try:
        with reading(engine) as connection:
            overdue = count_overdue(connection, now=clock())
    finally:
        engine.dispose()
    yield good("database", f"{engine.dialect.name}, its schema is up to date")
    if overdue:
        remedy = "run `newsletter retention run`, and keep `newsletter serve` running"
        yield fault("deadlines", f"{overdue} erasures are overdue; no job starts (I4)", remedy)
    else:
        yield good("deadlines", "nothing is overdue")


def _disk(configuration: Configuration) -> Iterator[Diagnosis]:
    free = shutil.disk_usage(configuration.data_dir if configuration.data_dir.exists() else configuration.folder).free
    if free < LEAST_FREE:
        yield warning("disk", f"{free // 1_000_000} MB are free", "make room: erasing needs space to rewrite the file")
    else:
        yield good("disk", f"{free / 1e9:.0f} GB are free")


def _keys(configuration: Configuration, slug: str) -> Iterator[Diagnosis]:
    signer = signer_of(configuration, slug)
    for key in signer.keys if signer else ():
        yield good(f"DKIM key of {slug}", f"{key.selector}._domainkey.{key.domain}, {key.algorithm}, can sign")


def _relay(configuration: Configuration, name: str, relay: Relay) -> Iterator[Diagnosis]:
    offered = asyncio.run(_greeted(configuration, relay))
    about = f"relay {name}"
    protection = {"none": "on this machine, without TLS", "starttls": "STARTTLS", "tls": "TLS"}[relay.security]
    known = "signed in" if relay.username else "no sign-in"
    yield good(about, f"answers at {relay.host}:{relay.port}; {protection}, {known}")
    if "pipelining" not in offered:
        yield note(about, "it offers no PIPELINING: each message takes four round trips instead of one")
    if "dsn" not in offered:
        yield note(about, "it offers no DSN: bounces come as its own settings say")
    demanding = [slug for slug, item in configuration.lists.items() if name in item.relay_names and item.require_tls]
    if demanding and "requiretls" not in offered:
        remedy = "use a relay that does, or take require_tls out of the list"
        yield fault(about, f"it offers no REQUIRETLS, which {', '.join(demanding)} demands: nothing is sent", remedy)


async def _greeted(configuration: Configuration, relay: Relay) -> frozenset[str]:
    session = await open_session(endpoint_of(configuration, relay))
    try:
        return session.offers
    finally:
        await session.quit()
