"""The grammar of conditions: what can be said, how it is written back, and that every fault names its place."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.issue.finding import Finding, IssueError
from newsletter.issue.model import Article, Note, Only
from newsletter.issue.model_blocks import Heading, Paragraph
from newsletter.issue.parse import KnownNames, parse_issue
from subscribers.segment_tree import AllOf, AnyOf, Compare, Condition, Has, Not, Operator, comparisons, written
from subscribers.segments import DEEPEST, LONGEST, ConditionError, parse_condition
from tests.support.issue_texts import HEAD

NAMES = ("organisation", "region", "language", "list", "aantal-leden")
KNOWN = KnownNames(lists={"nieuwsbrief": frozenset({"region"}), "uitnodigingen": frozenset({"language"})})
FIRST = HEAD.count("\n") + 1
GEMEENTE = Compare("organisation", Operator.CONTAINS, "gemeente")
DUTCH = Compare("language", Operator.EQUAL, "nl")


def read_or_refused(text: str) -> Condition | ConditionError:
    try:
        return parse_condition(text, NAMES)
    except ConditionError as error:
        return error


def condition_error(text: str) -> ConditionError:
    with pytest.raises(ConditionError) as caught:
        parse_condition(text, NAMES)
    return caught.value


# ---------------------------------------------------------------- grammar


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ('organisation ~ "gemeente"', GEMEENTE),
        ("organisation~'gemeente'", GEMEENTE),
        ('region != "noord"', Compare("region", Operator.UNEQUAL, "noord")),
        ('organisation ~ "gemeente" and language = "nl"', AllOf((GEMEENTE, DUTCH))),
        ("has region", Has("region")),
        ("empty region", Not(Has("region"))),
        ("NOT has aantal-leden", Not(Has("aantal-leden"))),
        ('not organisation ~ "gemeente"', Not(GEMEENTE)),
        ("has region or has list and has language", AnyOf((Has("region"), AllOf((Has("list"), Has("language")))))),
        ("(has region or has list) and has language", AllOf((AnyOf((Has("region"), Has("list"))), Has("language")))),
        ('region = ""', Compare("region", Operator.EQUAL, "")),
        ("region = 'de \"Kop\"'", Compare("region", Operator.EQUAL, 'de "Kop"')),
    ],
)
def test_a_condition_reads_as_it_is_meant(text, condition):
    assert parse_condition(text, NAMES) == condition
    assert parse_condition(written(condition)) == condition


@pytest.mark.parametrize(
    ("text", "position", "what", "remedy"),
    [
        ("", 0, "the end stands where a name should", "write such as"),
        ('organistion ~ "x"', 0, "unknown name 'organistion'", "did you mean 'organisation'?"),
        ('has region and regoin = "x"', 15, "unknown name 'regoin'", "did you mean 'region'?"),
        ('region == "x"', 7, "'==' is not an operator", "did you mean '='?"),
        ('region is "x"', 7, "'is' is not an operator", "use =, != or ~ (contains)"),
        ('region "x"', 7, "is not an operator", "use ="),
        ("region = noord", 9, "'noord' stands where a text should", 'put it between quotes: "noord"'),
        ("region = “noord”", 9, "is not a straight quote", "use \" or '"),
        ('region = "noord', 9, "a quote is not closed", 'end the text with "'),
        ('region ~ ""', 9, "contains an empty text", "has region"),
        ('has region && region = "x"', 11, "'&&' is too much", "did you mean 'and'?"),
        ("has region has list", 11, "'has' is too much", "join conditions by and, or"),
        ("(has region", 11, "the end stands where ) should", "close the parenthesis"),
        ("has region)", 10, "')' is too much", "join"),
        ('and = "x"', 0, "'and' stands where a name should", "write such as"),
        ("(" * (DEEPEST + 1) + "has list", DEEPEST, "too deep", "parentheses"),
        ("not " * (DEEPEST + 1) + "has list", 4 * DEEPEST, "too deep", "parentheses"),
        ("x" * (LONGEST + 1), LONGEST, "1,001 characters", "keep it below"),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_the_nearest(text, position, what, remedy):
    error = condition_error(text)
    assert (error.position, what in error.what, remedy in error.remedy) == (position, True, True), error


def composed(text: str) -> str:
    """As a condition keeps it."""
    return unicodedata.normalize("NFC", text).replace("\u00a0", " ")


_TESTS = st.one_of(
    st.builds(Has, st.sampled_from(NAMES)),
    st.builds(
        Compare,
        st.sampled_from(NAMES),
        st.sampled_from(Operator),
        st.text(min_size=1, max_size=8).map(composed).filter(lambda text: text and not {'"', "'"} <= set(text)),
    ),
)
conditions = st.recursive(
    _TESTS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=3)
        .map(tuple)
        .flatmap(lambda parts: st.sampled_from([AllOf(parts), AnyOf(parts)])),
    ),
    max_leaves=6,
)


@given(conditions)
def test_a_condition_and_its_text_are_the_same(condition):
    assert parse_condition(written(condition)) == condition


@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(st.sampled_from([*"()~=!'\"", "and ", "or ", "not ", "has ", "region ", '"x" ']), max_size=30).map(
            "".join
        ),
    )
)
def test_any_text_is_read_or_refused_with_a_position_in_it(text):
    found = read_or_refused(text)
    if isinstance(found, ConditionError):
        assert 0 <= found.position <= len(text)
        assert found.remedy
    else:
        assert {comparison.name for comparison in comparisons(found)} <= set(NAMES)


# ---------------------------------------------------------------- audience blocks in an issue


def only(first_line: str, body: str = "Tekst") -> Only:
    (block,) = parse_issue(f"{HEAD}{first_line}\n{body}\n:::\n", file="x.md", slug="x", known=KNOWN).blocks
    assert isinstance(block, Only)
    return block


def findings(body: str, head: str = HEAD) -> tuple[Finding, ...]:
    with pytest.raises(IssueError) as caught:
        parse_issue(head + body, file="x.md", slug="x", known=KNOWN)
    return caught.value.findings


def test_an_audience_block_holds_blocks_and_a_condition():
    block = only(':::only organisation ~ "gemeente" and region = "noord"', "## Kop\n\nTekst")
    assert block.condition == AllOf((GEMEENTE, Compare("region", Operator.EQUAL, "noord")))
    assert [type(inner) for inner in block.blocks] == [Heading, Paragraph]
    assert (block.on_web, block.line) == (False, FIRST)


def test_an_audience_block_may_be_shown_on_the_web():
    assert only(":::only has region {web=true}").on_web
    assert only('::: only region = "a {b"  {web=true} ').condition == Compare("region", Operator.EQUAL, "a {b")


def test_other_blocks_stand_in_an_audience_block_and_it_in_articles_and_notes():
    agenda = ":::agenda\n- title: x\n  date: 2027-06-21\n:::\n"
    body = f":::only has region\n:::article\n## Kop\n:::note\nLet op\n:::\n:::\n{agenda}:::\n"
    (block,) = parse_issue(HEAD + body, file="x.md", slug="x", known=KNOWN).blocks
    assert [type(inner).__name__ for inner in block.blocks] == ["Article", "Agenda"]
    body = ":::article\n:::note\n:::only has region\nx\n:::\n:::\n:::\n"
    (article,) = parse_issue(HEAD + body, file="x.md", slug="x", known=KNOWN).blocks
    assert isinstance(article, Article)
    assert isinstance(article.blocks[0], Note)
    assert isinstance(article.blocks[0].blocks[0], Only)


@pytest.mark.parametrize(
    ("body", "line", "what", "remedy"),
    [
        (":::only\nx\n:::", 0, "says for whom it is", ":::only organisation ~"),
        (":::only {web=true}\nx\n:::", 0, "says for whom it is", ":::only organisation ~"),
        ('a\n\n:::only regio = "x"\nx\n:::', 2, "unknown name 'regio'", "did you mean 'region'?"),
        (':::only list = "niewsbrief"\nx\n:::', 0, "there is no list 'niewsbrief'", "did you mean 'nieuwsbrief'?"),
        (':::only language = "de"\nx\n:::', 0, "there is no language 'de'", "use one of: en, nl"),
        (':::only region = "{{ name }}"\nx\n:::', 0, "cannot hold a field", "running text"),
        (":::only has region {wbe=true}\nx\n:::", 0, "no option 'wbe'", "did you mean 'web'?"),
        (":::only has region {web=ja}\nx\n:::", 0, "web cannot be 'ja'", "use one of"),
        (":::only has region\n:::only has name\nx\n:::\n:::", 1, "'only' cannot stand inside 'only'", "close 'only'"),
        (":::note has region\nx\n:::", 0, "is not the first line of a block", "write"),
        (":::only has region\n:::", 0, "the block 'only' is empty", "fill"),
        (":::only has region\nx", 0, "is not closed", "end it"),
    ],
)
def test_what_is_wrong_with_an_audience_block_is_named_on_its_line(body, line, what, remedy):
    assert any(
        finding.line == FIRST + line and what in finding.what and remedy in finding.remedy for finding in findings(body)
    ), findings(body)


def test_an_attribute_of_another_list_is_a_finding():
    other = HEAD.replace("list: nieuwsbrief", "list: uitnodigingen")
    assert any("unknown name 'region'" in finding.what for finding in findings(":::only has region\nx\n:::", other))
    issue = parse_issue(f'{other}:::only language = "de"\nx\n:::', file="x.md", slug="x", known=KNOWN)
    assert issue.blocks, "an attribute called language may hold any language"
