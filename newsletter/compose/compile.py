"""Issue → MJML → HTML → inlined HTML, and the text part: a CompiledIssue and its image files. Pure.

No network, no clock; images and templates come from the loaders that are handed in. The same input gives the same
bytes, hence the same digest (I6).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from newsletter.compose.assets import AssetFile, Assets, with_logo
from newsletter.compose.compiled import CompiledIssue, Pieces
from newsletter.compose.downloads import Downloads
from newsletter.compose.events import calendar_events
from newsletter.compose.fields import in_language
from newsletter.compose.finish import finish
from newsletter.compose.flowed import is_flowed
from newsletter.compose.furniture import Furniture
from newsletter.compose.marks import MarkError, Marks, as_pieces, with_defaults
from newsletter.compose.mjml import to_html
from newsletter.compose.render import Renderer
from newsletter.compose.richtext import RichText
from newsletter.compose.templating import Templates
from newsletter.compose.text import render_text
from newsletter.config_lists import MailingList
from newsletter.config_site import Limits
from newsletter.issue.finding import Finding, IssueError, error
from newsletter.issue.model import Issue
from newsletter.issue.model_text import Mixed


@dataclass(frozen=True, slots=True, kw_only=True)
class Compilation:
    """What composing makes: the issue as it is sent, and the bytes of its images."""

    compiled: CompiledIssue
    files: tuple[AssetFile, ...]


def compile_issue(
    issue: Issue,
    *,
    mailing_list: MailingList,
    furniture: Furniture,
    base_url: str,
    templates: Templates,
    load_image: Callable[[str], bytes],
    limits: Limits,
) -> Compilation:
    """Compile `issue` for everyone; raises IssueError with every image, link or template that must be mended.

    `load_image` gets a picture's source as written (or `assets.LOGO`) and raises ImageError if it cannot.
    """
    is_embedded = mailing_list.images == "embedded"
    load = load_image if mailing_list.logo else with_logo(load_image, templates.logo)
    assets = Assets(load, limits, base_url=base_url, embedded=is_embedded, file=issue.file)
    issue = replace(issue, blocks=Downloads(assets, mailing_list.language).publish(issue.blocks))
    heading: Mixed = (issue.title,) if issue.title else issue.subject
    language = mailing_list.language
    title = with_defaults(heading, language) or mailing_list.title
    html = _html(issue, furniture, templates, assets, (title, heading, bool(mailing_list.logo or templates.logo)))
    text = render_text(issue, furniture)
    compiled = CompiledIssue(
        list_slug=issue.list_slug,
        slug=issue.slug,
        language=language,
        date=issue.date,
        title=title,
        subject=in_language(as_pieces(issue.subject), language),
        preheader=in_language(as_pieces(issue.preheader), language),
        html=in_language(html, language),
        text=in_language(text, language),
        text_is_flowed=is_flowed(text),
        assets=tuple(file.asset for file in assets.files),
        events=calendar_events(issue, mailing_list),
    )
    return Compilation(compiled=compiled, files=assets.files)


def _html(
    issue: Issue, furniture: Furniture, templates: Templates, assets: Assets, head: tuple[str, Mixed, bool]
) -> Pieces:
    title, heading, has_logo = head
    marks = Marks(f"{issue!r}{furniture!r}{templates.theme!r}{templates.head_css}")
    text = RichText(marks, issue.file)
    renderer = Renderer(furniture=furniture, templates=templates, text=text, assets=assets)
    source = renderer.document(issue, title=title, heading=heading, has_logo=has_logo)
    _raise([*text.findings, *assets.findings])
    expected = marks.count(source)
    html = finish(to_html(source), templates.inlined_css, furniture.language)
    try:
        return marks.split(html, expected)
    except MarkError as problem:
        what = f"the templates lose or repeat the field {problem}"
        remedy = "a template may use a field in text and in link targets of <a>, not in attributes of MJML tags"
        raise IssueError([error("field", issue.file, 0, what, remedy)]) from None


def _raise(findings: Sequence[Finding]) -> None:
    if findings:
        raise IssueError(findings)
