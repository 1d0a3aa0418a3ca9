"""`[metrics]`: numbers for Prometheus at `/metrics`, off unless asked for. Pure."""

from newsletter.config_signup import LOOPBACK, AnyNetwork
from newsletter.config_values import AnyPath, Table


class Metrics(Table):
    """Who may read the numbers. They name lists, states and kinds, and nobody (I7)."""

    enabled: bool = False
    networks: tuple[AnyNetwork, ...] = LOOPBACK
    """Where the reader is; a visitor whom a proxy brings counts as who they are, not as the proxy."""
    token_file: AnyPath | None = None
    """Whoever reads must also show this (`Authorization: Bearer`); readable by its owner only."""
