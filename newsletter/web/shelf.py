"""The archive as pages need it: what each issue says of itself, read once from its frozen bytes, and who shows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from sqlalchemy import Engine

from newsletter.compose.compiled import Asset, CompiledIssue
from newsletter.compose.fields import fill, fill_for_web
from newsletter.store import archive
from newsletter.store.archive import Edition

REMEMBERED = 4096
"""Summaries kept in memory; a few hundred bytes each."""
SMALLEST_PICTURE = 200
"""Pixels of width and height under which an image is a logo or an ornament, not the picture of an issue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What index, feed and previews say of an issue; fields by their defaults, nothing of one recipient (I7)."""

    language: str
    date: date
    title: str
    """The subject."""
    description: str
    """The preheader."""
    picture: Asset | None
    images: frozenset[str]
    """Names of all its images in the media folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An issue of an index."""

    edition: Edition
    summary: Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The issues of one list, newest first, and when that last changed (None if nothing was ever sent)."""

    entries: tuple[Entry, ...]
    changed_at: datetime | None


class Shelf:
    """Reads the archive from the store; thread-safe. Frozen bytes never change, so each is parsed once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.summary = lru_cache(REMEMBERED)(self._summary)

    def issue(self, list_slug: str, slug: str) -> tuple[Edition, CompiledIssue] | None:
        """An issue that was sent, also a withdrawn one; None if there is none."""
        edition = archive.find_edition(self._engine, list_slug, slug)
        return None if edition is None else (edition, archive.load_compiled(self._engine, edition.digest))

    def listing(self, list_slug: str) -> Listing:
        """The issues that index and feed name."""
        found = archive.editions(self._engine, list_slug)
        entries = [Entry(edition=item, summary=self.summary(item.digest)) for item in found if item.is_listed]
        entries.sort(key=lambda entry: (entry.summary.date, entry.edition.published_at), reverse=True)
        changed_at = max((item.changed_at for item in found), default=None)
        return Listing(entries=tuple(entries), changed_at=changed_at)

    def is_withdrawn(self, image: str) -> bool:
        """Whether an image was withdrawn with its issue, and no other issue uses it."""
        withdrawn = archive.withdrawn_digests(self._engine)
        if not withdrawn or not self._uses(withdrawn, image):
            return False
        return not self._uses(archive.shown_digests(self._engine), image)

    def _uses(self, digests: Iterable[str], image: str) -> bool:
        return any(image in self.summary(digest).images for digest in digests)

    def _summary(self, digest: str) -> Summary:
        return summary_of(archive.load_compiled(self._engine, digest))


def summary_of(issue: CompiledIssue) -> Summary:
    """What `issue` says of itself to whom nothing is known: no picture of a part that is not for everybody."""
    page = fill_for_web(issue.html, {})
    return Summary(
        language=issue.language,
        date=issue.date,
        title=_line(fill(issue.subject, {})) or issue.title,
        description=_line(fill(issue.preheader, {})),
        picture=_picture(asset for asset in issue.assets if asset.name in page),
        images=frozenset(asset.name for asset in issue.assets),
    )


def _line(text: str) -> str:
    return " ".join(text.split())


def _picture(assets: Iterable[Asset]) -> Asset | None:
    """The largest image that can be a picture."""
    large = [asset for asset in assets if min(asset.width, asset.height) >= SMALLEST_PICTURE]
    return max(large, key=lambda asset: asset.width * asset.height, default=None)
