"""From the bytes of an issue file to clean text, line for line. Pure."""

import re

from newsletter.issue.finding import IssueError, error
from newsletter.issue.report import Report

MAXIMUM_BYTES = 1024 * 1024
"""Limit on a file, unless the configuration sets another."""

# Controls, line separators of design programs, private use (our marks for fields live there), lone surrogates.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ue000-\uf8ff\U000f0000-\U0010ffff]")


def read_source(data: bytes, file: str, *, limit: int = MAXIMUM_BYTES) -> str:
    """The text of a file: UTF-8, with or without BOM, any line ending; raise IssueError for anything else."""
    if len(data) > limit:
        what = f"the file has {len(data):,} bytes; at most {limit:,} are read"
        raise IssueError([error("limit", file, 0, what, "split the issue; images stand beside it, not in it")])
    line = data.count(b"\n", 0, data.find(b"\0")) + 1 if b"\0" in data else 0
    if line:
        remedy = "save the file as plain text in UTF-8, not as a document or UTF-16"
        raise IssueError([error("encoding", file, line, "there is a NUL byte in the file", remedy)])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        what = f"byte {data[problem.start]:#04x} is not UTF-8"
        raise IssueError([error("encoding", file, line, what, "save the file as UTF-8")]) from None


def clean(source: str, report: Report) -> str:
    """Line feeds only, and no character that no reader should meet; each of those is a finding."""
    text = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not _UNWANTED.search(text):
        return text
    for number, line in enumerate(text.split("\n"), start=1):
        for character in sorted(set(_UNWANTED.findall(line))):
            what = f"the character U+{ord(character):04X} cannot be shown in a mail"
            report.add("encoding", number, what, "delete it; it often comes along from a text processor")
    return _UNWANTED.sub("", text)
