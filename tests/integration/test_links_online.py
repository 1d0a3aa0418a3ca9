"""`check --online` against a real server on this machine: what it answers, how it is asked, what is never asked."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from itertools import pairwise

import pytest

from newsletter.preflight.asking import Manners, ask
from newsletter.preflight.messages import Messages
from newsletter.preflight.online import Answer, Trouble, judge, targets_of
from newsletter.preflight.walk import Anchor

REDIRECTS = {
    "/moved": (301, "/new"),
    "/lent": (302, "/new"),
    "/loop": (302, "/loop"),
    "/inside": (302, "http://10.0.0.5/"),
}
STATUS = {"/gone": 410, "/none": 404, "/closed": 403, "/broken": 500}


@dataclass
class Site:
    """A site that writes down who asked for what."""

    address: str = ""
    asked: list[tuple[float, str, str, str]] = field(default_factory=list)
    open_now: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def url(self, path: str) -> str:
        return f"{self.address}{path}"


@pytest.fixture
def site() -> Iterator[Site]:
    known = Site()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            known.asked.append((time.monotonic(), self.command, self.path, self.headers["User-Agent"]))
            if self.path == "/slow":
                time.sleep(1.5)
            status, location = REDIRECTS.get(self.path, (STATUS.get(self.path, 200), ""))
            if self.path == "/no-head" and self.command == "HEAD":
                status = 405
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_GET = answer  # noqa: N815 - the library's names

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    known.address = f"http://127.0.0.1:{server.server_port}"
    yield known
    server.shutdown()
    thread.join()
    server.server_close()


def manners(**changes) -> Manners:
    values = {"pause": 0, "may_ask": lambda address: ip_address(address).is_loopback} | changes
    return Manners(**values)


def test_a_page_that_is_there_is_asked_once_with_head_by_a_name_of_ours(site):
    assert ask([site.url("/page?a=1")], manners()) == {site.url("/page?a=1"): Answer(status=200)}
    ((_, method, path, agent),) = site.asked
    assert (method, path) == ("HEAD", "/page?a=1")
    assert agent.startswith("newsletter-check/")


def test_what_refuses_head_is_asked_with_get(site):
    assert ask([site.url("/no-head")], manners())[site.url("/no-head")].status == 200
    assert [method for _, method, _, _ in site.asked] == ["HEAD", "GET"]


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/gone", Answer(status=410)),
        ("/closed", Answer(status=403)),
        ("/loop", Answer(trouble=Trouble.LOOP)),
        ("/inside", Answer(trouble=Trouble.PRIVATE)),
    ],
)
def test_each_answer_is_told_apart(site, path, answer):
    assert ask([site.url(path)], manners()) == {site.url(path): answer}


def test_redirects_are_followed_and_permanent_ones_remembered(site):
    answers = ask([site.url("/moved"), site.url("/lent")], manners())
    assert answers[site.url("/moved")] == Answer(status=200, end=site.url("/new"), is_permanent=True)
    assert answers[site.url("/lent")] == Answer(status=200, end=site.url("/new"), is_permanent=False)


def test_at_most_five_redirects_are_followed(site):
    ask([site.url("/loop")], manners())
    assert len(site.asked) == 6


def test_private_addresses_are_not_asked_unless_allowed(site):
    answers = ask([site.url("/page")], Manners(pause=0))
    assert answers == {site.url("/page"): Answer(trouble=Trouble.PRIVATE)}
    assert site.asked == []


def test_the_pages_of_one_host_are_asked_one_by_one_with_a_pause(site):
    ask([site.url(f"/{number}") for number in range(3)], manners(pause=0.1))
    times = [moment for moment, *_ in site.asked]
    assert all(later - earlier >= 0.1 for earlier, later in pairwise(times))


def test_who_does_not_answer_in_time_is_doubtful_and_the_end_comes(site):
    begun = time.monotonic()
    answers = ask([site.url("/slow"), site.url("/page")], manners(limit=0.4))
    assert [answer.trouble for answer in answers.values()] == [Trouble.TIMEOUT, Trouble.NOT_ASKED]
    assert time.monotonic() - begun < 1.4


def test_a_host_that_does_not_exist_is_named(site):
    address = "https://this-host-does-not-exist.invalid/x"
    assert ask([address], manners())[address].trouble is Trouble.NO_HOST


def test_nobody_listening_is_doubtful(site):
    address = site.address.rsplit(":", 1)[0] + ":1/"
    assert ask([address], manners())[address].trouble is Trouble.REFUSED


# ---------------------------------------------------------------- judging


def link(address: str, line: int = 7) -> Anchor:
    return Anchor(text="de regeling", target=(address,), line=line)


def test_only_web_addresses_without_fields_are_asked_each_once():
    anchors = [link("https://e.org/a#b"), link("https://e.org/a"), link("mailto:x@e.org"), link("ftp://e.org")]
    assert targets_of([*anchors, link("https://e.org/{{name}}")]) == ["https://e.org/a"]


@pytest.mark.parametrize(
    ("answer", "rule", "severity"),
    [
        (Answer(status=404), "link-dead", "error"),
        (Answer(trouble=Trouble.NO_HOST), "link-dead", "error"),
        (Answer(trouble=Trouble.CERTIFICATE), "link-dead", "error"),
        (Answer(trouble=Trouble.LOOP), "link-dead", "error"),
        (Answer(status=503), "link-doubtful", "warning"),
        (Answer(trouble=Trouble.TIMEOUT), "link-doubtful", "warning"),
        (Answer(trouble=Trouble.NOT_ASKED), "link-doubtful", "warning"),
        (Answer(status=200, end="https://e.org/nieuw", is_permanent=True), "link-moved", "warning"),
    ],
)
@pytest.mark.parametrize("language", ["nl", "en"])
def test_an_answer_becomes_a_finding_on_the_lines_of_its_links(answer, rule, severity, language):
    anchors = [link("https://e.org/oud", 7), link("https://e.org/oud", 12)]
    (finding,) = judge(anchors, {"https://e.org/oud": answer}, Messages(language, "x.md"))
    assert (finding.rule, str(finding.severity), finding.line) == (rule, severity, 7)
    assert "7, 12" in finding.remedy


@pytest.mark.parametrize("end", ["https://www.e.org/oud/", "http://e.org/oud", "https://e.org/oud"])
def test_another_spelling_of_the_same_page_has_not_moved(end):
    answer = Answer(status=200, end=end, is_permanent=True)
    assert list(judge([link("https://e.org/oud")], {"https://e.org/oud": answer}, Messages("nl", "x.md"))) == []
