"""Whom a mail names, however it is encoded: an erasure has to find it (I5)."""

from base64 import b64encode

import pytest

from newsletter.feedback.naming import addresses_in

JAN = "jan@gemeente.example"


@pytest.mark.parametrize(
    "raw",
    [
        b"From: Jan <jan@gemeente.example>\r\n\r\ndag\r\n",
        b"Subject: =?utf-8?b?" + b64encode(b"van jan@gemeente.example") + b"?=\r\n\r\ndag\r\n",
        b"Subject: =?utf-8?q?van_jan=40gemeente=2Eexample?=\r\n\r\ndag\r\n",
        b"Content-Transfer-Encoding: base64\r\n\r\n" + b64encode(b"ik ben jan@gemeente.example") + b"\r\n",
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\nik ben jan@geme=\r\nente.example\r\n",
    ],
)
def test_an_address_is_found_however_it_is_written(raw: bytes) -> None:
    assert JAN in addresses_in(raw)
