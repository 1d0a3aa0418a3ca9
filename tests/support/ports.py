"""Ports for servers that take a number and not an open socket: no two tests get the same one."""

import os
import random
import socket
from itertools import count

_FIRST, _EACH = 10_000, 1000
"""Below those that the system gives to outgoing connections; each worker of the test run has its own thousand."""
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 20
_next = count(random.randrange(_EACH))


def free_port() -> int:
    """A port of the loopback interface that nobody listens on, and that no other test of this run is given."""
    for _ in range(_EACH):
        port = _FIRST + _EACH * _worker + next(_next) % _EACH
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
    raise AssertionError("no port is free")
