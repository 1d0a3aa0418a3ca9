"""The pages of the preview and the fragments that its script puts in place of older ones. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePath

import jinja2

from newsletter.compose.dates import day_in_words
from newsletter.issue.finding import Finding, Severity
from newsletter.message.headers import UnsafeValueError
from newsletter.sandbox import sandbox
from newsletter.web.preview.choice import KINDS, Choice, View
from newsletter.web.preview.letter import Letter
from newsletter.web.preview.look import Draft, Row
from newsletter.web.preview.texts import TEXTS, counts_in_words
from newsletter.web.texts import Language

LONGEST_QUOTE = 120
"""Characters of a line of the issue that are quoted beside a finding."""
_NAMED = re.compile(r"['\"]([^'\"]+)['\"]")


@dataclass(frozen=True, kw_only=True)
class Quoted:
    """A finding with the line that it is about."""

    finding: Finding
    elsewhere: str
    """Name of the file it is about, if that is not the issue."""
    line_text: str

    @property
    def is_error(self) -> bool:
        """Whether it keeps the issue from being sent."""
        return self.finding.severity is Severity.ERROR


class Pages:
    """Renders everything; `root` is the path that every address begins with."""

    def __init__(self, loader: jinja2.BaseLoader, *, language: Language, root: str) -> None:
        self.language = language
        self._root = root
        self._environment = sandbox(loader, auto_reload=False)

    def index(self, rows: Sequence[Row | str], folder: str) -> str:
        """The index of the folder."""
        return self._render("index.html", rows=rows, folder=folder)

    def rows(self, rows: Sequence[Row | str], folder: str) -> str:
        """The table of the index."""
        return self._render("rows.html", rows=rows, folder=folder)

    def issue(self, draft: Draft, choice: Choice) -> str:
        """The page of one issue."""
        return self._render("issue.html", **self._of(draft, choice), kinds=KINDS)

    def findings(self, draft: Draft) -> str:
        """The findings of an issue."""
        return self._render("findings.html", **self._about(draft))

    def stage(self, draft: Draft, choice: Choice) -> str:
        """What is shown of the mail."""
        return self._render("stage.html", **self._of(draft, choice))

    def error(self, text: str) -> str:
        """A page that says what is wrong."""
        return self._render("error.html", text=text)

    def _about(self, draft: Draft) -> dict[str, object]:
        look = draft.look
        errors, warnings = look.count(Severity.ERROR), look.count(Severity.WARNING)
        return {
            "draft": draft,
            "findings": quoted(look.findings, look.source, draft.name),
            "counts": counts_in_words(errors, warnings, self.language),
        }

    def _of(self, draft: Draft, choice: Choice) -> dict[str, object]:
        letter = Letter(draft.mail, choice.sample) if draft.mail else None
        values = self._about(draft) | {"choice": choice, "letter": letter, "problem": ""}
        if letter and choice.view is View.HEADERS:
            try:
                values["headers"] = letter.headers
            except UnsafeValueError as problem:
                values["problem"] = str(problem)
        return values

    def _render(self, template: str, **values: object) -> str:
        return self._environment.get_template(template).render(
            language=self.language,
            t=TEXTS[self.language],
            root=self._root,
            kilobytes=_kilobytes,
            day=self._day,
            clock=self._clock,
            counted=self._counted,
            **values,
        )

    def _day(self, day: date) -> str:
        return day_in_words(day, self.language)

    def _clock(self, moment: datetime) -> str:
        local = moment.astimezone()
        return f"{local:%H.%M.%S} uur" if self.language == "nl" else f"{local:%H:%M:%S}"

    def _counted(self, number: int, words: tuple[str, str]) -> str:
        return words[0] if number == 1 else words[1].format(count=number)


def quoted(findings: Sequence[Finding], source: str, name: str) -> list[Quoted]:
    """Findings in the order of their lines, errors first, with the words they are about in the issue called `name`."""
    lines = source.splitlines()
    order = sorted(findings, key=lambda item: (item.line, item.severity is not Severity.ERROR))
    return [_quoted(item, lines, name) for item in order]


def _quoted(finding: Finding, lines: Sequence[str], name: str) -> Quoted:
    file = PurePath(finding.file).name
    if file != name:
        return Quoted(finding=finding, elsewhere=file, line_text="")
    return Quoted(finding=finding, elsewhere="", line_text=_quote(lines, finding))


def _quote(lines: Sequence[str], finding: Finding) -> str:
    """The line of a finding; of a long one the part around what the finding names between quotation marks."""
    text = lines[finding.line - 1].strip() if 0 < finding.line <= len(lines) else ""
    named = next((word for word in _NAMED.findall(finding.what) if word in text), "")
    begin = max(0, text.find(named) + len(named) // 2 - LONGEST_QUOTE // 2) if named else 0
    begin = max(0, min(begin, len(text) - LONGEST_QUOTE))
    end = begin + LONGEST_QUOTE
    return f"{'… ' if begin else ''}{text[begin:end]}{' …' if end < len(text) else ''}"


def _kilobytes(octets: int) -> int:
    return max(1, round(octets / 1024)) if octets else 0
