"""Headers as bytes: A1, A3, A4. What other parsers make of them: tests/integration/test_message_parsers.py."""

import base64
import datetime as dt
import email
import email.policy
import re
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.message import headers
from newsletter.message.headers import UnsafeValueError
from tests.support.messages import names, subjects

ENCODED = re.compile(r"=\?utf-8\?([qb])\?([!-~]*?)\?=")
ANY_ENCODED = re.compile(r"=\?[^?\s]+\?[a-zA-Z]\?[^?\s]*\?=")
CONTROLS = [chr(number) for number in [*range(32), *range(127, 160)]] + ["\u2028", "\u2029", "\ud800"]
LINES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]))


def decode(line: bytes) -> str:
    """RFC 2047 as written: unfold, drop white space between encoded-words, decode each by itself."""
    name, _, value = line.decode("ascii").replace("\r\n", "").partition(": ")
    assert name
    joined = re.sub(r"(=\?utf-8\?[qb]\?[!->@-~]*\?=) +(?==\?utf-8\?[qb]\?)", r"\1", value)
    return ENCODED.sub(lambda found: decode_word(found[1], found[2]), joined)


def decode_word(kind: str, text: str) -> str:
    if kind == "b":
        return base64.b64decode(text, validate=True).decode()
    octets = re.sub(r"=([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), text.replace("_", " "))
    return octets.encode("latin-1").decode()


def assert_well_formed(line: bytes) -> None:
    assert line.endswith(b"\r\n")
    for folded in line[:-2].split(b"\r\n"):
        assert len(folded) <= 78
        assert folded.strip() == folded.lstrip(), "white space at the end of a line gets lost on the way"
        assert folded.strip()
        for word in ANY_ENCODED.findall(folded.decode()):
            assert len(word) <= 75
            assert len(folded) <= 76
    assert b"?==?" not in line
    assert not re.search(rb"[^\x20-\x7e\r\n]", line)


@pytest.mark.parametrize("text", subjects(500, seed=1))
def test_subjects_are_well_formed_and_decode_to_themselves_a3(text):
    line = headers.unstructured("Subject", text)
    assert_well_formed(line)
    assert decode(line) == text


@settings(max_examples=500)
@given(LINES)
def test_any_text_without_controls_survives_a3(text):
    line = headers.unstructured("Subject", text)
    if text.strip():
        assert_well_formed(line)
        assert decode(line) == text.strip()
    else:
        assert line == b"Subject:\r\n"


def squeezed(name: str) -> str:
    return re.sub(" +", " ", name.strip())


@settings(max_examples=500)
@given(LINES)
def test_any_display_name_survives_a3(name):
    line = headers.mailbox("To", name, "jan@example.org")
    assert_well_formed(line)
    display = line.replace(b"\r\n", b"")[4:].removesuffix(b" <jan@example.org>").decode()
    if not name.strip():
        assert display == "jan@example.org"
    elif display.startswith('"'):
        assert re.sub(r"\\(.)", r"\1", display[1:-1]) == squeezed(name)
    else:
        assert decode(b"X: " + display.encode()) == squeezed(name)


@pytest.mark.parametrize("text", ["plain", "Zomereditie 2027: nieuws!", "a = b ? c_d", "100% (new) [open]", "x" * 67])
def test_plain_ascii_is_not_encoded_a3(text):
    assert headers.unstructured("Subject", text) == f"Subject: {text}\r\n".encode()


def test_only_words_that_need_it_are_encoded():
    line = headers.unstructured("Subject", "Meer zeeën in mei")
    assert line == b"Subject: Meer =?utf-8?b?emVlw6tu?= in mei\r\n"


def test_base64_is_chosen_where_it_is_shorter():
    assert b"=?utf-8?b?" in headers.unstructured("Subject", "日本語の件名")
    assert b"=?utf-8?q?" in headers.unstructured("Subject", "Coöperatie")


@pytest.mark.parametrize("text", ["=?utf-8?q?x?=", "a =?utf-8?B?eA==?= b", "=?", "x=?y"])
def test_text_that_looks_like_an_encoded_word_is_encoded_a3(text):
    line = headers.unstructured("Subject", text)
    assert decode(line) == text
    assert str(email.message_from_bytes(line + b"\r\n", policy=email.policy.default)["Subject"]) == text


def test_long_plain_text_is_folded_at_spaces_and_never_leaves_the_first_line_empty_a1():
    text = ("w" * 67 + " ") + "kort woord: " * 20
    line = headers.unstructured("Subject", text)
    assert_well_formed(line)
    assert line.startswith(b"Subject: www")
    assert line.count(b"\r\n") == 5


def test_a_line_that_ends_in_a_colon_is_not_taken_for_the_bare_name():
    text = "a" * 66 + ": vervolg van het onderwerp"
    assert_well_formed(headers.unstructured("Subject", text))


def test_runs_of_spaces_are_inside_encoded_words_because_parsers_collapse_them():
    assert headers.unstructured("Subject", "a   b") == b"Subject: =?utf-8?q?a__?= b\r\n"


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("place", ["{}x", "x{}y", "x{}"])
def test_a_control_character_is_refused_everywhere_a4(control, place):
    value = place.format(control)
    with pytest.raises(UnsafeValueError):
        headers.unstructured("Subject", value)
    with pytest.raises(UnsafeValueError):
        headers.mailbox("To", value, "jan@example.org")
    with pytest.raises(UnsafeValueError):
        headers.mailbox("To", "Jan", f"{value}@example.org")
    with pytest.raises(UnsafeValueError):
        headers.uris("List-Unsubscribe", f"https://example.org/{value}")
    with pytest.raises(UnsafeValueError):
        headers.tokens("Precedence", value)
    with pytest.raises(UnsafeValueError):
        headers.list_id(value, "a.example.org")


def test_the_error_names_the_header_and_not_the_value_i7():
    with pytest.raises(UnsafeValueError) as caught:
        headers.mailbox("To", "Geheime\nNaam", "jan@example.org")
    assert "To" in str(caught.value)
    assert "Geheime" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", b"To: jan@example.org\r\n"),
        ("Jan Jansen", b"To: Jan Jansen <jan@example.org>\r\n"),
        (" Jan  Jansen ", b"To: Jan Jansen <jan@example.org>\r\n"),
        ("J. Jansen", b'To: "J. Jansen" <jan@example.org>\r\n'),
        ('Jan "Bob" \\ Jansen', b'To: "Jan \\"Bob\\" \\\\ Jansen" <jan@example.org>\r\n'),
        ("jan@example.com", b'To: "jan@example.com" <jan@example.org>\r\n'),
        ("Coöperatie", b"To: =?utf-8?q?Co=C3=B6peratie?= <jan@example.org>\r\n"),
    ],
)
def test_a_display_name_takes_the_plainest_form(name, expected):
    assert headers.mailbox("To", name, "jan@example.org") == expected


