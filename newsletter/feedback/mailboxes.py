"""The addresses that mail comes back to: which are ours, and which lists they belong to. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from newsletter.config import Configuration
from newsletter.config_lists import MailingList
from newsletter.message.ids import parse_notice_sender, parse_verp_sender
from subscribers.address import AddressError, parse_address
from subscribers.tokens import Keyring


def key_of(text: str) -> str:
    """What two spellings of one address have in common; any other text only casefolded."""
    plain = text.replace("\0", "").encode("utf-8", "replace").decode().strip()  # what every database takes
    try:
        return parse_address(plain).key
    except AddressError:
        return plain.casefold()


@dataclass(frozen=True, kw_only=True)
class Mailboxes:
    """The mailboxes of every list, and the signed addresses of its mails (A18)."""

    keyring: Keyring
    robots: Mapping[str, frozenset[str]]
    """Address → lists that have it as unsubscribe or bounce mailbox: what our server takes mail for."""
    people: Mapping[str, frozenset[str]]
    """Address → lists whose sender or reply address it is: where people answer to."""
    verp_domains: frozenset[str]

    @classmethod
    def of(cls, configuration: Configuration, keyring: Keyring) -> "Mailboxes":
        """Those of a project."""
        lists = configuration.lists
        return cls(
            keyring=keyring,
            robots=_by_address((slug, box) for slug, item in lists.items() for box in _robots(item)),
            people=_by_address((slug, box) for slug, item in lists.items() for box in _people(item)),
            verp_domains=frozenset(
                (item.bounce_mailbox or item.sender).parsed.domain for item in lists.values() if item.envelope == "verp"
            ),
        )

    def takes(self, address: str) -> bool:
        """Whether mail to `address` is taken: a mailbox for robots, with a token after a plus too, or a signed VERP."""
        key = key_of(address)
        if key in self.robots or _without_extension(key) in self.robots:
            return True
        if key.rpartition("@")[2] not in self.verp_domains:
            return False
        return parse_verp_sender(self.keyring, key) is not None or parse_notice_sender(self.keyring, key) is not None

    def lists_at(self, addresses: Iterable[str]) -> frozenset[str]:
        """The lists that any of `addresses` belongs to (A15)."""
        keys = {name for address in addresses for name in (key_of(address), _without_extension(key_of(address)))}
        return frozenset(slug for key in keys for boxes in (self.robots, self.people) for slug in boxes.get(key, ()))


def _robots(item: MailingList) -> tuple[str, ...]:
    return item.unsubscribe_mailbox.address, (item.bounce_mailbox or item.sender).address


def _people(item: MailingList) -> tuple[str, ...]:
    return tuple(box.address for box in (item.sender, item.reply_to) if box)


def _by_address(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for slug, address in pairs:
        found.setdefault(key_of(address), set()).add(slug)
    return {key: frozenset(slugs) for key, slugs in found.items()}


def _without_extension(key: str) -> str:
    """`leave+token@example.org` is the mailbox leave@example.org."""
    local, _, domain = key.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
