"""Where links lead, each on its own: complete, public, without spies. Pure."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import PurePosixPath
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from newsletter.issue.finding import Finding
from newsletter.preflight.messages import Messages
from newsletter.preflight.walk import Anchor
from subscribers.address import AddressError, parse_address

_SCHEMES = ("https", "http", "mailto", "tel")
_ODD_SCHEME = re.compile(r"([a-z]{2,7})(?::/{0,3}|/{2,3})(?=[^/\s])(.*)", re.IGNORECASE)

_TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|li_fat_id|igshid|igsh|mc_cid|mc_eid|"
    r"_hsenc|_hsmi|hsctatracking|mkt_tok|vero_id|vero_conv|oly_anon_id|oly_enc_id|wickedid|s_cid|cvid|ml_subscriber\w*|"
    r"ck_subscriber_id|dm_i|elqtrackid|elqtrack|trk|trkemail|at_campaign|at_medium|pk_campaign|pk_kwd|mtm_\w+|piwik_\w+",
    re.IGNORECASE,
)
_SHORTENERS = frozenset(
    {
        *("bit.ly", "tinyurl.com", "t.co", "goo.gl", "ow.ly", "is.gd", "buff.ly", "lnkd.in", "rebrand.ly", "cutt.ly"),
        *("t.ly", "shorturl.at", "rb.gy", "tiny.cc", "dlvr.it", "trib.al", "fb.me", "bl.ink", "s.id"),
    }
)
_INSIDE = (".local", ".localhost", ".lan", ".intranet", ".internal", ".corp", ".home.arpa", ".test")
_KINDS = frozenset(
    "PDF DOC DOCX XLS XLSX PPT PPTX ODT ODS ODP RTF CSV ZIP EPUB MP3 MP4 MOV WAV M4A".split()  # noqa: SIM905 - a table
)


def check_target(anchor: Anchor, places: frozenset[str], messages: Messages) -> Iterator[Finding]:
    """What is wrong with one target; `places` are the ids there are in the mail."""
    address, text = anchor.address, anchor.text.strip()
    if is_empty(anchor):
        yield messages.finding("empty-link", anchor.line, text=text)
    elif address.startswith("#"):
        if address[1:] not in places:
            yield messages.finding("anchor-link", anchor.line, text=text, target=address)
    elif name := _problem(address):
        yield messages.finding(name, anchor.line, text=text, target=address, meant=_meant(address))
    elif address.casefold().startswith("http"):
        yield from _web(urlsplit(address), anchor, messages)


def is_empty(anchor: Anchor) -> bool:
    """Whether the editor left the target open."""
    return anchor.address.strip() in {"", "#"}


def _problem(address: str) -> str:
    """Name of the message if no mail program of a reader can open the address; "" if all is well."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return "bad-target"
    if parts.scheme == "mailto":
        return "" if _is_mailbox(parts) else "bad-mailto"
    if parts.scheme in {"http", "https"}:
        if _is_inside(host):
            return "inside-link"
        return "" if "." in host.strip(".") else "bad-target"
    return "" if parts.scheme == "tel" and parts.path else "bad-target"


def _is_mailbox(parts: SplitResult) -> bool:
    try:
        return all(parse_address(address) for address in parts.path.split(","))
    except AddressError:
        return False


def _is_inside(host: str) -> bool:
    """A name or number that means nothing outside the sender's own network."""
    if host == "localhost" or host.endswith(_INSIDE):
        return True
    try:
        return not ip_address(host).is_global
    except ValueError:
        return False


def _web(parts: SplitResult, anchor: Anchor, messages: Messages) -> Iterator[Finding]:
    text, address, host = anchor.text.strip(), anchor.address, (parts.hostname or "").removeprefix("www.")
    if parts.scheme == "http":
        yield messages.finding("plain-http", anchor.line, text=text, target=address)
    if host in _SHORTENERS:
        yield messages.finding("shortened", anchor.line, text=text, host=host)
    spies = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True) if _TRACKING.fullmatch(name)]
    if spies:
        names = ", ".join(dict.fromkeys(spies))
        yield messages.finding("tracking", anchor.line, text=text, names=names, clean=_clean(parts))
    kind = PurePosixPath(parts.path).suffix.removeprefix(".").upper()
    if kind in _KINDS and not re.search(rf"\b{kind}\b", text, re.IGNORECASE):
        yield messages.finding("silent-file", anchor.line, text=text, kind=kind)


def _clean(parts: SplitResult) -> str:
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.fullmatch(pair[0])]
    return parts._replace(query=urlencode(kept)).geturl()


def _meant(address: str) -> str:
    """The address that was probably meant."""
    odd = _ODD_SCHEME.fullmatch(address)
    if odd:
        close = get_close_matches(odd[1].casefold(), _SCHEMES, n=1, cutoff=0.5)
        scheme = close[0] if close else "https"
        return f"{scheme}:{odd[2]}" if scheme in {"mailto", "tel"} else f"{scheme}://{odd[2]}"
    if "@" in address and "/" not in address:
        return f"mailto:{address.removeprefix('mailto:')}"
    return f"https://{address.lstrip('/')}"
