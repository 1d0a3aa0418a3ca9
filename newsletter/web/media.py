"""The images and documents of issues, by their digest: never changed, and gone with a withdrawn issue."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from newsletter.compose.downloads import KINDS

IMAGES = {"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif"}
MEDIA_TYPES = IMAGES | {extension: kind.media_type for extension, kind in KINDS.items()}
NAME = re.compile(rf"([0-9a-f]{{64}})\.({'|'.join(MEDIA_TYPES)})")
"""A name in the media folder: digest and extension, nothing that could lead out of it."""
FOR_EVER = "public, max-age=31536000, immutable"
_LENGTH_OF_A_NAME = 16

IsWithdrawn: TypeAlias = Callable[[str], Awaitable[bool]]


@dataclass(frozen=True, kw_only=True)
class Media:
    """The endpoint `/media/{name}`."""

    folder: Path
    is_withdrawn: IsWithdrawn
    error: Callable[[int], Response]

    async def media(self, request: Request) -> Response:
        """A file by its digest, and mail programs of any site may show it; 410 if it went with its issue."""
        name = request.path_params["name"]
        found = NAME.fullmatch(name)
        path = self.folder / name
        if not found or not _is_file(path):
            return self.error(404)
        if await self.is_withdrawn(name):
            return self.error(410)
        digest, extension = found.groups()
        headers = {"Cache-Control": FOR_EVER, "Cross-Origin-Resource-Policy": "cross-origin"}
        if extension not in IMAGES:
            # A browser saves a document and runs nothing of it on this site.
            headers["Content-Disposition"] = f'attachment; filename="{digest[:_LENGTH_OF_A_NAME]}.{extension}"'
        return FileResponse(path, media_type=MEDIA_TYPES[extension], headers=headers)


def _is_file(path: Path) -> bool:
    return path.is_file()
