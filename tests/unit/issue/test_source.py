"""Bytes of an issue file: UTF-8 in any dress, anything else is named with its line."""

import pytest

from newsletter.issue.finding import IssueError
from newsletter.issue.parse import KnownNames, parse_issue, read_source

KNOWN = KnownNames(lists={"n": frozenset()})
TEXT = "---\nlist: n\nsubject: Één\npreheader: x\ndate: 2027-06-14\n---\n\nregel\n\n> \u201cja\u201d\n"


@pytest.mark.parametrize("data", [TEXT.encode(), TEXT.encode("utf-8-sig"), TEXT.replace("\n", "\r\n").encode()])
def test_bom_and_line_endings_make_no_difference(data):
    issue = parse_issue(read_source(data, "a.md"), file="a.md", slug="a", known=KNOWN)
    assert issue == parse_issue(TEXT, file="a.md", slug="a", known=KNOWN)


@pytest.mark.parametrize(
    ("data", "line", "what"),
    [
        (b"a\nb\0", 2, "NUL"),
        ("a\n\né".encode("cp1252"), 3, "0xe9 is not UTF-8"),
        ("x".encode("utf-16"), 1, ""),
        (b"x" * 101, 0, "at most 100"),
    ],
)
def test_other_bytes_are_refused_with_line_and_remedy(data, line, what):
    with pytest.raises(IssueError) as caught:
        read_source(data, "a.md", limit=100)
    (finding,) = caught.value.findings
    assert (finding.file, finding.line) == ("a.md", line)
    assert what in finding.what
    assert finding.remedy
