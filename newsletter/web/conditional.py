"""Answers that a visitor's cache may keep: ETag and Last-Modified, and 304 for who has the page already (RFC 9110)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

A_WHILE = "public, max-age=300"
"""Short, so that an issue that is withdrawn is soon gone."""
_TAG_LENGTH = 32


def answer(
    request: Request,
    content: bytes,
    media_type: str,
    *,
    changed_at: datetime | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """`content`, or 304 without it; `headers` replace the ones of every cacheable answer."""
    fields = {"Cache-Control": A_WHILE, "ETag": f'"{sha256(content).hexdigest()[:_TAG_LENGTH]}"', **(headers or {})}
    if changed_at:
        fields["Last-Modified"] = format_datetime(changed_at.astimezone(UTC).replace(microsecond=0), usegmt=True)
    if _has_it(request, fields):
        return Response(status_code=304, headers=fields)
    # The header is written out, since Starlette would add a charset to some types.
    return Response(content, headers={**fields, "Content-Type": media_type})


def _has_it(request: Request, fields: Mapping[str, str]) -> bool:
    """Whether the visitor's copy is this one; If-None-Match decides where it is given (RFC 9110 section 13.2.2).

    A date must be equal, not merely later: showing a withdrawn issue again moves the page back to an older date.
    """
    tags = request.headers.get("if-none-match")
    if tags is not None:
        known = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
        return "*" in known or fields["ETag"] in known
    since = request.headers.get("if-modified-since")
    return since is not None and since == fields.get("Last-Modified")
