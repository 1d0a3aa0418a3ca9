"""Bytes that differ between recipients in one token only: laid out once, then the token is put in. Pure.

A link is encoded and folded in the same way whoever it is for, since tokens have one length and one alphabet of which
no character means anything to MIME, HTML or headers. Where a token's characters stand is found by laying out two.
"""

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import TypeAlias

Layout: TypeAlias = Callable[[str], bytes]

_PROBES = "A", "b"
_CHECK = "AQEBzZ09-_yYxXwWvVuUtTsSrRqQpPoOnNmMlLkKjJiIhHgG"


class PatternError(ValueError):
    """The layout depends on more than the characters of the token."""


def pattern(layout: Layout, length: int) -> Layout:
    """`layout` for tokens of `length` characters of base64url, as a function that lays nothing out any more.

    Raises PatternError if that cannot be.
    """
    one, other = (layout(probe * length) for probe in _PROBES)
    if len(one) != len(other):
        raise PatternError("its length differs")
    laid_out = _filler(list(_pieces(one, other, length)), length)
    check = (_CHECK * length)[:length]
    if laid_out(check) != layout(check):
        raise PatternError("it is not the token that differs")
    return laid_out


def _filler(pieces: list[bytes | slice], length: int) -> Layout:
    """What puts a token in its places: whole in two of them, or folded once, as in nearly every message; or anyhow."""
    whole = slice(0, length)
    match pieces:
        case [bytes(before), slice() as one, bytes(between), slice() as other, bytes(after)] if one == other == whole:
            return lambda token: b"%b%b%b%b%b" % (before, octets := token.encode("ascii"), between, octets, after)
        case [bytes(before), slice(start=0, stop=fold), bytes(between), slice() as rest] if rest.stop == length:
            return lambda token: before + token[:fold].encode("ascii") + between + token[fold:].encode("ascii")
    constant = [b"" if isinstance(piece, slice) else piece for piece in pieces]
    places = [(index, piece) for index, piece in enumerate(pieces) if isinstance(piece, slice)]

    def laid_out(token: str) -> bytes:
        octets, parts = token.encode("ascii"), constant.copy()
        for index, piece in places:
            parts[index] = octets[piece]
        return b"".join(parts)

    return laid_out


def _pieces(one: bytes, other: bytes, length: int) -> Iterator[bytes | slice]:
    """Octets that are always the same, and the parts of the token between them."""
    place = 0
    for differs, run in groupby(range(len(one)), lambda index: one[index] != other[index]):
        indexes = list(run)
        size = len(indexes)
        if not differs:
            yield one[indexes[0] : indexes[-1] + 1]
            continue
        while size:
            taken = min(size, length - place)
            yield slice(place, place + taken)
            place, size = (place + taken) % length, size - taken
