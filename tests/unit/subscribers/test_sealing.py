"""Seals on receipts: only the holder of the key makes one, and no text that stands in their place raises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.sealing import VERSION, bare, seal_with, verify_with
from subscribers.tokens import Keyring

OLD = Keyring({1: b"1" * 32}, 1)
BOTH = Keyring({1: b"1" * 32, 2: b"2" * 32}, 2)


@given(st.binary(max_size=40))
def test_a_seal_verifies_after_rotation_and_not_by_another_key(said: bytes) -> None:
    digest = seal_with(OLD)(said)
    assert verify_with(BOTH)(said, digest)
    assert not verify_with(Keyring({1: b"x" * 32}, 1))(said, digest)
    assert not verify_with(OLD)(said, seal_with(BOTH)(said))
    assert not verify_with(BOTH)(said + b"x", digest)


@pytest.mark.parametrize(
    "digest", ["", ".", "..", f"{VERSION}.1", f"{VERSION}.\u00b2.x", f"{VERSION}.01.x", "hmac2.1.x"]
)
def test_a_text_that_is_no_digest_is_refused(digest: str) -> None:
    assert not verify_with(OLD)(b"x", digest)


def test_a_digest_from_before_seals_verifies() -> None:
    assert verify_with(OLD)(b"x", bare(b"x"))


@given(st.text(alphabet="hmac1.0f\u00b2", max_size=90))
def test_any_text_is_judged_without_an_error(digest: str) -> None:
    assert not verify_with(OLD)(b"x", digest)