@pytest.mark.parametrize(
    "address", ["", "jan", "a b@example.org", "a@b@c", "<a@example.org>", "a,b@example.org", "a@é.nl"]
)
def test_what_is_no_address_never_gets_into_a_header(address):
    with pytest.raises(UnsafeValueError):
        headers.mailbox("To", "Jan", address)


def test_a_local_part_outside_ascii_stands_as_it_is_a7():
    assert headers.mailbox("To", "Zoe", "zoë@example.org") == "To: Zoe <zoë@example.org>\r\n".encode()


@settings(max_examples=200)
@given(st.lists(st.from_regex(r"\A(https|mailto):[!#-;=?-~]{1,300}\Z"), min_size=1, max_size=3))
def test_uris_are_never_encoded_and_never_split_a3_a9(targets):
    line = headers.uris("List-Unsubscribe", *targets)
    unfolded = line.replace(b"\r\n ", b" ").removesuffix(b"\r\n").decode()
    assert unfolded == "List-Unsubscribe: " + ", ".join(f"<{target}>" for target in targets)
    for folded in line[:-2].split(b"\r\n"):
        assert len(folded) <= 78 or folded.count(b"<") == 1


def test_a_line_over_998_octets_is_refused_a1():
    headers.uris("List-Unsubscribe", "https://example.org/" + "x" * 950)
    with pytest.raises(UnsafeValueError, match="998"):
        headers.uris("List-Unsubscribe", "https://example.org/" + "x" * 998)


def test_list_id_holds_plain_ascii_only_a3_a9():
    assert headers.list_id("", "n.example.org") == b"List-Id: <n.example.org>\r\n"
    assert headers.list_id("Nieuws", "n.example.org") == b"List-Id: Nieuws <n.example.org>\r\n"
    assert headers.list_id("Nr. 1", "n.example.org") == b'List-Id: "Nr. 1" <n.example.org>\r\n'
    with pytest.raises(UnsafeValueError):
        headers.list_id("Coöperatie", "n.example.org")


@given(st.integers(0, 4_000_000_000))
def test_dates_are_written_as_python_reads_them(seconds):
    moment = dt.datetime.fromtimestamp(seconds, ZoneInfo("Europe/Amsterdam"))
    read = email.utils.parsedate_to_datetime(headers.format_date(moment).decode())
    assert read == moment


def test_dates_are_in_english_and_in_their_own_zone():
    moment = dt.datetime(2027, 6, 4, 7, 30, tzinfo=dt.UTC)
    assert headers.format_date(moment) == b"Fri, 04 Jun 2027 07:30:00 +0000"
    assert headers.format_date(moment.astimezone(ZoneInfo("Europe/Amsterdam"))) == b"Fri, 04 Jun 2027 09:30:00 +0200"
    with pytest.raises(ValueError, match="naive"):
        headers.format_date(dt.datetime(2027, 6, 4))  # noqa: DTZ001 - the point of it (I10)


@pytest.mark.parametrize("name", names(300, seed=2))
def test_names_of_people_are_well_formed_a3(name):
    assert_well_formed(headers.mailbox("To", name, "jan@example.org"))
