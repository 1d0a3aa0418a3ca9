"""What holds between the tables of newsletter.toml; one line for each thing that does not. Pure."""

from collections.abc import Iterator, Mapping

from newsletter.config_dkim import Dkim, is_aligned
from newsletter.config_lists import MailingList
from newsletter.config_relays import Relay

_DUTIES = ("reply_to", "contact", "purpose", "permission")
_SIGN_UP_DUTIES = ("contact", "purpose")

Lists = Mapping[str, MailingList]
Relays = Mapping[str, Relay]


def missing_relays(lists: Lists, relays: Relays) -> Iterator[str]:
    """Relays that a list names and the file lacks, and warm-ups that cannot be kept."""
    for slug, item in lists.items():
        for name in item.relay_names:
            if name not in relays:
                yield f"[lists.{slug}] relay names {name!r}, which is not among [relays]"
            elif len(item.relay_names) > 1 and relays[name].warm_up:
                yield (
                    f"[lists.{slug}] shares its mail among relays, so [relays.{name}] warm_up cannot be kept: which of "
                    f"them takes a message is known too late; let a list use {name} alone until it is warm"
                )


def missing_duties(lists: Lists, relays: Relays, base_url: str) -> Iterator[str]:
    """What the law asks of a list that leaves this machine (B5, B6, B7)."""
    for slug, item in lists.items():
        if item.signup == "open" and (missing := [key for key in _SIGN_UP_DUTIES if getattr(item, key) is None]):
            yield f"[lists.{slug}] lacks what the sign-up form must say: {', '.join(missing)}"
        if all(name not in relays or relays[name].is_loopback for name in item.relay_names):
            continue
        if not base_url.startswith("https:"):
            yield "[site] base_url must be https when mail leaves this machine"
        if missing := [key for key in _DUTIES if getattr(item, key) is None]:
            yield f"[lists.{slug}] lacks what is needed when mail leaves this machine: {', '.join(missing)}"


def unfit_keys(lists: Lists, keys: Mapping[str, Dkim]) -> Iterator[str]:
    """Keys that a list names and that the file lacks, or that cannot speak for its sender (A21)."""
    for slug, item in lists.items():
        for name in item.dkim:
            key = keys.get(name)
            if key is None:
                yield f"[lists.{slug}] dkim names {name!r}, which is not among [dkim]"
            elif not is_aligned(key.domain, item.sender.parsed.domain):
                yield f"[dkim.{name}] domain {key.domain} does not speak for the sender of [lists.{slug}] (A21)"


def unprotected(lists: Lists, relays: Relays) -> Iterator[str]:
    """Lists that ask for TLS all the way, through a relay without it."""
    for slug, item in lists.items():
        found = [relays[name] for name in item.relay_names if name in relays]
        if item.require_tls and any(relay.security == "none" for relay in found):
            yield f'[lists.{slug}] require_tls needs relays with security = "starttls" or "tls"'
