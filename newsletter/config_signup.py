"""`[signup]`: how often and how fast people may sign up, so that nobody is flooded with mails through us. Pure."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from newsletter.config_values import Table

SignUpField: TypeAlias = Literal["name", "organisation"]
"""What the form may ask besides the address; always optional."""


SIGN_UP_PATHS = {"nl": "/aanmelden/", "en": "/subscribe/"}
"""Paths of the sign-up pages, by the language of the list; both work for every list, and are never reused."""


class SignUp(Table):
    """Limits on sign-ups. The counts per network, domain and hour are kept in memory, and never an IP address."""

    pause_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 60
    """Between two mails to one address about one list."""
    mails_per_address: Annotated[int, Field(ge=1, le=20)] = 5
    """Over all lists, for as long as an unconfirmed sign-up is kept."""
    attempts_per_address: Annotated[int, Field(ge=1)] = 20
    """Per day, counting name+tag and na.me as the mailbox they may end up in."""
    per_domain: Annotated[int, Field(ge=1)] = 200
    """Sign-ups per hour with addresses of one domain."""
    per_network: Annotated[int, Field(ge=1)] = 60
    """Sign-ups per hour from one network: /24 of IPv4, /56 of IPv6."""
    per_hour: Annotated[int, Field(ge=1)] = 1000
    """Sign-ups per hour in all."""


def _network(value: object) -> object:
    """An address or a network; host bits may be set, as people write them."""
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    try:
        return ip_network(str(value), strict=False)
    except ValueError:
        msg = f"{str(value)[:80]!r} is not an IP address or network such as 10.0.0.0/8"
        raise ValueError(msg) from None


AnyNetwork: TypeAlias = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
