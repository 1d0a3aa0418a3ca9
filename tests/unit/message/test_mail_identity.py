"""The identity of a mailing: A3, A9, A17, I6."""

import pytest
from pydantic import ValidationError

from newsletter.config_lists import MailingList
from newsletter.message.headers import UnsafeValueError
from newsletter.message.identity import MailIdentity, identity_of, job_digest
from subscribers.errors import ConfigurationError
from tests.support.messages import identity, issue


def mailing_list(**changes: str) -> MailingList:
    values = {
        "title": "Nieuwsbrief Voorbeeld",
        "from": "Programma Voorbeeld <nieuwsbrief@example.org>",
        "unsubscribe_mailbox": "afmelden@example.org",
        "basis": "consent",
        "controller": "Organisatie Voorbeeld",
        "privacy_url": "https://example.org/privacy",
    }
    return MailingList.model_validate(values | changes)


def test_the_headers_of_a_list():
    configured = mailing_list(reply_to="Redactie, Voorbeeld <redactie@example.org>")
    assert identity_of("nieuwsbrief", configured).lines.decode().split("\r\n") == [
        "From: Programma Voorbeeld <nieuwsbrief@example.org>",
        'Reply-To: "Redactie, Voorbeeld" <redactie@example.org>',
        "List-Id: Nieuwsbrief Voorbeeld <nieuwsbrief.example.org>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Precedence: list",
        "",
    ]


def test_a_newsletter_is_not_auto_submitted_a17():
    assert b"auto-submitted" not in identity_of("n", mailing_list()).lines.lower()


def test_without_reply_to_answers_go_to_the_sender():
    assert b"Reply-To" not in identity_of("n", mailing_list()).lines


@pytest.mark.parametrize(
    ("title", "phrase"),
    [
        ("Coöperatie België", b"Cooperatie Belgie"),
        ("Nieuws \u2013 voor “alle” gemeenten", b"\"Nieuws - voor 'alle' gemeenten\""),
        ("日本語", b""),
        ("Straße =?utf-8?q?x?= €", b'"Strasse utf-8?q?x?= EUR"'),
        ("  veel   spaties ", b"veel spaties"),
    ],
)
def test_the_title_in_list_id_is_plain_ascii_a3_a9(title, phrase):
    line = identity_of("n", mailing_list(title=title)).lines.split(b"\r\n")[1]
    assert line.replace(b'"', b"") == b" ".join(filter(None, [b"List-Id:", phrase, b"<n.example.org>"])).replace(
        b'"', b""
    )
    assert b"=?" not in line


@pytest.mark.parametrize("title", ["x" * 400, "Een heel lange titel, met woorden " * 20])
def test_list_id_has_at_most_255_octets_a9(title):
    slug = "a" * 40
    lines = identity_of(slug, mailing_list(title=title)).lines.replace(b"\r\n ", b" ").split(b"\r\n")
    value = next(line for line in lines if line.startswith(b"List-Id: ")).removeprefix(b"List-Id: ")
    assert len(value) <= 255
    assert value.endswith(f"<{slug}.example.org>".encode())


def test_a_domain_too_long_for_a_list_id_is_a_configuration_error_a9():
    domain = ".".join(["d" * 60] * 3 + ["e" * 40, "example"])
    with pytest.raises(ConfigurationError, match="255"):
        identity_of("a" * 40, mailing_list(domain=domain))


def test_a_domain_that_is_none_is_refused_in_the_configuration():
    with pytest.raises(ValidationError, match="geen domein"):
        mailing_list(domain="geen domein")


def test_a_domain_outside_ascii_becomes_an_a_label_a7():
    found = identity_of("n", mailing_list(domain="gemeente-één.example"))
    assert found.list_id == "n.xn--gemeente-n-j7aa.example"
    assert found.domain == "xn--gemeente-n-j7aa.example"


def test_content_is_canonical_and_reads_back_i6():
    found = identity(sender_name="Coöperatie")
    assert MailIdentity.from_content(found.content) == found
    assert found.content == MailIdentity.from_content(found.content).content
    assert found.content.startswith(b'{"domain":"example.org","format":1,')


def test_content_of_another_format_is_refused():
    with pytest.raises(ValueError, match="another version"):
        MailIdentity.from_content(identity().content.replace(b'"format":1', b'"format":2'))


def test_the_digest_changes_with_the_issue_and_with_every_header_i6():
    digest = job_digest(issue(), identity())
    assert digest == job_digest(issue(), identity())
    assert len(digest) == 64
    others = [identity(**{name: "anders.example"}) for name in MailIdentity.__dataclass_fields__]
    digests = {job_digest(issue(), other) for other in others} | {job_digest(issue(slug="x"), identity())}
    assert len(digests | {digest}) == len(others) + 2


def test_a_line_break_in_the_configuration_never_becomes_a_header_a4():
    with pytest.raises(UnsafeValueError):
        _ = identity(sender_name="x\r\nBcc: y@example.org").lines
