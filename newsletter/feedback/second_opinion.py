"""What flufl.bounce makes of a mail that we found no recipient in: addresses only, never a class. No I/O.

Its lists of permanent and temporary failures are not used: most of its "permanent" ones are 4.x.x.
"""

import logging
from email import message_from_bytes
from email.policy import compat32

_ITS_LOG = "flufl.bounce"
MAXIMUM_OCTETS = 64 * 1024
MAXIMUM_RECIPIENTS = 20


def ask(raw: bytes) -> list[str]:
    """The recipients that flufl.bounce names, if any; nothing when it fails."""
    from flufl.bounce import all_failures

    logging.getLogger(_ITS_LOG).disabled = True  # it logs a traceback for each of its detectors that a mail breaks
    try:
        temporary, permanent = all_failures(message_from_bytes(raw[:MAXIMUM_OCTETS], policy=compat32))
    except Exception:  # noqa: BLE001 - it is asked for an opinion, and has none
        return []
    found = {address.decode("utf-8", "replace") for address in {*temporary, *permanent} if b"@" in address}
    return sorted(found)[:MAXIMUM_RECIPIENTS]
