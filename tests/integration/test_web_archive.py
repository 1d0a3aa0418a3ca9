"""The archive over a real server: index, issues, calendar files, feed, sitemap, withdrawal."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.robotparser import RobotFileParser

import feedparser
import httpx
import lxml.etree
import lxml.html
import pytest
import rnc2rng

from newsletter.cli.main import COMMANDS
from newsletter.compose.compiled import Asset, CompiledIssue, Field, Pieces
from newsletter.delivery.job import JobState
from newsletter.store.archive import withdraw
from subscribers.errors import InputError
from subscribers.ledger_entry import nowhere
from tests.support.calendars import an_event, only_event
from tests.support.web import NOW, PIXEL, WebProject, make_project, running_site, sample_issue

BASE = "http://127.0.0.1:8080"
EXTRA = """
[lists.kort]
title = "Kort & <Krachtig>"
language = "nl"
from = "Redactie <kort@example.org>"
unsubscribe_mailbox = "kort-af@example.org"
basis = "consent"
controller = "Organisatie Voorbeeld, Postbus 1, 1000 AA Voorbeeldstad"
privacy_url = "https://example.org/privacy"
subscribe_url = "https://example.org/aanmelden"
archive = "public"
"""
SCHEMA = Path(__file__).parent.parent / "support" / "atom.rnc"


def an_issue(slug: str, day: date, list_slug: str = "nieuwsbrief", **changes: object) -> CompiledIssue:
    sample = sample_issue(list_slug, slug)
    return replace(sample, date=day, subject=(f"Editie {slug}",), events=(an_event(),), **changes)  # type: ignore[arg-type]


def photo(letter: str) -> Asset:
    return Asset(
        digest=letter * 64, media_type="image/jpeg", name=f"{letter * 64}.jpg", width=1200, height=630, embedded=False
    )


def showing(asset: Asset) -> Pieces:
    """The sample's HTML with `asset` in it."""
    *before, after = sample_issue().html
    return (*before, f'<img src="{BASE}/media/{asset.name}" alt="Een plein">', after)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProject]:
    made = make_project(tmp_path_factory.mktemp("archive"), extra=EXTRA)
    made.publish(an_issue("lente", date(2026, 3, 21)))
    made.publish(an_issue("zomer", date(2027, 6, 14), assets=(photo("c"),), html=showing(photo("c"))))
    made.publish(
        an_issue("herfst", date(2027, 9, 23), preheader=("Voor ", Field("name"), '<b> & "x"')), JobState.RUNNING
    )
    made.publish(an_issue("pauze", date(2027, 10, 1)), JobState.PAUSED)
    made.publish(an_issue("gestopt", date(2027, 10, 2)), JobState.CANCELLED)
    made.publish(an_issue("later", date(2027, 12, 1)), JobState.PLANNED)
    made.publish(an_issue("summer", date(2027, 6, 14), "bulletin", language="en"))
    made.publish(an_issue("geheim", date(2027, 6, 14), "intern"))
    yield made
    made.engine.dispose()


@pytest.fixture(scope="module")
def client(project: WebProject) -> Iterator[httpx.Client]:
    with running_site(project) as running_client:
        yield running_client


def tree(client: httpx.Client, path: str) -> lxml.html.HtmlElement:
    page = client.get(path)
    assert page.status_code == 200
    return lxml.html.fromstring(page.text)


def meta(page: lxml.html.HtmlElement) -> dict[str, str]:
    found = page.head.findall("meta")
    return {item.get("property") or item.get("name"): item.get("content") for item in found if item.get("content")}


def test_the_index_names_what_was_sent_newest_first_by_year(client: httpx.Client) -> None:
    page = tree(client, "/archive/nieuwsbrief")
    assert page.xpath("//h3/a/text()") == ["Editie herfst", "Editie zomer", "Editie lente"]
    assert page.xpath("//h2/text()") == ["2027", "2026"]
    assert page.xpath("//time/text()")[0] == "donderdag 23 september 2027"
    assert page.xpath("//h3/a/@href")[0] == "/archive/nieuwsbrief/herfst"
    assert 'Voor <b> & "x"' in page.text_content()


def test_every_issue_of_the_index_is_there(client: httpx.Client) -> None:
    for address in tree(client, "/archive/nieuwsbrief").xpath("//h3/a/@href"):
        assert client.get(address).status_code == 200


