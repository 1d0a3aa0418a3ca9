"""Many random ids at once: the names of rows that tokens, ledger and receipts may hold (I7)."""

import os

REF_OCTETS = 16


def random_ids(count: int) -> list[bytes]:
    """`count` ids of 16 random bytes, from one reading of the system's randomness."""
    random = os.urandom(REF_OCTETS * count)
    return [random[start : start + REF_OCTETS] for start in range(0, len(random), REF_OCTETS)]
