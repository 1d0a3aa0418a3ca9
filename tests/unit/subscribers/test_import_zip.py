"""A ZIP of an audience: which files are read, and what is refused before it costs anything."""

import io
import random
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subscribers.errors import InputError
from subscribers.import_zip import MOST_FILES, is_zip, member_stream, opened_zip

MEGABYTE = 1 << 20
ROWS = b"Email Address,LEID,EUID\na@example.org,1,2\n"


def packed(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return stream


def names(stream: io.BytesIO, most: int = MEGABYTE) -> list[str]:
    with opened_zip(stream, most) as (_, members):
        return [member.name for member in members]


def refused(stream: io.BytesIO, most: int = MEGABYTE) -> str:
    with pytest.raises(InputError) as caught:
        names(stream, most)
    assert caught.value.remedy
    return str(caught.value)


def test_who_left_is_read_before_who_stays_and_who_never_asked_is_not_read() -> None:
    files = [
        (f"x/{kind}_email_audience_export_1.csv", ROWS) for kind in ("subscribed", "nonsubscribed", "unsubscribed")
    ]
    extra = [("__MACOSX/x/._subscribed_1.csv", b""), ("cleaned_members_export_1.csv", ROWS), ("readme.pdf", b"%PDF")]
    stream = packed(*files, *extra)
    assert is_zip(stream)
    assert [name.partition("_")[0] for name in names(stream)] == ["cleaned", "unsubscribed", "subscribed"]


def test_a_file_can_be_read_twice() -> None:
    with opened_zip(packed(("subscribed_1.csv", ROWS)), MEGABYTE) as (archive, (member,)):
        stream = member_stream(archive, member)
        assert stream.seek(0, 2) == len(ROWS)
        stream.seek(0)
        assert stream.read() == ROWS


def test_a_bomb_is_refused_by_what_it_says_of_itself() -> None:
    assert "no export is" in refused(packed(("subscribed_1.csv", b"a" * (4 * MEGABYTE))), most=1 << 40)
    text = random.Random(1).randbytes(3 * MEGABYTE).hex().encode()
    assert "more than 2 MB" in refused(packed(("subscribed_1.csv", text)), most=2 * MEGABYTE)


def test_no_more_is_read_than_the_table_of_contents_says() -> None:
    stream = packed(("subscribed_1.csv", b"a" * 100_000))
    raw = bytearray(stream.getvalue())
    place = raw.rfind(b"PK\x01\x02")
    raw[place + 24 : place + 28] = (10).to_bytes(4, "little")
    lying = io.BytesIO(bytes(raw))
    with pytest.raises(InputError, match="damaged"), opened_zip(lying, MEGABYTE) as (archive, (member,)):
        assert len(member_stream(archive, member).read()) <= 10


@pytest.mark.parametrize(
    ("stream", "what"),
    [
        (packed(("people.csv", ROWS)), "'people.csv' is no file of an audience"),
        (packed(("readme.pdf", b"%PDF")), "no CSV file"),
        (packed(("nonsubscribed_1.csv", ROWS)), "never asked for mail"),
        (packed(("[Content_Types].xml", b""), ("xl/workbook.xml", b"")), "this is an Excel file, not CSV"),
        (packed(*((f"xl/worksheets/sheet{n}.xml", b"") for n in range(200))), "this is an Excel file, not CSV"),
        (packed(("mimetype", b""), ("META-INF/manifest.xml", b"")), "this is an OpenDocument file, not CSV"),
        (packed(("word/document.xml", b"")), "this is a Word document, not CSV"),
        (packed(*((f"subscribed_{number}.csv", ROWS) for number in range(MOST_FILES + 1))), "more than 100 files"),
        (packed(("subscribed_1.csv", ROWS), method=zipfile.ZIP_BZIP2), "no export is"),
        (io.BytesIO(b"PK\x03\x04" + bytes(100)), "damaged"),
        (io.BytesIO(packed(("subscribed_1.csv", ROWS)).getvalue()[:-30]), "damaged"),
    ],
)
def test_what_is_no_audience_is_refused_with_a_remedy(stream: io.BytesIO, what: str) -> None:
    assert what in refused(stream)


def test_a_password_is_named() -> None:
    raw = bytearray(packed(("subscribed_1.csv", ROWS)).getvalue())
    raw[raw.rfind(b"PK\x01\x02") + 8] |= 1
    assert "password" in refused(io.BytesIO(bytes(raw)))


@settings(max_examples=200)
@given(st.data())
def test_a_damaged_zip_is_read_or_refused(data: st.DataObject) -> None:
    raw = bytearray(packed(("subscribed_1.csv", ROWS * 20), ("cleaned_1.csv", ROWS)).getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with suppress(InputError), opened_zip(io.BytesIO(bytes(raw)), MEGABYTE) as (archive, members):
        for member in members:
            member_stream(archive, member).read()
