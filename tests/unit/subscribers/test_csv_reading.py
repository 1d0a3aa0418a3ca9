"""CSV as offices save it, and as nobody should."""

import io
import time
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from subscribers.csv_encoding import CHUNK, detect_encoding
from subscribers.csv_reading import Broken, CsvReader
from subscribers.errors import InputError


def read(data: bytes, **options: int) -> CsvReader:
    return CsvReader(io.BytesIO(data), **options)


def rows(data: bytes, **options: int) -> list[tuple[int, list[str] | str]]:
    """Cells, or the reason why there are none, with line numbers."""
    return [(line, cells.reason if isinstance(cells, Broken) else cells) for line, cells in read(data, **options)]


# ---------------------------------------------------------------- encoding


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_names_survive_every_encoding_that_excel_saves(codec: str) -> None:
    text = "e-mail\tnaam\r\njan@example.org\tZoë € “Één”\r\n"
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(codec, b"")
    assert rows(mark + text.encode(codec)) == [(2, ["jan@example.org", "Zoë € “Één”"])]


def test_the_first_accent_may_stand_at_the_end_of_a_large_file() -> None:
    plain = b"jan@example.org;Jan\r\n" * (3 * CHUNK // 21)
    for codec in ("utf-8", "cp1252"):
        last = rows(b"email;naam\r\n" + plain + "zoe@example.org;Zoë\r\n".encode(codec))[-1]
        assert last[1] == ["zoe@example.org", "Zoë"]


@pytest.mark.parametrize("before", range(4))
def test_a_character_across_two_chunks_is_read_whole(before: int) -> None:
    data = b"email;naam\r\n" + b"x" * before
    data += b"a" * (CHUNK - len(data) - 1) + "ë€".encode()
    assert detect_encoding(io.BytesIO(data)) == "utf-8"


def test_one_stray_byte_does_not_spoil_every_accent_of_a_utf8_file() -> None:
    data = b"email;naam\n" + "a@example.org;Zoë\n".encode() * 3 + b"b@example.org;Jo\xe3o\n"
    assert rows(data)[0] == (2, ["a@example.org", "Zoë"])
    assert rows(data)[3] == (5, ["b@example.org", "Jo\ufffdo"])


def test_bytes_that_windows_1252_does_not_know_are_marked() -> None:
    assert rows(b"email;naam\na@example.org;\xeb\x81\n") == [(2, ["a@example.org", "ë\ufffd"])]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\r\n \n",
        b"sep=;\r\n",
        b"\xef\xbb\xbf",
        b"PK\x03\x04 and so on",
        b"\xd0\xcf\x11\xe0 and so on",
        b"%PDF-1.7",
        "email;naam\n".encode("utf-16-le"),
        "email;naam\n".encode("utf-32"),
        b"x" * 100_000,
        b'"email;naam\n',
    ],
)
def test_what_is_no_csv_is_refused_with_a_remedy(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        read(data)
    assert caught.value.remedy


# ---------------------------------------------------------------- structure


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_read_from_the_header(delimiter: str) -> None:
    reader = read(f'"naam, voluit; {delimiter}"{delimiter}email\n'.encode())
    assert reader.delimiter == delimiter
    assert reader.header[1] == "email"


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;"])
def test_excels_first_line_names_the_delimiter(line: str) -> None:
    data = f"{line}\r\nemail;a,b,c\r\njan@example.org;1,2\r\n".encode()
    assert rows(data) == [(3, ["jan@example.org", "1,2"])]


def test_a_single_column_needs_no_delimiter() -> None:
    assert rows(b"e-mail\njan@example.org\n") == [(2, ["jan@example.org"])]


def test_blank_lines_are_passed_over_and_counted() -> None:
    assert rows(b"\n\nemail\n\r\na@example.org\n\n\nb@example.org") == [(5, ["a@example.org"]), (8, ["b@example.org"])]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_kind_of_line_end_is_understood(end: bytes) -> None:
    assert rows(end.join([b"email;naam", b"a@b;x", b"c@d;y", b""])) == [(2, ["a@b", "x"]), (3, ["c@d", "y"])]


def test_a_quoted_cell_keeps_its_line_breaks_and_the_next_row_its_number() -> None:
    data = b'email;noot\na@b;"een\r\ntwee\n\ndrie"\nc@d;vier\n'
    assert rows(data) == [(2, ["a@b", "een\r\ntwee\n\ndrie"]), (6, ["c@d", "vier"])]


def test_a_bare_return_in_a_cell_costs_that_row() -> None:
    found = rows(b"email;naam\na@b;Jan\rBcc: x\nc@d;y\n")
    assert found == [(2, "a line break stands in the middle of a cell"), (3, ["c@d", "y"])]


def test_an_unclosed_quote_costs_one_row_and_not_the_rest_of_the_file() -> None:
    data = b'email;naam\na@b;"Jan\nc@d;Piet\ne@f;Kees\n'
    assert rows(data) == [
        (2, 'a quote (") is opened and never closed'),
        (3, ["c@d", "Piet"]),
        (4, ["e@f", "Kees"]),
    ]


def test_an_unclosed_quote_does_not_pair_with_the_quote_of_a_later_row() -> None:
    data = b'email;naam\na@b;"Jan\nc@d;"Piet"\ne@f;Kees\n'
    assert rows(data) == [
        (2, 'a quote (") stands in the wrong place'),
        (3, ["c@d", "Piet"]),
        (4, ["e@f", "Kees"]),
    ]


def test_nul_bytes_reach_the_caller_who_refuses_them() -> None:
    assert rows(b"email;naam\na@b;J\x00\n") == [(2, ["a@b", "J\x00"])]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "this is an old Excel file, not CSV"),
        (b"\x1f\x8b\x08\x00abcdef\n", "this is no text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "this is no text"),
        (b"e\x00m\x00a\x00i\x00l\x00\n\x00", "this is no text"),
        (b"email;na\x01am\na@b;x\n", "this is no text"),
        (b"\xef\xbb\xbf \n<HTML><table><tr><td>email", "this is a web page or XML, not CSV"),
        (b'<?xml version="1.0"?><Workbook>', "this is a web page or XML, not CSV"),
    ],
)
def test_what_is_no_table_at_all_is_recognised_and_the_remedy_says_how_to_save_it(data: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read(data)
    assert "CSV UTF-8" in caught.value.remedy


# ---------------------------------------------------------------- limits


def test_a_line_of_ten_megabytes_costs_one_row_and_little_memory() -> None:
    class Endless(io.RawIOBase):
        """A header, ten megabytes without a line end, and one more row; made as it is read."""

        def __init__(self) -> None:
            self.place = 0

        def seek(self, place: int, _whence: int = 0) -> int:
            self.place = 0
            return place

        def read(self, _size: int = -1) -> bytes:
            parts = [b"email;naam\n", *[b"x" * 100_000] * 100, b"\nc@d;Piet\n"]
            self.place += 1
            return parts[self.place - 1] if self.place <= len(parts) else b""

    tracemalloc.start()
    found = list(CsvReader(Endless()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [line for line, _ in found] == [2, 3]
    assert isinstance(found[0][1], Broken)
    assert found[1][1] == ["c@d", "Piet"]
    assert peak < 3_000_000


@pytest.mark.parametrize("length", [1023, 1024, 1025])
def test_the_limit_is_exact(length: int) -> None:
    data = b"email\n" + b"x" * length + b"\ny\n"
    assert len([cells for _, cells in rows(data, line_limit=1024) if isinstance(cells, list)]) == 2 - (length > 1024)


def test_an_overlong_line_inside_an_open_quote_costs_both_rows_and_no_more() -> None:
    data = b'email;naam\na@b;"open\n' + b"x" * 5000 + b"\nc@d;Piet\n"
    found = rows(data, line_limit=1024)
    assert [(line, type(cells)) for line, cells in found] == [(2, str), (3, str), (4, list)]


@pytest.mark.parametrize(
    "line", [b'a@b,"x\n', b'"\n', b'"x",""y"\n', b'a@b,"' + b"x" * 60_000 + b"\n"], ids=["open", "lone", "bad", "long"]
)
def test_a_file_of_broken_quotes_ends_soon(line: bytes) -> None:
    data = b"e,n\n" + line * (2_000_000 // len(line))
    begun = time.monotonic()
    assert sum(1 for _ in read(data)) > 0
    assert time.monotonic() - begun < 20


# ---------------------------------------------------------------- anything

fragments = st.lists(
    st.sampled_from([b'"', b"\n", b"\r", b";", b",", b"\x00", b"a@b", b"sep=;", b"\xeb", b"\xff\xfe", "ë".encode()])
)


@given(st.binary(max_size=300) | fragments.map(b"".join))
@example(b"sep=\r\n")
@example(b'"')
@settings(max_examples=300, deadline=None)
def test_any_bytes_give_rows_or_an_input_error(data: bytes) -> None:
    try:
        reader = read(data, line_limit=64)
    except InputError:
        return
    numbers = [line for line, _ in reader]
    assert numbers == sorted(numbers)


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8"), max_size=8), min_size=2, max_size=2), max_size=6))
@settings(deadline=None)
def test_what_pythons_writer_writes_is_read_back(table: list[list[str]]) -> None:
    import csv

    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows([["email", "naam"], *table])
    data = b"\xef\xbb\xbf" + text.getvalue().encode()
    assert [cells for _, cells in rows(data)] == table
