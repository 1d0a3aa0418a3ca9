"""What a page says of itself in its head: Open Graph, canonical address, feed. Pure.

The frozen HTML of an issue stays as it was sent (I6); these lines are put into the copy that is served.
"""

from dataclasses import dataclass
from datetime import datetime
from html import escape

from newsletter.web.words import without_controls

LOCALES = {"nl": "nl_NL", "en": "en_GB"}
_END_OF_HEAD = "</head>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The image of a page: an absolute address on this site, and its size in pixels."""

    url: str
    media_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the head says; no third party is named, nothing is loaded."""

    title: str
    description: str
    url: str
    language: str
    site_name: str
    published_at: datetime | None = None
    """Of an issue; None makes the page a website of Open Graph."""
    picture: Picture | None = None
    feed_url: str = ""
    feed_title: str = ""
    is_indexed: bool = True


def head_lines(about: About) -> str:
    """The elements, one a line, escaped."""
    lines = [f'<link rel="canonical" href="{_safe(about.url)}">']
    if about.feed_url:
        href, title = _safe(about.feed_url), _safe(about.feed_title)
        lines.append(f'<link rel="alternate" type="application/atom+xml" title="{title}" href="{href}">')
    if not about.is_indexed:
        lines.append('<meta name="robots" content="noindex">')
    if about.description:
        lines.append(f'<meta name="description" content="{_safe(about.description)}">')
    properties = _properties(about)
    lines += [f'<meta property="{name}" content="{_safe(value)}">' for name, value in properties.items() if value]
    return "".join(f"{line}\n" for line in lines)


def with_head(html: str, about: About) -> str:
    """`html` with the lines at the end of its head; as it was if it has none."""
    place = html.lower().find(_END_OF_HEAD)
    return html if place < 0 else html[:place] + head_lines(about) + html[place:]


def _properties(about: About) -> dict[str, str]:
    values = {
        "og:type": "article" if about.published_at else "website",
        "og:title": about.title,
        "og:description": about.description,
        "og:url": about.url,
        "og:site_name": about.site_name,
        "og:locale": LOCALES[about.language],
        "article:published_time": about.published_at.isoformat(timespec="seconds") if about.published_at else "",
    }
    if about.picture:
        values |= {
            "og:image": about.picture.url,
            "og:image:type": about.picture.media_type,
            "og:image:width": str(about.picture.width),
            "og:image:height": str(about.picture.height),
        }
    return values


def _safe(text: str) -> str:
    return escape(" ".join(without_controls(text).split()), quote=True)
