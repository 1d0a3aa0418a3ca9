import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.macs import Mac


@given(st.binary(max_size=64), st.lists(st.binary(max_size=200), min_size=1, max_size=3))
def test_a_code_is_that_of_the_standard_library(key: bytes, messages: list[bytes]) -> None:
    mac = Mac(key)
    assert [mac.digest(message) for message in messages] == [hmac.digest(key, item, "sha256") for item in messages]


def test_a_key_longer_than_a_block_is_refused() -> None:
    with pytest.raises(ValueError, match="65 bytes"):
        Mac(b"k" * 65)
