"""How long a server may take at each step (A22). Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds to wait for the server (A22, RFC 5321 section 4.5.3.2)."""

    connect: float = 30
    """Until the TCP connection stands."""
    greeting: float = 300
    """Each step until the session is ready: greeting, EHLO, STARTTLS, AUTH."""
    mail: float = 300
    rcpt: float = 300
    data: float = 120
    block: float = 180
    dot: float = 600
    quit: float = 10
    """Politeness has its limits: nothing depends on the reply."""
