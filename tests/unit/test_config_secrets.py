"""Private files: read once, by one function, and only if nobody but their owner may use them."""

from pathlib import Path

import pytest

from newsletter.config_secrets import read_private
from subscribers.errors import ConfigurationError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_bytes(b"geheim\xff")
    path.chmod(0o600)
    return path


def test_a_private_file_is_read_as_it_is(file: Path) -> None:
    assert read_private(file, "the key", remedy="") == b"geheim\xff"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_one_that_others_may_use_is_refused_with_the_danger_and_the_remedy(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(ConfigurationError) as caught:
        read_private(file, "the key", remedy="", danger="they could sign")
    assert caught.value.what == "others than its owner may use the key: they could sign"
    assert caught.value.remedy == f"chmod 600 {file}"


def test_a_missing_one_is_named_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the key cannot be read: No such file") as caught:
        read_private(tmp_path / "none", "the key", remedy="make one")
    assert caught.value.remedy == "make one"
