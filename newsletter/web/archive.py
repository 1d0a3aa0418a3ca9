"""The web version of an issue, from exactly the bytes that its job froze (I6), and the images of mails."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import Engine, select
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

from newsletter.compose.compiled import CompiledIssue
from newsletter.config import Configuration
from newsletter.delivery.job import JobState
from newsletter.message.template import fill_web
from newsletter.store.tables import compiled_issue, send_job
from newsletter.web.shell import content_policy
from subscribers.transactions import reading

IMAGE = re.compile(r"[0-9a-f]{64}\.(jpg|png|gif)")
"""A name in the media folder: digest and extension, nothing that could lead out of it."""
MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif"}
FOR_EVER = "public, max-age=31536000, immutable"
A_WHILE = "public, max-age=300"
"""Short, so that an issue that is withdrawn is soon gone."""

FindIssue: TypeAlias = Callable[[str, str], Awaitable[CompiledIssue | None]]


def find_issue(engine: Engine, list_slug: str, slug: str) -> CompiledIssue | None:
    """What the job of this identity froze; None if it was never sent."""
    query = (
        select(compiled_issue.c.content)
        .join(send_job, send_job.c.digest == compiled_issue.c.digest)
        .where(send_job.c.list == list_slug, send_job.c.slug == slug, send_job.c.state != JobState.PLANNED)
    )
    with reading(engine) as connection:
        content = connection.scalar(query)
    return None if content is None else CompiledIssue.from_content(bytes(content))


def web_page(issue: CompiledIssue, base_url: str) -> str:
    """The HTML of an issue for everyone: fields by default, embedded images by address, leaving by the help page."""
    help_page = f"{base_url}/u/?language={issue.language}"
    return fill_web(issue, unsubscribe_url=help_page, media_url=f"{base_url}/media")


@dataclass(frozen=True, kw_only=True)
class Archive:
    """The endpoints `/archive/{list}/{slug}` and `/media/{name}`."""

    configuration: Configuration
    find: FindIssue
    missing: Callable[[], Response]

    async def archive(self, request: Request) -> Response:
        """The web version; 404 for a list that keeps none, as for an issue that does not exist."""
        slug = request.path_params["list"]
        item = self.configuration.lists.get(slug)
        if item is None or item.archive == "none":
            return self.missing()
        issue = await self.find(slug, request.path_params["slug"])
        if issue is None:
            return self.missing()
        base_url = self.configuration.site.base_url
        headers = {"Cache-Control": A_WHILE, "Content-Security-Policy": _policy(base_url)}
        if item.archive == "unlisted":
            headers["X-Robots-Tag"] = "noindex"
        return HTMLResponse(web_page(issue, base_url), headers=headers)

    async def media(self, request: Request) -> Response:
        """An image by its digest: it never changes, and mail programs of any site may show it."""
        name = request.path_params["name"]
        found = IMAGE.fullmatch(name)
        path = self.configuration.data_dir / "media" / name
        if not found or not _is_file(path):
            return self.missing()
        headers = {"Cache-Control": FOR_EVER, "Cross-Origin-Resource-Policy": "cross-origin"}
        return FileResponse(path, media_type=MEDIA_TYPES[found[1]], headers=headers)


def _is_file(path: Path) -> bool:
    return path.is_file()


def _policy(base_url: str) -> str:
    """A mail carries its styles in its elements, and its images by absolute address."""
    scheme, _, rest = base_url.partition("://")
    return content_policy("'unsafe-inline'", f"'self' {scheme}://{rest.partition('/')[0]}")
