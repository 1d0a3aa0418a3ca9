"""The search for a canary finds it however it is hidden; otherwise "nothing found" would say nothing."""

import base64
import bz2
import gzip
import io
import json
import lzma
import quopri
import zipfile
import zlib
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.canary import CANARY, forms, traces

TEXT = f"ja {CANARY.address} nee"


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", TEXT)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.upper().encode(),
        TEXT.encode("utf-16"),
        CANARY.name.encode("latin-1"),
        json.dumps(CANARY.name.split()[1]).encode(),
        quote(CANARY.name.split()[1]).encode(),
        quopri.encodestring(CANARY.name.split()[1].encode()),
        TEXT.encode().hex().encode(),
        *(base64.b64encode(b"x" * number + TEXT.encode()) for number in range(4)),
        gzip.compress(TEXT.encode()),
        bz2.compress(TEXT.encode()),
        lzma.compress(TEXT.encode()),
        zlib.compress(TEXT.encode()),
        gzip.compress(gzip.compress(TEXT.encode())),
        zipped(),
    ],
    ids=lambda data: f"{len(data)}-bytes",
)
def test_the_canary_is_found_in_every_form(data: bytes) -> None:
    assert forms(data)


def test_other_people_are_not_the_canary(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("jan@example.org, Kanarie, Piet")
    (tmp_path / "b.gz").write_bytes(gzip.compress(b"jan@example.org"))
    (tmp_path / "c.gz").write_bytes(b"\x1f\x8b damaged")
    assert traces(tmp_path) == []


def test_a_name_of_a_file_is_searched_too(tmp_path: Path) -> None:
    (tmp_path / CANARY.word).mkdir()
    (tmp_path / f"x-{CANARY.word}.csv").write_text("")
    assert traces(tmp_path) == [f"{CANARY.word}: its name", f"x-{CANARY.word}.csv: its name"]
