"""Documents beside an issue: published under their digest, their type and size read from the file itself. Pure.

Whatever a document says about its author stays in it: it is published byte for byte.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from babel.numbers import format_decimal

from newsletter.compose.assets import AssetFile, Assets
from newsletter.compose.compiled import Asset
from newsletter.compose.dates import LOCALES
from newsletter.compose.images import ImageError
from newsletter.issue.finding import error
from newsletter.issue.model import Block
from newsletter.issue.model_blocks import Download

_KILO, _MEGA = 1000, 1_000_000
_PDF, _ZIP = b"%PDF-", b"PK"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document: its media type, what readers call it, and how its bytes begin."""

    media_type: str
    name: str
    start: bytes = b""


_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
KINDS = {
    "pdf": Kind("application/pdf", "PDF", _PDF),
    "docx": Kind(f"{_OFFICE}.wordprocessingml.document", "Word", _ZIP),
    "xlsx": Kind(f"{_OFFICE}.spreadsheetml.sheet", "Excel", _ZIP),
    "pptx": Kind(f"{_OFFICE}.presentationml.presentation", "PowerPoint", _ZIP),
    "odt": Kind(f"{_OPEN}.text", "ODT", _ZIP),
    "ods": Kind(f"{_OPEN}.spreadsheet", "ODS", _ZIP),
    "odp": Kind(f"{_OPEN}.presentation", "ODP", _ZIP),
    "epub": Kind("application/epub+zip", "EPUB", _ZIP),
    "zip": Kind("application/zip", "ZIP", _ZIP),
    "csv": Kind("text/csv", "CSV"),
}
"""By extension. Nothing that a browser would run: no HTML, no SVG."""


class Downloads:
    """Publishes the documents of one issue; what is wrong with one becomes a finding of `assets`."""

    def __init__(self, assets: Assets, language: str) -> None:
        self._assets = assets
        self._language = language

    def publish(self, blocks: Sequence[Block]) -> tuple[Block, ...]:
        """`blocks`, every document among them with address, type and size."""
        return tuple(self._publish(block) for block in blocks)

    def _publish(self, block: Any) -> Any:  # noqa: ANN401 - any block, and the same back
        if isinstance(block, Download):
            return self._one(block) if block.file else block
        inner = getattr(block, "blocks", ())
        changed = self.publish(inner)
        return replace(block, blocks=changed) if any(a is not b for a, b in zip(inner, changed, strict=True)) else block

    def _one(self, block: Download) -> Download:
        try:
            kind, asset, content = self._read(block.file)
        except ImageError as problem:
            what = f"{block.file} {problem.what}"
            self._assets.findings.append(error("download", self._assets.file, block.line, what, problem.remedy))
            return block
        url = self._assets.add(AssetFile(asset=asset, content=content))
        return replace(block, link=(url,), type=kind.name, size=size_in_words(len(content), self._language))

    def _read(self, file: str) -> tuple[Kind, Asset, bytes]:
        extension = PurePosixPath(file).suffix.lower().removeprefix(".")
        kind = KINDS.get(extension)
        if kind is None:
            known = ", ".join(sorted(KINDS))
            raise ImageError(
                "is not a document that can be published", f"save it as one of: {known}; PDF is read by all"
            )
        content = self._assets.load(file)
        most = self._assets.limits.download_megabytes
        if len(content) > most * _MEGA:
            raise ImageError(f"is larger than {most} MB", "make it smaller, or put it on a website and link to it")
        if not content or not content.startswith(kind.start):
            raise ImageError(f"is not a {kind.name} file, whatever its name says", "save the document again")
        digest = hashlib.sha256(content).hexdigest()
        name = f"{digest}.{extension}"
        asset = Asset(digest=digest, media_type=kind.media_type, name=name, width=0, height=0, embedded=False)
        return kind, asset, content


def size_in_words(size: int, language: str) -> str:
    """`340 kB`, `1,2 MB`."""
    if size < _MEGA:
        return f"{max(1, round(size / _KILO))} kB"
    return f"{format_decimal(round(size / _MEGA, 1), locale=LOCALES[language])} MB"
