"""Bytes as text, in the character set that they claim or in the one that fits. Pure, linear, never raises."""

import re

_CHARSET = re.compile(
    r"(?:utf-?8|utf-?16(?:[bl]e)?|(?:us-)?ascii|(?:iso[-_]?)?8859[-_]\d{1,2}|latin-?\d{1,2}|windows-\d{3,4}|cp\d{3,4}"
    r"|koi8-[rtu]|iso-2022-[a-z]{2}(?:-\w{1,8})?|euc[-_]\w{2,4}|shift[-_]?jis|s?jis|gb2312|gbk|gb18030|big5"
    r"|mac[-_]?roman)",
    re.ASCII | re.IGNORECASE,
)
"""Only real character sets: Python knows "charsets" that unpack archives or take quadratic time."""


def decode_text(data: bytes, charset: str = "") -> str:
    """`data` as text; bytes that are none in `charset` are tried as UTF-8 and then as Windows-1252."""
    for name in (charset.strip("\"' "), "utf-8"):
        if not _CHARSET.fullmatch(name):
            continue
        try:
            return data.decode(name)
        except (LookupError, UnicodeError):
            if name and b"\x1b" in data:  # a wrong escape in ISO-2022 spoils little; Windows-1252 would spoil all
                return data.decode(name, "replace") if _is_known(name) else data.decode("ascii", "replace")
    return data.decode("cp1252", "replace")


def _is_known(charset: str) -> bool:
    try:
        b"".decode(charset)
    except LookupError:
        return False
    return True
