"""The server that takes our mail, as configured (edge: passwords are read from their files)."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from newsletter.config import Configuration
from newsletter.config_lists import MailingList
from newsletter.config_relays import Relay
from newsletter.delivery.access_token import TokenSource, token_source


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The server that takes our mail, and who we are there."""

    host: str
    port: int
    security: Literal["none", "starttls", "tls"]
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    hello_name: str = ""
    token: TokenSource | None = field(default=None, repr=False, compare=False)
    """Sign in by XOAUTH2 instead of a password."""
    require_tls: bool = False
    """The list demands REQUIRETLS: a server without it gets no mail (RFC 8689)."""

    def __str__(self) -> str:
        return f"relay {self.host}:{self.port}"


def endpoint_of(configuration: Configuration, relay: Relay, mailing_list: MailingList | None = None) -> Endpoint:
    """What the configuration says of `relay`, the password read from its file, for the mail of this list or of any."""
    return Endpoint(
        host=relay.host,
        port=relay.port,
        security=relay.security,
        username=relay.username or "",
        password=configuration.relay_password(relay),
        ca_file=configuration.folder / relay.ca_file if relay.ca_file else None,
        hello_name=relay.hello_name or "",
        token=token_source(configuration, relay),
        require_tls=bool(mailing_list and mailing_list.require_tls),
    )
