"""Tokens: unforgeable, one spelling each, nothing personal (A13, I7)."""

import string
import timeit
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.tokens import LENGTH, Keyring, Purpose

ALPHABET = string.ascii_letters + string.digits + "-_"
RING = Keyring({1: b"a" * 32}, 1)
REF = bytes(range(100, 116))
TOKEN = RING.sign(Purpose.UNSUBSCRIBE, REF)


@given(st.binary(min_size=16, max_size=16), st.sampled_from(Purpose))
def test_a_token_names_its_ref_and_is_the_same_every_time(ref, purpose):
    token = RING.sign(purpose, ref)
    assert token == RING.sign(purpose, ref)
    assert len(token) == LENGTH
    assert set(token) <= set(ALPHABET)
    assert RING.verify(purpose, token) == ref


@pytest.mark.parametrize("index", range(LENGTH))
def test_a_token_with_one_other_character_is_refused_a13(index):
    others = [character for character in ALPHABET + "=+/. é" if character != TOKEN[index]]
    for other in others:
        assert RING.verify(Purpose.UNSUBSCRIBE, TOKEN[:index] + other + TOKEN[index + 1 :]) is None


@pytest.mark.parametrize(
    "spoiled",
    [
        *(TOKEN[:length] for length in range(LENGTH)),
        *(TOKEN[start:] for start in range(1, LENGTH)),
        *(TOKEN + tail for tail in ("=", "==", "A", "\n", " ", "/", "%3D", TOKEN)),
        *(head + TOKEN for head in (" ", "A", "\n")),
        TOKEN.swapcase(),
        TOKEN[::-1],
        "é" * LENGTH,
    ],
)
def test_a_truncated_padded_or_mangled_token_is_refused_a13(spoiled):
    assert RING.verify(Purpose.UNSUBSCRIBE, spoiled) is None


def test_a_token_for_another_purpose_is_refused_a13():
    for made in Purpose:
        for asked in Purpose:
            assert (RING.verify(asked, RING.sign(made, REF)) is not None) == (made == asked)


def test_a_token_of_another_key_is_refused_a13():
    same_number, other_number = Keyring({1: b"b" * 32}, 1), Keyring({2: b"a" * 32}, 2)
    assert same_number.verify(Purpose.UNSUBSCRIBE, TOKEN) is None
    assert other_number.verify(Purpose.UNSUBSCRIBE, TOKEN) is None


def test_a_new_key_signs_and_the_old_one_still_verifies():
    rotated = Keyring({1: b"a" * 32, 2: b"b" * 32}, 2)
    assert rotated.verify(Purpose.UNSUBSCRIBE, TOKEN) == REF
    assert RING.verify(Purpose.UNSUBSCRIBE, rotated.sign(Purpose.UNSUBSCRIBE, REF)) is None


def test_uses_have_keys_of_their_own():
    rotated = Keyring({1: b"a" * 32, 2: b"b" * 32}, 2)
    found = {rotated.subkey(label, number) for label in ("one", "two") for number in (1, 2)}
    assert len(found) == 4
    assert not found & {b"a" * 32, b"b" * 32}
    assert rotated.subkeys("one") == (rotated.subkey("one", 2), rotated.subkey("one", 1))


def test_a_printed_ring_shows_no_key():
    RING.sign(Purpose.UNSUBSCRIBE, REF)
    assert repr(RING) == "Keyring(current=1)"


@pytest.mark.parametrize(
    ("keys", "current"),
    [({}, 1), ({1: b"a" * 32}, 2), ({1: b"a" * 31}, 1), ({0: b"a" * 32}, 0), ({256: b"a" * 32}, 256)],
)
def test_a_ring_that_cannot_sign_safely_is_refused(keys, current):
    with pytest.raises(ValueError, match="key"):
        Keyring(keys, current)


def test_a_ref_of_another_length_is_refused():
    with pytest.raises(ValueError, match="16 bytes"):
        RING.sign(Purpose.UNSUBSCRIBE, b"short")


def test_a13_a_refusal_takes_the_same_time_as_a_verification():
    """The best of many runs of each kind: whoever measures learns nothing about what is wrong with a token."""
    ref, ring = bytes(range(16)), Keyring({1: b"k" * 32, 2: b"l" * 32}, 1)
    right = ring.sign(Purpose.UNSUBSCRIBE, ref)
    tokens = [
        right,
        ("A" if right[40] != "A" else "B").join((right[:40], right[41:])),
        ring.sign(Purpose.MANAGE, ref),
        Keyring({9: b"m" * 32}, 9).sign(Purpose.UNSUBSCRIBE, ref),
    ]
    checks = [partial(ring.verify, Purpose.UNSUBSCRIBE, token) for token in tokens]
    rounds = [[timeit.timeit(check, number=100) for check in checks] for _ in range(60)]
    best = [min(times) for times in zip(*rounds, strict=True)]
    assert max(best) < 1.6 * min(best)