@pytest.mark.parametrize("slug", ["pauze", "gestopt"])
def test_an_issue_that_was_halted_is_reachable_for_who_got_it_and_listed_nowhere(
    client: httpx.Client, slug: str
) -> None:
    assert client.get(f"/archive/nieuwsbrief/{slug}").status_code == 200
    for path in ("/archive/nieuwsbrief", "/archive/nieuwsbrief/feed.atom", "/sitemap.xml"):
        assert slug not in client.get(path).text


def test_unlisted_and_absent_archives_are_named_nowhere(client: httpx.Client) -> None:
    for path in ("/archive", "/sitemap.xml", "/robots.txt", "/archive/nieuwsbrief"):
        text = client.get(path).text
        assert not [name for name in ("bulletin", "summer", "intern", "geheim", "Interne") if name in text]
    for path in ("/archive/bulletin", "/archive/bulletin/feed.atom", "/archive/intern", "/archive/intern/feed.atom"):
        assert client.get(path).status_code == 404
    for path in ("/archive/intern/geheim", "/archive/intern/geheim/spreekuur.ics"):
        assert client.get(path).status_code == 404


def test_an_unlisted_issue_is_reachable_and_asks_twice_not_to_be_indexed(client: httpx.Client) -> None:
    page = client.get("/archive/bulletin/summer")
    assert page.headers["x-robots-tag"] == "noindex"
    found = lxml.html.fromstring(page.text)
    assert meta(found)["robots"] == "noindex"
    assert not found.xpath("//link[@type='application/atom+xml']")
    assert "x-robots-tag" not in client.get("/archive/nieuwsbrief/zomer").headers


def test_the_overview_has_the_public_lists_with_their_newest_issue(client: httpx.Client) -> None:
    page = tree(client, "/archive")
    assert page.xpath("//h2/text()") == ["Nieuwsbrief Voorbeeld", "Kort & <Krachtig>"]
    assert page.xpath("//section[1]//p/a/@href") == ["/archive/nieuwsbrief/herfst"]
    assert tree(client, "/archive?language=en").xpath("//h1/text()") == ["Archive of our newsletters"]


def test_the_home_page_leads_to_the_archives(client: httpx.Client) -> None:
    links = tree(client, "/").xpath("//a/@href")
    assert {"/archive/nieuwsbrief", "/archive/kort", "/archive?language=nl"} <= set(links)
    assert "/archive/bulletin" not in links


def test_an_index_links_to_signing_up_where_the_list_has_such_a_page(client: httpx.Client) -> None:
    links = tree(client, "/archive/kort").xpath("//main//a/@href")
    assert links == ["https://example.org/aanmelden", f"{BASE}/archive/kort/feed.atom"]


def test_an_issue_says_what_it_is_to_who_shares_it(client: httpx.Client) -> None:
    page = tree(client, "/archive/nieuwsbrief/zomer")
    found = meta(page)
    assert found["og:title"] == "Editie zomer"
    assert found["og:description"] == found["description"] == "Wat er komt"
    assert found["og:type"] == "article"
    assert found["og:url"] == f"{BASE}/archive/nieuwsbrief/zomer"
    assert found["og:site_name"] == "Nieuwsbrief Voorbeeld"
    assert found["og:locale"] == "nl_NL"
    assert found["og:image"] == f"{BASE}/media/{'c' * 64}.jpg"
    assert (found["og:image:width"], found["og:image:height"]) == ("1200", "630")
    assert found["article:published_time"] == NOW.isoformat()
    assert page.head.xpath("link[@rel='canonical']/@href") == [f"{BASE}/archive/nieuwsbrief/zomer"]
    assert page.head.xpath("link[@type='application/atom+xml']/@href") == [f"{BASE}/archive/nieuwsbrief/feed.atom"]


def test_i6_only_the_head_of_the_frozen_html_gets_lines(client: httpx.Client, project: WebProject) -> None:
    page = client.get("/archive/nieuwsbrief/zomer").text
    added = re.search(r'<link rel="canonical".*(?=</head>)', page, re.DOTALL)
    assert added
    sample = sample_issue().html
    assert page.replace(added[0], "").startswith(str(sample[0]).partition("</head>")[0])
    assert added[0] not in "".join(map(str, sample))


def test_i7_what_a_field_would_say_is_its_default_and_markup_of_an_editor_is_text(client: httpx.Client) -> None:
    text = client.get("/archive/nieuwsbrief/herfst").text
    assert 'content="Voor &lt;b&gt; &amp; &quot;x&quot;"' in text
    assert "<script" not in text


