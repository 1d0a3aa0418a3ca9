"""The HTML of a mail, made ready for a frame: images from here, colours as chosen, links that open nothing. Pure.

A frame cannot be told which colour scheme it has, so the media query itself is decided: `prefers-color-scheme` is
replaced by a query of the width that is always or never true.
"""

import re
from collections.abc import Iterable

from newsletter.compose.compiled import Asset
from newsletter.web.preview.choice import Colours, Images

_STYLE = re.compile(r"(<style[^>]*>)(.*?)(</style>)", re.DOTALL | re.IGNORECASE)
_MEDIA = re.compile(r'(\smedia=")([^"]*)(")', re.IGNORECASE)
_TAG = re.compile(r"<(?:meta|source|link)\b[^>]*>", re.IGNORECASE)
_PREFERS = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)", re.IGNORECASE)
_SCHEME = re.compile(r"(?<![-\w])((?:supported-)?color-schemes?)\s*:\s*[^;}]+", re.IGNORECASE)
_SCHEME_META = re.compile(r'(name="(?:supported-)?color-schemes?"[^>]*content=")[^"]*(")', re.IGNORECASE)
_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)

ALWAYS, NEVER = "(min-width:0)", "(max-width:0)"
NO_WINDOW = '<base target="_blank">'
"""Every link asks for a new window, which the sandbox of the frame refuses."""
INVERTED = (
    "<style>html{background:#fff;filter:invert(1) hue-rotate(180deg)}"
    "img,[background]{filter:invert(1) hue-rotate(180deg)}</style>"
)
"""What a mail program does that knows no dark colours of ours: everything turned around but the images."""


def framed(html: str, *, assets: Iterable[Asset], base_url: str, media_url: str, colours: Colours) -> str:
    """The mail `html` as it stands in the frame, its images below `media_url`."""
    for asset in assets:
        for address in (f"{base_url}/media/{asset.name}", f"cid:{asset.name}"):
            html = html.replace(address, f"{media_url}/{asset.name}")
    html = _in_colours(html, "dark" if colours is Colours.DARK else "light")
    added = NO_WINDOW + (INVERTED if colours is Colours.INVERTED else "")
    return _HEAD.sub(lambda found: found[0] + added, html, count=1)


def policy(images: Images) -> str:
    """The Content-Security-Policy of the frame: no script, nothing from elsewhere, no image if they are hidden."""
    shown = "'self'" if images is Images.SHOWN else "'none'"
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src {shown}; form-action 'none'; "
        "frame-ancestors 'self'; sandbox allow-same-origin"
    )


def _in_colours(html: str, scheme: str) -> str:
    html = _STYLE.sub(lambda found: found[1] + _decided(found[2], scheme) + found[3], html)
    return _TAG.sub(lambda found: _decided_tag(found[0], scheme), html)


def _decided(css: str, scheme: str) -> str:
    css = _PREFERS.sub(lambda found: ALWAYS if found[1].lower() == scheme else NEVER, css)
    return _SCHEME.sub(lambda found: f"{found[1]}:{scheme}", css)


def _decided_tag(tag: str, scheme: str) -> str:
    tag = _MEDIA.sub(lambda found: found[1] + _decided(found[2], scheme) + found[3], tag)
    return _SCHEME_META.sub(lambda found: found[1] + scheme + found[2], tag)
