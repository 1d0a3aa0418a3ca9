"""Inline content as HTML: everything the editor wrote is text, only our own tags are markup (I8). Pure."""

import re
from collections.abc import Iterable

from markupsafe import Markup, escape

from newsletter.compose.compiled import Escape
from newsletter.compose.marks import Marks
from newsletter.issue.finding import Finding, error
from newsletter.issue.model import Only
from newsletter.issue.model_text import Code, Emphasis, FieldRef, Inline, Inlines, LineBreak, Link, Mixed, Strong, Text

_SPACES = re.compile(r"[ \t\r\n\f\v]+")
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_REFERENCED = re.compile(r"[^\x20-\x5b\x5d-\x7e\u00c0-\u024f]")
"""mrml writes attributes as Rust's debug output: a backslash doubles, a no-break space becomes `\\u{a0}`."""
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_SAFE_SCHEMES = frozenset({"http", "https", "mailto", "tel"})


def clean(text: str) -> str:
    """Text that HTML can carry: runs of spaces and line ends as one space, control characters as U+FFFD."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", _SPACES.sub(" ", text))


def plain(text: str) -> Markup:
    """Text, escaped for HTML text and quoted attributes; what mrml would damage travels as a character reference."""
    referenced = _REFERENCED.sub(lambda found: f"&#{ord(found[0])};", str(escape(clean(text))))
    return Markup(referenced)  # noqa: S704 - escaped just now


def without_links(content: Inlines) -> Inlines:
    """The words without the links among them, for a place that is a link itself."""
    kept: list[Inline] = []
    for item in content:
        kept += without_links(item.children) if isinstance(item, Link) else (item,)
    return tuple(kept)


class RichText:
    """Writes text, links and fields of one issue; `findings` are what the editor must mend."""

    def __init__(self, marks: Marks, file: str) -> None:
        self._marks = marks
        self._file = file
        self.findings: list[Finding] = []

    def inline(self, content: Iterable[Inline]) -> Markup:
        """Inline content as HTML."""
        return Markup("").join(self._one(item) for item in content)

    def mixed(self, parts: Mixed) -> Markup:
        """Text with fields, for a place in HTML text."""
        return Markup("").join(self._part(part, Escape.HTML) for part in parts)

    def href(self, target: Mixed, line: int = 0) -> Markup:
        """A link target for a quoted attribute; fields in it are percent-encoded.

        An empty target stays a link to nowhere: preflight says so, and the editor sees where.
        """
        bare = _UNPRINTABLE.sub("", "".join(part for part in target[:1] if isinstance(part, str))).strip()
        scheme = _SCHEME.match(bare)
        if scheme and scheme[1].lower() not in _SAFE_SCHEMES:
            what = f"a link may not begin with {scheme[1].lower()}:"
            self.findings.append(error("link", self._file, line, what, "use an https://, mailto: or tel: link"))
            return Markup("#")
        return Markup("").join(self._part(part, Escape.URL) for part in target).strip() or Markup("#")

    def begin(self, block: Only) -> Markup:
        """The mark where an audience block begins."""
        return Markup(self._marks.begin(block.condition, on_web=block.on_web))  # noqa: S704 - letters and digits

    def end(self) -> Markup:
        """The mark where the latest audience block ends."""
        return Markup(self._marks.end())  # noqa: S704 - letters and digits

    def _part(self, part: str | FieldRef, place: Escape) -> Markup:
        return plain(part) if isinstance(part, str) else self._field(part, place)

    def _field(self, ref: FieldRef, place: Escape) -> Markup:
        return Markup(self._marks.put(ref, place))  # noqa: S704 - a mark: letters and digits

    def _one(self, item: Inline) -> Markup:  # noqa: PLR0911 - one return for each kind
        match item:
            case Text(text):
                return plain(text)
            case Strong(children):
                return Markup("<strong>{}</strong>").format(self.inline(children))
            case Emphasis(children):
                return Markup("<em>{}</em>").format(self.inline(children))
            case Code(text):
                return Markup("<code>{}</code>").format(plain(text))
            case Link(target, children, line):
                return Markup('<a href="{}">{}</a>').format(self.href(target, line), self.inline(children))
            case FieldRef():
                return self._field(item, Escape.HTML)
            case LineBreak():
                return Markup("<br/>")
