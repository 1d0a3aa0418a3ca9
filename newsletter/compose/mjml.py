"""MJML to HTML (mrml): nothing is fetched, nothing is included, nothing unknown is let through (I8, I9). Pure."""

import re

import mjml

from newsletter.issue.finding import Finding, IssueError, error

_POSITION = re.compile(r"position (\d+):(\d+)")
_LEFT_OVER = re.compile(r"</?(mj-[a-z-]+|mjml)\b", re.IGNORECASE)
_AROUND = 60


def to_html(source: str) -> str:
    """HTML of the MJML document `source`; raises IssueError for what mrml refuses or does not know.

    `fonts` is empty because mrml otherwise links Google Fonts. There is no include loader, so `mj-include` fails.
    """
    try:
        html = mjml.mjml2html(source, fonts={})
    except ValueError as problem:
        raise IssueError([_refused(source, problem)]) from None
    if unknown := _LEFT_OVER.search(_without_comments(html)):
        what = f"<{unknown[1]}> is not a tag of MJML, or stands where it may not; nobody would see its content"
        raise IssueError([error("mjml", "templates", 0, what, "mend the template that writes it")])
    return html


def _refused(source: str, problem: ValueError) -> Finding:
    found = _POSITION.search(str(problem))
    at = int(found[1]) if found else 0
    near = f", near {source[max(0, at - _AROUND) : at + _AROUND]!r}" if found else ""
    return error(
        "mjml",
        "templates",
        0,
        f"the templates do not make valid MJML: {problem}{near}",
        "mend the partial that writes this; every tag must be closed, also <br/> and <img/>",
    )


def _without_comments(html: str) -> str:
    return re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL)
