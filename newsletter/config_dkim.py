"""The `[dkim.<name>]` tables of newsletter.toml: keys that sign what we send (RFC 6376). Pure."""

from newsletter.config_values import AnyPath, HostName, Table


class Dkim(Table):
    """A key of a domain. `newsletter doctor --new-dkim-key NAME` makes the file and prints the DNS record."""

    domain: HostName
    """The domain that vouches (`d=`): that of the sender, or one above it (A21)."""
    selector: HostName
    """Where in DNS the public half stands: `<selector>._domainkey.<domain>`."""
    key_file: AnyPath
    """PEM; RSA of 2048 bits or more, or Ed25519; relative to newsletter.toml."""


def is_aligned(domain: str, sender_domain: str) -> bool:
    """Whether a signature of `domain` speaks for a From at `sender_domain` (DMARC's relaxed alignment, RFC 7489 3.1.1).

    Without the list of public suffixes only the sender's domain and those above it can be told to be aligned.
    """
    mine, sender = domain.casefold(), sender_domain.casefold()
    return sender == mine or sender.endswith(f".{mine}")
