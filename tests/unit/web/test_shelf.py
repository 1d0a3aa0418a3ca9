"""What an issue says of itself to whom nothing is known."""

from dataclasses import replace

from newsletter.compose.compiled import Conditional
from newsletter.web.shelf import summary_of
from subscribers.segments import parse_condition
from tests.support.web import sample_issue


def test_the_picture_of_an_issue_is_none_that_only_some_may_see() -> None:
    issue = sample_issue(embedded=False)
    (asset,) = issue.assets
    large = replace(asset, width=1200, height=630)
    shown = f'<img src="https://example.org/media/{large.name}">'
    condition = parse_condition("has region")
    for on_web in (True, False):
        part = Conditional(condition, (shown,), on_web)
        summary = summary_of(replace(issue, assets=(large,), html=("<p>Voor iedereen</p>", part)))
        assert (summary.picture is not None) is on_web
        assert large.name in summary.images
