"""Addresses: what is valid, what is the same person, and that the short way answers as the long one does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers import address
from subscribers.address import Address, AddressError, parse_address


@pytest.mark.parametrize(
    ("text", "spelling", "key"),
    [
        ("jan@example.org", "jan@example.org", "jan@example.org"),
        ("Jan.De.Vries@Example.ORG", "Jan.De.Vries@example.org", "jan.de.vries@example.org"),
        ("jan+nieuws@mail.example.org", "jan+nieuws@mail.example.org", "jan+nieuws@mail.example.org"),
        ("  jan@example.org\n", "jan@example.org", "jan@example.org"),
        ("ë@example.org", "ë@example.org", "ë@example.org"),
    ],
)
def test_an_address_keeps_its_spelling_and_has_a_key(text: str, spelling: str, key: str) -> None:
    assert parse_address(text) == Address(spelling, key)


def test_a_domain_outside_ascii_is_sent_as_a_label_rule_a7() -> None:
    found = parse_address("Jan@Gemeente-Één.example")
    assert found.domain.startswith("xn--gemeente-n-")
    assert found.spelling == f"Jan@{found.domain}"
    assert not found.needs_smtputf8
    assert parse_address(found.spelling).key == found.key


def test_a_local_part_outside_ascii_needs_smtputf8_rule_a7() -> None:
    assert parse_address("zoë@example.org").needs_smtputf8
    assert not parse_address("zoe@example.org").needs_smtputf8


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "jan",
        "@example.org",
        "jan@",
        "jan@localhost",
        "jan@@example.org",
        "jan@exa mple.org",
        "jan vries@example.org",
        ".jan@example.org",
        "jan.@example.org",
        "ja..n@example.org",
        "jan@-example.org",
        "jan@example-.org",
        "jan@example..org",
        "jan@[127.0.0.1]",
        "Jan <jan@example.org>",
        "jan@example.org, piet@example.org",
        "jan@example.org\r\nBcc: x@example.org",
        "jan@exam\x00ple.org",
        '"jan"@example.org',
    ],
)
def test_what_is_no_bare_address_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_address(text)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("local", "domain", "is_valid"),
    [
        (64, 12, True),
        (65, 12, False),
        (64, 189, True),
        (64, 190, False),
        (1, 252, True),
        (1, 253, False),
    ],
)
def test_the_limits_are_64_and_254_octets_rule_a8(local: int, domain: int, *, is_valid: bool) -> None:
    text = f"{'a' * local}@{_domain(domain)}"
    if is_valid:
        assert parse_address(text).spelling == text
    else:
        with pytest.raises(AddressError):
            parse_address(text)


def test_octets_are_counted_not_characters_rule_a8() -> None:
    assert parse_address(f"{'ë' * 32}@example.org")
    with pytest.raises(AddressError):
        parse_address(f"{'ë' * 33}@example.org")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("jan", "it has no @"),
        ("jan@@example.org", "it has more than one @"),
        ("@example.org", "nothing stands before the @"),
        ("jan@", "nothing stands after the @"),
        ("jan vries@example.org", "it holds a space"),
        ("jan\x00@example.org", "it holds a control character"),
        ("ja..n@example.org", "before the @ stands what mail does not allow there"),
        ("jan@example..org", "after the @ stands no name of a domain"),
        ("jan@localhost", "after the @ stands no name of a domain"),
        (f"{'a' * 65}@example.org", "the part before the @ has 65 octets, and mail allows 64"),
        (f"{'ë' * 33}@example.org", "the part before the @ has 66 octets, and mail allows 64"),
        (f"a@{'b' * 60}.{'b' * 60}.{'b' * 60}.{'b' * 60}.{'b' * 60}.org", "and mail allows 254"),
    ],
)
def test_the_reason_of_a_refusal_is_in_words_of_our_own(text: str, said: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_address(text)
    assert said in caught.value.what


@pytest.mark.parametrize("text", ["piet..geheim@example.org", "jan@piet\u2044geheim.org", "piet@ge\udcffheim.org"])
def test_a_refusal_repeats_nothing_of_the_address_rule_i7(text: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_address(text)
    assert not {"piet", "geheim"} & {word for word in ("piet", "geheim") if word in str(caught.value)}
    assert "U+" not in str(caught.value)


LABEL = st.from_regex(r"\A[A-Za-z0-9-]{1,10}\Z")
LOCAL = st.from_regex(r"\A[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\" ë-]{1,20}\Z")


@given(LOCAL, st.lists(LABEL, min_size=1, max_size=3), st.sampled_from(["org", "nl", "o1", "x", "example", "123"]))
def test_the_short_way_answers_as_the_long_way_does(local: str, labels: list[str], top: str) -> None:
    text = f"{local}@{'.'.join(labels)}.{top}"
    assert _answer(parse_address, text) == _answer(address._parse_unusual, text)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_what_is_read_reads_back(text: str) -> None:
    found = _answer(parse_address, text)
    if found:
        assert parse_address(found.spelling) == found
        assert not set(found.spelling) & set("\r\n\x00 <>")


@given(st.from_regex(r"\A[a-zA-Z]{1,8}\Z"), st.from_regex(r"\A[a-zA-Z]{2,8}\Z"))
def test_capitals_do_not_make_another_person(local: str, domain: str) -> None:
    text = f"{local}@{domain}.example"
    assert parse_address(text.upper()).key == parse_address(text.lower()).key


def _answer(parse, text: str) -> Address | None:
    try:
        return parse(text.strip())
    except AddressError:
        return None


def _domain(octets: int) -> str:
    """A domain of exactly this length, in labels of at most 50."""
    labels, rest = [], octets - len(".example")
    while rest > 0:
        labels.append("b" * min(50, rest))
        rest -= len(labels[-1]) + 1
    return ".".join([*labels, "example"])