def test_a_small_image_is_not_the_picture_of_an_issue(client: httpx.Client) -> None:
    assert "og:image" not in client.get("/archive/nieuwsbrief/lente").text


def test_the_index_says_what_it_is_too(client: httpx.Client) -> None:
    found = meta(tree(client, "/archive/kort"))
    assert found["og:title"] == "Archief van Kort & <Krachtig>"
    assert found["og:type"] == "website"
    assert "og:image" not in found


def grammar() -> lxml.etree.RelaxNG:
    return lxml.etree.RelaxNG(lxml.etree.fromstring(rnc2rng.dumps(rnc2rng.load(str(SCHEMA))).encode()))


@pytest.mark.parametrize("slug", ["nieuwsbrief", "kort"])
def test_the_feed_is_valid_by_the_schema_of_rfc_4287(client: httpx.Client, slug: str) -> None:
    feed = lxml.etree.fromstring(client.get(f"/archive/{slug}/feed.atom").content)
    schema = grammar()
    assert schema.validate(feed), schema.error_log


def test_the_schema_refuses_a_feed_without_an_identifier(client: httpx.Client) -> None:
    feed = lxml.etree.fromstring(client.get("/archive/nieuwsbrief/feed.atom").content)
    schema = grammar()
    feed.remove(feed.find("{*}id"))
    assert not schema.validate(feed)


def test_a_feed_reader_sees_the_same_issues_as_the_index(client: httpx.Client) -> None:
    answer = client.get("/archive/nieuwsbrief/feed.atom")
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    found = feedparser.parse(answer.content)
    assert not found.bozo
    assert found.version == "atom10"
    assert found.feed.title == "Nieuwsbrief Voorbeeld"
    assert found.feed.author == "Organisatie Voorbeeld"
    links = {link.rel: link.href for link in found.feed.links}
    assert links["self"] == f"{BASE}/archive/nieuwsbrief/feed.atom"
    assert links["alternate"] == f"{BASE}/archive/nieuwsbrief"
    assert [entry.title for entry in found.entries] == ["Editie herfst", "Editie zomer", "Editie lente"]
    assert found.entries[0].summary == 'Voor <b> & "x"'
    assert found.entries[1].id == "tag:example.org,2026:nieuwsbrief/zomer"
    assert found.entries[1].link == f"{BASE}/archive/nieuwsbrief/zomer"
    assert found.entries[1].published == "2027-06-14T09:30:00Z"
    assert len({entry.id for entry in found.entries}) == 3


def test_the_sitemap_has_what_may_be_indexed_and_all_of_it_is_there(client: httpx.Client) -> None:
    sitemap = lxml.etree.fromstring(client.get("/sitemap.xml").content)
    addresses = [item.text for item in sitemap.iterfind("{*}url/{*}loc")]
    names = ("herfst", "zomer", "lente")
    expected = ["/", "/archive", "/archive/nieuwsbrief", *(f"/archive/nieuwsbrief/{name}" for name in names)]
    assert addresses == [BASE + path for path in (*expected, "/archive/kort")]
    for address in addresses:
        page = client.get(address.removeprefix(BASE))
        assert page.status_code == 200
        assert "x-robots-tag" not in page.headers


def test_robots_may_fetch_the_archive_and_no_link_to_leave_by(client: httpx.Client) -> None:
    parser = RobotFileParser()
    parser.parse(client.get("/robots.txt").text.splitlines())
    assert parser.can_fetch("*", f"{BASE}/archive/nieuwsbrief/zomer")
    assert not parser.can_fetch("*", f"{BASE}/u/" + "a" * 48)
    assert parser.site_maps() == [f"{BASE}/sitemap.xml"]


def test_a_calendar_file_is_served_per_meeting(client: httpx.Client) -> None:
    answer = client.get("/archive/nieuwsbrief/zomer/spreekuur.ics")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert answer.headers["content-disposition"] == 'attachment; filename="spreekuur.ics"'
    event = only_event(answer.content)
    assert event["UID"] == "spreekuur@nieuwsbrief.example.org"
    assert str(event["ORGANIZER"]) == "mailto:nieuwsbrief@example.org"
    assert client.get("/archive/bulletin/summer/spreekuur.ics").status_code == 200


@pytest.mark.parametrize(
    "file", ["anders.ics", "spreekuur", "spreekuur.txt", ".ics", "..%2fzomer", "spreekuur.ics.ics"]
)
def test_no_other_calendar_file_exists(client: httpx.Client, file: str) -> None:
    assert client.get(f"/archive/nieuwsbrief/zomer/{file}").status_code == 404


