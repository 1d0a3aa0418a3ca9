"""Whole messages: A1, A2, A4-A7, A9, A10, I6. What other parsers read: tests/integration/test_message_parsers.py."""

import email
import email.policy
import random
import re
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.compose import fields
from newsletter.compose.compiled import Asset, CompiledIssue, Escape, Field
from newsletter.issue.model_text import Filter
from newsletter.message.headers import UnsafeValueError
from newsletter.message.identity import job_digest
from newsletter.message.template import MessageTemplate, fill_web, sample_recipient
from tests.support.messages import DATE, identity, issue, names, normalised, random_issue, recipient

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 3
ONCE = (
    *("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Precedence"),
    *("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"),
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"))


def message(compiled: CompiledIssue, to=None) -> bytes:
    assets = {asset.name: PNG for asset in compiled.assets}
    return MessageTemplate.build(compiled, identity(), assets).fill(to or recipient(), DATE)


def bodies(raw: bytes) -> dict[str, str]:
    """The two texts, decoded, with LF."""
    parsed = email.message_from_bytes(raw)
    parts = [part for part in parsed.walk() if part.get_content_maintype() == "text"]
    return {part.get_content_type(): normalised(part.get_payload(decode=True).decode()) for part in parts}


def header_lines(raw: bytes) -> list[bytes]:
    """Headers of the message itself, unfolded only."""
    return re.sub(rb"\r\n(?=[ \t])", b"", raw.partition(b"\r\n\r\n")[0]).split(b"\r\n")


def assert_lawful(raw: bytes) -> None:
    """A1, A2, A5, A9, A10 on the bytes as they go to the relay."""
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw), "A1: bare CR or LF"
    assert raw.endswith(b"--\r\n")
    for line in raw.split(b"\r\n"):
        assert len(line) <= 998
        assert not line.startswith((b".", b"From "))
    head, _, body = raw.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        assert len(line) <= 78 or b" " not in line.strip().partition(b": ")[2], f"A1: could be folded: {line!r}"
    found = Counter(line.partition(b":")[0].decode().lower() for line in header_lines(raw))
    for name in ONCE:
        assert found.pop(name.lower()) == 1, f"A2: {name}"
    assert set(found) <= {"reply-to"}
    assert all(len(line) <= 76 for line in body.split(b"\r\n") if not line.startswith(b"Content-ID:")), "A5"
    assert body.isascii()
    lists = [line for line in header_lines(raw) if line.lower().startswith(b"list-")]
    assert not any(b"=?" in line for line in lists), "A3: no encoded-word in List-*"
    assert any(re.fullmatch(rb"List-Id: [ -~]*<[a-z0-9.-]+>", line) and len(line) < 255 for line in lists), "A9"
    assert any(re.fullmatch(rb"List-Unsubscribe: <https://[^<>, ]+>, <mailto:[^<>, ]+>", line) for line in lists), "A10"
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lists


def test_a_thousand_random_issues_keep_the_rules_a1_to_a10():
    rng = random.Random(1000)
    people = names(1000)
    for name in people:
        compiled = random_issue(rng)
        to = recipient(name)
        raw = message(compiled, to)
        assert_lawful(raw)
        values = {**to.fields, "unsubscribe_url": to.unsubscribe_url}
        found = bodies(raw)
        assert found["text/plain"] == normalised(fields.fill(compiled.text, values))
        assert found["text/html"] == normalised(fields.fill(compiled.html, values))


@st.composite
def pieces(draw, escape):
    a_filter = st.sampled_from([Filter("default", "“lezer”"), Filter("upper"), Filter("title")])
    a_field = st.builds(
        Field, st.sampled_from(["name", "unsubscribe_url", "organisation"]), st.tuples(a_filter) | st.just(()), escape
    )
    return tuple(draw(st.lists(TEXTS | a_field, max_size=8)))


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(
    text=pieces(st.just(Escape.TEXT)),
    html=pieces(st.sampled_from(Escape)),
    organisation=st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
)
def test_any_pieces_and_any_values_decode_to_what_they_say(text, html, organisation):
    to = recipient()._replace(fields={"name": "Zoë", "organisation": organisation.replace("\r", "")})
    raw = message(issue(text=text, html=html), to)
    values = {**to.fields, "unsubscribe_url": to.unsubscribe_url}
    assert_lawful(raw)
    assert bodies(raw) == {
        "text/plain": fields.fill(text, values).replace("\r", "\n"),
        "text/html": fields.fill(html, values).replace("\r", "\n"),
    }


def test_text_comes_first_and_html_last_a6():
    parsed = email.message_from_bytes(message(issue()))
    assert parsed.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in parsed.get_payload()] == ["text/plain", "text/html"]


def test_embedded_images_travel_beside_the_html_under_their_content_id():
    name = "cd" * 32 + ".png"
    asset = Asset(digest="cd" * 32, media_type="image/png", name=name, width=1, height=1, embedded=True)
    raw = message(issue(html=(f'<img src="cid:{name}" alt="x">',), assets=(asset,)))
    assert_lawful(raw)
    related = email.message_from_bytes(raw).get_payload(1)
    assert related.get_content_type() == "multipart/related"
    html, image = related.get_payload()
    assert html.get_content_type() == "text/html"
    assert image["Content-ID"] == f"<{name}>"
    assert image.get_content_disposition() == "inline"
    assert image.get_payload(decode=True) == PNG


def test_hosted_images_do_not_travel():
    asset = Asset(digest="cd" * 32, media_type="image/png", name="cd.png", width=1, height=1, embedded=False)
    raw = MessageTemplate.build(issue(assets=(asset,)), identity(), {}).fill(recipient(), DATE)
    assert b"image/png" not in raw


