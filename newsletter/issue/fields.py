"""Fields in an issue: `{{ name | default("lezer") }}`, an own small grammar and never Jinja (I8). Pure.

Before anything else is read, every `{{...}}` is replaced by one private-use character, so that neither YAML nor
Markdown sees braces, quotes or bars in it. What comes out of them is mapped back: into FieldRefs in text and link
targets, into what was written in code. A field is judged only where it is used, so code may show any of them.
"""

import re
from collections.abc import Mapping
from functools import partial

from newsletter.issue.model_text import FILTERS, FieldRef, Filter, Mixed
from newsletter.issue.report import Report, meant, shown
from subscribers.value_types import ValueType

MOST = 5_000
"""Fields in one issue."""
_FIRST = 0xF0000

# The bound on length keeps a line of nothing but braces from being searched again and again.
_WRITTEN = re.compile(r"\{\{([^{}\n]{0,300})\}\}")
_MARK = re.compile("([\U000f0000-\U000fffff])")
_LEFT_OVER = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}")
_FIELD = re.compile(r"""([^|"']+)((?:\|(?:[^|"']|"[^"]*"|'[^']*')*)*)""")
_STEP = re.compile(r"""\|((?:[^|"']|"[^"]*"|'[^']*')*)""")
DATE_FORMS = ("short", "medium", "long", "full")
"""`14-06-2027`, `14 jun 2027`, `14 juni 2027`, `maandag 14 juni 2027`; or a pattern of CLDR's letters."""
_DATE_PARTS = re.compile(r"E{1,4}|d{1,2}|M{1,4}|L{1,4}|y|yy|yyyy|H{1,2}|m{1,2}|w{1,2}")
_QUOTED_IN_PATTERN = re.compile("'[^']*'")
_SAME_LETTERS = re.compile(r"([^\W\d_])\1*")
_FILTER = re.compile(r"""([A-Za-z_][\w-]*)\s*(?:\(\s*(?:"([^"]*)"|'([^']*)')?\s*\))?""")


class Fields:
    """The fields of one source."""

    def __init__(self, report: Report) -> None:
        self.known: frozenset[str] = frozenset()
        """Names that may be used; set once the list is known."""
        self.lists: frozenset[str] = frozenset()
        """Lists there are: what a condition may compare `list` with."""
        self.types: Mapping[str, ValueType] = {}
        """What attributes hold; text unless said."""
        self._report = report
        self._written: list[tuple[str, int]] = []

    def hide(self, source: str) -> str:
        """`source` with a mark for every field; line and column of lines stay what they are."""
        if "{{" not in source:
            return source
        return "\n".join(
            _WRITTEN.sub(partial(self._mark, number), text) for number, text in enumerate(source.split("\n"), start=1)
        )

    def restore(self, text: str) -> str:
        """`text` as the editor wrote it: for code, and for messages."""
        return _MARK.sub(lambda found: self._find(found[0])[0], text)

    def mixed(self, text: str, line: int) -> Mixed:
        """`text` in pieces: strings and FieldRefs. Whatever is wrong with a field, or left of one, is a finding."""
        pieces: list[str | FieldRef] = []
        for piece in _MARK.split(text):
            if _MARK.fullmatch(piece):
                field = self._parse(*self._find(piece))
                pieces += [field] if field else []
            elif piece:
                self._check_rest(piece, line)
                pieces.append(piece)
        return tuple(pieces)

    def plain(self, text: str, line: int, what: str) -> str:
        """`text` where no field can stand: one is a finding, `what` names the place."""
        if _MARK.search(text):
            self._report.add(
                "field",
                line,
                f"{what} cannot hold a field: {shown(self.restore(text))}",
                "write the field in the running text",
            )
            return _MARK.sub("", text)
        self._check_rest(text, line)
        return text

    def _mark(self, line: int, found: re.Match[str]) -> str:
        if len(self._written) >= MOST:
            self._report.add("limit", line, f"more than {MOST} fields", "use fewer fields")
            return ""
        self._written.append((found[0], line))
        return chr(_FIRST + len(self._written) - 1)

    def _find(self, mark: str) -> tuple[str, int]:
        """What stood there; a private-use character written as an entity stands for nothing."""
        index = ord(mark) - _FIRST
        return self._written[index] if index < len(self._written) else ("", 0)

    def _check_rest(self, text: str, line: int) -> None:
        found = _LEFT_OVER.search(text)
        if found and found[0] in {"{{", "}}"}:
            what = f"{found[0]} without its counterpart: {shown(text[max(0, found.start() - 10) :])}"
            self._report.add("field", line, what, 'write a field on one line: {{ name | default("lezer") }}')
        elif found:
            what = f"{found[0]} is template code, and issues hold none: {shown(text)}"
            self._report.add("field", line, what, "remove it; `code` shows braces as they are")

    def _parse(self, written: str, line: int) -> FieldRef | None:
        """The field as written with its braces, or None and a finding."""
        found = _FIELD.fullmatch(written[2:-2].replace("\\", ""))
        name = found[1].strip() if found else ""
        if not found or not name:
            if written:
                what = f"{shown(written)} is not a field"
                self._report.add("field", line, what, 'write {{ name }} or {{ name | default("lezer") }}')
            return None
        if name not in self.known:
            self._report.add("field", line, f"unknown field {shown(name)!r}", meant(name, self.known))
            return None
        filters = tuple(self._filter(step.strip(), line) for step in _STEP.findall(found[2]))
        return FieldRef(name, tuple(step for step in filters if step), line)

    def _filter(self, written: str, line: int) -> Filter | None:
        found = _FILTER.fullmatch(written)
        if not found:
            what = f"{shown(written)!r} is not a filter"
            self._report.add("field", line, what, 'write default("lezer"), with straight quotes')
            return None
        name = found[1]
        argument = found[2] if found[2] is not None else found[3]
        if name not in FILTERS:
            self._report.add("field", line, f"unknown filter {name!r}", meant(name, FILTERS))
        elif FILTERS[name] != (argument is not None):
            remedy = f'write {name}("...")' if FILTERS[name] else f"write {name} alone"
            self._report.add("field", line, f"{shown(written)!r} is not how {name} is written", remedy)
        elif name == "date" and not is_date_form(argument or ""):
            what = f"{shown(argument or '')!r} is not a form of a date"
            self._report.add("field", line, what, meant(argument or "", DATE_FORMS, 'write date("EEEE d MMMM y")'))
        return Filter(name, argument)


def is_date_form(argument: str) -> bool:
    """Whether `date` can write dates like this: a named form, or a pattern such as `EEEE d MMMM 'om' HH.mm`."""
    rest = _QUOTED_IN_PATTERN.sub("", argument)
    parts = [found[0] for found in _SAME_LETTERS.finditer(rest)]
    return argument in DATE_FORMS or (bool(parts) and "'" not in rest and all(map(_DATE_PARTS.fullmatch, parts)))
