"""The `[relays.<name>]` tables of newsletter.toml. Pure."""

from ipaddress import ip_address
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from newsletter.config_login import Login
from newsletter.config_pace import WarmUp
from newsletter.config_values import AnyPath, HostName


class Relay(Login):
    """The server that takes our mail (RFC 6409, RFC 8314)."""

    host: HostName
    port: Annotated[int, Field(ge=1, le=65535)]
    security: Literal["none", "starttls", "tls"]
    ca_file: AnyPath | None = None
    connections: Annotated[int, Field(ge=1, le=500)] = 4
    messages_per_connection: Annotated[int, Field(ge=1)] = 1000
    messages_per_second: Annotated[float, Field(gt=0)] | None = None
    """Over all connections; unlimited unless given."""
    hello_name: HostName | None = None
    weight: Annotated[int, Field(ge=0, le=1000)] = 1
    """Its share, where a list has several relays; 0: only when no other one works."""
    warm_up: WarmUp | None = None

    @property
    def is_loopback(self) -> bool:
        """Whether the relay is on this machine, reached by name or number."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @model_validator(mode="after")
    def _protected(self) -> Self:
        if self.security == "none" and not self.is_loopback:
            msg = 'security = "none" is for a relay on this machine; write "starttls" (587) or "tls" (465)'
            raise ValueError(msg)
        return self
