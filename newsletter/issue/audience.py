"""The condition of an audience block: read with the names that this list knows, its faults as findings. Pure."""

from newsletter.issue.fields import Fields
from newsletter.issue.inline import InlineBuilder
from newsletter.issue.report import meant, shown
from subscribers.segment_tree import Compare, Condition, comparisons
from subscribers.segments import EXAMPLE, LANGUAGE, LIST, ConditionError, parse_condition
from subscribers.value_types import ValueType

RULE = "condition"
LANGUAGES = frozenset({"nl", "en"})
"""What `language` can be where the list has no attribute of this name: the language of the list."""


def audience(text: str, line: int, inline: InlineBuilder) -> Condition | None:
    """The condition in `text`, or None and a finding on `line`."""
    source = inline.fields.plain(text, line, "a condition")
    if not source.strip():
        inline.report.add(RULE, line, "an audience block says for whom it is", f"write :::only {EXAMPLE}")
        return None
    try:
        condition = parse_condition(source, _known(inline.fields))
    except ConditionError as problem:
        inline.report.add(RULE, line, f"{problem.what}, in {shown(source)}", problem.remedy)
        return None
    for comparison in comparisons(condition):
        _check_text(comparison, line, inline)
    return condition


def _known(fields: Fields) -> dict[str, ValueType]:
    return dict.fromkeys(fields.known | {LIST, LANGUAGE}, ValueType.TEXT) | dict(fields.types)


def _check_text(comparison: Compare, line: int, inline: InlineBuilder) -> None:
    """A list or a language that there is not would silently be nobody's."""
    known = {LIST: inline.fields.lists}
    if LANGUAGE not in inline.fields.known:
        known[LANGUAGE] = LANGUAGES
    words = known.get(comparison.name)
    if words and comparison.text.casefold() not in words and comparison.operator != "~":
        what = f"there is no {comparison.name} {shown(comparison.text)!r}"
        inline.report.add(RULE, line, what, meant(comparison.text, words))
