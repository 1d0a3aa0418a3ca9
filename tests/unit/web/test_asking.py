"""Limits on asking for a mail about one's data: fooled by no header of the visitor's own (I7)."""

import pytest
from starlette.requests import Request

from newsletter.config import Configuration
from newsletter.web.asking import PER_NETWORK, Asking


def visitor(*forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    return Request({"type": "http", "client": ("127.0.0.1", 1), "headers": headers})


@pytest.mark.parametrize("as_own_line", [True, False])
def test_what_a_visitor_invents_before_the_proxy_writes_does_not_count(as_own_line: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A proxy may lengthen the visitor's header, or add a line of its own after it; both mean the same."""
    configuration = Configuration.model_validate(
        {
            "site": {"base_url": "https://nieuws.example.org"},
            "relays": {"main": {"host": "127.0.0.1", "port": 2525, "security": "none"}},
            "lists": {},
        }
    )
    asking = Asking(configuration=configuration)
    taken = 0
    for number in range(PER_NETWORK + 10):
        invented, real = f"198.51.{number}.1", "203.0.113.9"
        request = visitor(invented, real) if as_own_line else visitor(f"{invented}, {real}")
        taken += asking.may(request, f"key {number}")
    assert taken == PER_NETWORK
