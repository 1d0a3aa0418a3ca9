"""The file of a backup: reads back as it was written, or is refused; encrypted, it shows nothing."""

import io
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.store import backup_file
from newsletter.store.backup_file import (
    DamagedError,
    KeyRefusedError,
    Manifest,
    Writer,
    contents,
    key_id,
    read_manifest,
)

NOON = datetime(2027, 3, 10, 12, tzinfo=UTC)
KEY = bytes(range(32))
SALT = "5a" * 16


def manifest(key: bytes | None = None, salt: str = SALT) -> Manifest:
    return Manifest(
        program="1.0",
        schema="0009",
        dialect="sqlite",
        created_at=NOON,
        expires_at=NOON + timedelta(days=6),
        ledger="00" * 16,
        ledger_mark="a line\n",
        salt=salt if key else "",
        key_id=key_id(key) if key else "",
    )


def written(data: bytes, key: bytes | None = None, piece: int = 1000, salt: str = SALT) -> bytes:
    file = io.BytesIO()
    writer = Writer(file, manifest(key, salt), key)
    for start in range(0, len(data), piece):
        writer.write(data[start : start + piece])
    writer.finish()
    return file.getvalue()


def read(raw: bytes, key: bytes | None = None) -> bytes:
    file = io.BytesIO(raw)
    return b"".join(contents(file, read_manifest(file), key))


@settings(max_examples=50)
@given(data=st.binary(max_size=5000), key=st.sampled_from([None, KEY]), piece=st.integers(1, 5000))
def test_what_was_written_reads_back(data: bytes, key: bytes | None, piece: int) -> None:
    assert read(written(data, key, piece), key) == data


@pytest.mark.parametrize("key", [None, KEY])
@pytest.mark.parametrize(
    "data", [b"", b"\0" * 20_000_000, random.Random(1).randbytes(3_500_000)], ids=["none", "zeros", "random"]
)
def test_any_size_and_kind_of_data_reads_back_over_many_frames(data: bytes, key: bytes | None) -> None:
    assert read(written(data, key, 1 << 20), key) == data


def test_the_manifest_is_readable_without_the_key_and_names_nobody() -> None:
    raw = written(b"jan@example.org" * 10, KEY)
    found = read_manifest(io.BytesIO(raw))
    assert found == manifest(KEY)
    assert found.is_encrypted
    assert b"example" not in raw
    assert KEY not in raw
    assert KEY.hex().encode() not in raw


def test_the_same_database_twice_gives_files_with_nothing_in_common() -> None:
    one, other = written(b"the same", KEY), written(b"the same", KEY, salt="a5" * 16)
    assert one[-60:] != other[-60:]


@pytest.mark.parametrize("key", [None, KEY])
def test_every_byte_that_is_changed_is_noticed(key: bytes | None) -> None:
    raw = written(random.Random(2).randbytes(600), key)
    for place in range(len(raw)):
        broken = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        with pytest.raises((DamagedError, KeyRefusedError)):
            read(broken, key)


@pytest.mark.parametrize("key", [None, KEY])
def test_a_file_cut_short_or_lengthened_is_refused(key: bytes | None) -> None:
    raw = written(b"data" * 100, key)
    for cut in range(1, len(raw)):
        with pytest.raises(DamagedError):
            read(raw[:cut], key)
    with pytest.raises(DamagedError):
        read(raw + b"x", key)


def test_frames_that_change_places_or_are_left_out_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_file, "FRAME", 64)
    raw = written(random.Random(3).randbytes(400), KEY)
    begin = raw.index(b"\n", len(backup_file.MAGIC)) + 1
    frames, place = [], begin
    while place < len(raw):
        length = 5 + int.from_bytes(raw[place + 1 : place + 5])
        frames.append(raw[place : place + length])
        place += length
    assert len(frames) > 4
    swapped = [frames[1], frames[0], *frames[2:]]
    for wrong in (swapped, frames[1:], [frames[0], *frames[2:]], [*frames[:2], *frames[1:]]):
        with pytest.raises(DamagedError):
            read(raw[:begin] + b"".join(wrong), KEY)


def test_the_wrong_key_and_no_key_are_told_apart_from_damage() -> None:
    raw = written(b"data", KEY)
    with pytest.raises(KeyRefusedError, match="no key"):
        read(raw)
    with pytest.raises(KeyRefusedError, match="another key"):
        read(raw, bytes(32))


def test_a_key_does_not_hinder_reading_what_is_not_encrypted() -> None:
    assert read(written(b"data"), KEY) == b"data"


@given(raw=st.binary(max_size=300))
def test_any_other_file_is_refused_in_words(raw: bytes) -> None:
    for text in (raw, backup_file.MAGIC + raw, backup_file.MAGIC + manifest().line + raw):
        with pytest.raises(DamagedError):
            read(text)


def test_little_that_expands_to_much_is_handed_on_in_limited_pieces() -> None:
    raw = written(b"\0" * 50_000_000, None, 1 << 20)
    file = io.BytesIO(raw)
    assert max(len(piece) for piece in contents(file, read_manifest(file), None)) <= backup_file.LARGEST_PIECE
