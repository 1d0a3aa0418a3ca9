import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.reply import MAXIMUM_LINE, STORED_LENGTH, NoReplyError, Reply, ReplyReader, scrub

CONVERSATION = b"220 hello\r\n250-first\r\n250-second\r\n250 third\r\n354\r\n451 4.2.2 later\r\n"
REPLIES = [Reply(220, "hello"), Reply(250, "first second third"), Reply(354, ""), Reply(451, "4.2.2 later")]


@given(st.lists(st.integers(0, len(CONVERSATION)), max_size=8))
def test_replies_are_the_same_however_the_bytes_arrive(cuts):
    reader, found, before = ReplyReader(), [], 0
    for cut in [*sorted(cuts), len(CONVERSATION)]:
        found += reader.feed(CONVERSATION[before:cut])
        before = cut
    assert found == REPLIES


@pytest.mark.parametrize(
    "garbage", [b"hello\r\n", b"99 no\r\n", b"250x\r\n", b"\r\n", b"600 no\r\n", b"250-a\r\n451 b\r\n"]
)
def test_what_is_no_reply_is_refused(garbage):
    with pytest.raises(NoReplyError):
        ReplyReader().feed(garbage)


def test_a_line_or_a_reply_without_end_is_refused():
    with pytest.raises(NoReplyError):
        ReplyReader().feed(b"250 " + b"x" * MAXIMUM_LINE)
    with pytest.raises(NoReplyError):
        ReplyReader().feed(b"250-" + b"x" * 1000 + b"\r\n" + (b"250-" + b"x" * 1000 + b"\r\n") * 100)


@given(st.binary(max_size=300))
def test_any_bytes_are_replies_or_refused(data):
    try:
        replies = ReplyReader().feed(data)
    except NoReplyError:
        return
    assert all(200 <= reply.code < 600 for reply in replies)


def test_a_code_that_is_said_twice_is_read_once():
    (reply,) = ReplyReader().feed(b"550-550 5.1.1 no such\r\n550 550-user\r\n")
    assert reply == Reply(550, "5.1.1 no such user")
    assert reply.enhanced == (5, 1, 1)
    assert ReplyReader().feed(b"250 2501 messages\r\n250 551 is another code\r\n") == [
        Reply(250, "2501 messages"),
        Reply(250, "551 is another code"),
    ]


def test_the_enhanced_code_must_be_of_the_class_of_the_code():
    assert Reply(550, "5.1.1 no such user").enhanced == (5, 1, 1)
    assert Reply(550, "4.1.1 odd").enhanced is None
    assert Reply(550, "no such user 5.1.1").enhanced is None
    assert Reply(550, "5.1.10").enhanced == (5, 1, 10)


@pytest.mark.parametrize(
    "text",
    [
        "<jan.jansen@example.org>: no such user",
        "user jan.jansen@example.org unknown",
        "mailto:jan.jansen@example.org",
        "user JAN.JANSEN unknown here",
        "bounce+jan.jansen=example.org@relay.example rejected",
        "rewritten to jan.jansen=example.org by srs",
        "see jan.jansen%40example.org",
        "x" * 790 + " jan.jansen@example.org",
        "x" * 795 + "jan.jansen@example.org",
    ],
)
def test_scrub_leaves_no_address_of_the_recipient(text):
    assert "jan.jansen" not in scrub(text, "jan.jansen@example.org").casefold()


def test_scrub_keeps_what_helps_and_cuts_the_rest():
    assert scrub("5.7.26 SPF failed, see https://example.com/mail/?p=AuthFail 4a1-2bc.13 - gsmtp") == (
        "5.7.26 SPF failed, see https://example.com/mail/?p=AuthFail 4a1-2bc.13 - gsmtp"
    )
    assert scrub("250 2.0.0 Ok: queued as 4Xy12\r\nBcc: x") == "250 2.0.0 Ok: queued as 4Xy12 Bcc: x"
    assert len(scrub("word " * 1000)) <= STORED_LENGTH
    assert scrub("550 5.1.1 <jan@example.org>: unknown", "jan@example.org") == "550 5.1.1 <address>: unknown"


@given(st.emails(), st.text(max_size=40), st.text(max_size=40))
def test_scrub_removes_any_address_from_any_text(address, before, after):
    found = scrub(f"{before} <{address}> {after}", address)
    assert f"<{address}>" not in found
