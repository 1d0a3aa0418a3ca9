import random

from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.offers import stuff


def unstuffed(wire: bytes) -> bytes:
    """What a server makes of it (RFC 5321 section 4.5.2)."""
    return b"\r\n".join(line.removeprefix(b".") for line in wire.split(b"\r\n"))


lines = st.lists(st.binary(max_size=12).map(lambda raw: raw.replace(b"\r", b"").replace(b"\n", b"")), max_size=8)


@given(lines.map(lambda found: b"\r\n".join([*found, b""])))
def test_stuffing_is_undone_by_the_server_byte_for_byte(message):
    wire = stuff(message)
    assert unstuffed(wire) == (message or b"\r\n")
    assert b"\r\n.\r\n" not in b"\r\n" + wire


def test_ten_megabytes_of_dots_arrive_as_they_are():
    chance = random.Random(5)
    message = b"".join(chance.choice((b".", b"..", b".a", b"a.", b"")) + b"\r\n" for _ in range(3_000_000))
    assert unstuffed(stuff(message)) == message


def test_a_message_without_leading_dots_is_not_copied():
    message = b"Subject: x\r\n\r\nregel\r\n"
    assert stuff(message) is message


def test_a_line_end_is_added_where_it_is_missing():
    assert stuff(b"abc") == b"abc\r\n"
