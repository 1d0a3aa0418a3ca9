"""Numbers in a server's words: which are codes, and which say most (RFC 3463, RFC 5321)."""

import pytest

from newsletter.feedback.codes import find_codes, read_status


@pytest.mark.parametrize(
    ("text", "status", "reply"),
    [
        ("550 5.1.1 unknown", "5.1.1", 550),
        ("550-5.1.1 first\n550 5.1.1 second", "5.1.1", 550),
        ("#5.1.1 nobody", "5.1.1", None),
        ("#550 5.2.2 full ##", "5.2.2", 550),
        ("5.1.0 - unknown error 550-'5.7.1 refused'", "5.7.1", 550),
        ("host mx [192.0.2.5]: 550 nobody", None, 550),
        ("450 4.2.2 then 550 5.2.2", "5.2.2", 450),
        ("Remote host said: 554 no", None, 554),
        ("version 5.1.1.4 of 192.5.1.1", None, None),
        ("call 070-550 511, room 451", None, None),
        ("10:45:50 and 550 items", None, None),
        ("2.1.5 fine", None, None),
        ("", None, None),
    ],
)
def test_codes_are_found_where_servers_put_them(text: str, status: str | None, reply: int | None) -> None:
    codes = find_codes(text)
    assert codes.status == status
    if reply:
        assert codes.reply == reply


@pytest.mark.parametrize(
    ("value", "expected"),
    [("5.1.1", "5.1.1"), ("5.1.1 (unknown)", "5.1.1"), (" 4 . 4 . 7", "4.4.7"), ("5.01.01", "5.1.1"), ("no", None)],
)
def test_a_status_field_is_read_tolerantly(value: str, expected: str | None) -> None:
    assert read_status(value) == expected
