"""What SpamAssassin says of the mail, by its local rules only: an edge. No network, no learning, nothing kept."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.issue.finding import Finding
from newsletter.preflight.messages import Messages
from subscribers.errors import ServiceError

PROGRAM = "spamassassin"
ACCEPTABLE = 0.5
"""Points up to which nothing is said: the sample mails stay below."""
SPAM = 5.0
"""SpamAssassin's own threshold, which most receivers keep."""
_SECONDS = 60

_SCORE = re.compile(r"^X-Spam-Status: \w+, score=(-?[\d.]+)", re.MULTILINE)
_RULE = re.compile(r"^\s*(?:\*\s+)?(-?[\d.]+)\s+([A-Z][A-Z0-9_]+)\s+(.*)$", re.MULTILINE)
_CONTINUED = re.compile(r"\n[ *]{20,}(?=\S)")
_OPTIONS = (
    *("--local", "--test-mode", "--prefspath=/dev/null"),
    *("--cf=use_bayes 0", "--cf=use_auto_welcomelist 0", "--cf=use_auto_whitelist 0"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """A rule that fired."""

    name: str
    points: float
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpamReport:
    """The score and the rules that make it, heaviest first; rules without points are left out."""

    score: float
    fired: tuple[Fired, ...]


def assess(message: bytes) -> SpamReport:
    """Let SpamAssassin look at `message`; raises ServiceError where it is not installed or does not work."""
    program = shutil.which(PROGRAM)
    if program is None:
        raise ServiceError("SpamAssassin is not installed", remedy="apt-get install spamassassin, or leave out --spam")
    with tempfile.TemporaryDirectory() as home:
        try:
            done = subprocess.run(  # noqa: S603 - the program and options are ours, the mail is its input
                [program, *_OPTIONS],
                input=message,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
                env={"HOME": home, "PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise ServiceError(f"SpamAssassin does not work: {type(problem).__name__}", where=program) from None
    return read_report(done.stdout.decode("utf-8", "replace"))


def read_report(output: str) -> SpamReport:
    """The score and the rules in what SpamAssassin printed; raises ServiceError if there is no score in it."""
    found = _SCORE.search(output.replace("\r\n", "\n"))
    if not found:
        raise ServiceError("SpamAssassin gave no score", remedy="try `spamassassin --lint`")
    report = _CONTINUED.sub(" ", output.partition("Content analysis details:")[2])
    fired = (Fired(name=name, points=float(points), what=what.strip()) for points, name, what in _RULE.findall(report))
    heavy = sorted((rule for rule in fired if rule.points), key=lambda rule: -rule.points)
    return SpamReport(score=float(found[1]), fired=tuple(heavy))


def check_spam(report: SpamReport, messages: Messages) -> Iterator[Finding]:
    """A finding where the score is above what is acceptable."""
    if report.score <= ACCEPTABLE:
        return
    name = "is-spam" if report.score >= SPAM else "spam-score"
    fired = ", ".join(f"{rule.name} {rule.points:g} ({rule.what})" for rule in report.fired)
    yield messages.finding(name, 0, score=f"{report.score:g}", fired=fired or "-")