CACHED = [
    "/archive",
    "/archive/nieuwsbrief",
    "/archive/nieuwsbrief/feed.atom",
    "/archive/nieuwsbrief/zomer",
    "/archive/nieuwsbrief/zomer/spreekuur.ics",
    "/sitemap.xml",
    "/robots.txt",
]


@pytest.mark.parametrize("path", CACHED)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_has_the_page_already_gets_304(client: httpx.Client, path: str, method: str) -> None:
    first = client.request(method, path)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "public, max-age=300"
    for value in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.request(method, path, headers={"If-None-Match": value})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.request(method, path, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", CACHED[1:5])
def test_the_date_counts_only_without_a_tag(client: httpx.Client, path: str) -> None:
    since = client.get(path).headers["last-modified"]
    assert since == "Mon, 14 Jun 2027 09:30:00 GMT"
    assert client.get(path, headers={"If-Modified-Since": since}).status_code == 304
    assert client.get(path, headers={"If-Modified-Since": "Sun, 13 Jun 2027 09:30:00 GMT"}).status_code == 200
    both = {"If-Modified-Since": since, "If-None-Match": '"other"'}
    assert client.get(path, headers=both).status_code == 200


@pytest.mark.parametrize("path", CACHED)
def test_i1_nothing_changes_by_looking(client: httpx.Client, project: WebProject, path: str) -> None:
    before = project.everything()
    for method in ("GET", "HEAD", "OPTIONS"):
        client.request(method, path)
    assert project.everything() == before
    assert client.post(path).status_code == 405


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[tuple[WebProject, httpx.Client]]:
    """Two issues that share a logo, each with a photo of its own."""
    made = make_project(tmp_path)
    logo = replace(photo("a"), width=300, height=80)
    made.publish(an_issue("een", date(2027, 6, 1), assets=(logo, photo("b"))))
    made.publish(an_issue("twee", date(2027, 6, 8), assets=(logo, photo("c"))))
    media = made.configuration.data_dir / "media"
    media.mkdir(exist_ok=True)
    for letter in "abc":
        (media / f"{letter * 64}.jpg").write_bytes(PIXEL)
    with running_site(made) as client:
        yield made, client
    made.engine.dispose()


def statuses(client: httpx.Client) -> list[int]:
    paths = ["een", "een/spreekuur.ics", "twee"]
    found = [client.get(f"/archive/nieuwsbrief/{path}").status_code for path in paths]
    return found + [client.get(f"/media/{letter * 64}.jpg").status_code for letter in "abc"]


def test_a_withdrawn_issue_is_gone_with_its_calendar_and_the_images_that_only_it_used(
    shelf: tuple[WebProject, httpx.Client],
) -> None:
    project, client = shelf
    assert statuses(client) == [200] * 6
    tag = client.get("/archive/nieuwsbrief/feed.atom").headers["etag"]
    assert withdraw(project.engine, "nieuwsbrief", "een", NOW, record=nowhere)
    assert statuses(client) == [410, 410, 200, 200, 410, 200]
    assert "Deze editie is ingetrokken" in client.get("/archive/nieuwsbrief/een").text
    assert client.get("/archive/nieuwsbrief/feed.atom", headers={"If-None-Match": tag}).status_code == 200
    for path in ("/archive/nieuwsbrief", "/archive/nieuwsbrief/feed.atom", "/sitemap.xml", "/archive"):
        assert "een" not in re.findall(r"nieuwsbrief/([a-z]+)", client.get(path).text)
    assert withdraw(project.engine, "nieuwsbrief", "twee", NOW, record=nowhere)
    assert statuses(client) == [410, 410, 410, 410, 410, 410]


def test_a_withdrawn_issue_can_be_shown_again(shelf: tuple[WebProject, httpx.Client]) -> None:
    project, client = shelf
    withdraw(project.engine, "nieuwsbrief", "een", NOW, record=nowhere)
    assert not withdraw(project.engine, "nieuwsbrief", "een", NOW, record=nowhere)
    assert withdraw(project.engine, "nieuwsbrief", "een", None, record=nowhere)
    assert statuses(client) == [200] * 6


def test_what_was_never_sent_cannot_be_withdrawn(project: WebProject) -> None:
    for slug in ("later", "nergens"):
        with pytest.raises(InputError, match="never sent"):
            withdraw(project.engine, "nieuwsbrief", slug, NOW, record=nowhere)


def test_the_command_is_there() -> None:
    assert COMMANDS["archive"] == "archive"
