"""Which encoding a file is in: what offices save is not said in the file. Pure: reads the stream it is handed."""

import codecs
from typing import BinaryIO

from subscribers.errors import InputError

CHUNK = 1 << 18
ENCODING_NAMES = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252"}
_NOT_CSV = {
    b"PK\x03\x04": "an Excel or OpenDocument file, or another ZIP file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"%PDF": "a PDF",
    b"\xff\xfe\x00\x00": "UTF-32 text",
    b"\x00\x00\xfe\xff": "UTF-32 text",
}
_MARKUP = (b"<html", b"<!doctype", b"<table", b"<?xml")
"""What some systems call an Excel file."""
_CONTROLS = bytes({*range(32), 127} - {*b"\t\n\r\f\x1a"})
"""What stands in no line of text; 1A ends files of old systems."""
_FEW_CONTROLS = 4
_MOST_CONTROLS = 0.05
_BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
SAVE_AS_CSV = 'open it in the spreadsheet and save it as "CSV UTF-8"'


def detect_encoding(file: BinaryIO) -> str:
    """The codec of `file`, by its byte order mark or by reading all of it once; the file is rewound.

    Without a mark a file is UTF-8 if that explains its bytes: one stray byte in a UTF-8 file spoils the rows that it
    stands in, not every accent in the file. Raises InputError for what is no text at all.
    """
    file.seek(0)
    head = file.read(1 << 12)
    for magic, meaning in _NOT_CSV.items():
        if head.startswith(magic):
            raise InputError(f"this is {meaning}, not CSV", remedy=SAVE_AS_CSV)
    if head.removeprefix(codecs.BOM_UTF8).lstrip().lower().startswith(_MARKUP):
        raise InputError("this is a web page or XML, not CSV", remedy=SAVE_AS_CSV)
    for mark, codec in _BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return codec
    if _is_binary(head):
        raise InputError("this is no text in UTF-8 or Windows-1252: no CSV file", remedy=SAVE_AS_CSV)
    file.seek(0)
    explained, unexplained = _count_utf8(file)
    file.seek(0)
    return "utf-8" if unexplained == 0 or explained > unexplained else "cp1252"


def _is_binary(head: bytes) -> bool:
    """Whether control characters stand in the header, or in many places: a row that has one is refused by itself."""
    header = head.lstrip().partition(b"\n")[0]
    if len(header) != len(header.translate(None, _CONTROLS)):
        return True
    return len(head) - len(head.translate(None, _CONTROLS)) > max(_FEW_CONTROLS, _MOST_CONTROLS * len(head))


def _count_utf8(file: BinaryIO) -> tuple[int, int]:
    """How many characters beyond ASCII are UTF-8, and how many bytes are not."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    explained = unexplained = 0
    while True:
        chunk = file.read(CHUNK)
        text = decoder.decode(chunk, not chunk)
        if not text.isascii():
            escaped = len(text) - len(text.encode("utf-8", "ignore").decode())
            unexplained += escaped
            explained += len(text) - len(text.encode("ascii", "ignore")) - escaped
        if not chunk:
            return explained, unexplained
