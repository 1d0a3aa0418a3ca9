"""Addresses in running text, whatever stands around them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.feedback.addresses import field_address, find_addresses, mailboxes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<a.b@c.example>: 550", ["a.b@c.example"]),
        ("aan 'jan@c.example'.", ["jan@c.example"]),
        ("mail jan@c.example, piet@c.example!", ["jan@c.example", "piet@c.example"]),
        ("jan@C.Example", ["jan@c.example"]),
        ("a+b_c=d@c.example", ["a+b_c=d@c.example"]),
        ('"jan de wit"@c.example', ['"jan de wit"@c.example']),
        ("jörg@c.example", ["jörg@c.example"]),
        ("您好kijk@c.example您好", ["kijk@c.example"]),
        ("jan@[192.0.2.1]", ["jan@[192.0.2.1]"]),
        ("jan@localhost en @jan en jan@", []),
        ("a" * 65 + "@c.example", []),
        ("http://x.example/?m=jan@c.example", ["jan@c.example"]),
    ],
)
def test_addresses_are_found(text: str, expected: list[str]) -> None:
    found = [item.address for item in find_addresses(text)]
    assert [address.rpartition("/")[2].rpartition("m=")[2] for address in found] == expected


@given(st.text(alphabet="ab@.<>\" é;:,'1-_", max_size=80))
def test_a_found_address_stands_in_the_text(text: str) -> None:
    for item in find_addresses(text):
        assert text[item.start : item.end].lower() == item.address.lower()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("rfc822; jan@c.example", "jan@c.example"),
        ("RFC822;<jan@c.example>", "jan@c.example"),
        ("jan@c.example", "jan@c.example"),
        ("rfc822; jan@c.example (Jan)", "jan@c.example"),
        ("X400; /RFC-822=jan(a)c.example/O=X/", "jan@c.example"),
        ("rfc822; IMCEAEX-_O=X_OU=Y@c.example", "IMCEAEX-_O=X_OU=Y@c.example"),
        ("rfc822; @relay.example:jan@host", None),
        ("rfc822; |/bin/x jan@c.example", None),
        ("rfc822; jan", None),
        ("", None),
    ],
)
def test_a_field_names_one_address_or_none(value: str, expected: str | None) -> None:
    assert field_address(value) == expected


def test_a_display_name_is_no_address() -> None:
    assert mailboxes(['"piet@x.example" <jan@c.example>']) == ["jan@c.example"]
    assert mailboxes(["jan@c.example, piet@c.example"]) == ["jan@c.example", "piet@c.example"]
