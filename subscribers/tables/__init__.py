"""The tables about people. The Subscriber is the root of erasure: whatever is about a person hangs on it.

Import them from here, so that whoever knows one knows all: erasure and exports are derived from the whole schema.
"""

from subscribers.tables.asking import address_change, data_session, notice, request
from subscribers.tables.erasing import address_mark, lease, receipt, scrub
from subscribers.tables.people import consent, subscriber, subscription, suppression

__all__ = [
    "address_change",
    "address_mark",
    "consent",
    "data_session",
    "lease",
    "notice",
    "receipt",
    "request",
    "scrub",
    "subscriber",
    "subscription",
    "suppression",
]
