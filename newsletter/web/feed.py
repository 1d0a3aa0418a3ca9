"""What machines read of the archive: the Atom feed of a list (RFC 4287), sitemap.xml and robots.txt. Pure.

Only public lists are named. Identifiers are tag URIs (RFC 4151) of the list's domain, so that a reader does not see
every issue as new when the site moves.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from newsletter.config_lists import MailingList
from newsletter.web.shelf import Entry, Listing
from newsletter.web.words import without_controls

ATOM = "http://www.w3.org/2005/Atom"
ATOM_TYPE = "application/atom+xml; charset=utf-8"
XML_TYPE = "application/xml; charset=utf-8"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
NEWEST = 50
"""Issues in a feed; the index has all."""
_TAGS_SINCE = "2026"
"""The date that a tag URI asks for, the same in all of ours."""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def list_url(base_url: str, list_slug: str) -> str:
    """The index of a list's archive."""
    return f"{base_url}/archive/{list_slug}"


def feed_url(base_url: str, list_slug: str) -> str:
    """The feed of a list."""
    return f"{list_url(base_url, list_slug)}/feed.atom"


def atom_feed(list_slug: str, item: MailingList, listing: Listing, *, base_url: str, domain: str, author: str) -> bytes:
    """The newest issues: title, preheader as summary, and where to read them. `domain` is that of the List-Id."""
    root = ET.Element("feed", {"xmlns": ATOM, "xml:lang": item.language})
    tag = f"tag:{domain},{_TAGS_SINCE}:{list_slug}"
    _add(root, "id", tag)
    _add(root, "title", item.title)
    _add(root, "updated", _stamp(listing.changed_at or _NEVER))
    _add(_add(root, "author"), "name", author)
    _add(root, "link", rel="self", type="application/atom+xml", href=feed_url(base_url, list_slug))
    _add(root, "link", rel="alternate", type="text/html", href=list_url(base_url, list_slug))
    for entry in listing.entries[:NEWEST]:
        _entry(root, entry, f"{tag}/{entry.edition.slug}", list_url(base_url, list_slug))
    return _document(root)


def _entry(root: ET.Element, entry: Entry, identity: str, base: str) -> None:
    summary, published = entry.summary, _stamp(entry.edition.published_at)
    element = _add(root, "entry", **{"xml:lang": summary.language})
    _add(element, "id", identity)
    _add(element, "title", summary.title)
    _add(element, "published", published)
    _add(element, "updated", published)
    address = f"{base}/{entry.edition.slug}"
    _add(element, "link", rel="alternate", type="text/html", hreflang=summary.language, href=address)
    _add(element, "summary", summary.description or summary.title)


def sitemap(base_url: str, lists: Iterable[tuple[str, Listing]]) -> bytes:
    """The home page, the indexes of the public lists and their issues."""
    root = ET.Element("urlset", {"xmlns": SITEMAP})
    for address, changed in _addresses(base_url, list(lists)):
        element = _add(root, "url")
        _add(element, "loc", address)
        if changed:
            _add(element, "lastmod", changed.isoformat())
    return _document(root)


def _addresses(base_url: str, lists: list[tuple[str, Listing]]) -> Iterator[tuple[str, date | None]]:
    yield f"{base_url}/", None
    if lists:
        yield f"{base_url}/archive", None
    for list_slug, listing in lists:
        yield list_url(base_url, list_slug), listing.changed_at.date() if listing.changed_at else None
        for entry in listing.entries:
            published = entry.edition.published_at.astimezone(UTC).date()
            yield f"{list_url(base_url, list_slug)}/{entry.edition.slug}", published


def robots(base_url: str) -> bytes:
    """What crawlers may fetch. An unlisted list is not named here: that would list it; its pages say `noindex`."""
    prefix = urlsplit(base_url).path
    lines = ("User-agent: *", f"Disallow: {prefix}/u/", "", f"Sitemap: {base_url}/sitemap.xml")
    return "".join(f"{line}\n" for line in lines).encode()


def _add(parent: ET.Element, name: str, text: str | None = None, /, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, name, attributes)
    if text is not None:
        element.text = without_controls(text)
    return element


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _document(root: ET.Element) -> bytes:
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text
