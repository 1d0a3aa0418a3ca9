"""The secret key file: made once, whole, private; refused when damaged."""

import re
import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from newsletter.store.secrets import FILE_NAME, load_keyring
from subscribers.errors import ConfigurationError, ServiceError
from subscribers.tokens import Purpose

KEY = "0f" * 32


def write(folder, text, mode=0o600):
    (folder / FILE_NAME).write_text(text)
    (folder / FILE_NAME).chmod(mode)


def current_key(folder):
    ring = load_keyring(folder)
    return ring.keys[ring.current]


def test_the_first_use_makes_a_private_file_and_the_second_reads_it(tmp_path):
    folder = tmp_path / "data"
    first = load_keyring(folder)
    assert load_keyring(folder) == first
    assert stat.S_IMODE((folder / FILE_NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(folder.iterdir()) == [folder / FILE_NAME]
    assert re.fullmatch(r"newsletter-secret 1\n1 [0-9a-f]{64}\n", (folder / FILE_NAME).read_text())


def test_two_projects_have_different_keys(tmp_path):
    assert load_keyring(tmp_path / "a") != load_keyring(tmp_path / "b")


def test_processes_that_start_at_once_agree_on_one_key(tmp_path):
    with ProcessPoolExecutor(4, mp_context=get_context("fork")) as pool:
        found = set(pool.map(current_key, [tmp_path / "data"] * 16))
    assert len(found) == 1
    assert list((tmp_path / "data").iterdir()) == [tmp_path / "data" / FILE_NAME]


def test_the_last_key_signs_and_all_verify(tmp_path):
    write(tmp_path, f"newsletter-secret 1\n1 {KEY}\n")
    old = load_keyring(tmp_path).sign(Purpose.UNSUBSCRIBE, b"r" * 16)
    write(tmp_path, f"newsletter-secret 1\r\n1 {KEY}\n\n7 {'1e' * 32}\n")
    rotated = load_keyring(tmp_path)
    assert rotated.current == 7
    assert rotated.verify(Purpose.UNSUBSCRIBE, old) == b"r" * 16


@pytest.mark.parametrize(
    "text",
    [
        "",
        "newsletter-secret 1\n",
        f"newsletter-secret 2\n1 {KEY}\n",
        f"1 {KEY}\n",
        f"newsletter-secret 1\n1 {KEY[:-1]}\n",
        f"newsletter-secret 1\n0 {KEY}\n",
        f"newsletter-secret 1\n256 {KEY}\n",
        f"newsletter-secret 1\n1 {KEY}\n1 {KEY}\n",
        f"newsletter-secret 1\n1 {KEY}\ngarbage\n",
        "\xff\xfe\x00",
    ],
)
def test_a_damaged_file_is_refused_with_the_remedy_and_left_alone(tmp_path, text):
    write(tmp_path, text)
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(ConfigurationError, match="backup") as caught:
        load_keyring(tmp_path)
    assert KEY[:20] not in str(caught.value)
    assert (tmp_path / FILE_NAME).read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_may_use_is_refused_with_the_remedy(tmp_path, mode):
    write(tmp_path, f"newsletter-secret 1\n1 {KEY}\n", mode)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        load_keyring(tmp_path)


def test_a_folder_where_a_file_should_be_is_a_configuration_error(tmp_path):
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_keyring(tmp_path)


def test_a_folder_that_cannot_be_made_is_a_service_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ServiceError, match="cannot be written"):
        load_keyring(tmp_path / "file" / "data")