def test_every_recipient_gets_the_same_bytes_but_for_the_declared_gaps_i6():
    template = MessageTemplate.build(issue(), identity())
    one, two = (template.fill(recipient(name, address=f"{name}@example.org"), DATE) for name in ("Anna", "Bert"))
    assert one.replace(b"Anna", b"Bert") == two
    again = MessageTemplate.build(issue(), identity()).fill(recipient("Anna", address="Anna@example.org"), DATE)
    assert one == again


def test_boundaries_come_from_the_digest_and_differ_between_issues_i6():
    assert MessageTemplate.build(issue(), identity()).digest == job_digest(issue(), identity())
    other = issue(slug="herfst")
    assert message(other).partition(b"boundary=")[2][:34] != message(issue()).partition(b"boundary=")[2][:34]


def test_the_subject_is_filled_per_recipient():
    compiled = issue(subject=("Voor ", Field("name", (Filter("default", "u"),)), ": nieuws"))
    assert b"\r\nSubject: Voor Jan Jansen: nieuws\r\n" in message(compiled)
    assert b"\r\nSubject: Voor u: nieuws\r\n" in message(compiled, recipient(""))
    parsed = email.message_from_bytes(message(compiled, recipient("Daniëlle “D.”")), policy=email.policy.default)
    assert parsed["Subject"] == "Voor Daniëlle “D.”: nieuws"


def test_without_a_name_the_address_stands_bare():
    assert message(issue(), recipient("")).startswith(b"To: jan@gemeente.example\r\n")


def test_an_imported_attribute_cannot_replace_the_unsubscribe_link():
    to = recipient()._replace(fields={"unsubscribe_url": "https://elders.example/"})
    assert b"elders" not in message(issue(), to)


def test_a_local_part_outside_ascii_needs_smtputf8_and_nothing_else_does_a7():
    template = MessageTemplate.build(issue(), identity())
    plain, unusual = recipient("Zoë"), recipient("Zoë", address="zoë@gemeente.example")
    assert not template.needs_smtputf8(plain)
    assert template.needs_smtputf8(unusual)
    assert template.fill(plain, DATE).isascii()
    raw = template.fill(unusual, DATE)
    assert "<zoë@gemeente.example>".encode() in raw.partition(b"\r\n")[0]
    assert raw.partition(b"\r\n")[2].isascii()


def test_a_sender_outside_ascii_makes_every_message_need_smtputf8_a7():
    template = MessageTemplate.build(issue(), identity(sender_address="zoë@example.org"))
    assert template.needs_smtputf8(recipient())


@pytest.mark.parametrize("bad", ["a\r\nBcc: x@example.org", "a\nb", "a\rb", "a\0b", "a\x85b", "a\u2028b"])
def test_no_value_adds_a_header_a4(bad):
    template = MessageTemplate.build(issue(subject=("Voor ", Field("organisation"))), identity())
    for to in (
        recipient(bad),
        recipient(fields={"organisation": bad}),
        recipient(address=f"{bad}@example.org"),
        recipient(message_id=f"<{bad}@example.org>"),
        recipient(unsubscribe_url=f"https://example.org/{bad}"),
        recipient(unsubscribe_mailto=f"mailto:{bad}"),
    ):
        with pytest.raises(UnsafeValueError):
            template.fill(to, DATE)
    with pytest.raises(UnsafeValueError):
        template.fill(recipient(), f"Mon, 14 Jun 2027 09:30:00 +0200{bad}")
    with pytest.raises(UnsafeValueError):
        MessageTemplate.build(issue(subject=(bad,)), identity())
    with pytest.raises(UnsafeValueError):
        MessageTemplate.build(issue(subject=(bad, Field("name"))), identity())
    with pytest.raises(UnsafeValueError):
        MessageTemplate.build(issue(), identity(sender_name=bad))


def test_line_breaks_in_a_value_are_fine_in_the_body():
    to = recipient(fields={"organisation": "een\r\nBcc: x@example.org"})
    raw = message(issue(text=("Van: ", Field("organisation"), ".")), to)
    assert_lawful(raw)
    assert bodies(raw)["text/plain"] == "Van: een\nBcc: x@example.org."


def test_a_date_may_be_text_or_bytes():
    template = MessageTemplate.build(issue(), identity())
    assert template.fill(recipient(), DATE) == template.fill(recipient(), DATE.decode())


def test_a_sample_is_a_complete_message_without_a_token():
    to = sample_recipient(base_url="https://nieuws.example.org", mailbox="afmelden@example.org", domain="example.org")
    raw = message(issue(), to)
    assert_lawful(raw)
    assert "Beste lezer," in bodies(raw)["text/plain"]
    assert "https://nieuws.example.org/u/\n" in bodies(raw)["text/plain"]


def test_the_web_version_knows_nobody_and_shows_images_from_the_media_folder():
    asset = Asset(digest="cd", media_type="image/png", name="cd.png", width=1, height=1, embedded=True)
    html = (*issue().html, '<img src="cid:cd.png" alt="">')
    page = fill_web(
        issue(html=html, assets=(asset,)),
        unsubscribe_url="https://nieuws.example.org/u/",
        media_url="https://nieuws.example.org/media",
    )
    assert page == (
        '<!doctype html><p>Beste lezer, <a href="https://nieuws.example.org/u/">afmelden</a>.</p>\n'
        '<img src="https://nieuws.example.org/media/cd.png" alt="">'
    )
