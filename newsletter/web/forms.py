"""What a form of ours sends: text fields, urlencoded. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import parse_qsl

FIELDS = 40
"""More than any form of ours has."""
VALUE_LIMIT = 2000
"""Characters of one field; what is longer is cut, and then refused by whoever checks it."""

Form = Mapping[str, str]
EMPTY: Form = MappingProxyType({})


def parse_form(body: bytes) -> Form:
    """The fields of an urlencoded body; of a name that comes twice the first. Nothing else is understood."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=False, errors="replace", max_num_fields=FIELDS
        )
    except ValueError:  # too many fields, or octets that no browser sends
        return EMPTY
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name, value[:VALUE_LIMIT])
    return found
