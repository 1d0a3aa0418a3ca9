"""What the web answered for each target, as findings: dead, moved, doubtful. Pure; the asking is `asking.py`."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urldefrag, urlsplit

from newsletter.issue.finding import Finding
from newsletter.preflight.messages import Messages
from newsletter.preflight.walk import Anchor

GONE = frozenset({404, 410})


class Trouble(StrEnum):
    """Why there is no status."""

    NO_HOST = "no-host"
    """The name of the host does not exist."""
    REFUSED = "refused"
    """Nobody listens there, or the connection broke."""
    TIMEOUT = "timeout"
    """No answer in time."""
    CERTIFICATE = "certificate"
    """Browsers would warn their readers."""
    PRIVATE = "private"
    """The address belongs to a private network; not asked."""
    LOOP = "loop"
    """More redirects than are followed."""
    NOT_ASKED = "not-asked"
    """The time was over before its turn came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of asking for one address."""

    status: int | None = None
    trouble: Trouble | None = None
    end: str = ""
    """The address after all redirects, if there were any."""
    is_permanent: bool = False
    """Whether every redirect was a permanent one."""


_TROUBLES = {
    Trouble.NO_HOST: {"nl": "de site bestaat niet", "en": "there is no such site"},
    Trouble.REFUSED: {"nl": "de site neemt geen verbinding aan", "en": "the site takes no connection"},
    Trouble.TIMEOUT: {"nl": "de site antwoordt niet op tijd", "en": "the site does not answer in time"},
    Trouble.CERTIFICATE: {
        "nl": "het certificaat deugt niet; browsers waarschuwen ervoor",
        "en": "its certificate is not valid; browsers warn of it",
    },
    Trouble.PRIVATE: {"nl": "het adres ligt in een besloten netwerk", "en": "the address is in a private network"},
    Trouble.LOOP: {"nl": "de pagina verwijst steeds door", "en": "the page redirects again and again"},
    Trouble.NOT_ASKED: {"nl": "er was geen tijd meer om het te vragen", "en": "there was no time left to ask"},
}
_FATAL = frozenset({Trouble.NO_HOST, Trouble.CERTIFICATE, Trouble.PRIVATE, Trouble.LOOP})
_STATUS = {
    "nl": {404: "de pagina bestaat niet (404)", 410: "de pagina is weg (410)"},
    "en": {404: "there is no such page (404)", 410: "the page is gone (410)"},
}


def targets_of(anchors: Iterable[Anchor]) -> list[str]:
    """What there is to ask: web addresses without a field in them, each once, without the place in the page."""
    found = (urldefrag(anchor.address).url for anchor in anchors if "{{" not in anchor.address)
    return [target for target in dict.fromkeys(found) if target.startswith(("http://", "https://"))]


def judge(anchors: Sequence[Anchor], answers: Mapping[str, Answer], messages: Messages) -> Iterator[Finding]:
    """A finding per target that does not simply work, on the line of its first link."""
    lines: dict[str, list[int]] = defaultdict(list)
    for anchor in anchors:
        lines[urldefrag(anchor.address).url].append(anchor.line)
    for target, answer in answers.items():
        places = messages.lines(lines[target])
        line = lines[target][0] if lines[target] else 0
        name, said = _verdict(answer, messages.language)
        if name:
            yield messages.finding(name, line, target=target, said=said, lines=places)
        elif _has_moved(target, answer):
            yield messages.finding("moved", line, target=target, to=answer.end, lines=places)


def _verdict(answer: Answer, language: str) -> tuple[str, str]:
    if answer.trouble:
        return ("dead" if answer.trouble in _FATAL else "doubtful"), _TROUBLES[answer.trouble][language]
    status = answer.status or 0
    if status in GONE:
        return "dead", _STATUS[language][status]
    if status >= 400:  # noqa: PLR2004 - HTTP's errors begin here
        return "doubtful", f"{'antwoord' if language == 'nl' else 'answer'} {status}"
    return "", ""


def _has_moved(target: str, answer: Answer) -> bool:
    """For good, and to more than the same page with another spelling of its address."""
    return bool(answer.end) and answer.is_permanent and _page(target) != _page(answer.end)


def _page(address: str) -> tuple[str, str, str]:
    parts = urlsplit(address)
    return (parts.hostname or "").removeprefix("www."), parts.path.rstrip("/"), parts.query
